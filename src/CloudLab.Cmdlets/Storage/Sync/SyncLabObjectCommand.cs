using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Security;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Transfers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Sync;

namespace CloudLab.Cmdlets.Storage.Sync;

/// <summary>Synchronizes a bucket with a folder, a folder with a bucket, or a bucket with another bucket.</summary>
/// <remarks>
/// <para>Everything below the source folder or prefix is transferred to the destination folder or prefix, under the same names. A slash at the end of
/// either makes no difference: s3://movies/data and s3://movies/data/ both mean the keys that begin with data/. Links to
/// files are followed, links to folders are left out. An object whose key ends in a slash means a folder.</para>
/// <para>An item is transferred if the destination does not have it, if the sizes differ, or if the source was written later. If the two times are less
/// than two seconds apart, the content is compared: by ETag or by the checksum that the service stores. The same applies to every downloaded
/// file that is not older than its object, since it gets the object's date, and every object whose ETag differs from that of its copy in another
/// bucket. A changed file of the same size whose date comes from a clock far behind the server's is found only with -Checksum, which compares all content and transfers what
/// has no checksum. -SizeOnly ignores the time. -Update keeps items that were written later at the destination.</para>
/// <para>-Delete removes items at the destination that the source does not have. It asks first if these are more than ten and more than half of the destination;
/// -Force skips the question; without -Force, where no prompt is possible, it is refused. Use -WhatIf or -Confirm to see each removal. Removals come
/// last, after the whole source has been read and everything else is done; if any part of the source could not be read, nothing is
/// removed, and an empty source is an error unless -Force is given. Items left out by -Include and -Exclude are neither transferred nor
/// removed. Local folders are kept, even empty ones.</para>
/// <para>It writes one LabSyncAction for each thing done, with the reason. With -WhatIf it writes the plan in the same form and changes
/// nothing; -InformationAction Ignore then leaves out PowerShell's line before it, for scripts that compare. Both sides are read in parallel in the order of their names, so millions of objects need no more memory than a few.</para>
/// <para>Errors: FileNotFound when the source folder does not exist; NoSuchBucket; NoBucket, SamePlace, InvalidPlace when source and
/// destination are not valid; SourceIsEmpty; RemovalNotConfirmed; ListingNotSorted for a service that does not list keys in order; each file or
/// object that cannot be read or written is a separate error, as with Send-LabObject and Receive-LabObject, and the others continue.</para>
/// </remarks>
/// <example>
/// <para>Shows what a synchronization would do, and why.</para>
/// <code>Sync-LabObject data s3://movies/new -WhatIf</code>
/// </example>
/// <example>
/// <para>Synchronizes a prefix with a folder, and removes what the folder does not have.</para>
/// <code>Sync-LabObject data s3://movies/data -Delete</code>
/// </example>
/// <example>
/// <para>Downloads new and changed objects into a folder.</para>
/// <code>Sync-LabObject s3://movies/data data-copy -Include *.json</code>
/// </example>
/// <example>
/// <para>Copies between buckets, within the service.</para>
/// <code>$null = New-LabBucket movie-backup; Sync-LabObject s3://movies s3://movie-backup/today -Checksum</code>
/// </example>
/// <inputtype>Anything with Source and Destination: the rows of a CSV file.</inputtype>
[Cmdlet(VerbsData.Sync, "LabObject", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabSyncAction))]
public sealed class SyncLabObjectCommand : UploadCommand
{
    private const int RemovalsAtOnce = 4;
    private const int MostRemovalsUnasked = 10;

    private readonly List<(ObjectSync Sync, string Target)> syncs = [];
    private SyncPlace? from;
    private SyncPlace? to;
    private bool whatIf;
    private bool isSilent;
    private bool asksHigh;

    /// <summary>Source: <c>s3://bucket/prefix</c>, or the path of a folder, without wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PlaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Source { get; set; } = "";

    /// <summary>Destination: <c>s3://bucket/prefix</c>, or the path of a folder, which is created if necessary.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PlaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Removes items at the destination that the source does not have. It asks first if these are more than ten and more than half of the destination.</summary>
    [Parameter]
    public SwitchParameter Delete { get; set; }

    /// <summary>Treats items of the same size as equal, regardless of the time.</summary>
    [Parameter]
    public SwitchParameter SizeOnly { get; set; }

    /// <summary>Compares the content of items of the same size by checksum, regardless of the time.</summary>
    [Parameter]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Keeps items that were written later at the destination.</summary>
    [Parameter]
    public SwitchParameter Update { get; set; }

    /// <summary>Wildcards; only names that match one are included. A pattern with a slash is matched against the whole name below source and destination, one without a slash against the part after the last slash.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; names that match one, or are in a folder that matches one, are ignored on both sides.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Also writes items that are left unchanged, with the reason.</summary>
    [Parameter]
    public SwitchParameter IncludeSkipped { get; set; }

    /// <summary>Lets -Delete remove most of the destination without asking, and everything if the source is empty.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc cref="CopyCommand.SourceCustomerKey"/>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SourceCustomerKey { get; set; }

    /// <inheritdoc/>
    private protected override bool FollowsInput => false;

    /// <inheritdoc/>
    protected override string Activity => $"Synchronizing {from} -> {to}";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        whatIf = IsWhatIf();
        isSilent = MyInvocation.BoundParameters.GetValueOrDefault("InformationAction") is ActionPreference.Ignore or ActionPreference.SilentlyContinue;

        // The impact of the cmdlet is that of removing most of a place; what is transferred, or removed one by one, is less.
        asksHigh = GetVariableValue("ConfirmPreference") is not ConfirmImpact preference || preference is ConfirmImpact.High or ConfirmImpact.None;
        if (SizeOnly && Checksum)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "SizeOnlyAndChecksum", "-SizeOnly and -Checksum cannot be combined: give one of them.");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        from = SyncPlace.Parse(Source, path => FilePath.Of(this, path));
        to = SyncPlace.Parse(Destination, path => FilePath.Of(this, path));
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
                Filter = NameFilter.Of(Include, Exclude),
            },
            UploadOptions())
        {
            SourceKey = Secrets.ToEncryptionKey(SourceCustomerKey),
        };
        syncs.Add((sync, to!.ToString()));
        if (whatIf && !isSilent)
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
        foreach ((ObjectSync sync, string target) in syncs)
        {
            try
            {
                // Refuses an empty source: nobody is asked about what will not be done.
                IEnumerable<LabSyncAction> removals = sync.Removals(Force);
                if (await MayRemoveAsync(sync, target))
                {
                    await Parallel.ForEachAsync(
                        BatchesAsync(removals, cancellation),
                        new ParallelOptions { MaxDegreeOfParallelism = RemovalsAtOnce, CancellationToken = cancellation },
                        async (batch, token) => await RemoveAsync(sync, batch, token));
                }
            }
            catch (LabException e)
            {
                WriteProblem(e, target);
            }
        }

        await base.EndAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            syncs.ForEach(entry => entry.Sync.Dispose());
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
        else if (await ShouldProcessAsync(action.Destination, $"{action.Action} from '{action.Source}'", asksHigh))
        {
            await WriteAsync(await sync.TransferAsync(action, Meter, cancellation), cancellation);
        }
    }

    // An address that a script has put together with an empty variable looks like any other.
    private async Task<bool> MayRemoveAsync(ObjectSync sync, string target)
    {
        (long removals, long all) = sync.RemovalCount();
        if (whatIf || removals <= MostRemovalsUnasked || removals * 2 <= all)
        {
            return true;
        }

        (bool goOn, Exception? nobody) = await TryShouldProcessAsync(target, $"Delete {removals} of the {all} items in it", Force);
        return nobody is null ? goOn : throw new LabException(
            LabErrorKind.Conflict, "RemovalNotConfirmed",
            $"-Delete would remove {removals} of the {all} items in {target}, which needs confirmation: use -Force to do that, or -WhatIf to see them.",
            nobody)
        {
            Target = target,
        };
    }

    private async IAsyncEnumerable<List<LabSyncAction>> BatchesAsync(IEnumerable<LabSyncAction> removals, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<LabSyncAction> batch = [];
        foreach (LabSyncAction removal in removals)
        {
            if (whatIf)
            {
                await WriteAsync(removal, cancellation);
            }
            else if (await ShouldProcessAsync(removal.Destination, "Delete", asksHigh))
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
