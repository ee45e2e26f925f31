using System.Text;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Storage;
using KeyOrder = CloudLab.Core.Storage.Listing.KeyOrder;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Lists of objects, in both of S3's versions, and of object versions.</summary>
/// <param name="access">Who may do what.</param>
/// <param name="time">The clock.</param>
internal sealed class ListOperations(S3Access access, TimeProvider time)
{
    private const int MaxKeys = 1000;

    /// <summary>GET ?list-type=2.</summary>
    public Task ListV2Async(S3Request request, S3Bucket bucket)
    {
        Query query = Read(request, bucket, "s3:ListBucket");
        string? token = request.Query("continuation-token"), startAfter = request.Query("start-after");
        string after = token is null ? startAfter ?? "" : FromToken(token);
        Page page = Collect(bucket, query, after);
        S3Xml document = new S3Xml("ListBucketResult")
            .Add("Name", bucket.Name).Add("Prefix", query.Encode(query.Prefix)).Add("Delimiter", query.EncodeOrNull(query.Delimiter))
            .Add("StartAfter", query.EncodeOrNull(startAfter)).Add("ContinuationToken", token)
            .Add("EncodingType", query.Encoding)
            .Add("KeyCount", page.Items.Count).Add("MaxKeys", query.MaxKeys).Add("IsTruncated", page.Truncated);
        if (page.Truncated)
        {
            document.Add("NextContinuationToken", ToToken(page.Last));
        }

        WriteItems(document, query, page, withOwner: request.Query("fetch-owner") == "true");
        return request.RespondAsync(document);
    }

    /// <summary>GET of a bucket as the first version of the API has it.</summary>
    public Task ListV1Async(S3Request request, S3Bucket bucket)
    {
        Query query = Read(request, bucket, "s3:ListBucket");
        string marker = request.Query("marker") ?? "";
        Page page = Collect(bucket, query, marker);
        S3Xml document = new S3Xml("ListBucketResult")
            .Add("Name", bucket.Name).Add("Prefix", query.Encode(query.Prefix)).Add("Marker", query.Encode(marker))
            .Add("MaxKeys", query.MaxKeys).Add("Delimiter", query.EncodeOrNull(query.Delimiter)).Add("EncodingType", query.Encoding)
            .Add("IsTruncated", page.Truncated);
        if (page.Truncated && query.Delimiter.Length > 0)
        {
            document.Add("NextMarker", query.Encode(page.Last));
        }

        WriteItems(document, query, page, withOwner: true);
        return request.RespondAsync(document);
    }

    /// <summary>GET ?versions.</summary>
    public Task ListVersionsAsync(S3Request request, S3Bucket bucket)
    {
        Query query = Read(request, bucket, "s3:ListBucketVersions");
        string keyMarker = request.Query("key-marker") ?? "", versionMarker = request.Query("version-id-marker") ?? "";
        if (versionMarker.Length > 0)
        {
            if (keyMarker.Length == 0)
            {
                throw S3Exception.InvalidArgument("version-id-marker", versionMarker, "A version-id marker cannot be specified without a key marker.");
            }

            if (!VersionId.IsValid(versionMarker))
            {
                throw S3Exception.InvalidArgument("version-id-marker", versionMarker, "Invalid version id specified");
            }
        }

        VersionPage page = CollectVersions(bucket, query, keyMarker, versionMarker);
        S3Xml document = new S3Xml("ListVersionsResult")
            .Add("Name", bucket.Name).Add("Prefix", query.Encode(query.Prefix)).Add("KeyMarker", query.Encode(keyMarker))
            .Add("VersionIdMarker", versionMarker)
            .Add("MaxKeys", query.MaxKeys).Add("Delimiter", query.EncodeOrNull(query.Delimiter)).Add("EncodingType", query.Encoding)
            .Add("IsTruncated", page.Truncated);
        if (page.Truncated)
        {
            document.Add("NextKeyMarker", query.Encode(page.LastKey)).Add("NextVersionIdMarker", page.LastVersionId);
        }

        foreach ((S3Object value, bool latest) in page.Versions)
        {
            document.Open(value.IsMarker ? "DeleteMarker" : "Version")
                .Add("Key", query.Encode(value.Key)).Add("VersionId", value.VersionId).Add("IsLatest", latest);
            if (value.IsMarker)
            {
                document.Add("LastModified", S3Xml.Time(value.LastModified));
            }
            else
            {
                WriteObject(document, query, value);
            }

            document.AddOwner("Owner", access.OwnerId).Close();
        }

        foreach (string prefix in page.Prefixes)
        {
            document.Open("CommonPrefixes").Add("Prefix", query.Encode(prefix)).Close();
        }

        return request.RespondAsync(document);
    }

    private static VersionPage CollectVersions(S3Bucket bucket, Query query, string keyMarker, string versionMarker)
    {
        VersionPage page = new();
        if (query.MaxKeys == 0)
        {
            return page;
        }

        lock (bucket.Gate)
        {
            VersionIndex index = bucket.Objects;
            string? key;
            if (keyMarker.Length == 0 || KeyOrder.Compare(keyMarker, query.Prefix) < 0)
            {
                key = index.KeyFrom(query.Prefix);
            }
            else if (CommonPrefix(keyMarker, query) == keyMarker)
            {
                key = index.KeyAfterPrefix(keyMarker);
            }
            else
            {
                key = versionMarker.Length > 0 ? index.KeyFrom(keyMarker) : index.KeyAfter(keyMarker);
            }

            while (key is not null && key.StartsWith(query.Prefix, StringComparison.Ordinal))
            {
                if (CommonPrefix(key, query) is { } prefix)
                {
                    if (page.Count == query.MaxKeys)
                    {
                        return page.Cut();
                    }

                    page.Add(prefix);
                    key = index.KeyAfterPrefix(prefix);
                    continue;
                }

                bool resumes = versionMarker.Length > 0 && key == keyMarker;
                foreach ((S3Object value, bool latest) in resumes ? After(index.Versions(key), versionMarker) : Numbered(index.Versions(key)))
                {
                    if (page.Count == query.MaxKeys)
                    {
                        return page.Cut();
                    }

                    page.Add(value, latest);
                }

                key = index.KeyAfter(key);
            }
        }

        return page;
    }

    private static IEnumerable<(S3Object Value, bool Latest)> Numbered(IEnumerable<S3Object> versions) =>
        versions.Select((value, i) => (value, i == 0));

    // The version may have been deleted since the last page; what is older than it is known even so. Of the null version
    // that is not known, and then it is better to list one twice than not at all.
    private static IEnumerable<(S3Object Value, bool Latest)> After(IEnumerable<S3Object> versions, string versionId)
    {
        (S3Object Value, bool Latest)[] all = [.. Numbered(versions)];
        long? sequence = VersionId.SequenceOf(versionId) ?? all.FirstOrDefault(item => item.Value.VersionId == versionId).Value?.Sequence;
        return sequence is { } place ? all.Where(item => item.Value.Sequence < place) : all;
    }

    private static Page Collect(S3Bucket bucket, Query query, string after)
    {
        List<(string? Prefix, S3Object? Object)> items = [];
        if (query.MaxKeys == 0)
        {
            return new Page(items, false, "");
        }

        lock (bucket.Gate)
        {
            KeyIndex<S3Object> objects = bucket.Objects.Current;
            int index = Math.Max(objects.From(query.Prefix), after.Length == 0 ? 0 : objects.After(after));

            // A marker that is itself a common prefix stands for everything in it.
            if (CommonPrefix(after, query) == after && after.Length > 0)
            {
                index = objects.AfterPrefix(index, after);
            }

            string last = "";
            while (index < objects.Count)
            {
                S3Object value = objects[index];
                if (!value.Key.StartsWith(query.Prefix, StringComparison.Ordinal))
                {
                    break;
                }

                if (items.Count == query.MaxKeys)
                {
                    return new Page(items, true, last);
                }

                if (CommonPrefix(value.Key, query) is { } prefix)
                {
                    items.Add((prefix, null));
                    last = prefix;
                    index = objects.AfterPrefix(index, prefix);
                }
                else
                {
                    items.Add((null, value));
                    last = value.Key;
                    index++;
                }
            }
        }

        return new Page(items, false, "");
    }

    private static string? CommonPrefix(string key, Query query)
    {
        if (query.Delimiter.Length == 0 || !key.StartsWith(query.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        int at = key.IndexOf(query.Delimiter, query.Prefix.Length, StringComparison.Ordinal);
        return at < 0 ? null : key[..(at + query.Delimiter.Length)];
    }

    private static string ToToken(string last) => Convert.ToBase64String(Encoding.UTF8.GetBytes("1" + last));

    private static string FromToken(string token)
    {
        byte[] bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out int count) && count > 0 && bytes[0] == (byte)'1'
            ? Encoding.UTF8.GetString(bytes, 1, count - 1)
            : throw S3Exception.InvalidArgument("continuation-token", token, "The continuation token provided is incorrect");
    }

    private void WriteObject(S3Xml document, Query query, S3Object value)
    {
        document.Add("LastModified", S3Xml.Time(value.LastModified)).Add("ETag", ObjectHeaders.Quote(value.ETag));
        if (value.Checksum is { } checksum)
        {
            document.Add("ChecksumAlgorithm", Checksums.ChecksumAlgorithms.Name(checksum.Algorithm)).Add("ChecksumType", checksum.TypeName);
        }

        document.Add("Size", value.Content.Length).Add("StorageClass", value.Properties.StorageClass);
        if (query.WithRestore && Archive.RestoreOf(value, time.GetUtcNow()) is { } restore)
        {
            bool running = restore.Ready > time.GetUtcNow();
            document.Open("RestoreStatus").Add("IsRestoreInProgress", running)
                .Add("RestoreExpiryDate", running ? null : S3Xml.Time(restore.Expires)).Close();
        }
    }

    private void WriteItems(S3Xml document, Query query, Page page, bool withOwner)
    {
        foreach ((_, S3Object? value) in page.Items)
        {
            if (value is not null)
            {
                document.Open("Contents").Add("Key", query.Encode(value.Key));
                WriteObject(document, query, value);
                if (withOwner)
                {
                    document.AddOwner("Owner", access.OwnerId);
                }

                document.Close();
            }
        }

        foreach ((string? prefix, _) in page.Items)
        {
            if (prefix is not null)
            {
                document.Open("CommonPrefixes").Add("Prefix", query.Encode(prefix)).Close();
            }
        }
    }

    private Query Read(S3Request request, S3Bucket bucket, string action)
    {
        access.RequireBucket(
            request, action, bucket,
            ("s3:prefix", request.Query("prefix")), ("s3:delimiter", request.Query("delimiter")), ("s3:max-keys", request.Query("max-keys")));
        string? encoding = request.Query("encoding-type");
        if (encoding is not null && encoding != "url")
        {
            throw S3Exception.InvalidArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request");
        }

        request.ExtraHeaders.Add("x-amz-bucket-region", bucket.Region);
        return new Query(
            request.Query("prefix") ?? "", request.Query("delimiter") ?? "", request.QueryNumber("max-keys", MaxKeys, MaxKeys), encoding,
            request.Headers.All("x-amz-optional-object-attributes").Any(names => names.Contains("RestoreStatus", StringComparison.Ordinal)));
    }

    private sealed record Query(string Prefix, string Delimiter, int MaxKeys, string? Encoding, bool WithRestore)
    {
        public string Encode(string text) => Encoding is null ? text : UrlText.Encode(text, keepSlash: true);

        public string? EncodeOrNull(string? text) => string.IsNullOrEmpty(text) ? null : Encode(text);
    }

    private sealed record Page(IReadOnlyList<(string? Prefix, S3Object? Object)> Items, bool Truncated, string Last);

    /// <summary>A page of versions.</summary>
    private sealed class VersionPage
    {
        public List<(S3Object Value, bool Latest)> Versions { get; } = [];

        public List<string> Prefixes { get; } = [];

        public bool Truncated { get; private set; }

        public string LastKey { get; private set; } = "";

        /// <summary>Null after a common prefix.</summary>
        public string? LastVersionId { get; private set; }

        public int Count => Versions.Count + Prefixes.Count;

        public void Add(string prefix)
        {
            Prefixes.Add(prefix);
            (LastKey, LastVersionId) = (prefix, null);
        }

        public void Add(S3Object value, bool latest)
        {
            Versions.Add((value, latest));
            (LastKey, LastVersionId) = (value.Key, value.VersionId);
        }

        public VersionPage Cut()
        {
            Truncated = true;
            return this;
        }
    }
}
