using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>The objects of a service: list, look up, read, delete.</summary>
/// <param name="client">The service.</param>
public sealed class ObjectStore(StorageClient client)
{
    /// <summary>Most keys in one bulk delete.</summary>
    public const int MostKeysInBatch = 1000;

    private const int Attempts = 4;

    /// <summary>
    /// Lists objects in the order of their keys' bytes, page by page: the next page is fetched while this one is
    /// consumed, and nothing more is fetched once the consumer stops.
    /// </summary>
    /// <param name="listing">What to list.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns><see cref="LabObject"/>s; with a delimiter also <see cref="LabPrefix"/>es, each in its place.</returns>
    public async IAsyncEnumerable<object> ListAsync(
        ObjectListing listing, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (IReadOnlyList<object> page in ListPagesAsync(listing, cancellation))
        {
            foreach (object entry in page)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The same, a page of the service at a time.</summary>
    /// <param name="listing">What to list.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Pages of up to 1,000 entries, none empty.</returns>
    public async IAsyncEnumerable<IReadOnlyList<object>> ListPagesAsync(
        ObjectListing listing, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<ListingPage>? next = FetchAsync(listing, null, stop.Token);
        try
        {
            while (next is not null)
            {
                ListingPage page = await next;
                next = page.Next is not null ? FetchAsync(listing, page.Next, stop.Token) : null;
                if (page.Entries.Count > 0)
                {
                    yield return page.Entries;
                }
            }
        }
        finally
        {
            if (next is not null)
            {
                await stop.CancelAsync();
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Lists one page and no more.</summary>
    /// <param name="listing">What to list.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The first page that has entries; an empty one where there are none.</returns>
    internal async Task<ListingPage> PageAsync(ObjectListing listing, CancellationToken cancellation)
    {
        ListingPage page = await FetchAsync(listing, null, cancellation);
        while (page.Entries.Count == 0 && page.Next is { } next)
        {
            page = await FetchAsync(listing, next, cancellation);
        }

        return page;
    }

    /// <summary>
    /// Lists a large bucket faster: what lies under each prefix of the first level is listed at the same time, and comes out in the order of
    /// the keys all the same.
    /// </summary>
    /// <param name="listing">What to list; its delimiter and start are not used.</param>
    /// <param name="atOnce">How many prefixes to list at a time.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Pages, none empty.</returns>
    public async IAsyncEnumerable<IReadOnlyList<object>> ListInParallelAsync(
        ObjectListing listing, int atOnce, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Queue<ListingBranch> branches = [];
        List<object> loose = [];
        try
        {
            await foreach (object entry in ListAsync(listing with { Delimiter = "/", Filter = null }, stop.Token))
            {
                if (entry is LabPrefix prefix)
                {
                    if (loose.Count > 0)
                    {
                        branches.Enqueue(new ListingBranch(loose));
                        loose = [];
                    }

                    branches.Enqueue(new ListingBranch(this, listing with { Prefix = prefix.Prefix, Delimiter = null }, stop.Token));
                }
                else if (listing.Filter is null || listing.Filter(((LabObject)entry).Key))
                {
                    loose.Add(entry);
                }

                while (branches.Count >= atOnce)
                {
                    await foreach (IReadOnlyList<object> page in branches.Peek().PagesAsync(stop.Token))
                    {
                        yield return page;
                    }

                    branches.Dequeue();
                }
            }

            branches.Enqueue(new ListingBranch(loose));
            while (branches.Count > 0)
            {
                await foreach (IReadOnlyList<object> page in branches.Peek().PagesAsync(stop.Token))
                {
                    yield return page;
                }

                branches.Dequeue();
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (ListingBranch branch in branches)
            {
                await branch.SettleAsync();
            }
        }
    }

    /// <summary>Looks one object up.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object. Throws <see cref="LabException"/>: NoSuchKey, NoSuchBucket.</returns>
    public async Task<LabObjectMetadata> GetAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, key, options, cancellation);
        }
        catch (LabException e) when (e.Code == "NoSuchKey")
        {
            // The answer to HEAD has no body that would say which of the two is missing.
            using S3Answer bucketIsThere = await client.SendAsync(new S3Request(HttpMethod.Head, bucket), cancellation);
            throw;
        }
    }

    /// <summary>Looks for an object that may not be there.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object, or null where it, or its bucket, does not exist.</returns>
    public async Task<LabObjectMetadata?> FindAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, key, options, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Opens an object to read it once, from beginning to end; its checksum is verified at the end.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The content. Throws <see cref="LabException"/>.</returns>
    public async Task<Stream> OpenAsync(string bucket, string key, CancellationToken cancellation = default) =>
        await ObjectReadStream.OpenAsync(client, bucket, key, new ReadOptions(), null, cancellation);

    /// <summary>Deletes up to 1,000 objects with one request. What does not exist counts as deleted.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>One exception for each key that could not be deleted. Throws <see cref="LabException"/> when the request as a whole failed.</returns>
    public Task<IReadOnlyList<LabException>> RemoveAsync(string bucket, IEnumerable<string> keys, CancellationToken cancellation = default) =>
        RemoveAsync(bucket, [.. keys.Select(key => new ObjectVersion(key))], false, cancellation);

    /// <summary>Deletes one object in the state that is known.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="victim">Key; with a version that version, for good, without one the current one, which a bucket that keeps versions only hides.</param>
    /// <param name="etag">Entity tag it must still have, or null. Some servers do not look at it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone, or was gone already. Throws <see cref="LabException"/> (PreconditionFailed).</returns>
    internal async Task RemoveAsync(string bucket, ObjectVersion victim, string? etag, CancellationToken cancellation)
    {
        try
        {
            using S3Answer gone = await client.SendAsync(
                new S3Request(HttpMethod.Delete, bucket, victim.Key).With("versionId", victim.VersionId).WithHeader("If-Match", ReadOptions.Quoted(etag)),
                cancellation);
        }
        catch (LabException e) when (e.Code is "NoSuchKey" or "NoSuchVersion")
        {
            // A first try may have succeeded though its answer got lost.
        }
    }

    /// <summary>Deletes up to 1,000 objects, or single versions of them, with one request. What does not exist counts as deleted.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="victims">Keys, with or without version.</param>
    /// <param name="bypassGovernance">True deletes versions under a retention in governance mode, where the caller may.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>One exception for each that could not be deleted. Throws <see cref="LabException"/> when the request as a whole failed.</returns>
    public async Task<IReadOnlyList<LabException>> RemoveAsync(
        string bucket, IReadOnlyCollection<ObjectVersion> victims, bool bypassGovernance, CancellationToken cancellation = default)
    {
        List<LabException> failures = [];
        List<ObjectVersion> batch = [];
        foreach (ObjectVersion victim in victims)
        {
            try
            {
                ObjectName.Validate(bucket, victim.Key);
                if (ObjectName.FitsXml(victim.Key))
                {
                    batch.Add(victim);
                    continue;
                }

                using S3Answer gone = await client.SendAsync(
                    Bypass(new S3Request(HttpMethod.Delete, bucket, victim.Key).With("versionId", victim.VersionId), bypassGovernance), cancellation);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                failures.Add(e);
            }
        }

        for (int attempt = 1; batch.Count > 0; attempt++)
        {
            List<DeleteError> errors = await RemoveBatchAsync(bucket, batch, bypassGovernance, cancellation);
            bool retry = attempt < Attempts;
            HashSet<ObjectVersion> again = [];
            foreach (DeleteError error in errors)
            {
                if (retry && error.Code is "InternalError" or "SlowDown" or "ServiceUnavailable")
                {
                    again.Add(error.Victim);
                }
                else
                {
                    failures.Add(ToException(bucket, error));
                }
            }

            batch.RemoveAll(victim => !again.Contains(victim));
            if (batch.Count > 0)
            {
                await Backoff.DelayAsync(attempt, cancellation);
            }
        }

        return failures;
    }

    /// <summary>What has to be known of an object before it is read in pieces.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its state. Throws <see cref="LabException"/>.</returns>
    internal async Task<ObjectState> StateAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation)
    {
        using S3Answer answer = await client.SendAsync(options.Apply(new S3Request(HttpMethod.Head, bucket, key)), cancellation);
        return new ObjectState(answer.Length, answer.ETag ?? "", answer.VersionId, answer.LastModified, StoredChecksum.Of(answer));
    }

    /// <summary>Size of the first part of an object that was sent in parts.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Bytes; the whole size from a server that keeps no parts. Throws <see cref="LabException"/>.</returns>
    internal async Task<long> FirstPartSizeAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation)
    {
        using S3Answer answer = await client.SendAsync(
            options.Apply(new S3Request(HttpMethod.Head, bucket, key)).With("partNumber", "1"), cancellation);
        return answer.Length;
    }

    /// <summary>Reverses <c>encoding-type=url</c>.</summary>
    /// <param name="encoded">A key as listings carry it, so that XML 1.0 can hold any.</param>
    /// <returns>The key itself.</returns>
    internal static string Decode(string encoded) =>
        encoded.AsSpan().IndexOfAny('%', '+') < 0 ? encoded : Uri.UnescapeDataString(encoded.Replace('+', ' '));

    private static S3Request Bypass(S3Request request, bool bypassGovernance) =>
        request.WithHeader("x-amz-bypass-governance-retention", bypassGovernance ? "true" : null);

    private static LabException ToException(string bucket, DeleteError error) => StorageClient.Problem(
        error.Code switch
        {
            "AccessDenied" => LabErrorKind.AccessDenied,
            "NoSuchKey" or "NoSuchVersion" => LabErrorKind.NotFound,
            "SlowDown" => LabErrorKind.LimitExceeded,
            _ => LabErrorKind.ServiceFailed,
        },
        error.Code.Length == 0 ? "DeleteFailed" : error.Code, bucket, error.Victim.Key,
        $"{(error.Victim.VersionId is { } version ? $"version {version} " : "")}{(error.Code == "DeletedUnasked" ? "" : "could not be deleted: ")}{(error.Message.Length == 0 ? "the service gave no reason" : error.Message.TrimEnd('.'))} ({error.Code}).");

    private async Task<List<DeleteError>> RemoveBatchAsync(
        string bucket, List<ObjectVersion> batch, bool bypassGovernance, CancellationToken cancellation)
    {
        XElement document = new(
            "Delete",
            batch.Select(victim => new XElement(
                "Object", new XElement("Key", victim.Key), victim.VersionId is null ? null : new XElement("VersionId", victim.VersionId))));
        byte[] body = Encoding.UTF8.GetBytes(document.ToString(SaveOptions.DisableFormatting));
#pragma warning disable CA5351 // What the protocol asks for, to find errors of transmission.
        string md5 = Convert.ToBase64String(MD5.HashData(body));
#pragma warning restore CA5351
        S3Request request = Bypass(
            new S3Request(HttpMethod.Post, bucket) { Body = S3Body.Of(body), MayFailLate = true }
                .With("delete", "").WithHeader("Content-MD5", md5).WithHeader("Content-Type", "application/xml"),
            bypassGovernance);
        try
        {
            using S3Answer answer = await client.SendAsync(request, cancellation);
            XElement result = await client.ReadXmlAsync(answer, request, cancellation);
            List<DeleteError> errors = [.. result.All("Error").Select(error => new DeleteError(
                new ObjectVersion(error.Text("Key") ?? "", error.Text("VersionId")), error.Text("Code") ?? "", error.Text("Message") ?? ""))];

            // Not every server looks at the checksum of the request: only what it names as deleted is.
            HashSet<ObjectVersion> asked = [.. batch], open = [.. batch];
            open.ExceptWith(errors.Select(error => error.Victim));
            foreach (XElement deleted in result.All("Deleted"))
            {
                ObjectVersion victim = new(deleted.Text("Key") ?? "", deleted.Text("VersionId"));
                open.Remove(victim);
                open.Remove(victim with { VersionId = null });
                if (!asked.Contains(victim) && !asked.Contains(victim with { VersionId = null }))
                {
                    errors.Add(new DeleteError(victim, "DeletedUnasked", "it was deleted although this was not requested: the request was altered in transit"));
                }
            }

            return [.. errors, .. open.Select(victim => new DeleteError(victim, "InternalError", "the service did not confirm the deletion"))];
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Corrupted || e.Code == "MalformedXML")
        {
            return [.. batch.Select(victim => new DeleteError(victim, "InternalError", e.Message))];
        }
    }

    private async Task<LabObjectMetadata> HeadAsync(string bucket, string key, ReadOptions options, CancellationToken cancellation)
    {
        using S3Answer answer = await client.SendAsync(options.Apply(new S3Request(HttpMethod.Head, bucket, key)), cancellation);
        (string algorithm, string checksum) = StoredChecksum.Told(answer);
        Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in answer.WithPrefix("x-amz-meta-"))
        {
            metadata[name] = value;
        }

        (bool? restoring, DateTimeOffset? restored) = ObjectArchive.ReadState(answer["x-amz-restore"]);
        return client.Origin.Mark(new LabObjectMetadata
        {
            Bucket = bucket,
            Key = key,
            Size = answer.Length,
            LastModified = answer.LastModified,
            ETag = answer.ETag,
            StorageClass = answer["x-amz-storage-class"] ?? "STANDARD",
            VersionId = answer.VersionId,
            ContentType = answer["Content-Type"],
            ContentEncoding = answer["Content-Encoding"],
            ContentLanguage = answer["Content-Language"],
            CacheControl = answer["Cache-Control"],
            ContentDisposition = answer["Content-Disposition"],
            Metadata = metadata,
            ChecksumAlgorithm = algorithm.Length > 0 ? algorithm : null,
            Checksum = checksum.Length > 0 ? checksum : null,
            ServerSideEncryption = answer.Encryption,
            KmsKeyId = answer["x-amz-server-side-encryption-aws-kms-key-id"],
            Parts = int.TryParse(answer["x-amz-mp-parts-count"], NumberStyles.None, CultureInfo.InvariantCulture, out int parts) ? parts : null,
            TagCount = int.TryParse(answer["x-amz-tagging-count"], NumberStyles.None, CultureInfo.InvariantCulture, out int tags) ? tags : null,
            RestoreInProgress = restoring,
            RestoreExpires = restored,
        });
    }

    private async Task<ListingPage> FetchAsync(ObjectListing listing, ListingMark? mark, CancellationToken cancellation)
    {
        S3Request request = new S3Request(HttpMethod.Get, listing.Bucket)
            .With("prefix", listing.Prefix.Length > 0 ? listing.Prefix : null).With("delimiter", listing.Delimiter)
            .With("max-keys", listing.PageSize.ToString(CultureInfo.InvariantCulture)).With("encoding-type", "url");
        request = listing.Versions
            ? request.With("versions", "").With("key-marker", mark?.Key ?? listing.StartAfter).With("version-id-marker", mark?.Version)
            : request.With("list-type", "2").With("start-after", mark is null ? listing.StartAfter : null).With("continuation-token", mark?.Key);
        ListingPage? page = null;
        for (int attempt = 1; page is null; attempt++)
        {
            // The parser reads from memory: a page is small, and the connection is free for the next one at once.
            using S3Answer answer = await client.SendAsync(request, cancellation);
            using MemoryStream bytes = new((int)Math.Min(answer.Length, int.MaxValue));
            try
            {
                page = await client.ReadAsync(
                    request,
                    async () =>
                    {
                        using Stream body = await answer.OpenAsync(cancellation);
                        await body.CopyToAsync(bytes, cancellation);
                        bytes.Position = 0;
                        return ListingPage.Read(bytes, listing);
                    },
                    cancellation);
            }
            catch (LabException e) when (attempt < Attempts)
            {
                client.Reporter.Verbose($"Bucket '{listing.Bucket}': the listing was interrupted, reading the page again (attempt {attempt + 1}): {e.Message}");
                await Backoff.DelayAsync(attempt, cancellation);
            }
        }

        foreach (object entry in page.Entries)
        {
            client.Origin.Mark((ISessionItem)entry);
        }

        if (page.IsTruncated && (page.Next is null || page.Next == mark))
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "InvalidResponse",
                $"Bucket '{listing.Bucket}': the listing is incomplete, but the service does not say where it continues.") { Target = listing.Bucket };
        }

        return page;
    }

    private sealed record DeleteError(ObjectVersion Victim, string Code, string Message);
}

/// <summary>Names an object, or one version of it, in a bucket that is known.</summary>
/// <param name="Key">Key.</param>
/// <param name="VersionId">Version; null for the object itself.</param>
public readonly record struct ObjectVersion(string Key, string? VersionId = null);
