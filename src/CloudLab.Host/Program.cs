using System.Reflection;
using CloudLab.Host.Help;
using CloudLab.Host.Output;

namespace CloudLab.Host;

internal static class Program
{
    private static int Main(string[] args)
    {
        if (OperatingSystem.IsWindows() && !(Console.IsOutputRedirected && Console.IsErrorRedirected))
        {
            // A console there has a code page of its own; everything written here is UTF-8.
            Console.OutputEncoding = System.Text.Encoding.UTF8;
        }

        try
        {
            return args switch
            {
                [] or ["help" or "-h" or "--help" or "-?" or "/?"] => HelpCommand.List(),
                ["help", var name, ..] => HelpCommand.Show(name),
                [var name, "-?" or "--help"] => HelpCommand.Show(name),
                ["version" or "--version"] => Version(),
                ["emulator", .. var rest] => EmulatorCommand.Run(rest),
                [var name, .. var rest] => RunCommand.Run(name, rest),
            };
        }
        catch (UsageException e)
        {
            using StreamWriter errors = StandardStreams.Writer(StandardStreams.OpenError());
            errors.WriteLine("cloudlab: " + e.Message);
            return ExitCode.Usage;
        }
        catch (TypeInitializationException e) when (e.GetBaseException() is IOException or UnauthorizedAccessException)
        {
            // PowerShell's engine makes its folders before anything else.
            using StreamWriter errors = StandardStreams.Writer(StandardStreams.OpenError());
            errors.WriteLine($"cloudlab: {e.GetBaseException().Message.TrimEnd('.')}: set HOME to a folder that can be written.");
            return ExitCode.Failed;
        }
    }

    private static int Version()
    {
        using StreamWriter output = StandardStreams.Writer(Console.OpenStandardOutput());
        output.WriteLine(typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
        return ExitCode.Ok;
    }
}
