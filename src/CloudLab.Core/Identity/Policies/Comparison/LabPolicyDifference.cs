using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>A request that one set of policies allows and the other does not.</summary>
public sealed class LabPolicyDifference
{
    /// <summary><c>=&gt;</c> where only the new policies allow it, <c>&lt;=</c> where only the reference does.</summary>
    public required string SideIndicator { get; init; }

    /// <summary>The action.</summary>
    public required string Action { get; init; }

    /// <summary>ARN of the resource, or <c>*</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>Who asks, for the policies of resources and roles; null for policies of identities.</summary>
    public string? Principal { get; init; }

    /// <summary>Condition keys of the request; a key that is not here is not in the request.</summary>
    public IReadOnlyDictionary<string, string> Context { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <summary>What the reference decides; null where there is none.</summary>
    public PolicyOutcome? Reference { get; init; }

    /// <summary>What the new policies decide.</summary>
    public required PolicyOutcome Difference { get; init; }

    /// <summary>The statement that allows it, in words.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>The statement that allows it.</summary>
    public required PolicyStatement Statement { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Action} on {Resource}{(Principal is null ? "" : $" by {Principal}")}{(Context.Count == 0 ? "" : $" with {Context}")}, allowed by {DecidedBy}";
}
