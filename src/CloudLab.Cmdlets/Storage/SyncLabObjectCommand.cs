using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Security;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Errors;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Sync;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Makes a bucket the same as a folder, a folder the same as a bucket, or a bucket the same as a bucket.</summary>
/// <remarks>
/// <para>What is below the source folder or prefix goes below the destination folder or prefix, under the same names. A slash at the end of
/// either makes no difference: s3://movies/data and s3://movies/data/ both stand for the keys that begin with data/. Links to
/// files are followed, links to folders are left out. An object whose key ends in a slash stands for a folder.</para>
/// <para>Something is transferred if the destination lacks it, if the sizes differ, or if the source was written later. -SizeOnly leaves the
/// time out of account; -Checksum compares the content instead, by the checksum that the service keeps, and transfers what has none.
/// -Update keeps what was written later at the destination. A downloaded file gets the date of its object. Most services keep whole
/// seconds, so that a file sent in the second in which it was written is sent once more the next time: no change is ever missed.</para>
/// <para>-Delete removes at the destination what the source lacks. It does not ask; use -WhatIf or -Confirm to see first. Removals come
/// last, after the whole source has been read and everything else is done; if any part of the source could not be read nothing is
/// removed, and a source with nothing in it is an error unless -Force is given. What -Include and -Exclude leave out is neither transferred nor
/// removed. Folders of a disk stay, even empty ones.</para>
/// <para>It writes one LabSyncAction for each thing done, with the reason. With -WhatIf it writes the plan in the same form and changes
/// nothing. Both ends are read side by side in the order of their names, so millions of objects need no more memory than a few.</para>
/// <para>Errors: FileNotFound when the source folder does not exist; NoSuchBucket; NoBucket, SamePlace, InvalidPlace when source and
/// destination make no sense; SourceIsEmpty; ListingNotSorted for a service that does not list keys in their order; each file or
/// object that cannot be read or written is its own error, as with Send-LabObject and Receive-LabObject, and the others go on.</para>
/// </remarks>
/// <example>
/// <para>Shows what a synchronization would do, and why.</para>
/// <code>Sync-LabObject data s3://movies/new -WhatIf</code>
/// </example>
/// <example>
/// <para>Makes a prefix the same as a folder, and removes what the folder does not have.</para>
/// <code>Sync-LabObject data s3://movies/data -Delete</code>
/// </example>
/// <example>
/// <para>Gets what is new or changed into a folder.</para>
/// <code>Sync-LabObject s3://movies/data data-copy -Include *.json</code>
/// </example>
/// <example>
/// <para>Copies between buckets, within the service.</para>
/// <code>$null = New-LabBucket movie-backup; Sync-LabObject s3://movies s3://movie-backup/today -Checksum</code>
/// </example>
/// <inputtype>Anything with Source and Destination: the rows of a CSV file.</inputtype>
[Cmdlet(VerbsData.Sync, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabSyncAction))]
public sealed class SyncLabObjectCommand : UploadCommand
{
    private const int RemovalsAtOnce = 4;

    private readonly List<ObjectSync> syncs = [];
    private SyncPlace? from;
    private SyncPlace? to;
    private bool whatIf;

    /// <summary>Where things come from: <c>s3://bucket/prefix</c>, or the path of a folder, without wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PlaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Source { get; set; } = "";

    /// <summary>Where they go: <c>s3://bucket/prefix</c>, or the path of a folder, which is made if need be.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PlaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Removes at the destination what the source lacks. It does not ask.</summary>
    [Parameter]
    public SwitchParameter Delete { get; set; }

    /// <summary>Takes what has the same size for the same, whenever it was written.</summary>
    [Parameter]
    public SwitchParameter SizeOnly { get; set; }

    /// <summary>Compares the content of what has the same size, by checksum, whenever it was written.</summary>
    [Parameter]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Keeps what was written later at the destination.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>Wildcards; only names that match one count. With a slash it is matched with the whole name below source and destination, without one with the part after the last slash.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; names that match one are left alone at both ends.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Also writes what is left as it is, with the reason.</summary>
    [Parameter]
    public SwitchParameter IncludeSkipped { get; set; }

    /// <summary>Lets -Delete remove everything where the source is empty.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>The key of your own (SSE-C) that the source is encrypted with, 32 bytes in Base64.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SourceCustomerKey { get; set; }

    /// <inheritdoc/>
    protected override string Activity => $"Synchronizing {from} -> {to}";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        whatIf = IsWhatIf();
        if (SizeOnly && Checksum)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "SizeOnlyAndChecksum", "-SizeOnly and -Checksum contradict each other: give one of them.");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        from = SyncPlace.Parse(Source, GetUnresolvedProviderPathFromPSPath);
        to = SyncPlace.Parse(Destination, GetUnresolvedProviderPathFromPSPath);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ObjectSync sync = new(
            Client, Engine, from!, to!,
            new SyncRules
            {
                Comparison = SizeOnly ? SyncComparison.Size : Checksum ? SyncComparison.Checksum : SyncComparison.SizeAndTime,
                Update = Update,
                Delete = Delete,
                Filter = Filter(Include, Exclude),
            },
            UploadOptions())
        {
            SourceKey = Secrets.ToEncryptionKey(SourceCustomerKey),
        };
        syncs.Add(sync);
        if (whatIf)
        {
            await ShouldProcessAsync(to!.ToString(), $"Synchronize from '{from}'");
        }

        await foreach (SyncStep step in sync.PlanAsync(problem => WriteProblem(problem, problem.Target), cancellation))
        {
            if (step.Decision == SyncDecision.Compare || (step.Decision == SyncDecision.Transfer && !whatIf))
            {
                await StartAsync(from!.NameOf(step.Entry.Name), token => ApplyAsync(sync, step, token));
            }
            else if (step.Decision == SyncDecision.Transfer)
            {
                // Nothing to wait for: the plan comes out in the order of the names.
                await ApplyAsync(sync, step, cancellation);
            }
            else
            {
                Meter.Expect(1);
                Meter.AddItems();
                if (IncludeSkipped && !step.Entry.IsFolder)
                {
                    await WriteAsync(await sync.ResolveAsync(step, cancellation), cancellation);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        foreach (ObjectSync sync in syncs)
        {
            await Parallel.ForEachAsync(
                RemovalsAsync(sync, cancellation),
                new ParallelOptions { MaxDegreeOfParallelism = RemovalsAtOnce, CancellationToken = cancellation },
                async (batch, token) => await RemoveAsync(sync, batch, token));
        }

        await base.EndAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            syncs.ForEach(sync => sync.Dispose());
        }

        base.Dispose(disposing);
    }

    private async Task ApplyAsync(ObjectSync sync, SyncStep step, CancellationToken cancellation)
    {
        LabSyncAction action = await sync.ResolveAsync(step, cancellation);
        if (action.Action == SyncAction.Skip)
        {
            if (IncludeSkipped)
            {
                await WriteAsync(action, cancellation);
            }
        }
        else if (whatIf)
        {
            await WriteAsync(action, cancellation);
        }
        else if (await ShouldProcessAsync(action.Destination, $"{action.Action} from '{action.Source}'"))
        {
            await WriteAsync(await sync.TransferAsync(action, Meter, cancellation), cancellation);
        }
    }

    private async IAsyncEnumerable<List<LabSyncAction>> RemovalsAsync(ObjectSync sync, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<LabSyncAction> batch = [];
        foreach (LabSyncAction removal in sync.Removals(Force))
        {
            if (whatIf)
            {
                await WriteAsync(removal, cancellation);
            }
            else if (await ShouldProcessAsync(removal.Destination, "Delete"))
            {
                batch.Add(removal);
            }

            if (batch.Count == ObjectStore.MostKeysInBatch)
            {
                yield return batch;
                batch = [];
            }
        }

        yield return batch;
    }

    private async Task RemoveAsync(ObjectSync sync, List<LabSyncAction> batch, CancellationToken cancellation)
    {
        if (batch.Count == 0)
        {
            return;
        }

        IReadOnlyList<LabException> failures;
        try
        {
            failures = await sync.RemoveAsync(batch, cancellation);
        }
        catch (LabException e)
        {
            WriteProblem(e, e.Target);
            return;
        }

        HashSet<object?> failed = [.. failures.Select(failure => failure.Target)];
        foreach (LabException failure in failures)
        {
            WriteProblem(failure, failure.Target);
        }

        Meter.AddItems(batch.Count - failures.Count);
        foreach (LabSyncAction removal in batch.Where(removal => !failed.Contains(removal.Destination)))
        {
            await WriteAsync(removal with { Done = true }, cancellation);
        }
    }
}
