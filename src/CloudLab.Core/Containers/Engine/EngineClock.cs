namespace CloudLab.Core.Containers.Engine;

/// <summary>Limits how long an engine may be silent, and says what a failure of its connection means.</summary>
internal sealed class EngineClock : IDisposable
{
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenSource source;
    private readonly Func<Exception, TimeSpan, Exception?> explain;

    // A log comes in as many reads as it has lines, and setting a timer for each costs more than reading it: one timer looks after all of them.
    private Timer? watch;
    private long readSince;

    /// <summary>Starts with a limit.</summary>
    /// <param name="limit">How long each step may take.</param>
    /// <param name="cancellation">Ends every step at once.</param>
    /// <param name="explain">Gives the error to throw instead of an exception, or null to let it pass; gets the limit that held.</param>
    public EngineClock(TimeSpan limit, CancellationToken cancellation, Func<Exception, TimeSpan, Exception?> explain)
    {
        Limit = limit;
        this.cancellation = cancellation;
        this.explain = explain;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>How long each step may take from now on.</summary>
    public TimeSpan Limit { get; set; }

    /// <summary>Ends the step that is running.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Gives the step that is running its whole time again.</summary>
    public void Touch() => source.CancelAfter(Limit);

    /// <summary>Takes one step.</summary>
    /// <typeparam name="T">Type of its result.</typeparam>
    /// <param name="step">The step.</param>
    /// <returns>Its result.</returns>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> step)
    {
        Touch();
        try
        {
            return await step(source.Token);
        }
        catch (Exception e)
        {
            throw Told(e);
        }
        finally
        {
            source.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Reads from a stream as one step.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="buffer">Where to.</param>
    /// <returns>How many bytes.</returns>
    public async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer)
    {
        if (Limit != Timeout.InfiniteTimeSpan)
        {
            watch ??= new Timer(_ => Look(), null, Limit / 4, Limit / 4);
            Volatile.Write(ref readSince, Environment.TickCount64);
        }

        try
        {
            return await stream.ReadAsync(buffer, source.Token);
        }
        catch (Exception e)
        {
            throw Told(e);
        }
        finally
        {
            Volatile.Write(ref readSince, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        watch?.Dispose();
        source.Dispose();
    }

    private void Look()
    {
        long since = Volatile.Read(ref readSince);
        if (since != 0 && Environment.TickCount64 - since >= Limit.TotalMilliseconds)
        {
            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The reading ended in the same moment.
            }
        }
    }

    // A connection that is given up fails in many ways; the caller asked for only one thing.
    private Exception Told(Exception e) => cancellation.IsCancellationRequested
        ? e as OperationCanceledException ?? new OperationCanceledException("The request was given up.", e, cancellation)
        : explain(e, Limit) ?? e;
}
