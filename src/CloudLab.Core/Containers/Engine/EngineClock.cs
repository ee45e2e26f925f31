namespace CloudLab.Core.Containers.Engine;

/// <summary>Limits how long an engine may be silent, and says what a failure of its connection means.</summary>
internal sealed class EngineClock : IDisposable
{
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenSource source;
    private readonly Func<Exception, TimeSpan, Exception?> explain;

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
        bool limited = Limit != Timeout.InfiniteTimeSpan;
        if (limited)
        {
            Touch();
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
            if (limited)
            {
                source.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();

    // A connection that is given up fails in many ways; the caller asked for only one thing.
    private Exception Told(Exception e) => cancellation.IsCancellationRequested
        ? e as OperationCanceledException ?? new OperationCanceledException("The request was given up.", e, cancellation)
        : explain(e, Limit) ?? e;
}
