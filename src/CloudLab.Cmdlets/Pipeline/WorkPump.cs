using System.Collections.Concurrent;
using System.Management.Automation;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>
/// Runs asynchronous work for a caller that PowerShell calls synchronously, and serves a queue meanwhile: only the
/// caller's own thread may talk to PowerShell, so output, messages and questions of the work cross over to it.
/// </summary>
internal sealed class WorkPump : IDisposable
{
    /// <summary>Objects that may wait for the pipeline thread before the producer has to.</summary>
    private const int OutputsAhead = 128;

    private readonly CancellationTokenSource stop = new();
    private readonly BlockingCollection<Action> queue = [];
    private readonly SemaphoreSlim outputRoom = new(OutputsAhead);

    /// <summary>Creates the pump.</summary>
    /// <param name="verbose">Writes a verbose line; called on the pipeline thread, as are the others.</param>
    /// <param name="warning">Writes a warning.</param>
    /// <param name="late">Tells a warning that comes when the pipeline has stopped; called on any thread.</param>
    /// <param name="progress">Shows progress.</param>
    /// <param name="ask">Asks the user for a line of text (a caption, a question); null where nobody can be asked.</param>
    public WorkPump(
        Action<string> verbose, Action<string> warning, Action<string> late, Action<ProgressRecord> progress, Func<string, string, string?> ask)
    {
        Reporter = new QueueReporter(this, verbose, warning, late, progress, ask);
        Stopping = stop.Token;
    }

    /// <summary>Where Core says what it does: verbose lines, warnings, progress.</summary>
    public IReporter Reporter { get; }

    /// <summary>Cancelled when the pipeline stops.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Cancels the work; safe from any thread, and when it has ended.</summary>
    public void Stop()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command ended in the same moment.
        }
    }

    /// <summary>Has something done on the pipeline thread, in the order of the calls.</summary>
    /// <param name="action">What to do.</param>
    public void Post(Action action) => queue.Add(action);

    /// <summary>The same for output: waits while the pipeline is far behind.</summary>
    /// <param name="write">Writes the output.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Done when the output is handed over.</returns>
    public async ValueTask PostOutputAsync(Action write, CancellationToken cancellation)
    {
        await outputRoom.WaitAsync(cancellation);
        Post(() =>
        {
            outputRoom.Release();
            write();
        });
    }

    /// <summary>Runs something on the pipeline thread (a script block, session state) and brings its result back.</summary>
    /// <typeparam name="T">Type of the result.</typeparam>
    /// <param name="question">What to run.</param>
    /// <returns>Its result.</returns>
    public Task<T> AskAsync<T>(Func<T> question)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration onStop = Stopping.Register(() => answer.TrySetCanceled(Stopping));
        Post(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
                throw;
            }
            finally
            {
                onStop.Dispose();
            }
        });
        return answer.Task;
    }

    /// <summary>Runs work on the thread pool and serves the queue until it has ended.</summary>
    /// <param name="work">The work; its token is cancelled when the pipeline stops.</param>
    /// <param name="settle">Waits for the work, and what else is under way, when the pipeline wants no more.</param>
    /// <returns>The work, ended: how is for the caller to see. Throws what the pipeline thread threw.</returns>
    public Task Run(Func<CancellationToken, Task> work, Action<Task> settle)
    {
        // Never on the pipeline thread itself: work that waits for room in the queue would wait for itself.
        Task task = Task.Run(() =>
        {
            RequestLog.Current = Reporter;
            return work(Stopping);
        });
        Task ended = task.ContinueWith(
            _ => queue.Add(static () => { }), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            while (!task.IsCompleted)
            {
                queue.Take()();
            }

            ended.Wait();
            while (queue.TryTake(out Action? action))
            {
                action();
            }
        }
        catch
        {
            // The pipeline wants no more. The work ends first: it may have an upload to abort or a file to remove.
            stop.Cancel();
            settle(task);
            ended.Wait();
            throw;
        }

        return task;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Dispose();
        queue.Dispose();
        outputRoom.Dispose();
    }

    private sealed class QueueReporter(
        WorkPump pump, Action<string> verbose, Action<string> warning, Action<string> late, Action<ProgressRecord> progress,
        Func<string, string, string?> ask) : IReporter
    {
        public Task<string?> AskAsync(string caption, string question) => pump.AskAsync(() => ask(caption, question));

        public void Verbose(string message) => pump.Post(() => verbose(message));

        public void Warning(string message)
        {
            if (pump.Stopping.IsCancellationRequested)
            {
                late(message);
            }
            else
            {
                pump.Post(() => warning(message));
            }
        }

        public void Progress(ProgressUpdate update) => pump.Post(() => progress(
            new ProgressRecord(update.ActivityId, update.Activity, update.Status.Length > 0 ? update.Status : " ")
            {
                PercentComplete = update.Percent ?? -1,
                SecondsRemaining = (int?)update.Remaining?.TotalSeconds ?? -1,
                RecordType = update.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
            }));
    }
}
