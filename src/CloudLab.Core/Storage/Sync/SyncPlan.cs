using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Core.Storage.Sync;

/// <summary>
/// Decides what makes a destination the same as a source. Both ends are read once, side by side, in the order of
/// <see cref="KeyOrder"/>; nothing of them is kept.
/// </summary>
public static class SyncPlan
{
    // Services keep whole seconds, and two clocks are rarely the same.
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(2);

    /// <summary>Compares two ends name by name.</summary>
    /// <param name="source">What is at the source, sorted.</param>
    /// <param name="target">What is at the destination, sorted.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>
    /// A step for each name, sorted. Throws <see cref="LabException"/> (ListingNotSorted) when an end is not: a name could be
    /// taken for missing then.
    /// </returns>
    public static async IAsyncEnumerable<SyncStep> CompareAsync(
        IAsyncEnumerable<SyncEntry> source, IAsyncEnumerable<SyncEntry> target, SyncRules rules,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await using Side left = new(source, cancellation), right = new(target, cancellation);

        // Both at once: their first pages are on the way together.
        left.Advance();
        right.Advance();
        await left.ReadyAsync();
        await right.ReadyAsync();
        while (left.HasEntry || right.HasEntry)
        {
            int order = !left.HasEntry ? 1 : !right.HasEntry ? -1 : KeyOrder.Compare(left.Entry.Name, right.Entry.Name);
            yield return Decide(order <= 0 ? left.Entry : null, order >= 0 ? right.Entry : null, rules);
            if (order <= 0)
            {
                left.Advance();
            }

            if (order >= 0)
            {
                right.Advance();
            }

            await left.ReadyAsync();
            await right.ReadyAsync();
        }
    }

    /// <summary>Decides about one name.</summary>
    /// <param name="source">It at the source, if it is there.</param>
    /// <param name="target">It at the destination, if it is there.</param>
    /// <param name="rules">The rules.</param>
    /// <returns>The step.</returns>
    public static SyncStep Decide(SyncEntry? source, SyncEntry? target, SyncRules rules)
    {
        if (source is not { } from)
        {
            // Folders of a disk are nobody's keys; they stay, empty as they may be.
            bool removes = rules.Delete && !(target!.Value.IsFolder && rules.Direction == TransferDirection.Download);
            return new SyncStep(removes ? SyncDecision.Delete : SyncDecision.Skip, SyncReason.NotInSource, target!.Value);
        }

        if (target is not { } to)
        {
            // A bucket needs no folders.
            return from.IsFolder && rules.Direction == TransferDirection.Upload
                ? new SyncStep(SyncDecision.Skip, SyncReason.Unchanged, from)
                : new SyncStep(SyncDecision.Transfer, SyncReason.Missing, from);
        }

        (SyncReason reason, SyncReason otherwise) = Difference(from, to, rules);
        SyncDecision decision =
            reason == SyncReason.Unchanged ? SyncDecision.Skip
            : reason == SyncReason.ContentDiffers ? SyncDecision.Compare
            : SyncDecision.Transfer;
        return decision != SyncDecision.Skip && rules.Update && to.LastModified > from.LastModified
            ? new SyncStep(SyncDecision.Skip, SyncReason.TargetNewer, from, to.ETag)
            : new SyncStep(decision, reason, from, to.ETag, otherwise);
    }

    /// <summary>Tells how two things of one name differ.</summary>
    /// <returns>The reason, ContentDiffers where the content has to be compared; and the reason that counts where it cannot be.</returns>
    private static (SyncReason Reason, SyncReason Otherwise) Difference(SyncEntry from, SyncEntry to, SyncRules rules)
    {
        if (from.IsFolder && rules.Direction != TransferDirection.Copy)
        {
            return (SyncReason.Unchanged, SyncReason.Unchanged);
        }

        if (from.Size != to.Size)
        {
            return (SyncReason.SizeDiffers, SyncReason.SizeDiffers);
        }

        return rules.Comparison switch
        {
            SyncComparison.Size => (SyncReason.Unchanged, SyncReason.Unchanged),
            // Nothing is the same as nothing.
            SyncComparison.Checksum when from.Size == 0 => (SyncReason.Unchanged, SyncReason.Unchanged),
            SyncComparison.Checksum => (SyncReason.ContentDiffers, SyncReason.NotComparable),
            _ => ByTime(from, to, rules.Direction),
        };
    }

    private static (SyncReason Reason, SyncReason Otherwise) ByTime(SyncEntry from, SyncEntry to, TransferDirection direction)
    {
        SyncReason byTime = IsNewer(from.LastModified, to.LastModified, direction) ? SyncReason.SourceNewer : SyncReason.Unchanged;
        if (from.Size == 0)
        {
            return (byTime, byTime);
        }

        bool inDoubt = (from.LastModified - to.LastModified).Duration() <= Doubt;
        switch (direction)
        {
            case TransferDirection.Copy when IsPlain(from.ETag) && IsPlain(to.ETag):
                // Tags of the same content differ where keys of KMS encrypt it, so that only the same tag says something by itself.
                return (from.ETag == to.ETag ? SyncReason.Unchanged : SyncReason.ContentDiffers, inDoubt ? SyncReason.NotComparable : byTime);

            case TransferDirection.Download when !inDoubt && to.LastModified < from.LastModified:
                return (byTime, byTime);

            case TransferDirection.Download:
                // A file gets the date of its object: one that is as old, or has another date, was fetched from another state or was edited.
                // Without a checksum only the time is left, since the next time it will be the same again.
                return (SyncReason.ContentDiffers, byTime);

            default:
                return inDoubt ? (SyncReason.ContentDiffers, SyncReason.NotComparable) : (byTime, byTime);
        }
    }

    private static bool IsPlain(string? etag) => etag is { Length: 32 } && etag.All(char.IsAsciiHexDigit);

    private static bool IsNewer(DateTimeOffset from, DateTimeOffset to, TransferDirection direction)
    {
        // A downloaded file has the date of the object's header, in whole seconds; a listing may be finer.
        long step = direction == TransferDirection.Download && to.UtcTicks % TimeSpan.TicksPerSecond == 0 ? TimeSpan.TicksPerSecond : 1;
        return from.UtcTicks - from.UtcTicks % step > to.UtcTicks;
    }

    private sealed class Side(IAsyncEnumerable<SyncEntry> entries, CancellationToken cancellation) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SyncEntry> reader = entries.GetAsyncEnumerator(cancellation);
        private Task<bool>? pending;
        private SyncEntry last;
        private bool begun;

        public bool HasEntry { get; private set; }

        public SyncEntry Entry { get; private set; }

        public void Advance()
        {
            ValueTask<bool> next = reader.MoveNextAsync();
            if (next.IsCompletedSuccessfully)
            {
                Take(next.Result);
            }
            else
            {
                pending = next.AsTask();
            }
        }

        public async ValueTask ReadyAsync()
        {
            if (pending is { } asked)
            {
                bool more = await asked;
                pending = null;
                Take(more);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (pending is not null)
            {
                // The other end failed; this one must come to rest before it can be given back.
                await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await reader.DisposeAsync();
        }

        private void Take(bool more)
        {
            last = Entry;
            HasEntry = more;
            Entry = more ? reader.Current : default;
            if (more && begun && KeyOrder.Compare(last.Name, Entry.Name) >= 0)
            {
                throw new LabException(
                    LabErrorKind.NotSupported, "ListingNotSorted",
                    $"'{ObjectName.Uri("", Entry.Name)[6..]}' is listed after '{ObjectName.Uri("", last.Name)[6..]}': this service does not list keys in order, so missing keys cannot be detected.");
            }

            begun = true;
        }
    }
}
