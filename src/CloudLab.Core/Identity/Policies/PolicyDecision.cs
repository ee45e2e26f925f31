namespace CloudLab.Core.Identity.Policies;

/// <summary>How a decision came about.</summary>
public enum PolicyOutcome
{
    /// <summary>Something allows it and nothing denies it.</summary>
    Allowed,

    /// <summary>A statement denies it.</summary>
    ExplicitDeny,

    /// <summary>Nothing allows it, or something that limits does not.</summary>
    ImplicitDeny,
}

/// <summary>The layer of policies that decided.</summary>
public enum PolicyLayer
{
    /// <summary>Policies of the user or role.</summary>
    Identity,

    /// <summary>Policy of the resource, or a role's trust policy.</summary>
    Resource,

    /// <summary>Permissions boundary.</summary>
    Boundary,

    /// <summary>Session policy.</summary>
    Session,

    /// <summary>The account's root user needs no policy.</summary>
    Root,

    /// <summary>Service control policies of the caller's organization.</summary>
    ServiceControl,

    /// <summary>Resource control policies of the organization that the resource is in.</summary>
    ResourceControl,
}

/// <summary>Whether a request is allowed, and what decided.</summary>
public sealed record PolicyDecision
{
    /// <summary>True if the request is allowed.</summary>
    public bool Allowed => Outcome == PolicyOutcome.Allowed;

    /// <summary>How the decision came about.</summary>
    public required PolicyOutcome Outcome { get; init; }

    /// <summary>The layer that decided.</summary>
    public required PolicyLayer Layer { get; init; }

    /// <summary>Name of the policy whose statement decided, or null where no statement did.</summary>
    public string? Policy { get; init; }

    /// <summary>The statement that decided, or null where none did.</summary>
    public PolicyStatement? Statement { get; init; }

    /// <summary>Its place in the policy, counted from zero as in a message about a malformed document; null where none decided.</summary>
    public int? StatementIndex { get; init; }

    /// <summary>The statement in words: its Sid, or its number counted from one.</summary>
    public string? StatementName { get; init; }

    /// <summary>The decision in one sentence.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
