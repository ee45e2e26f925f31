namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>Where a website sends requests on to: those for some keys, or those that end in some error.</summary>
public sealed class LabBucketRoutingRule
{
    /// <summary>Only requests whose key begins so; null for all.</summary>
    public string? KeyPrefix { get; init; }

    /// <summary>Only requests that end in this HTTP status: <c>404</c>; null whatever it is.</summary>
    public string? HttpErrorCode { get; init; }

    /// <summary>Host to send them to; null for the same.</summary>
    public string? HostName { get; init; }

    /// <summary><c>http</c> or <c>https</c>; null for the same.</summary>
    public string? Protocol { get; init; }

    /// <summary>Takes the place of the prefix; null where <see cref="ReplaceKeyWith"/> counts, or nothing changes.</summary>
    public string? ReplaceKeyPrefixWith { get; init; }

    /// <summary>Takes the place of the whole key; null where it does not change.</summary>
    public string? ReplaceKeyWith { get; init; }

    /// <summary>HTTP status of the redirection: <c>302</c>; null for <c>301</c>.</summary>
    public string? HttpRedirectCode { get; init; }

    /// <inheritdoc/>
    public override string ToString() => KeyPrefix ?? HttpErrorCode ?? HostName ?? "";
}
