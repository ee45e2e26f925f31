using System.Collections.Concurrent;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>All that one command moves: an engine and so a limit for each service, and one progress bar.</summary>
/// <param name="reporter">Hears of progress.</param>
/// <param name="activity">What the progress bar says: <c>Uploading to s3://movies</c>. Asked when the first transfer begins.</param>
internal sealed class CommandTransfers(IReporter reporter, Func<string> activity)
{
    private readonly ConcurrentDictionary<StorageClient, TransferEngine> engines = new();
    private readonly Lazy<ProgressMeter> meter = new(() => new ProgressMeter(reporter, activity()));

    /// <summary>Counts what the transfers do.</summary>
    public ProgressMeter Meter => meter.Value;

    /// <summary>The engine of a service.</summary>
    /// <param name="client">The service.</param>
    /// <param name="throttleLimit">How many requests to run at once.</param>
    /// <returns>The same one for the whole command.</returns>
    public TransferEngine EngineOf(StorageClient client, int throttleLimit) => engines.GetOrAdd(client, key => new TransferEngine(key, throttleLimit));

    /// <summary>Ends the progress bar.</summary>
    public void Complete()
    {
        if (meter.IsValueCreated)
        {
            meter.Value.Dispose();
        }
    }
}
