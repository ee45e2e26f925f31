using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;
using CloudLab.Host.Arguments;
using CloudLab.Host.Output;
using Microsoft.PowerShell.Commands;

namespace CloudLab.Host.Engine;

/// <summary>
/// One cmdlet in a session of the engine that has nothing else: what reads standard input, the cmdlet, what writes its objects.
/// </summary>
internal sealed class CmdletRun : IDisposable
{
    private readonly ConsoleInterface console;
    private readonly Stream stdout;
    private readonly string output;
    private readonly ConsoleHost host;
    private readonly Runspace runspace;
    private readonly PowerShell pipeline;
    private readonly CmdletInfo cmdlet;
    private readonly CancellationTokenSource stopped = new();
    private bool readerGone;

    /// <summary>Opens the session.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="formatFile">The module's tables.</param>
    /// <param name="console">The terminal.</param>
    /// <param name="stdout">Standard output.</param>
    public CmdletRun(CmdletInfo cmdlet, string formatFile, ConsoleInterface console, Stream stdout)
    {
        (this.console, this.stdout) = (console, stdout);
        output = Environment.GetEnvironmentVariable("CLOUDLAB_OUTPUT")?.ToUpperInvariant() is var wanted && wanted is "TABLE" or "JSON" ? wanted
            : Console.IsOutputRedirected ? ""
            : "TABLE";
        ConsoleHost.SetCulture();
        host = new ConsoleHost(console);
        runspace = RunspaceFactory.CreateRunspace(host, State(cmdlet, output == "TABLE" ? formatFile : null));
        runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(CurrentFolder()));
        // Only the session's own description of the cmdlet knows the common parameters.
        this.cmdlet = runspace.SessionStateProxy.InvokeCommand.GetCmdlet(cmdlet.Name);
        console.Parameters = this.cmdlet.Parameters.Keys;
        pipeline = PowerShell.Create(runspace);
        pipeline.Streams.Error.DataAdded += (_, _) =>
        {
            foreach (ErrorRecord record in pipeline.Streams.Error.ReadAll())
            {
                console.WriteError(cmdlet.Name, record);
            }
        };
    }

    /// <summary>Whether an input failed where others may have done.</summary>
    public bool HadErrors => pipeline.HadErrors && !readerGone;

    /// <summary>The exit code that the cmdlet asks for where it failed; null for the usual one.</summary>
    public int? ExitCode => host.ExitCode;

    /// <summary>Runs the cmdlet to its end, or until nobody reads its output any more.</summary>
    /// <param name="args">Its arguments.</param>
    public void Invoke(string[] args)
    {
        CommandLine line = new(cmdlet);
        Command command = line.ToCommand(args);
        console.WithCommas = line.WithCommas;
        if (Input(line) is { } input)
        {
            pipeline.AddCommand(ReadInputCommand.Name).AddParameter(nameof(ReadInputCommand.Objects), input)
                .AddParameter(nameof(ReadInputCommand.Cmdlet), cmdlet.Name);
        }

        pipeline.Commands.AddCommand(command);
        Action flush = stdout.Flush;
        if (output == "TABLE")
        {
            pipeline.AddCommand(OutTerminalCommand.Name).AddParameter(nameof(OutTerminalCommand.Formatter), Guarded<Action>(console.Format));
        }
        else
        {
            Action<object?> writer = new JsonLinesWriter(stdout).Write;
            if (output.Length == 0 && line.IsGiven("AsByteStream"))
            {
                // Bytes into a pipe are what the pipe's reader wants, not numbers; one alone is not worth a system call.
                BufferedStream bytes = new(stdout, 1 << 16);
                (writer, flush) = (new ByteWriter(bytes).Write, bytes.Flush);
            }
            else if (output.Length == 0 && line.IsGiven("Export"))
            {
                // Lines for another shell, or the answer of a credential_process: with quotes they would be neither.
                Action<object?> objects = writer;
                writer = value =>
                {
                    if (value is PSObject { BaseObject: string } or string)
                    {
                        stdout.Write(Encoding.UTF8.GetBytes(value + "\n"));
                        return;
                    }

                    objects(value);
                };
            }

            pipeline.AddCommand(WriteObjectCommand.Name).AddParameter(nameof(WriteObjectCommand.Writer), Guarded(writer));
        }

        try
        {
            pipeline.Invoke();
            Guarded<Action>(last => last())(flush);
        }
        catch (RuntimeException) when (readerGone)
        {
            // As any command in a shell ends then: quietly.
        }
    }

    /// <summary>Asks the cmdlet to end, from any thread.</summary>
    public void Stop()
    {
        stopped.Cancel();
        pipeline.BeginStop(null, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        pipeline.Dispose();
        runspace.Dispose();
        stopped.Dispose();
    }

    private static string CurrentFolder()
    {
        try
        {
            return Directory.GetCurrentDirectory();
        }
        catch (IOException e)
        {
            throw new UsageException($"The current folder no longer exists: change to another one. ({e.Message})");
        }
    }

    /// <summary>A session with the one cmdlet and what it needs: full PowerShell has thousands of things to set up.</summary>
    private static InitialSessionState State(CmdletInfo cmdlet, string? formatFile)
    {
        InitialSessionState state = InitialSessionState.Create();

        // Views and -Until have scripts; only who types the command line can bring some in.
        state.LanguageMode = PSLanguageMode.FullLanguage;
        state.Commands.Add(new SessionStateCmdletEntry(cmdlet.Name, cmdlet.ImplementingType, null));
        state.Commands.Add(new SessionStateCmdletEntry(ReadInputCommand.Name, typeof(ReadInputCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry(WriteObjectCommand.Name, typeof(WriteObjectCommand), null));
        state.Commands.Add(new SessionStateCmdletEntry(OutTerminalCommand.Name, typeof(OutTerminalCommand), null));
        state.Providers.Add(new SessionStateProviderEntry("FileSystem", typeof(FileSystemProvider), null));
        if (formatFile is not null)
        {
            state.Formats.Add(new SessionStateFormatEntry(formatFile));
        }

        return state;
    }

    /// <summary>
    /// Standard input counts where it can bring something: the cmdlet has parameters left that take pipeline input. Where
    /// nothing comes and nothing is missing, the cmdlet runs as without a pipeline, so that it also works in a script whose
    /// standard input is an empty pipe.
    /// </summary>
    private IEnumerator<object?>? Input(CommandLine line)
    {
        if (!line.WantsInput || !StandardStreams.HasInput())
        {
            return null;
        }

        IEnumerator<object?> objects = Objects(line.Input()).GetEnumerator();
        return !line.IsComplete ? objects
            : objects.MoveNext() ? Rest(objects)
            : null;
    }

    private IEnumerable<object?> Objects(InputKind kind) => kind switch
    {
        // In an array, or the binder would make an array of single bytes of it.
        InputKind.Bytes => StandardStreams.ReadBytes(stopped.Token).Select(piece => new object[] { piece }),
        InputKind.Lines => StandardStreams.ReadLines(stopped.Token),
        _ => JsonInput.Read(StandardStreams.ReadLines(stopped.Token), kind),
    };

    private static IEnumerator<object?> Rest(IEnumerator<object?> begun)
    {
        do
        {
            yield return begun.Current;
        }
        while (begun.MoveNext());
    }

    /// <summary>A step of output that ends the pipeline where nobody reads any more.</summary>
    private Action<T> Guarded<T>(Action<T> write) => value =>
    {
        console.EndProgress();
        try
        {
            write(value);
        }
        catch (IOException e) when (StandardStreams.IsReaderGone(e))
        {
            readerGone = true;
            throw new PipelineStoppedException("The reader of the output has closed it.", e);
        }
    };
}
