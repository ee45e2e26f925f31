using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Principals;

/// <summary>An instance profile: what hands a role to the virtual machine that is started with it.</summary>
public sealed class LabInstanceProfile
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:instance-profile/path/name</c>.</summary>
    public required string InstanceProfileArn { get; init; }

    /// <summary>Its unique id (<c>AIPA…</c>).</summary>
    public required string InstanceProfileId { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; init; }

    /// <summary>Name of its role; null while it has none. AWS allows one.</summary>
    public string? RoleName { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>Tags by key; services leave them out of lists.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
