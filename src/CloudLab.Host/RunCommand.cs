using System.Management.Automation;
using System.Runtime.InteropServices;
using CloudLab.Host.Binding;
using CloudLab.Host.Output;
using CloudLab.Host.Pipeline;

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
        ModuleFolder module = ModuleFolder.Find();
        CommandModel model = module.Cmdlets().Find(name)
            ?? throw new UsageException($"There is no cmdlet {name}: 'cloudlab' alone lists them.");

        if (model.Name is "Start-LabEmulator")
        {
            throw new UsageException("An emulator that a cmdlet starts ends with its process, which here is at once: use 'cloudlab emulator'.");
        }

        using Stream stdout = StandardStreams.OpenOutput();
        using StreamWriter stderr = StandardStreams.Writer(Console.OpenStandardError());
        using TableWriter? table = WantsTable() ? Table(module, stdout) : null;
        ConsoleSink sink = new(model.Name, table ?? (IObjectWriter)new JsonLinesWriter(stdout), stderr, !Console.IsErrorRedirected);
        CommonParameters common = new();
        using CommandRun run = new(model, sink, common);
        using CancellationTokenSource stopped = new();
        int signal = 0;
        using PosixSignalRegistration interrupt = Handle(PosixSignal.SIGINT, ExitCode.Interrupted);
        using PosixSignalRegistration terminate = Handle(PosixSignal.SIGTERM, ExitCode.Terminated);
        try
        {
            CommandLine.Bind(args, model, run.Binder, common);
            run.Run(Input(run, stopped.Token));
        }
        catch (ParameterBindingException e)
        {
            stderr.WriteLine($"{model.Name}: {e.Message}");
            stderr.WriteLine($"  'cloudlab help {model.Name}' shows how to use it.");
            return ExitCode.Usage;
        }
        catch (FormatException e)
        {
            stderr.WriteLine($"{model.Name}: {e.Message}");
            return ExitCode.Failed;
        }
        catch (PipelineStoppedException)
        {
            return signal;
        }

        sink.Finish();
        return signal != 0 ? signal : run.Errors > 0 ? ExitCode.Failed : ExitCode.Ok;

        PosixSignalRegistration Handle(PosixSignal which, int code) => PosixSignalRegistration.Create(which, context =>
        {
            // The second time, for who has no patience, the process just ends.
            if (Interlocked.CompareExchange(ref signal, code, 0) == 0)
            {
                context.Cancel = true;
                stopped.Cancel();
                run.Stop();
            }
        });
    }

    private static bool WantsTable() => Environment.GetEnvironmentVariable("CLOUDLAB_OUTPUT")?.ToUpperInvariant() switch
    {
        "TABLE" => true,
        "JSON" => false,
        _ => !Console.IsOutputRedirected,
    };

    private static TableWriter Table(ModuleFolder module, Stream stdout) => new(
        StandardStreams.Writer(stdout), new FormatFile(module.FormatFile), Terminal.OutputWidth,
        !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "");

    /// <summary>
    /// Standard input counts where it can bring something: the cmdlet has parameters left that take pipeline input. Where
    /// nothing comes and nothing is missing, the cmdlet runs as without a pipeline, so that it also works in a script whose
    /// standard input is an empty pipe.
    /// </summary>
    private static IEnumerable<object?>? Input(CommandRun run, CancellationToken stopped)
    {
        if (!run.Binder.WantsInput || !StandardStreams.HasInput())
        {
            return null;
        }

        IEnumerator<object?> lines = Stopping(JsonInput.Read(StandardStreams.ReadLines(stopped))).GetEnumerator();
        bool complete = run.Binder.IsComplete;
        if (!complete)
        {
            return Rest(lines);
        }

        return lines.MoveNext() ? Rest(lines, lines.Current) : null;
    }

    private static IEnumerable<object?> Rest(IEnumerator<object?> lines, params object?[] first)
    {
        foreach (object? one in first)
        {
            yield return one;
        }

        while (lines.MoveNext())
        {
            yield return lines.Current;
        }
    }

    private static IEnumerable<object?> Stopping(IEnumerable<object?> lines)
    {
        using IEnumerator<object?> each = lines.GetEnumerator();
        while (true)
        {
            try
            {
                if (!each.MoveNext())
                {
                    yield break;
                }
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }

            yield return each.Current;
        }
    }
}
