namespace CloudLab.Core.Identity.Policies;

/// <summary>A policy document and where it is from.</summary>
/// <param name="Name">How to name it in words: <c>inline policy 'read' of role 'viewer'</c>.</param>
/// <param name="Document">The document.</param>
public sealed record NamedPolicy(string Name, PolicyDocument Document);

/// <summary>The policies that apply to a request, by the place they have in the decision.</summary>
public sealed record PolicySet
{
    /// <summary>Policies of the user or role. Any one may allow.</summary>
    public IReadOnlyList<NamedPolicy> Identity { get; init; } = [];

    /// <summary>Policy of the resource, or the trust policy of the role that is assumed; null where there is none.</summary>
    public NamedPolicy? Resource { get; init; }

    /// <summary>True where <see cref="Resource"/> must allow, as a role's trust policy must; false where it may allow as well as the identity's.</summary>
    public bool ResourceMustAllow { get; init; }

    /// <summary>Permissions boundary of the user or role, or null. It never allows, it only limits.</summary>
    public NamedPolicy? Boundary { get; init; }

    /// <summary>Session policies given to AssumeRole; empty where none was. They never allow, they only limit.</summary>
    public IReadOnlyList<NamedPolicy> Session { get; init; } = [];

    /// <summary>
    /// Service control policies of the caller's account, level by level from the organization's root to the account itself: each
    /// level must allow, by any one of its policies. Empty where the account is in no organization. They never allow, they only limit.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<NamedPolicy>> ServiceControl { get; init; } = [];

    /// <summary>
    /// Resource control policies of the resource's account, of all levels. AWS attaches one that allows everything to each level and
    /// lets the others only deny, so only their denials count.
    /// </summary>
    public IReadOnlyList<NamedPolicy> ResourceControl { get; init; } = [];

    /// <summary>All policies, each once, in no order of precedence.</summary>
    public IEnumerable<NamedPolicy> All =>
    [
        .. Identity, .. Resource is { } resource ? [resource] : Array.Empty<NamedPolicy>(), .. Boundary is { } boundary ? [boundary] : Array.Empty<NamedPolicy>(),
        .. Session, .. ServiceControl.SelectMany(level => level), .. ResourceControl,
    ];
}
