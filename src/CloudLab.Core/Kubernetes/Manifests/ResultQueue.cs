using System.Threading.Channels;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Results in the order of application: what is done early waits for what comes before it. Each item is expected, and then added
/// or skipped once.
/// </summary>
internal sealed class ResultQueue
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<ManifestItem, int> places = [];
    private readonly List<(bool Known, ManifestResult? Result)> results = [];
    private int next;

    /// <summary>Says what comes, in which order.</summary>
    /// <param name="items">The items.</param>
    public void Expect(IEnumerable<ManifestItem> items)
    {
        foreach (ManifestItem item in items)
        {
            places.Add(item, places.Count);
            results.Add((false, null));
        }
    }

    /// <summary>An item is done.</summary>
    /// <param name="item">Which.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="told">Where it is told, now or when those before it are done.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Ends when it is noted, and told if its turn has come.</returns>
    public Task AddAsync(ManifestItem item, ManifestResult result, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation) =>
        SetAsync(places[item], result, told, cancellation);

    /// <summary>An item has no result, and nothing waits for it.</summary>
    /// <param name="item">Which.</param>
    /// <param name="told">Where those are told that waited for it.</param>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Ends when those are told.</returns>
    public Task SkipAsync(ManifestItem item, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation) =>
        SetAsync(places[item], null, told, cancellation);

    /// <summary>An item was done, but nothing more is known of it; to be told by <see cref="FlushAsync"/> if nothing else is known of it.</summary>
    /// <param name="item">Which.</param>
    /// <param name="result">What became of it.</param>
    public void Note(ManifestItem item, ManifestResult result)
    {
        if (!results[places[item]].Known)
        {
            results[places[item]] = (true, result);
        }
    }

    /// <summary>Tells what still waits, since nothing more is to come.</summary>
    /// <param name="told">Where.</param>
    /// <param name="cancellation">When it is stopped, nobody listens.</param>
    /// <returns>Ends when all is told.</returns>
    public async Task FlushAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        for (; next < results.Count && !cancellation.IsCancellationRequested; next++)
        {
            await TellAsync(told, cancellation);
        }
    }

    private async Task SetAsync(int place, ManifestResult? result, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            results[place] = (true, result);
            for (; next < results.Count && results[next].Known; next++)
            {
                await TellAsync(told, cancellation);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private ValueTask TellAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation) =>
        results[next].Result is { } result ? told.WriteAsync(new ManifestOutcome(result, null), cancellation) : default;
}
