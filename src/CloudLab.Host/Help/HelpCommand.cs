using System.Text;
using CloudLab.Host.Arguments;
using CloudLab.Host.Output;

namespace CloudLab.Host.Help;

/// <summary><c>cloudlab</c> and <c>cloudlab help</c>: from the help file alone, without loading a cmdlet.</summary>
internal static class HelpCommand
{
    /// <summary>Lists the cmdlets, those of an area together.</summary>
    /// <returns>The exit code.</returns>
    public static int List()
    {
        (string Area, string Name, string Synopsis)[] all = [.. MamlFile.ReadSynopses(HelpFile())];
        int widest = all.Max(c => c.Name.Length);
        int width = Console.IsOutputRedirected ? int.MaxValue : Terminal.Width;
        StringBuilder text = new();
        text.Append("cloudlab <Verb-Noun> [-Parameter value ...]   runs a cmdlet; JSON lines in and out of pipes\n");
        text.Append("                                              (an argument is one value: repeat -Parameter for several)\n");
        text.Append("cloudlab help <Verb-Noun>                     shows its help\n");
        text.Append("cloudlab emulator                             S3, IAM, STS and Kubernetes on this machine\n");
        foreach (IGrouping<string, (string Area, string Name, string Synopsis)> area in all.GroupBy(c => c.Area).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(area.Key).Append('\n');
            foreach ((_, string name, string synopsis) in area)
            {
                string line = "  " + name.PadRight(widest) + "  " + synopsis;
                text.Append(line.Length <= width ? line : line[..(width - 1)] + "…").Append('\n');
            }
        }

        Write(text.ToString());
        return ExitCode.Ok;
    }

    /// <summary>Shows the help of one cmdlet.</summary>
    /// <param name="name">Its name or an alias.</param>
    /// <returns>The exit code.</returns>
    public static int Show(string name)
    {
        if (name.Equals("emulator", StringComparison.OrdinalIgnoreCase))
        {
            Write(EmulatorCommand.Usage + "\n");
            return ExitCode.Ok;
        }

        HelpPage page = MamlFile.Read(HelpFile(), name)
            ?? throw NoSuchCmdlet(name);
        Write(HelpText.Of(page, Console.IsOutputRedirected ? 100 : Math.Min(Terminal.Width, 120)));
        return ExitCode.Ok;
    }

    /// <summary>What to say of a name that no cmdlet has.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The exception.</returns>
    public static UsageException NoSuchCmdlet(string name) => new(
        $"There is no cmdlet {name}: 'cloudlab' alone lists them."
        + (SimilarName.Of(name, MamlFile.ReadSynopses(HelpFile()).Select(c => c.Name)) is { } similar ? $" Did you mean {similar}?" : ""));

    private static string HelpFile() => ModuleFolder.Find().HelpFile is var file && File.Exists(file)
        ? file
        : throw new UsageException($"The help file is missing: {file}.");

    private static void Write(string text)
    {
        using Stream output = StandardStreams.OpenOutput();
        try
        {
            output.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // Who reads the help has seen enough.
        }
    }
}
