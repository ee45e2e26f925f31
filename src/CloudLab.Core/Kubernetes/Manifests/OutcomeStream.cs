using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>Gives the outcomes of parallel work as one stream, and stops the work when the reader has enough.</summary>
internal static class OutcomeStream
{
    // Outcomes that may wait for the reader before the work has to.
    private const int Ahead = 100;

    /// <summary>Runs work over the items of manifests: the unreadable ones are told first, the others handed on.</summary>
    /// <param name="items">All items.</param>
    /// <param name="work">Works on the readable items and tells what came of each.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The outcomes as they come.</returns>
    public static async IAsyncEnumerable<ManifestOutcome> RunAsync(
        IReadOnlyCollection<ManifestItem> items, Func<ManifestItem[], ChannelWriter<ManifestOutcome>, CancellationToken, Task> work,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        Channel<ManifestOutcome> told = Channel.CreateBounded<ManifestOutcome>(Ahead);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task running = RunToEndAsync();
        try
        {
            await foreach (ManifestOutcome outcome in told.Reader.ReadAllAsync(cancellation))
            {
                yield return outcome;
            }

            await running;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(running);
        }

        async Task RunToEndAsync()
        {
            try
            {
                foreach (ManifestItem bad in items.Where(item => item.Problem is not null))
                {
                    await told.Writer.WriteAsync(new ManifestOutcome(null, bad.Problem), stop.Token);
                }

                await work([.. items.Where(item => item.Problem is null)], told.Writer, stop.Token);
                told.Writer.Complete();
            }
            catch (Exception e)
            {
                told.Writer.Complete(e);
            }
        }
    }
}
