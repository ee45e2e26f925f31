using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>Which state of an object to read, and on which condition.</summary>
public sealed record ReadOptions
{
    /// <summary>The latest version, without conditions.</summary>
    public static ReadOptions Default { get; } = new();

    /// <summary>Version; null for the latest.</summary>
    public string? VersionId { get; init; }

    /// <summary>Only if its entity tag is this one (without quotes); else PreconditionFailed.</summary>
    public string? IfMatch { get; init; }

    /// <summary>Only if its entity tag is not this one (without quotes); else NotModified.</summary>
    public string? IfNoneMatch { get; init; }

    /// <summary>The key it was stored with (SSE-C), or null.</summary>
    public EncryptionKey? CustomerKey { get; init; }

    /// <summary>Only these bytes; null for all.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>Puts the options into a request.</summary>
    /// <param name="request">GET or HEAD.</param>
    /// <returns>The same request.</returns>
    internal S3Request Apply(S3Request request)
    {
        request.With("versionId", VersionId).WithHeader("If-Match", Quoted(IfMatch)).WithHeader("If-None-Match", Quoted(IfNoneMatch))
            .WithHeader("x-amz-checksum-mode", "ENABLED");
        CustomerKey?.Apply(request);
        return request;
    }

    /// <summary>An entity tag as HTTP writes it.</summary>
    /// <param name="etag">With or without quotes, or <c>*</c>, or null.</param>
    /// <returns>With quotes.</returns>
    internal static string? Quoted(string? etag) => etag is null or "*" ? etag : $"\"{etag.Trim('"')}\"";
}
