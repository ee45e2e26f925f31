using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Host;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Base of every cmdlet: runs asynchronous Core work and carries output, errors, messages, progress and questions to
/// the pipeline thread, the only one that may talk to PowerShell. Ctrl+C, and a pipeline that has seen enough
/// (<c>Select-Object -First</c>), cancel the work's token.
/// </summary>
public abstract class LabCommand : PSCmdlet, IDisposable
{
    private const int NotesShown = 5;

    private readonly WorkPump pump;
    private readonly List<Task> inFlight = [];
    private SemaphoreSlim? throttle;
    private Exception? fatal;
    private object? warnings;
    private int notes;

    /// <summary>Creates the cmdlet.</summary>
    protected LabCommand() => pump = new WorkPump(
        WriteVerbose, WriteWarning, NoteWhenStopped, WriteProgress, (caption, question) => UserPrompt.Ask(Host, caption, question));

    /// <summary>Where Core says what it does: verbose lines, warnings, progress.</summary>
    protected IReporter Reporter => pump.Reporter;

    /// <summary>How many inputs a cmdlet that calls <see cref="StartAsync"/> works on at once.</summary>
    protected virtual int ConcurrentInputs => 1;

    /// <summary>
    /// True where <see cref="OnProcess"/> does all there is to do for an input, so that <see cref="ProcessAsync"/> is not called: arithmetic takes
    /// less time than the way to another thread and back.
    /// </summary>
    protected virtual bool AllOnProcess => false;

    /// <summary>What the current input is about, for an error that does not say itself: a key, a name, a path.</summary>
    protected virtual object? ErrorTarget => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs once, before the first input.</summary>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    protected virtual Task BeginAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Runs once for each input.</summary>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    protected virtual Task ProcessAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Runs once, after the last input: what <see cref="StartAsync"/> begins here is waited for, too.</summary>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    protected virtual Task AfterInputAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Runs once, after the last input and after everything that <see cref="StartAsync"/> began.</summary>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    protected virtual Task EndAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>
    /// Runs on the pipeline thread before <see cref="BeginAsync"/>: the place for what needs PowerShell itself (the
    /// current location, session state).
    /// </summary>
    protected virtual void OnBegin()
    {
    }

    /// <summary>
    /// Runs on the pipeline thread before each <see cref="ProcessAsync"/>: copy the bound parameters here when the
    /// work outlives the input (<see cref="StartAsync"/>), and resolve paths.
    /// </summary>
    protected virtual void OnProcess()
    {
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        warnings = MyInvocation.BoundParameters.TryGetValue("WarningAction", out object? action) ? action : GetVariableValue("WarningPreference");
        Pump(OnBegin, BeginAsync);
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (AllOnProcess)
        {
            OnPipelineThread(OnProcess);
        }
        else
        {
            Pump(OnProcess, ProcessInputAsync);
        }
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Pump(null, async token =>
    {
        await AfterInputAsync(token);
        await Task.WhenAll(inFlight);
        await EndAsync(token);
    });

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => pump.Stop();

    /// <summary>Processes one input: the place for what all cmdlets of a family do around <see cref="ProcessAsync"/>, not on the pipeline thread.</summary>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    private protected virtual Task ProcessInputAsync(CancellationToken cancellation) => ProcessAsync(cancellation);

    /// <summary>What <c>-WhatIf</c> and <c>-Confirm</c> call an action.</summary>
    /// <param name="action">What is done.</param>
    /// <returns>The same, with what a family of cmdlets has to say about it.</returns>
    private protected virtual string Described(string action) => action;

    /// <summary>
    /// Begins work on one input and returns as soon as there is room for it, so that the next input is read
    /// meanwhile. A failure of the work is reported as this input's own error.
    /// </summary>
    /// <param name="target">The input, for the error record.</param>
    /// <param name="work">The work; must not read parameters that the next input overwrites.</param>
    /// <returns>Done when the work has begun.</returns>
    protected async Task StartAsync(object? target, Func<CancellationToken, Task> work)
    {
        throttle ??= new SemaphoreSlim(Math.Max(1, ConcurrentInputs));
        await throttle.WaitAsync(pump.Stopping);
        inFlight.RemoveAll(task => task.IsCompletedSuccessfully);
        inFlight.Add(Task.Run(async () =>
        {
            try
            {
                await work(pump.Stopping);
            }
            catch (Exception e) when (!IsFatal(e))
            {
                WriteProblem(e, target);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Ends the other inputs' work too; the pump reports it.
                Interlocked.CompareExchange(ref fatal, e, null);
                pump.Stop();
            }
            finally
            {
                throttle.Release();
            }
        }));
    }

    /// <summary>Writes one object to the pipeline; waits while the pipeline is far behind.</summary>
    /// <param name="value">The object; collections are not unrolled.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Done when the object is handed over.</returns>
    protected ValueTask WriteAsync(object? value, CancellationToken cancellation) =>
        pump.PostOutputAsync(() => WriteObject(value), cancellation);

    /// <summary>Writes a stream of objects, each as soon as it is there.</summary>
    /// <typeparam name="T">Type of the objects.</typeparam>
    /// <param name="values">The objects.</param>
    /// <param name="cancellation">Cancels the stream.</param>
    /// <returns>Done when the stream has ended.</returns>
    protected async Task WriteAllAsync<T>(IAsyncEnumerable<T> values, CancellationToken cancellation)
    {
        await foreach (T value in values.WithCancellation(cancellation))
        {
            await WriteAsync(value, cancellation);
        }
    }

    /// <summary>Writes several objects that came together, with one crossing to the pipeline thread.</summary>
    /// <param name="values">The objects; written one by one.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Done when the objects are handed over.</returns>
    protected ValueTask WriteManyAsync(IEnumerable values, CancellationToken cancellation) =>
        pump.PostOutputAsync(() => WriteObject(values, enumerateCollection: true), cancellation);

    /// <summary>Writes many objects that came together, and goes on when the pipeline has taken them all: what comes next is not piled up.</summary>
    /// <param name="values">The objects; written one by one.</param>
    /// <returns>Done when they are taken.</returns>
    protected Task WritePageAsync(IEnumerable values) => AskAsync(() =>
    {
        WriteObject(values, enumerateCollection: true);
        return true;
    });

    /// <summary>Reports a problem with one input and goes on; throws on where going on is pointless.</summary>
    /// <param name="problem">What happened.</param>
    /// <param name="target">The input it happened to.</param>
    protected void WriteProblem(Exception problem, object? target)
    {
        if (IsFatal(problem))
        {
            throw problem;
        }

        ErrorRecord record = ErrorMapper.ToRecord(problem, target);
        pump.Post(() => WriteError(record));
    }

    /// <summary>Works on things one after the other; what goes wrong with one is its own error, and the others have their turn.</summary>
    /// <typeparam name="T">Type of the things.</typeparam>
    /// <param name="items">The things.</param>
    /// <param name="work">What to do with each.</param>
    /// <param name="nameOf">What an error calls one; the thing itself if null.</param>
    /// <returns>Done when all had their turn.</returns>
    private protected async Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> work, Func<T, string>? nameOf = null)
    {
        foreach (T item in items)
        {
            try
            {
                await work(item);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                WriteProblem(e, nameOf is null ? item : nameOf(item));
            }
        }
    }

    /// <summary>Asks whether a change may be made (<c>-WhatIf</c>, <c>-Confirm</c>).</summary>
    /// <param name="target">The real name of what changes.</param>
    /// <param name="action">What is done to it.</param>
    /// <returns>True to go on.</returns>
    protected Task<bool> ShouldProcessAsync(string target, string action)
    {
        string described = Described(action);
        return AskAsync(() => ShouldProcess(target, described));
    }

    /// <summary>
    /// The same for a cmdlet whose <c>-Force</c> answers the question that its high impact asks by itself; an explicit
    /// <c>-Confirm</c> still asks, and <c>-WhatIf</c> still changes nothing.
    /// </summary>
    /// <param name="target">The real name of what changes.</param>
    /// <param name="action">What is done to it.</param>
    /// <param name="force">Whether <c>-Force</c> is given.</param>
    /// <returns>True to go on.</returns>
    protected async Task<bool> ShouldProcessAsync(string target, string action, bool force)
    {
        (bool goOn, Exception? nobody) = await TryShouldProcessAsync(target, action, force);
        return nobody is null ? goOn : throw NotConfirmed(target, nobody, "-Confirm:$false does it without asking.");
    }

    /// <summary>The error for a change that needs a confirmation where nobody can be asked.</summary>
    /// <param name="what">What changes.</param>
    /// <param name="nobody">What the host threw.</param>
    /// <param name="advice">How to do without.</param>
    /// <returns>The error.</returns>
    private protected static LabException NotConfirmed(string what, Exception nobody, string advice) => new(
        LabErrorKind.InvalidData, "ConfirmationNeeded", $"A confirmation is needed for {what}, and nobody can be asked for it.", nobody)
    {
        Target = what,
        Advice = advice,
    };

    /// <summary>The same where a command that nobody watches has to be refused with an advice of its own.</summary>
    /// <param name="target">The real name of what changes.</param>
    /// <param name="action">What is done to it.</param>
    /// <param name="force">Whether <c>-Force</c> is given.</param>
    /// <returns>True to go on; and what the host threw where it has nobody to ask, else null.</returns>
    protected Task<(bool GoOn, Exception? Nobody)> TryShouldProcessAsync(string target, string action, bool force)
    {
        string described = Described(action);
        return TryAskAsync(() => ShouldProcess(target, described, force));
    }

    /// <summary>Asks before something is lost, in a cmdlet that does not ask for its other changes; <c>-Confirm:$false</c> and <c>-WhatIf</c> do not ask.</summary>
    /// <param name="target">The real name of what is lost.</param>
    /// <param name="action">What is done to it.</param>
    /// <param name="force">Whether something else answers the question.</param>
    /// <returns>True to go on, also with <c>-WhatIf</c>, so that each change says what it would do.</returns>
    protected async Task<bool> ShouldContinueAsync(string target, string action, bool force)
    {
        string described = Described(action);
        (bool goOn, Exception? nobody) = await TryAskAsync(() =>
            force || IsWhatIf() || (MyInvocation.BoundParameters.ContainsKey("Confirm") && !IsAsked("Confirm"))
            || (!IsAsked("Confirm") && GetVariableValue("ConfirmPreference")?.ToString() == nameof(ConfirmImpact.None))
            || ShouldContinue($"{described}: {target}?", "Confirm"));
        return nobody is null ? goOn : throw NotConfirmed(target, nobody, "-Confirm:$false does it without asking.");
    }

    /// <summary>Whether <c>-WhatIf</c> or <c>$WhatIfPreference</c> holds, for a cmdlet that then writes objects. On the pipeline thread.</summary>
    /// <returns>True where nothing may be changed.</returns>
    protected bool IsWhatIf() => MyInvocation.BoundParameters.ContainsKey("WhatIf")
        ? IsAsked("WhatIf")
        : LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));

    /// <summary>Runs something on the pipeline thread (a script block, session state) and brings its result back.</summary>
    /// <typeparam name="T">Type of the result.</typeparam>
    /// <param name="question">What to run.</param>
    /// <returns>Its result.</returns>
    protected Task<T> AskAsync<T>(Func<T> question) => pump.AskAsync(question);

    /// <summary>Releases what the command holds.</summary>
    /// <param name="disposing">False from a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (notes > NotesShown)
            {
                Host.UI?.WriteWarningLine($"{notes - NotesShown} more like these.");
            }

            pump.Dispose();
            throttle?.Dispose();
        }
    }

    private Task<(bool GoOn, Exception? Nobody)> TryAskAsync(Func<bool> question) => AskAsync<(bool, Exception?)>(() =>
    {
        try
        {
            return (question(), null);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C at the question; the pipeline may hear of it a moment later.
            throw new PipelineStoppedException();
        }
        catch (Exception e) when (e is not (PipelineStoppedException or HostException { ErrorRecord.FullyQualifiedErrorId: "ConfirmationNeeded" }))
        {
            // Each kind of host has its own way to say that it cannot ask; that of cloudlab says what to do, too.
            return (false, e);
        }
    });

    // A cancellation that nobody asked for is a time limit somewhere underneath: a problem like any other.
    private bool IsFatal(Exception e) => e is PipelineStoppedException or LabException { StopsCommand: true }
        || (e is OperationCanceledException && pump.Stopping.IsCancellationRequested);

    private bool ShouldProcess(string target, string action, bool force) =>
        (force && !IsAsked("Confirm") && !IsWhatIf()) || ShouldProcess(target, action);

    private bool IsAsked(string parameter) =>
        MyInvocation.BoundParameters.TryGetValue(parameter, out object? value) && LanguagePrimitives.IsTrue(value);

    // A pipeline that stops takes no more warnings, but what is left behind has to be said: to the host then.
    private void NoteWhenStopped(string message)
    {
        if (warnings is ActionPreference.SilentlyContinue or ActionPreference.Ignore)
        {
            return;
        }

        if (Interlocked.Increment(ref notes) <= NotesShown)
        {
            Host.UI?.WriteWarningLine(message);
        }
    }

    private bool OnPipelineThread(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (LabException e)
        {
            Report(e);
            return false;
        }
    }

    private void Pump(Action? onPipelineThread, Func<CancellationToken, Task> work)
    {
        if (onPipelineThread is not null && !OnPipelineThread(onPipelineThread))
        {
            return;
        }

        Task task = pump.Run(work, Settle);
        if (fatal is not null)
        {
            Settle(task);
            Report(fatal);
        }
        else if (task.IsFaulted)
        {
            Report(task.Exception!.GetBaseException());
        }
        else if (task.IsCanceled)
        {
            Settle(task);
            throw new PipelineStoppedException();
        }
    }

    private void Settle(Task task)
    {
        try
        {
            Task.WaitAll([task, .. inFlight]);
        }
        catch (AggregateException)
        {
            // The user is already told what stopped the pipeline; the cancelled work only repeats it.
        }
    }

    private void Report(Exception problem)
    {
        switch (problem)
        {
            case PipelineStoppedException:
                throw problem;
            case OperationCanceledException when pump.Stopping.IsCancellationRequested:
                throw new PipelineStoppedException();
            case LabException { StopsCommand: true }:
                pump.Stop();
                Settle(Task.CompletedTask);
                ThrowTerminatingError(ErrorMapper.ToRecord(problem, ErrorTarget));
                break;
            default:
                WriteError(ErrorMapper.ToRecord(problem, ErrorTarget));
                break;
        }
    }
}
