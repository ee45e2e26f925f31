using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>A bucket as a static website.</summary>
public sealed class LabBucketWebsite : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What is served for a folder: <c>index.html</c>; null where all requests go elsewhere.</summary>
    public string? IndexDocument { get; init; }

    /// <summary>Key of the page that is served in place of an error; null for the service's own.</summary>
    public string? ErrorDocument { get; init; }

    /// <summary>Where all requests are sent to: a host (<c>movies.example</c>) or <c>https://movies.example</c>; null where the bucket serves itself.</summary>
    public string? RedirectAllRequestsTo { get; init; }

    /// <summary>Requests that are sent elsewhere.</summary>
    public TextList<LabBucketRoutingRule> RoutingRule { get; init; } = [];

    /// <summary>The website's address at Amazon: <c>http://movies.s3-website.eu-central-1.amazonaws.com</c>; null at a server that is not Amazon's, which has addresses of its own.</summary>
    public Uri? Endpoint { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Endpoint?.OriginalString ?? Bucket;
}
