using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Attachments;

/// <summary>A managed policy: one that has a name and versions of its own and is attached to users, groups and roles.</summary>
public sealed class LabPolicy
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:policy/path/name</c>, or <c>arn:aws:iam::aws:policy/name</c> for one of AWS's own.</summary>
    public required string PolicyArn { get; init; }

    /// <summary>Its unique id (<c>ANPA…</c>).</summary>
    public required string PolicyId { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; init; }

    /// <summary>The version in force: <c>v3</c>.</summary>
    public required string DefaultVersionId { get; init; }

    /// <summary>To how many users, groups and roles it is attached.</summary>
    public int? AttachmentCount { get; init; }

    /// <summary>Words about it, or null; services leave them out of lists.</summary>
    public string? Description { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>When its newest version was made; null where the service does not say.</summary>
    public DateTimeOffset? UpdateDate { get; init; }

    /// <summary>Tags by key; services leave them out of lists.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <summary>True for one of AWS's own, which nobody else can change.</summary>
    public bool IsAwsManaged => PolicyArn.Contains(":iam::aws:", StringComparison.Ordinal);

    /// <summary>What the version in force allows and denies. Null in a list, where it is not asked for.</summary>
    public PolicyDocument? Document { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A version of a managed policy.</summary>
public sealed class LabPolicyVersion
{
    /// <summary>ARN of the policy.</summary>
    public required string PolicyArn { get; init; }

    /// <summary>The version: <c>v3</c>.</summary>
    public required string VersionId { get; init; }

    /// <summary>Whether it is the one in force.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>What it allows and denies. Null in a list, where it is not asked for.</summary>
    public PolicyDocument? Document { get; init; }

    /// <summary>Number of the version.</summary>
    internal int Number => int.TryParse(VersionId.AsSpan(1), out int number) ? number : 0;

    /// <inheritdoc/>
    public override string ToString() => $"{PolicyArn} {VersionId}";
}

/// <summary>Which managed policies are meant.</summary>
public enum PolicyScope
{
    /// <summary>The account's own.</summary>
    Local,

    /// <summary>AWS's.</summary>
    AWS,

    /// <summary>Both.</summary>
    All,
}
