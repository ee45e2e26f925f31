using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies;

/// <summary>One statement of a policy document. A list is empty where the statement has no such element.</summary>
public sealed record PolicyStatement
{
    /// <summary>Name of the statement within its document, or null.</summary>
    public string? Sid { get; init; }

    /// <summary>Allow or Deny.</summary>
    public PolicyEffect Effect { get; init; }

    /// <summary>Whom it is about, in a trust or resource policy.</summary>
    public PolicyPrincipal? Principal { get; init; }

    /// <summary>Everybody but these.</summary>
    public PolicyPrincipal? NotPrincipal { get; init; }

    /// <summary>Actions, with <c>*</c> and <c>?</c>: <c>s3:Get*</c>. Case does not count.</summary>
    public IReadOnlyList<string> Action { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Every action but these.</summary>
    public IReadOnlyList<string> NotAction { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>ARNs of resources, with <c>*</c> and <c>?</c> and policy variables. Case counts.</summary>
    public IReadOnlyList<string> Resource { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Every resource but these.</summary>
    public IReadOnlyList<string> NotResource { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Conditions, all of which must hold.</summary>
    public IReadOnlyList<PolicyCondition> Condition { get; init => field = TextList.Of(value); } = new TextList<PolicyCondition>([]);

    /// <inheritdoc/>
    public override string ToString()
    {
        string actions = NotAction.Count > 0 ? "all but " + string.Join(", ", NotAction) : string.Join(", ", Action);
        string resources = NotResource.Count > 0 ? " on all but " + string.Join(", ", NotResource)
            : Resource.Count > 0 ? " on " + string.Join(", ", Resource) : "";
        string who = NotPrincipal is not null ? $" to all but {NotPrincipal}" : Principal is not null ? $" to {Principal}" : "";
        string when = Condition.Count > 0 ? " if " + string.Join(" and ", Condition) : "";
        return $"{Effect} {actions}{resources}{who}{when}";
    }
}
