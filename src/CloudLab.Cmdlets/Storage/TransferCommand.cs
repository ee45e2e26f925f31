using System.Collections.Concurrent;
using System.Management.Automation;
using CloudLab.Core.Reporting;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the cmdlets that move content: one engine, one progress bar and one limit for the whole command.</summary>
public abstract class TransferCommand : StorageCommand
{
    private readonly ConcurrentDictionary<StorageClient, TransferEngine> engines = new();
    private readonly Lazy<ProgressMeter> meter;

    /// <summary>Creates the cmdlet.</summary>
    protected TransferCommand() => meter = new(() => new ProgressMeter(Reporter, Activity));

    /// <summary>How many requests to have in flight at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <summary>What the progress bar says: <c>Uploading to s3://movies</c>.</summary>
    protected abstract string Activity { get; }

    /// <summary>All transfers with the service of the current input go through it.</summary>
    protected TransferEngine Engine => engines.GetOrAdd(Client, client => new TransferEngine(client, ThrottleLimit));

    /// <summary>Counts what they do.</summary>
    protected ProgressMeter Meter => meter.Value;

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation)
    {
        if (meter.IsValueCreated)
        {
            meter.Value.Dispose();
        }

        return Task.CompletedTask;
    }
}
