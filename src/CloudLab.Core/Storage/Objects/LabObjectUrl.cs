using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Objects;

/// <summary>
/// A presigned URL: whoever has it may do this one thing, as the one who signed it, until it expires. Hand it on as you
/// would a password. <see cref="Method"/> and <see cref="Headers"/> are what <c>Invoke-WebRequest</c> takes.
/// </summary>
public sealed class LabObjectUrl : SessionItem
{
    /// <summary>
    /// The URL, encoded. As text, because <see cref="Uri"/> would fold a key such as <c>a/../b</c>; see <see cref="ToUri"/>.
    /// </summary>
    public required string Url { get; init; }

    /// <summary>What it does.</summary>
    public required ObjectUrlAction Action { get; init; }

    /// <summary>HTTP method that it is signed for: <c>GET</c>, <c>PUT</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of the object.</summary>
    public required string Key { get; init; }

    /// <summary>Version; null for the current one.</summary>
    public string? VersionId { get; init; }

    /// <summary>Upload it belongs to, for the URLs of an upload in parts.</summary>
    public string? UploadId { get; init; }

    /// <summary>Part it sends.</summary>
    public int? PartNumber { get; init; }

    /// <summary>When it stops working. It stops earlier if the credentials that signed it are revoked.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Headers that have to be sent with it, exactly so: <c>Content-Type</c>, <c>x-amz-checksum-sha256</c>.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init => field = TextDictionary.Of(value); }

    /// <summary>The URL for HttpClient and Invoke-WebRequest, which then leave <c>/./</c> and <c>/../</c> in it alone.</summary>
    /// <returns>The URL, not canonicalized.</returns>
    public Uri ToUri() => new(Url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <inheritdoc/>
    public override string ToString() => Url;
}
