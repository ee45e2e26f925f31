using System.Collections;
using System.Management.Automation.Runspaces;
using System.Management.Automation;
using CloudLab.Core.Sessions;

namespace CloudLab.Tests;

/// <summary>
/// Runs the cmdlets that ship in PowerShell's own engine:
/// <c>await CmdletRunner.RunAsync("Get-LabObject", new { Bucket = "b", Session = s }, input: objects)</c>.
/// Core is in the default load context here, since the tests name its types; the module as it ships, in a context of its
/// own, is what tests/Pester tries.
/// </summary>
public static class CmdletRunner
{
    /// <summary>Runs one cmdlet to its end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">
    /// An anonymous object or a dictionary: parameters by name, common ones (<c>WhatIf = true</c>) among them.
    /// </param>
    /// <param name="input">Pipeline input, read as the cmdlet takes it; null for none.</param>
    /// <param name="first">Ends the pipeline in <c>Select-Object -First</c> with so many objects.</param>
    /// <param name="ctrlC">Stops the pipeline as Ctrl+C does when cancelled.</param>
    /// <param name="answer">What the user answers when asked; null stands for nobody there.</param>
    /// <param name="runspace">
    /// The session whose defaults (Connect-Lab) count, from <see cref="TestRunspaces.Rent"/>; one without any if null.
    /// </param>
    /// <param name="location">The current folder; the process's if null.</param>
    /// <param name="onOutput">Told each object as it comes out, on the pipeline thread.</param>
    /// <param name="onVerbose">Told each verbose line as it comes out, on the pipeline thread.</param>
    /// <param name="session">-Session, unless <paramref name="parameters"/> has one; none if null.</param>
    /// <returns>Everything the cmdlet wrote. Never throws for what the cmdlet does.</returns>
    public static Task<CmdletResult> RunAsync(
        string name,
        object? parameters = null,
        IEnumerable<object?>? input = null,
        int? first = null,
        CancellationToken ctrlC = default,
        ConfirmAnswer? answer = null,
        Runspace? runspace = null,
        string? location = null,
        Action<object?>? onOutput = null,
        Action<string>? onVerbose = null,
        LabSession? session = null) => Task.Factory.StartNew(
            () =>
            {
                // The runspaces run on the thread that calls them, and a pool thread may be wanted by the cmdlet's work.
                Runspace used = runspace ?? TestRunspaces.Rent();
                try
                {
                    TestRunspaces.SetLocation(used, location ?? Environment.CurrentDirectory);
                    CmdletResult result = new(onOutput, onVerbose);
                    using PowerShell pipeline = PowerShell.Create(used);
                    if (input is not null)
                    {
                        pipeline.AddCommand("Read-TestInput").AddParameter("Source", input);
                    }

                    pipeline.AddCommand(name).AddParameters(Pairs(parameters, session));
                    if (first is { } count)
                    {
                        pipeline.AddCommand("Select-Object").AddParameter("First", count);
                    }

                    result.Run(pipeline, new TestHost(answer, result), ctrlC);
                    result.Stopped |= result.Output.Count == first;
                    return result;
                }
                finally
                {
                    if (runspace is null)
                    {
                        TestRunspaces.Return(used);
                    }
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Dictionary<string, object?> Pairs(object? parameters, LabSession? session)
    {
        Dictionary<string, object?> pairs = parameters switch
        {
            null => [],
            IDictionary map => map.Keys.Cast<object>().ToDictionary(k => k.ToString()!, k => map[k], StringComparer.OrdinalIgnoreCase),
            _ => parameters.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(parameters), StringComparer.OrdinalIgnoreCase),
        };
        pairs.TryAdd("Verbose", true);
        if (session is not null)
        {
            pairs.TryAdd("Session", session);
        }

        return pairs;
    }
}

/// <summary>What a cmdlet wrote.</summary>
public sealed class CmdletResult
{
    private readonly Action<object?>? onOutput;
    private readonly Action<string>? onVerbose;
    private readonly List<object?> output = [];
    private readonly List<ErrorRecord> errors = [];
    private readonly List<string> warnings = [], verbose = [], information = [], questions = [], notes = [];
    private readonly List<ProgressRecord> progress = [];

    internal CmdletResult(Action<object?>? onOutput, Action<string>? onVerbose) =>
        (this.onOutput, this.onVerbose) = (onOutput, onVerbose);

    /// <summary>The objects, in their order, without PowerShell's wrapper where it adds nothing.</summary>
    public IReadOnlyList<object?> Output => output;

    /// <summary>Non-terminating errors.</summary>
    public IReadOnlyList<ErrorRecord> Errors => errors;

    /// <summary>The error that ended the cmdlet (or refused its parameters), if one did.</summary>
    public ErrorRecord? TerminatingError { get; private set; }

    /// <summary>Warnings.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Lines of -Verbose, which is always on here.</summary>
    public IReadOnlyList<string> Verbose => verbose;

    /// <summary>What -WhatIf and WriteInformation said.</summary>
    public IReadOnlyList<string> Information => information;

    /// <summary>What the user was asked.</summary>
    public IReadOnlyList<string> Questions => questions;

    /// <summary>What the host was told when the pipeline had stopped: warnings of a running pipeline are in <see cref="Warnings"/>.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Progress.</summary>
    public IReadOnlyList<ProgressRecord> Progress => progress;

    /// <summary>Whether Ctrl+C or <c>first</c> ended the cmdlet.</summary>
    public bool Stopped { get; internal set; }

    /// <summary>The output, all of it of one type.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <returns>The objects.</returns>
    public T[] OutputOf<T>() => [.. output.Cast<T>()];

    /// <summary>Asserts that nothing went wrong and goes on.</summary>
    /// <returns>This.</returns>
    public CmdletResult Ok()
    {
        Xunit.Assert.Null(TerminatingError?.ToString());
        Xunit.Assert.Empty(errors.Select(e => e.ToString()));
        return this;
    }

    /// <summary>The one thing that went wrong, whether or not it ended the cmdlet.</summary>
    /// <returns>The error.</returns>
    public ErrorRecord Error() => TerminatingError ?? Xunit.Assert.Single(errors);

    /// <summary>Takes what the host is told.</summary>
    /// <param name="line">The line.</param>
    internal void Told(string line) => information.Add(line);

    /// <summary>Takes what the host is asked.</summary>
    /// <param name="question">The question.</param>
    internal void Asked(string question) => questions.Add(question);

    internal void AddNote(string message)
    {
        lock (notes)
        {
            notes.Add(message);
        }
    }

    /// <summary>Runs the pipeline to its end and takes what it writes.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="host">Who is asked.</param>
    /// <param name="ctrlC">Stops it.</param>
    internal void Run(PowerShell pipeline, TestHost host, CancellationToken ctrlC)
    {
        Take(pipeline.Streams.Error, errors.Add);
        Take(pipeline.Streams.Warning, record => warnings.Add(record.Message));
        Take(pipeline.Streams.Debug, record => verbose.Add(record.Message));
        Take(pipeline.Streams.Information, record => information.Add(record.ToString()));
        Take(pipeline.Streams.Progress, progress.Add);
        Take(pipeline.Streams.Verbose, record =>
        {
            verbose.Add(record.Message);
            onVerbose?.Invoke(record.Message);
        });

        using PSDataCollection<PSObject?> objects = [];
        Take(objects, value =>
        {
            object? plain = value?.BaseObject is PSCustomObject ? value : value?.BaseObject;
            output.Add(plain);
            onOutput?.Invoke(plain);
        });

        CancellationTokenRegistration onCtrlC = default;
        IAsyncResult? stop = null;
        pipeline.InvocationStateChanged += (_, change) =>
        {
            // Before that there is nothing to stop.
            if (change.InvocationStateInfo.State == PSInvocationState.Running)
            {
                onCtrlC = ctrlC.Register(() => stop = pipeline.BeginStop(null, null));
            }
        };
        RuntimeException? ended = null;
        try
        {
            pipeline.Invoke<object, PSObject?>(null, objects, new PSInvocationSettings { Host = host });
        }
        catch (RuntimeException e)
        {
            ended = e;
        }
        finally
        {
            onCtrlC.Dispose();
        }

        if (stop is not null)
        {
            // The pipeline may end before the stop has said so.
            pipeline.EndStop(stop);
        }

        Stopped = pipeline.InvocationStateInfo.State == PSInvocationState.Stopped;
        TerminatingError = Stopped ? null : ended?.ErrorRecord;
    }

    private static void Take<T>(PSDataCollection<T> stream, Action<T> take) => stream.DataAdded += (_, added) => take(stream[added.Index]);
}
