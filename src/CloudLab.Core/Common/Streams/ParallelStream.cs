using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace CloudLab.Core.Common.Streams;

/// <summary>Work on the items of a stream, several at once, in the order of the stream.</summary>
public static class ParallelStream
{
    /// <summary>Does something with each item; results come in the order of the items, each as soon as those before it are there.</summary>
    /// <typeparam name="TSource">Type of the items.</typeparam>
    /// <typeparam name="TResult">Type of the results.</typeparam>
    /// <param name="source">The items.</param>
    /// <param name="limit">How many are worked on at once.</param>
    /// <param name="work">What to do with one. What it throws ends the stream.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <returns>The results.</returns>
    public static async IAsyncEnumerable<TResult> SelectAsync<TSource, TResult>(
        IAsyncEnumerable<TSource> source, int limit, Func<TSource, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using SemaphoreSlim room = new(limit);

        // Finished results may wait for a slow one before them, but not without bound.
        Channel<Task<TResult>> waiting = Channel.CreateBounded<Task<TResult>>(limit * 4);
        Task feeding = FeedAsync();
        try
        {
            await foreach (Task<TResult> task in waiting.Reader.ReadAllAsync(cancellation))
            {
                yield return await task;
            }

            await feeding;
        }
        finally
        {
            await stop.CancelAsync();
            await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (waiting.Reader.TryRead(out Task<TResult>? task))
            {
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        async Task FeedAsync()
        {
            try
            {
                await foreach (TSource item in source.WithCancellation(stop.Token))
                {
                    await room.WaitAsync(stop.Token);
                    await waiting.Writer.WriteAsync(RunAsync(item), stop.Token);
                }
            }
            finally
            {
                // The reader hears of a problem when it awaits this task.
                waiting.Writer.Complete();
            }
        }

        Task<TResult> RunAsync(TSource item) => Task.Run(async () =>
        {
            try
            {
                return await work(item, stop.Token);
            }
            finally
            {
                room.Release();
            }
        });
    }
}
