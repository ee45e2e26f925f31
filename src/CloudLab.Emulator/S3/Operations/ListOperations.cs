using System.Text;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations;

/// <summary>Lists of objects, in both of S3's versions, and of object versions.</summary>
/// <param name="access">Who may do what.</param>
internal sealed class ListOperations(S3Access access)
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

    /// <summary>GET ?versions: each object is its own only version, called null.</summary>
    public Task ListVersionsAsync(S3Request request, S3Bucket bucket)
    {
        Query query = Read(request, bucket, "s3:ListBucketVersions");
        string marker = request.Query("key-marker") ?? "";
        Page page = Collect(bucket, query, marker);
        S3Xml document = new S3Xml("ListVersionsResult")
            .Add("Name", bucket.Name).Add("Prefix", query.Encode(query.Prefix)).Add("KeyMarker", query.Encode(marker))
            .Add("VersionIdMarker", request.Query("version-id-marker") ?? "")
            .Add("MaxKeys", query.MaxKeys).Add("Delimiter", query.EncodeOrNull(query.Delimiter)).Add("EncodingType", query.Encoding)
            .Add("IsTruncated", page.Truncated);
        if (page.Truncated)
        {
            document.Add("NextKeyMarker", query.Encode(page.Last)).Add("NextVersionIdMarker", "null");
        }

        foreach ((string? prefix, S3Object? value) in page.Items)
        {
            if (value is null)
            {
                document.Open("CommonPrefixes").Add("Prefix", query.Encode(prefix!)).Close();
                continue;
            }

            document.Open("Version").Add("Key", query.Encode(value.Key)).Add("VersionId", "null").Add("IsLatest", true);
            WriteObject(document, value);
            document.AddOwner("Owner", access.OwnerId).Close();
        }

        return request.RespondAsync(document);
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
            KeyIndex objects = bucket.Objects;
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

    private static void WriteObject(S3Xml document, S3Object value)
    {
        document.Add("LastModified", S3Xml.Time(value.LastModified)).Add("ETag", ObjectHeaders.Quote(value.ETag));
        if (value.Checksum is { } checksum)
        {
            document.Add("ChecksumAlgorithm", Checksums.ChecksumAlgorithms.Name(checksum.Algorithm)).Add("ChecksumType", checksum.TypeName);
        }

        document.Add("Size", value.Content.Length).Add("StorageClass", value.Properties.StorageClass);
    }

    private void WriteItems(S3Xml document, Query query, Page page, bool withOwner)
    {
        foreach ((_, S3Object? value) in page.Items)
        {
            if (value is not null)
            {
                document.Open("Contents").Add("Key", query.Encode(value.Key));
                WriteObject(document, value);
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
            request.Query("prefix") ?? "", request.Query("delimiter") ?? "", request.QueryNumber("max-keys", MaxKeys, MaxKeys), encoding);
    }

    private sealed record Query(string Prefix, string Delimiter, int MaxKeys, string? Encoding)
    {
        public string Encode(string text) => Encoding is null ? text : UrlText.Encode(text, keepSlash: true);

        public string? EncodeOrNull(string? text) => string.IsNullOrEmpty(text) ? null : Encode(text);
    }

    private sealed record Page(IReadOnlyList<(string? Prefix, S3Object? Object)> Items, bool Truncated, string Last);
}
