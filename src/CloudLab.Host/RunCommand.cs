using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using CloudLab.Host.Arguments;
using CloudLab.Host.Engine;
using CloudLab.Host.Output;
using Microsoft.PowerShell;
using Microsoft.PowerShell.Commands;

namespace CloudLab.Host;

/// <summary><c>cloudlab Verb-Noun …</c>: one cmdlet in the engine, from its arguments to its exit code.</summary>
internal static class RunCommand
{
    /// <summary>Runs it.</summary>
    /// <param name="name">The cmdlet.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string name, string[] args)
    {
        // The engine reads it once, when it loads, and would leave a file of its own in the user's home.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        return RunInEngine(ModuleFolder.Find(), name, args);
    }

    private static int RunInEngine(ModuleFolder module, string name, string[] args)
    {
        CmdletInfo cmdlet = new CommandCatalog(module.LoadCmdlets()).Find(name)
            ?? throw new UsageException($"There is no cmdlet {name}: 'cloudlab' alone lists them.");
        if (cmdlet.Name is "Start-LabEmulator")
        {
            throw new UsageException("An emulator that a cmdlet starts ends with its process, which here is at once: use 'cloudlab emulator'.");
        }

        using Stream stdout = StandardStreams.OpenOutput();
        using StreamWriter output = StandardStreams.Writer(stdout), errors = StandardStreams.Writer(Console.OpenStandardError());
        ConsoleInterface console = new(output, errors);
        bool table = WantsTable();
        using Runspace runspace = RunspaceFactory.CreateRunspace(new ConsoleHost(console), State(module, cmdlet, table));
        runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        runspace.Open();
        if (!console.SupportsVirtualTerminal)
        {
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(Environment.CurrentDirectory));

        using PowerShell pipeline = PowerShell.Create(runspace);
        using CancellationTokenSource stopped = new();
        int signal = 0;
        bool readerGone = false;
        using PosixSignalRegistration interrupt = Handle(PosixSignal.SIGINT, ExitCode.Interrupted);
        using PosixSignalRegistration terminate = Handle(PosixSignal.SIGTERM, ExitCode.Terminated);
        pipeline.Streams.Error.DataAdded += (_, _) =>
        {
            foreach (ErrorRecord record in pipeline.Streams.Error.ReadAll())
            {
                console.WriteError(cmdlet.Name, record);
            }
        };
        try
        {
            Compose();
            pipeline.Invoke();
        }
        catch (Exception e) when (e is UsageException or ParameterBindingException)
        {
            errors.WriteLine($"{cmdlet.Name}: {e.Message}");
            errors.WriteLine($"  'cloudlab help {cmdlet.Name}' shows how to use it.");
            return ExitCode.Usage;
        }
        catch (RuntimeException e) when (e is PipelineStoppedException || readerGone)
        {
            return signal;
        }
        catch (RuntimeException e)
        {
            console.WriteError(cmdlet.Name, e.ErrorRecord);
            return signal != 0 ? signal : ExitCode.Failed;
        }
        finally
        {
            console.EndProgress();
        }

        return signal != 0 ? signal : pipeline.HadErrors ? ExitCode.Failed : ExitCode.Ok;

        void Compose()
        {
            pipeline.AddCommand(cmdlet.Name);
            CommandLine line = new(runspace.SessionStateProxy.InvokeCommand.GetCmdlet(cmdlet.Name));
            line.AddTo(pipeline, args);
            if (Input(line, stopped.Token) is { } input)
            {
                Command taken = pipeline.Commands.Commands[0];
                pipeline.Commands.Clear();
                pipeline.AddCommand(ReadInputCommand.Name).AddParameter(nameof(ReadInputCommand.Objects), input);
                pipeline.Commands.AddCommand(taken);
            }

            if (table)
            {
                pipeline.AddCommand(OutTerminalCommand.Name).AddParameter(nameof(OutTerminalCommand.Formatter), Guarded<Action>(console.Format));
            }
            else
            {
                pipeline.AddCommand(WriteLineCommand.Name).AddParameter(nameof(WriteLineCommand.Writer), Guarded<object?>(Writer(args, stdout, cmdlet)));
            }
        }

        // Where nobody reads any more the pipeline ends, as any command in a shell does.
        Action<T> Guarded<T>(Action<T> write) => value =>
        {
            console.EndProgress();
            try
            {
                write(value);
            }
            catch (IOException e)
            {
                readerGone = true;
                throw new PipelineStoppedException("Nobody reads the output any more.", e);
            }
        };

        PosixSignalRegistration Handle(PosixSignal which, int code) => PosixSignalRegistration.Create(which, context =>
        {
            // The second time, for who has no patience, the process just ends.
            if (Interlocked.CompareExchange(ref signal, code, 0) == 0)
            {
                context.Cancel = true;
                stopped.Cancel();
                pipeline.BeginStop(null, null);
            }
        });
    }

    /// <summary>A session with the one cmdlet and what it needs: full PowerShell has thousands of things to set up.</summary>
    private static InitialSessionState State(ModuleFolder module, CmdletInfo cmdlet, bool table)
    {
        InitialSessionState state = InitialSessionState.Create();
        state.LanguageMode = PSLanguageMode.FullLanguage;
        state.Commands.Add(new SessionStateCmdletEntry(cmdlet.Name, cmdlet.ImplementingType, null));
        state.Commands.Add(new SessionStateCmdletEntry(ReadInputCommand.Name, typeof(ReadInputCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry(WriteLineCommand.Name, typeof(WriteLineCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry(OutTerminalCommand.Name, typeof(OutTerminalCommand), null));
        state.Providers.Add(new SessionStateProviderEntry("FileSystem", typeof(FileSystemProvider), null));
        if (table)
        {
            state.Formats.Add(new SessionStateFormatEntry(module.FormatFile));
        }

        return state;
    }

    private static bool WantsTable() => Environment.GetEnvironmentVariable("CLOUDLAB_OUTPUT")?.ToUpperInvariant() switch
    {
        "TABLE" => true,
        "JSON" => false,
        _ => !Console.IsOutputRedirected,
    };

    private static Action<object?> Writer(string[] args, Stream stdout, CmdletInfo cmdlet) => new JsonLinesWriter(stdout).Write;

    /// <summary>
    /// Standard input counts where it can bring something: the cmdlet has parameters left that take pipeline input. Where
    /// nothing comes and nothing is missing, the cmdlet runs as without a pipeline, so that it also works in a script whose
    /// standard input is an empty pipe.
    /// </summary>
    private static IEnumerator<object?>? Input(CommandLine line, CancellationToken stopped)
    {
        if (!line.WantsInput || !StandardStreams.HasInput())
        {
            return null;
        }

        IEnumerator<object?> objects = JsonInput.Read(StandardStreams.ReadLines(stopped)).GetEnumerator();
        if (!line.IsComplete)
        {
            return objects;
        }

        return objects.MoveNext() ? Rest(objects) : null;
    }

    private static IEnumerator<object?> Rest(IEnumerator<object?> begun)
    {
        do
        {
            yield return begun.Current;
        }
        while (begun.MoveNext());
    }
}
