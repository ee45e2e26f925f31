namespace CloudLab.Core.Identity.Principals;

/// <summary>A group of users.</summary>
public sealed class LabGroup : LabPrincipal
{
    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:group/path/name</c>.</summary>
    public required string GroupArn { get; init; }

    /// <summary>Its unique id (<c>AGPA…</c>).</summary>
    public required string GroupId { get; init; }

    /// <inheritdoc/>
    internal override PrincipalKind Kind => PrincipalKind.Group;
}

/// <summary>A user's membership of a group.</summary>
/// <param name="GroupName">Name of the group.</param>
/// <param name="UserName">Name of the user.</param>
public sealed record LabGroupMember(string GroupName, string UserName)
{
    /// <inheritdoc/>
    public override string ToString() => $"{GroupName}/{UserName}";
}
