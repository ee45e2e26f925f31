using System.Collections.Concurrent;
using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Base of the cmdlets that move content: one engine, one progress bar and one limit for the whole command.</summary>
public abstract class TransferCommand : StorageCommand
{
    private readonly ConcurrentDictionary<StorageClient, TransferEngine> engines = new();
    private readonly Lazy<ProgressMeter> meter;
    private readonly ListedPrefixes listed;

    /// <summary>Creates the cmdlet.</summary>
    protected TransferCommand()
    {
        meter = new(() => new ProgressMeter(Reporter, Activity));
        listed = new ListedPrefixes(Reporter);
    }

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

    /// <summary>Takes an object that the pipeline may have brought together with its folder.</summary>
    /// <param name="bucket">Its bucket.</param>
    /// <param name="key">Its key.</param>
    private protected void List(string bucket, string key)
    {
        if (MyInvocation.ExpectingInput && !IsGiven("Key"))
        {
            listed.AddObject(Client, bucket, key);
        }
    }

    /// <summary>Takes all that begins with a prefix; of a folder that the pipeline brings when it is known what else it brings.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="cancellation">Cancels the listing.</param>
    /// <returns>Done when all has begun that is known now.</returns>
    private protected async Task TakePrefixAsync(string bucket, string prefix, CancellationToken cancellation)
    {
        bool isListed = MyInvocation.ExpectingInput && !IsGiven("Prefix");
        if (isListed && prefix.EndsWith('/'))
        {
            listed.AddFolder(Client, bucket, prefix);
        }
        else
        {
            // What the pipeline names keeps its whole key, by itself and in a folder.
            await TakeAllAsync(bucket, prefix, isListed ? 0 : prefix.LastIndexOf('/') + 1, cancellation);
        }
    }

    /// <summary>Takes all that begins with a prefix.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="stem">How much of the keys is no part of the names.</param>
    /// <param name="cancellation">Cancels the listing.</param>
    /// <returns>Done when all has begun.</returns>
    private protected virtual Task TakeAllAsync(string bucket, string prefix, int stem, CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        await foreach ((StorageClient client, string bucket, string prefix) in listed.WholeAsync(cancellation))
        {
            try
            {
                await WithAsync(client, () => TakeAllAsync(bucket, prefix, 0, cancellation));
            }
            catch (LabException e)
            {
                WriteProblem(e, ObjectName.Uri(bucket, prefix));
            }
        }
    }

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
