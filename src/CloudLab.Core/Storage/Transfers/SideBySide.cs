namespace CloudLab.Core.Storage.Transfers;

/// <summary>Pieces of one piece of work, done side by side: one that fails ends the others, and its error is the one that is thrown.</summary>
/// <typeparam name="T">What a piece comes to.</typeparam>
internal sealed class SideBySide<T> : IAsyncDisposable
{
    private readonly CancellationToken asked;
    private readonly CancellationTokenSource stop;
    private readonly List<Task<T>> pieces = [];

    /// <summary>Begins with nothing.</summary>
    /// <param name="cancellation">Cancels all pieces.</param>
    public SideBySide(CancellationToken cancellation)
    {
        asked = cancellation;
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Cancelled when the caller cancels, and when a piece has failed.</summary>
    public CancellationToken Token => stop.Token;

    /// <summary>Pieces begun so far.</summary>
    public int Count => pieces.Count;

    /// <summary>Begins a piece.</summary>
    /// <param name="work">The work.</param>
    public void Start(Func<Task<T>> work) => pieces.Add(Task.Run(async () =>
    {
        try
        {
            return await work();
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }));

    /// <summary>Waits for something that ends with <see cref="Token"/>; where that is because a piece has failed, throws that piece's error.</summary>
    /// <typeparam name="TResult">What is waited for.</typeparam>
    /// <param name="wait">The wait.</param>
    /// <returns>Its result.</returns>
    public async Task<TResult> UnlessFailedAsync<TResult>(ValueTask<TResult> wait)
    {
        try
        {
            return await wait;
        }
        catch (OperationCanceledException) when (!asked.IsCancellationRequested)
        {
            await WhenAllAsync();
            throw;
        }
    }

    /// <summary>Waits for all pieces.</summary>
    /// <returns>What they came to, in the order in which they were begun. Throws the first real error.</returns>
    public async Task<IReadOnlyList<T>> WhenAllAsync()
    {
        await SettleAsync();
        asked.ThrowIfCancellationRequested();
        foreach (Task<T> piece in pieces.OrderBy(piece => piece.IsCanceled))
        {
            await piece;
        }

        return [.. pieces.Select(piece => piece.Result)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        // Errors have been thrown to the caller or gave way to another one.
        await SettleAsync();
        stop.Dispose();
    }

    private async Task SettleAsync() => await ((Task)Task.WhenAll(pieces)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
