using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Checksums;

namespace CloudLab.Core.Storage.Objects;

/// <summary>What a presigned URL is to be good for, how long, and what has to be sent with it.</summary>
public sealed record ObjectUrlRequest
{
    /// <summary>What it does.</summary>
    public ObjectUrlAction Action { get; init; }

    /// <summary>How long it is valid, 1 second to 7 days; null for an hour, or as long as the credentials live if that is less.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>Version to read or delete; null for the current one.</summary>
    public string? VersionId { get; init; }

    /// <summary>Upload that a part belongs to, or that is completed or aborted.</summary>
    public string? UploadId { get; init; }

    /// <summary>Number of the part, 1 to 10,000.</summary>
    public int? PartNumber { get; init; }

    /// <summary>Media type that has to be sent.</summary>
    public string? ContentType { get; init; }

    /// <summary>MD5 that the content must have, in Base64 or hexadecimal.</summary>
    public string? ContentMD5 { get; init; }

    /// <summary>Checksum that the content must have, in Base64 or hexadecimal.</summary>
    public string? Checksum { get; init; }

    /// <summary>Algorithm of <see cref="Checksum"/>: <c>CRC32</c>, <c>CRC32C</c>, <c>CRC64NVME</c>, <c>SHA1</c> or <c>SHA256</c>.</summary>
    public string ChecksumAlgorithm { get; init; } = "SHA256";

    /// <summary>Media type that the answer to a GET is to have.</summary>
    public string? ResponseContentType { get; init; }

    /// <summary>What a browser is to do with the answer to a GET: <c>attachment; filename="users.json"</c>.</summary>
    public string? ResponseContentDisposition { get; init; }

    /// <summary>The HTTP method.</summary>
    internal string Method => Action switch
    {
        ObjectUrlAction.Get => "GET",
        ObjectUrlAction.Head => "HEAD",
        ObjectUrlAction.Put or ObjectUrlAction.UploadPart => "PUT",
        ObjectUrlAction.CompleteUpload => "POST",
        _ => "DELETE",
    };

    /// <summary>Refuses what does not go together.</summary>
    /// <returns>This request. Throws <see cref="LabException"/> (InvalidUrlRequest, InvalidExpiry, InvalidChecksum).</returns>
    public ObjectUrlRequest Validate()
    {
        if (ContentType is not null && Action != ObjectUrlAction.Put)
        {
            throw Invalid("-ContentType applies to uploads: use -Method PUT, or -ResponseContentType for a download.");
        }

        if ((ContentMD5 ?? Checksum) is not null && Action is not (ObjectUrlAction.Put or ObjectUrlAction.UploadPart))
        {
            throw Invalid("-ContentMD5 and -Checksum apply to uploads: use -Method PUT.");
        }

        if ((ResponseContentType ?? ResponseContentDisposition) is not null && Action is not (ObjectUrlAction.Get or ObjectUrlAction.Head))
        {
            throw Invalid("-ResponseContentType and -ResponseContentDisposition apply to downloads: use -Method GET.");
        }

        if (ContentType?.Any(c => c is < ' ' or > '~') == true)
        {
            throw Invalid("-ContentType has characters that HTTP headers cannot carry.");
        }

        if (ExpiresIn is { } time && (time < TimeSpan.FromSeconds(1) || time > ObjectUrls.Longest))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidExpiry", $"-ExpiresIn {time} is not between 1 second and 7 days, the most that S3 allows.");
        }

        _ = Headers();
        return this;
    }

    /// <summary>The headers that have to be sent.</summary>
    /// <returns>By name. Throws <see cref="LabException"/> (InvalidChecksum).</returns>
    internal Dictionary<string, string> Headers()
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        if (ContentType is not null)
        {
            headers["Content-Type"] = ContentType;
        }

        if (ContentMD5 is not null)
        {
            headers["Content-MD5"] = ChecksumText.ToBase64("MD5", ContentMD5);
        }

        if (Checksum is not null)
        {
            headers[Checksums.Checksum.Header(ChecksumAlgorithm)] = ChecksumText.ToBase64(ChecksumAlgorithm, Checksum);
        }

        return headers;
    }

    /// <summary>What stands in the query beside the signature.</summary>
    /// <returns>Names and values, not encoded.</returns>
    internal IEnumerable<(string Name, string Value)> Query()
    {
        (string Name, string? Value)[] all =
        [
            ("partNumber", PartNumber?.ToString(CultureInfo.InvariantCulture)),
            ("uploadId", UploadId),
            ("versionId", VersionId),
            ("response-content-type", ResponseContentType),
            ("response-content-disposition", ResponseContentDisposition),
        ];
        return from pair in all where pair.Value is not null select (pair.Name, pair.Value);
    }

    private static LabException Invalid(string text) => new(LabErrorKind.InvalidArgument, "InvalidUrlRequest", text);
}

/// <summary>What a presigned URL is good for.</summary>
public enum ObjectUrlAction
{
    /// <summary>Reads the object (GET).</summary>
    Get,

    /// <summary>Reads its metadata (HEAD).</summary>
    Head,

    /// <summary>Writes the object (PUT).</summary>
    Put,

    /// <summary>Deletes the object (DELETE).</summary>
    Delete,

    /// <summary>Sends one part of an upload (PUT).</summary>
    UploadPart,

    /// <summary>Makes the object of the parts (POST, with the list of the parts' numbers and ETags as its body).</summary>
    CompleteUpload,

    /// <summary>Gives the upload up and deletes its parts (DELETE).</summary>
    AbortUpload,
}
