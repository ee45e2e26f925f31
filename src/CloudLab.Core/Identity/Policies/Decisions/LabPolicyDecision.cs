using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies.Decisions;

/// <summary>Whether policies allow one action on one resource, which statement decided, and which ones nearly did.</summary>
public sealed class LabPolicyDecision
{
    /// <summary>True if the request is allowed.</summary>
    public bool Allowed => Decision == PolicyOutcome.Allowed;

    /// <summary>Allowed, ExplicitDeny or ImplicitDeny.</summary>
    public required PolicyOutcome Decision { get; init; }

    /// <summary>The action.</summary>
    public required string Action { get; init; }

    /// <summary>ARN of the resource, or <c>*</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>ARN or name of the caller; null where nobody in particular was asked about.</summary>
    public string? Principal { get; init; }

    /// <summary>The layer of policies that decided.</summary>
    public required PolicyLayer Layer { get; init; }

    /// <summary>Name of the policy whose statement decided, or null where none did.</summary>
    public string? Policy { get; init; }

    /// <summary>Its place in the policy, counted from zero; null where no statement decided.</summary>
    public int? StatementIndex { get; init; }

    /// <summary>Sid of the statement that decided, or null.</summary>
    public string? Sid => Statement?.Sid;

    /// <summary>The statement that decided, or null.</summary>
    public PolicyStatement? Statement { get; init; }

    /// <summary>What decided, in words: the statement and its policy, or the layer that has none.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>The decision in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Statements that would have changed the decision but for one element or two, the nearest first.</summary>
    public IReadOnlyList<PolicyNearMiss> NearMiss { get; init => field = TextList.Of(value); } = new TextList<PolicyNearMiss>([]);

    /// <inheritdoc/>
    public override string ToString() => NearMiss.Count > 0 && !Allowed ? $"{Reason} Nearest: {NearMiss[0]}." : Reason;
}
