using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Principals;

/// <summary>What policies are attached to.</summary>
public enum PrincipalKind
{
    /// <summary>A user.</summary>
    User,

    /// <summary>A group of users.</summary>
    Group,

    /// <summary>A role.</summary>
    Role,
}

/// <summary>A user, a group or a role: what has a name and policies.</summary>
public abstract class LabPrincipal
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>What it is.</summary>
    internal abstract PrincipalKind Kind { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A user or a role: a principal with tags and, perhaps, a permissions boundary.</summary>
public abstract class LabIdentity : LabPrincipal
{
    /// <summary>ARN of the managed policy that limits its permissions, or null.</summary>
    public string? PermissionsBoundary { get; init; }

    /// <summary>Tags by key; services leave them out of lists.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = TextDictionary.Of(value); } = new TextDictionary();
}
