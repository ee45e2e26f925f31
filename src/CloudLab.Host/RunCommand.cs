using System.Management.Automation;
using System.Runtime.InteropServices;
using CloudLab.Host.Engine;
using CloudLab.Host.Help;
using CloudLab.Host.Output;

namespace CloudLab.Host;

/// <summary><c>cloudlab Verb-Noun …</c>: one cmdlet, from its arguments to its exit code.</summary>
internal static class RunCommand
{
    /// <summary>Runs it.</summary>
    /// <param name="name">The cmdlet.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string name, string[] args)
    {
        // The engine reads these when it loads: it would leave a file in the user's home, and listen for a debugger.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_DIAGNOSTICS_OPTOUT", "1");
        return Run(ModuleFolder.Find(), name, args);
    }

    private static int Run(ModuleFolder module, string name, string[] args)
    {
        CmdletInfo cmdlet = new CommandCatalog(module.LoadCmdlets()).Find(name)
            ?? throw HelpCommand.NoSuchCmdlet(name);
        if (cmdlet.Name is "Start-LabEmulator")
        {
            throw new UsageException("An emulator started by a cmdlet stops when its process ends, which here is immediately: use 'cloudlab emulator'.");
        }

        using Stream stdout = StandardStreams.OpenOutput();
        using StreamWriter output = StandardStreams.Writer(stdout), errors = StandardStreams.Writer(StandardStreams.OpenError());
        ConsoleInterface console = new(output, errors);
        using CmdletRun run = new(cmdlet, module.FormatFile, console, stdout);
        int signal = 0;
        using PosixSignalRegistration interrupt = Handle(PosixSignal.SIGINT, ExitCode.Interrupted);
        using PosixSignalRegistration terminate = Handle(PosixSignal.SIGTERM, ExitCode.Terminated);
        try
        {
            run.Invoke(args);
        }
        catch (Exception e) when (signal != 0 && e is PipelineStoppedException or OperationCanceledException or InvalidPowerShellStateException)
        {
            return signal;
        }
        catch (Exception e) when (e is UsageException or ParameterBindingException)
        {
            console.WriteUsage(cmdlet.Name, e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            console.WriteErrorLine($"{cmdlet.Name}: {e.Message}");
            return ExitCode.Failed;
        }
        catch (RuntimeException e)
        {
            console.WriteError(cmdlet.Name, e.ErrorRecord);
            return signal != 0 ? signal : run.ExitCode ?? ExitCode.Failed;
        }
        finally
        {
            console.EndProgress();
        }

        return signal != 0 ? signal : run.HadErrors ? run.ExitCode ?? ExitCode.Failed : ExitCode.Ok;

        PosixSignalRegistration Handle(PosixSignal which, int code) => PosixSignalRegistration.Create(which, context =>
        {
            // The second time, for who has no patience, the process just ends.
            if (Interlocked.CompareExchange(ref signal, code, 0) == 0)
            {
                context.Cancel = true;
                Terminal.Interrupted.Cancel();
                run.Stop();
            }
        });
    }
}
