namespace CloudLab.Core.Identity.AccessKeys;

/// <summary>A long-lived access key of a user, without its secret, which IAM tells only once.</summary>
public sealed record LabAccessKey
{
    /// <summary>Name of its user.</summary>
    public required string UserName { get; init; }

    /// <summary>Access key id: <c>AKIA…</c>.</summary>
    public required string AccessKeyId { get; init; }

    /// <summary>Whether requests may be signed with it: <c>Active</c> or <c>Inactive</c>.</summary>
    public required string Status { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>When it was last used; null where it never was, where the service does not say, or where it was not asked for.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The service it was last used for: <c>s3</c>; null as <see cref="LastUsed"/>.</summary>
    public string? LastUsedService { get; init; }

    /// <inheritdoc/>
    public override string ToString() => AccessKeyId;
}
