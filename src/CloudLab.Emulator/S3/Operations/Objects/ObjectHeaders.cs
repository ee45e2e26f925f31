using System.Globalization;
using System.Text;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Operations.Buckets;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>What requests say of an object in headers, and what answers say.</summary>
internal static class ObjectHeaders
{
    private const string MetadataPrefix = "x-amz-meta-";
    private const int MaxMetadata = 2048;

    private static readonly string[] Kept =
        ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"];

    private static readonly string[] StorageClasses =
        ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "EXPRESS_ONEZONE"];

    /// <summary>Reads what a write says of its object.</summary>
    /// <param name="request">The request. Throws where it asks for what is not there.</param>
    /// <param name="bucket">The bucket, which says the rest.</param>
    /// <param name="access">Knows the owner and the account's KMS key.</param>
    /// <param name="now">The time.</param>
    /// <returns>The properties.</returns>
    public static ObjectProperties Read(S3Request request, S3Bucket bucket, S3Access access, DateTimeOffset now)
    {
        Dictionary<string, string> headers = [];
        foreach (string name in Kept)
        {
            if (request.Headers.Get(name) is not { Length: > 0 } value)
            {
                continue;
            }

            if (name == "Content-Encoding")
            {
                // The coding of the upload is not the object's.
                value = string.Join(",", value.Split(',', StringSplitOptions.TrimEntries).Where(coding => coding is not ("aws-chunked" or "")));
                if (value.Length == 0)
                {
                    continue;
                }
            }

            headers[name] = value;
        }

        Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase);
        int size = 0;
        foreach ((string name, string value) in request.Headers)
        {
            if (name.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
            {
                string key = name[MetadataPrefix.Length..].ToLowerInvariant();
                metadata[key] = metadata.TryGetValue(key, out string? before) ? before + "," + value : value;
                size += key.Length + value.Length;
            }
        }

        if (size > MaxMetadata)
        {
            throw new S3Exception(
                400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
                ("Size", size.ToString(CultureInfo.InvariantCulture)), ("MaxSizeAllowed", "2048"));
        }

        (ObjectRetention? retention, bool? legalHold) = ObjectLock.Read(request, bucket, now);
        string? redirect = request.Headers.Get("x-amz-website-redirect-location");
        if (redirect is not null && !redirect.StartsWith('/') && !redirect.StartsWith("http://", StringComparison.Ordinal) && !redirect.StartsWith("https://", StringComparison.Ordinal))
        {
            throw new S3Exception(
                400, "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.");
        }

        string storageClass = request.Headers.Get("x-amz-storage-class") ?? "STANDARD";
        return new ObjectProperties
        {
            Headers = headers,
            Metadata = metadata,
            Tags = Tags.FromHeader(request.Headers.Get("x-amz-tagging")),
            StorageClass = StorageClasses.Contains(storageClass)
                ? storageClass
                : throw new S3Exception(
                    400, "InvalidStorageClass", "The storage class you specified is not valid", ("StorageClassRequested", storageClass)),
            Encryption = EncryptionHeaders.Read(request, bucket, access),
            Retention = retention,
            LegalHold = legalHold,
            WebsiteRedirect = redirect,
            Grants = AccessList.FromHeaders(request, bucket, access.OwnerId),
        };
    }

    /// <summary>Says what S3 says of an object.</summary>
    /// <param name="request">The request, whose answer gets the headers.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="value">The object.</param>
    /// <param name="now">The time.</param>
    /// <param name="withChecksum">True to send the checksum if it is asked for.</param>
    public static void Write(S3Request request, S3Bucket bucket, S3Object value, DateTimeOffset now, bool withChecksum)
    {
        HttpHeaderList headers = request.ExtraHeaders;
        headers.Add("Last-Modified", value.LastModified.ToString("R", CultureInfo.InvariantCulture));
        headers.Add("ETag", Quote(value.ETag));
        headers.Add("Accept-Ranges", "bytes");
        WriteStored(request, bucket, value);
        Archive.Write(request, value, now);
        ObjectLock.Write(request, value.Properties);
        if (value.Properties.WebsiteRedirect is { } redirect)
        {
            headers.Add("x-amz-website-redirect-location", redirect);
        }

        Dictionary<string, string> kept = new(value.Properties.Headers);
        kept.TryAdd("Content-Type", "binary/octet-stream");
        foreach (string name in Kept)
        {
            // response-content-type and its kin ask for another value in this answer.
            if (request.Query("response-" + name.ToLowerInvariant()) is { } asked)
            {
                if (request.Signature is null)
                {
                    throw S3Exception.InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.");
                }

                kept[name] = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(asked)).ReplaceLineEndings(" ");
            }
        }

        foreach ((string name, string header) in kept)
        {
            headers.Add(name, header);
        }

        foreach ((string name, string header) in value.Properties.Metadata)
        {
            headers.Add(MetadataPrefix + name, header);
        }

        if (value.Properties.StorageClass != "STANDARD")
        {
            headers.Add("x-amz-storage-class", value.Properties.StorageClass);
        }

        if (value.Properties.Tags.Count > 0)
        {
            headers.Add("x-amz-tagging-count", value.Properties.Tags.Count.ToString(CultureInfo.InvariantCulture));
        }

        if (withChecksum && value.Checksum is { } checksum
            && request.Headers.Get("x-amz-checksum-mode")?.Equals("ENABLED", StringComparison.OrdinalIgnoreCase) == true)
        {
            WriteChecksum(request, checksum);
        }
    }

    /// <summary>Says which version an answer is about, where there are versions.</summary>
    /// <param name="request">The request, whose answer gets the header.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="value">The version.</param>
    public static void WriteVersion(S3Request request, S3Bucket bucket, S3Object value)
    {
        if (bucket.Settings.Versioning != BucketVersioning.Off)
        {
            request.ExtraHeaders.Add("x-amz-version-id", value.VersionId);
        }
    }

    /// <summary>Says how an object is kept: version, encryption, end.</summary>
    /// <param name="request">The request, whose answer gets the headers.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="value">The object.</param>
    public static void WriteStored(S3Request request, S3Bucket bucket, S3Object value)
    {
        WriteVersion(request, bucket, value);
        EncryptionHeaders.Write(request, value.Properties.Encryption);
        foreach (LifecycleRule rule in bucket.Settings.Lifecycle)
        {
            // The rules of older versions are others.
            if (ObjectLookup.VersionOf(request) is null && rule.Expires(value) is { } end)
            {
                request.ExtraHeaders.Add(
                    "x-amz-expiration",
                    $"expiry-date=\"{end.ToString("R", CultureInfo.InvariantCulture)}\", rule-id=\"{UrlText.Encode(rule.Id, keepSlash: false)}\"");
                break;
            }
        }
    }

    /// <summary>Sends a checksum in the answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="checksum">The checksum.</param>
    public static void WriteChecksum(S3Request request, ObjectChecksum? checksum)
    {
        if (checksum is not null)
        {
            request.ExtraHeaders.Add(checksum.Algorithm.Header(), checksum.Value);
            request.ExtraHeaders.Add("x-amz-checksum-type", checksum.TypeName);
        }
    }

    /// <summary>An entity tag as HTTP writes it.</summary>
    /// <param name="etag">The tag.</param>
    /// <returns>The tag in quotes.</returns>
    public static string Quote(string etag) => $"\"{etag}\"";
}
