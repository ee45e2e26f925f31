using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator;
using CloudLab.Host.Output;

namespace CloudLab.Host;

/// <summary><c>cloudlab emulator</c>: the emulator in the foreground, until Ctrl+C or SIGTERM.</summary>
internal static class EmulatorCommand
{
    /// <summary>How to use it.</summary>
    public const string Usage =
        "cloudlab emulator [--port N] [--kubernetes-port N] [--data-path FOLDER] [--region NAME] [--access-key KEY] [--secret-key env:NAME] [--shell sh|pwsh|cmd]";

    /// <summary>Runs it.</summary>
    /// <param name="args">The options.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (args is ["-?" or "--help" or "-h"])
        {
            Console.Out.WriteLine(Usage);
            return ExitCode.Ok;
        }

        // The emulator's own types may only be touched once its folder is known.
        ModuleFolder.Find();
        return Start(args);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Start(string[] args)
    {
        EmulatorOptions options = new();
        string shell = OperatingSystem.IsWindows() ? "pwsh" : "sh";
        for (int i = 0; i < args.Length; i++)
        {
            int equals = args[i].IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? args[i] : args[i][..equals];
            string value = equals >= 0 ? args[i][(equals + 1)..]
                : i + 1 < args.Length ? args[++i]
                : throw new UsageException($"{name} needs a value.\n{Usage}");
            switch (name.TrimStart('-').Replace("-", "", StringComparison.Ordinal).ToUpperInvariant())
            {
                case "PORT":
                    options = options with { Port = Port(name, value) };
                    break;
                case "KUBERNETESPORT":
                    options = options with { KubernetesPort = Port(name, value) };
                    break;
                case "DATAPATH":
                    options = options with { DataPath = Path.GetFullPath(value) };
                    break;
                case "REGION":
                    options = options with { Region = value };
                    break;
                case "ACCESSKEY":
                    options = options with { AccessKey = value };
                    break;
                case "SECRETKEY":
                    options = options with
                    {
                        SecretKey = value.StartsWith("env:", StringComparison.OrdinalIgnoreCase) && Environment.GetEnvironmentVariable(value[4..]) is { Length: > 0 } secret
                            ? secret
                            : throw new UsageException("--secret-key takes env:NAME, the name of a variable that holds the secret."),
                    };
                    break;
                case "SHELL" when value is "sh" or "pwsh" or "cmd":
                    shell = value;
                    break;
                default:
                    throw new UsageException($"{name} is not an option of the emulator.\n{Usage}");
            }
        }

        try
        {
            return RunAsync(options, shell).GetAwaiter().GetResult();
        }
        catch (LabException e)
        {
            Console.Error.WriteLine("cloudlab emulator: " + e.Message);
            return ExitCode.Failed;
        }
    }

    private static async Task<int> RunAsync(EmulatorOptions options, string shell)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using StreamWriter errors = StandardStreams.Writer(StandardStreams.OpenError());
        await using LabEmulator emulator = await LabEmulator.StartAsync(options with { Log = Log });
        await using (StreamWriter output = StandardStreams.Writer(Console.OpenStandardOutput()))
        {
            foreach ((string name, string value) in emulator.Info.GetEnvironment())
            {
                await output.WriteLineAsync(Assignment(shell, name, value));
            }

            // Who waits for the emulator waits for this line.
            await output.WriteLineAsync(shell == "cmd" ? "rem ready" : "# ready");
        }

        await stop.Task;
        return ExitCode.Ok;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }

        void Log(string line)
        {
            lock (stop)
            {
                errors.WriteLine("cloudlab emulator: " + line);
                errors.Flush();
            }
        }
    }

    private static string Assignment(string shell, string name, string value) => shell switch
    {
        "pwsh" => $"$env:{name} = '{value.Replace("'", "''", StringComparison.Ordinal)}'",
        "cmd" => $"set \"{name}={value}\"",
        _ => $"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'",
    };

    private static int Port(string name, string value) =>
        ushort.TryParse(value, CultureInfo.InvariantCulture, out ushort port)
            ? port
            : throw new UsageException($"{name} takes a number from 0 to 65535, not '{value}'.");
}
