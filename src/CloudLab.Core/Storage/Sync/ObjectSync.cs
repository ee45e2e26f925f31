using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Sync;

/// <summary>
/// Makes what lies at a destination the same as what lies at a source: folder to bucket, bucket to folder, bucket to
/// bucket. It says step by step what there is to do; the caller decides about each, and removals come last.
/// </summary>
public sealed class ObjectSync : IDisposable
{
    private readonly TransferEngine engine;
    private readonly ObjectStore objects;
    private readonly ContentComparer comparer;
    private readonly SyncPlace source;
    private readonly SyncPlace target;
    private readonly SyncRules rules;
    private readonly UploadOptions options;
    private readonly IReporter reporter;
    private readonly DownloadFolder? folder;
    private readonly SessionOrigin origin;
    private readonly DeletionSpool removals = new();
    private long targetCount;
    private bool sourceIsEmpty = true;
    private bool sourceIsWhole = true;

    /// <summary>Prepares a synchronization; nothing is read yet.</summary>
    /// <param name="client">The service.</param>
    /// <param name="engine">Transfers.</param>
    /// <param name="source">Where things come from.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="rules">The rules; the direction follows from the places.</param>
    /// <param name="options">What new objects are stored with.</param>
    /// <exception cref="LabException">NoBucket for two folders, SamePlace where one place is in the other.</exception>
    public ObjectSync(StorageClient client, TransferEngine engine, SyncPlace source, SyncPlace target, SyncRules rules, UploadOptions options)
        : this(client, engine, source, target, rules, options, target.Bucket is null ? new DownloadFolder(target.Folder) { HasDistinctNames = true } : null)
    {
    }

    /// <summary>The same for a destination on a disk of another kind.</summary>
    /// <param name="client">The service.</param>
    /// <param name="engine">Transfers.</param>
    /// <param name="source">Where things come from.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="options">What new objects are stored with.</param>
    /// <param name="folder">Where files go; null for a bucket.</param>
    internal ObjectSync(
        StorageClient client, TransferEngine engine, SyncPlace source, SyncPlace target, SyncRules rules, UploadOptions options, DownloadFolder? folder)
    {
        if (source.Bucket is null && target.Bucket is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoBucket", "Neither the source nor the destination is in a bucket: write one of them as s3://bucket/prefix.");
        }

        if (source.Overlaps(target))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "SamePlace", $"{source} and {target} overlap: choose a destination outside the source.");
        }

        this.engine = engine;
        this.source = source;
        this.target = target;
        this.rules = rules with
        {
            Direction = source.Bucket is null ? TransferDirection.Upload
                : target.Bucket is null ? TransferDirection.Download
                : TransferDirection.Copy,
        };
        this.options = options;
        reporter = client.Reporter;
        origin = client.Origin;
        objects = new ObjectStore(client);
        comparer = new ContentComparer(objects);
        this.folder = folder;
    }

    /// <summary>The customer's key (SSE-C) that objects at the source are encrypted with, or null.</summary>
    public EncryptionKey? SourceKey { get; init; }

    private ReadOptions ReadSource => new() { CustomerKey = SourceKey };

    /// <summary>Compares both ends. Removals are not among the steps: see <see cref="Removals"/>.</summary>
    /// <param name="problem">Hears of what cannot be read or stored; the rest goes on.</param>
    /// <param name="cancellation">Ends the comparison.</param>
    /// <returns>
    /// Steps for transfers, comparisons of content and what is skipped, sorted by name. Throws <see cref="LabException"/>:
    /// FileNotFound where the source folder does not exist, NotAFolder, NoSuchBucket, ListingNotSorted.
    /// </returns>
    public async IAsyncEnumerable<SyncStep> PlanAsync(
        Action<LabException> problem, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (source.Bucket is null && !Directory.Exists(source.Folder))
        {
            throw File.Exists(source.Folder)
                ? NotAFolder(source.Folder, "send a single file with Send-LabObject")
                : new LabException(LabErrorKind.NotFound, "FileNotFound", $"'{source.Folder}' does not exist.") { Target = source.Folder };
        }

        if (target.Bucket is null && File.Exists(target.Folder))
        {
            throw NotAFolder(target.Folder, "receive a single object with Receive-LabObject -OutFile");
        }

        IAsyncEnumerable<SyncEntry> from = Entries(source, isSource: true, problem, cancellation);
        IAsyncEnumerable<SyncEntry> to = Entries(target, isSource: false, problem, cancellation);
        await foreach (SyncStep step in SyncPlan.CompareAsync(from, to, rules, cancellation))
        {
            if (step.Decision == SyncDecision.Delete)
            {
                removals.Add(step.Entry);
            }
            else if (IsPossible(step, problem))
            {
                yield return step;
            }
        }
    }

    /// <summary>Makes an action of a step; compares contents where the step asks for it.</summary>
    /// <param name="step">A step of the plan.</param>
    /// <param name="cancellation">Cancels the comparison.</param>
    /// <returns>What there is to do. Throws <see cref="LabException"/>.</returns>
    public async Task<LabSyncAction> ResolveAsync(SyncStep step, CancellationToken cancellation = default)
    {
        SyncReason reason = step.Reason;
        if (step.Decision == SyncDecision.Compare)
        {
            bool? same = await CompareAsync(step, cancellation);
            reason = same is null ? step.Otherwise : same.Value ? SyncReason.Unchanged : SyncReason.ContentDiffers;
            if (same is null)
            {
                reporter.Verbose(
                    $"{target.NameOf(step.Entry.Name)}: no checksum of the whole object is stored, so "
                    + (reason == SyncReason.NotComparable ? "it is transferred without comparison." : "its time is compared instead."));
            }
        }

        return ToAction(
            step.Decision == SyncDecision.Skip || reason == SyncReason.Unchanged ? SyncAction.Skip
                : Enum.Parse<SyncAction>(rules.Direction.ToString()),
            reason, step.Entry);
    }

    /// <summary>Transfers.</summary>
    /// <param name="action">An upload, download or copy.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the transfer; nothing is left of it.</param>
    /// <returns>The action, done. Throws <see cref="LabException"/>.</returns>
    public async Task<LabSyncAction> TransferAsync(LabSyncAction action, ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        string name = action.Name;
        LabTransfer done = action.Action switch
        {
            SyncAction.Upload => await engine.SendAsync(action.FullName!, target.Bucket!, target.Prefix + name, options, meter, cancellation),
            SyncAction.Download => await engine.ReceiveAsync(
                source.Bucket!, source.Prefix + name, folder!.Claim(source.Bucket!, source.Prefix + name, name),
                new DownloadOptions { Overwrite = true, ExpectedSize = action.Size, Read = ReadSource }, meter, cancellation),
            SyncAction.Copy => await engine.CopyAsync(
                source.Bucket!, source.Prefix + name, ReadSource, target.Bucket!, target.Prefix + name, options, meter, cancellation),
            _ => throw new ArgumentException($"{action.Action} is not a transfer.", nameof(action)),
        };
        return action with { Done = true, Size = done.Size, Transfer = done };
    }

    /// <summary>How much of the destination the removals are, once the plan has been read to its end.</summary>
    /// <returns>Number of removals, and of all files or objects that the destination has and the rules do not leave out.</returns>
    public (long Removals, long All) RemovalCount() => (sourceIsWhole ? removals.Count : 0, targetCount);

    /// <summary>What is to be removed, once the plan has been read to its end.</summary>
    /// <param name="force">True removes everything even where the source is empty.</param>
    /// <returns>
    /// Removals sorted by name; none at all where part of the source could not be read. Throws <see cref="LabException"/>
    /// (SourceIsEmpty).
    /// </returns>
    public IEnumerable<LabSyncAction> Removals(bool force)
    {
        if (removals.Count == 0)
        {
            return [];
        }

        if (!sourceIsWhole)
        {
            reporter.Warning($"Nothing is removed from {target}: part of {source} could not be read.");
            return [];
        }

        return sourceIsEmpty && !force
            ? throw new LabException(
                LabErrorKind.InvalidArgument, "SourceIsEmpty", $"{source} is empty, so -Delete would remove everything in {target}: use -Force to do that.")
            {
                // Other places are synchronized all the same.
                Target = target.ToString(), StopsCommand = false,
            }
            : removals.Read()
                .Where(entry => folder is null || !folder.IsClaimed(target.NameOf(entry.Name)))
                .Select(entry => ToAction(SyncAction.Delete, SyncReason.NotInSource, entry));
    }

    /// <summary>Removes.</summary>
    /// <param name="actions">Up to 1,000 removals.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>For each that failed its error; the others are done.</returns>
    public async Task<IReadOnlyList<LabException>> RemoveAsync(IReadOnlyCollection<LabSyncAction> actions, CancellationToken cancellation = default)
    {
        if (target.Bucket is not null)
        {
            return await objects.RemoveAsync(target.Bucket, [.. actions.Select(action => action.Key)], cancellation);
        }

        List<LabException> failures = [];
        foreach (LabSyncAction action in actions)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                RemoveFile(action.Destination);
            }
            catch (LabException e)
            {
                failures.Add(e);
            }
        }

        return failures;
    }

    /// <inheritdoc/>
    public void Dispose() => removals.Dispose();

    private static LabException NotAFolder(string path, string advice) =>
        new(LabErrorKind.InvalidArgument, "NotAFolder", $"'{path}' is a file: name a folder, or {advice}.") { Target = path };

    private async IAsyncEnumerable<SyncEntry> Entries(
        SyncPlace place, bool isSource, Action<LabException> problem, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (place.Bucket is null)
        {
            if (!Directory.Exists(place.Folder))
            {
                // A destination that is yet to be made.
                yield break;
            }

            // The folder is read on another thread, so that the other end's first page is asked for meanwhile.
            await Task.Yield();
            foreach (LocalFile file in LocalFiles.Under(place.Folder, Unreadable))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Takes(file.Name, !file.IsFolder))
                {
                    yield return new SyncEntry(file.Name, file.Size, file.LastWrite);
                }
            }

            yield break;
        }

        await foreach (IReadOnlyList<object> page in objects.ListPagesAsync(
            new ObjectListing { Bucket = place.Bucket, Prefix = place.Prefix }, cancellation))
        {
            foreach (object entry in page)
            {
                LabObject found = (LabObject)entry;
                string name = found.Key[place.Prefix.Length..];

                // The object that stands for the place itself has no name in it.
                if (name.Length > 0 && Takes(name, true))
                {
                    yield return new SyncEntry(name, found.Size, found.LastModified, found.ETag);
                }
            }
        }

        bool Takes(string name, bool counts)
        {
            sourceIsEmpty &= !(isSource && counts);
            bool takes = rules.Filter is null || rules.Filter(name);
            targetCount += takes && counts && !isSource ? 1 : 0;
            return takes;
        }

        void Unreadable(LabException e)
        {
            sourceIsWhole &= !isSource;
            problem(e);
        }
    }

    // Whether the file can be sent; whether the disk can take it; on one that ignores case each name is claimed, so that none is taken for another.
    private bool IsPossible(SyncStep step, Action<LabException> problem)
    {
        if (rules.Direction == TransferDirection.Upload && step.Decision != SyncDecision.Skip
            && LocalFiles.Refusal(source.NameOf(step.Entry.Name), step.Entry.Size) is { } refusal)
        {
            problem(refusal);
            return false;
        }

        if (folder is null || step.Reason == SyncReason.NotInSource || (step.Decision == SyncDecision.Skip && !folder.IgnoresCase))
        {
            return true;
        }

        try
        {
            folder.Claim(source.Bucket!, source.Prefix + step.Entry.Name, step.Entry.Name);
            return true;
        }
        catch (LabException e)
        {
            problem(e);
            return false;
        }
    }

    private Task<bool?> CompareAsync(SyncStep step, CancellationToken cancellation)
    {
        string name = step.Entry.Name;
        ReadOptions readTarget = new() { CustomerKey = options.CustomerKey };
        return rules.Direction switch
        {
            TransferDirection.Upload => comparer.CompareFileAsync(
                source.NameOf(name), target.Bucket!, target.Prefix + name, readTarget, step.TargetETag, cancellation),
            TransferDirection.Download => comparer.CompareFileAsync(
                target.NameOf(name), source.Bucket!, source.Prefix + name, ReadSource, step.Entry.ETag, cancellation),
            _ => comparer.CompareObjectsAsync(
                (source.Bucket!, source.Prefix + name, ReadSource), (target.Bucket!, target.Prefix + name, readTarget), cancellation),
        };
    }

    private LabSyncAction ToAction(SyncAction action, SyncReason reason, SyncEntry entry)
    {
        SyncPlace bucketSide = target.Bucket is null ? source : target;
        return origin.Mark(new LabSyncAction
        {
            Action = action,
            Reason = reason,
            Name = entry.Name,
            Size = entry.Size,
            Source = reason == SyncReason.NotInSource ? null : source.NameOf(entry.Name),
            Destination = target.NameOf(entry.Name),
            Bucket = bucketSide.Bucket!,
            Key = bucketSide.Prefix + entry.Name,
            FullName = rules.Direction switch
            {
                TransferDirection.Upload => reason == SyncReason.NotInSource ? null : source.NameOf(entry.Name),
                TransferDirection.Download => target.NameOf(entry.Name),
                _ => null,
            },
        });
    }

    private void RemoveFile(string path)
    {
        if (folder!.LinkAbove(path) is { } link)
        {
            throw new LabException(
                LabErrorKind.WriteFailed, "LinkInTheWay", $"'{path}' was not removed: '{link}' is now a link and may lead outside the destination.")
            {
                Target = path,
            };
        }

        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone, with its folder.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalFiles.CannotWrite(path, e);
        }
    }
}
