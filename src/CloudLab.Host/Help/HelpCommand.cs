using System.Text;
using CloudLab.Host.Output;

namespace CloudLab.Host.Help;

/// <summary><c>cloudlab</c> and <c>cloudlab help</c>: from the help file alone, without loading a cmdlet.</summary>
internal static class HelpCommand
{
    /// <summary>Lists the cmdlets.</summary>
    /// <returns>The exit code.</returns>
    public static int List()
    {
        (string Name, string Synopsis)[] all = [.. MamlFile.ReadSynopses(HelpFile())];
        int widest = all.Max(c => c.Name.Length);
        int width = Console.IsOutputRedirected ? int.MaxValue : Terminal.Width;
        StringBuilder text = new();
        text.Append("cloudlab <Verb-Noun> [-Parameter value ...]   runs a cmdlet; JSON lines in and out of pipes\n");
        text.Append("cloudlab help <Verb-Noun>                     shows its help\n");
        text.Append("cloudlab emulator                             S3, IAM, STS and Kubernetes on this machine\n\n");
        foreach ((string name, string synopsis) in all)
        {
            string line = name.PadRight(widest) + "  " + synopsis;
            text.Append(line.Length <= width ? line : line[..(width - 1)] + "…").Append('\n');
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
            ?? throw new UsageException($"There is no cmdlet {name}: 'cloudlab' alone lists them.");
        Write(HelpText.Of(page, Console.IsOutputRedirected ? 100 : Math.Min(Terminal.Width, 120)));
        return ExitCode.Ok;
    }

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
