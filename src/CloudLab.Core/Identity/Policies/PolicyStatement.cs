using System.Collections.Specialized;
using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Policies;

/// <summary>One statement of a policy document. A list is empty where the statement has no such element.</summary>
public sealed record PolicyStatement : IPolicyNode
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
        string actions = NotAction.Count > 0 ? "all except " + string.Join(", ", NotAction) : string.Join(", ", Action);
        string resources = NotResource.Count > 0 ? " on all except " + string.Join(", ", NotResource)
            : Resource.Count > 0 ? " on " + string.Join(", ", Resource) : "";
        string who = NotPrincipal is not null ? $" to all except {NotPrincipal}" : Principal is not null ? $" to {Principal}" : "";
        string when = Condition.Count > 0 ? " if " + string.Join(" and ", Condition) : "";
        return $"{Effect} {actions}{resources}{who}{when}";
    }

    OrderedDictionary IPolicyNode.Elements()
    {
        OrderedDictionary elements = new(StringComparer.OrdinalIgnoreCase);
        if (Sid is not null)
        {
            elements["Sid"] = Sid;
        }

        elements["Effect"] = Effect.ToString();
        foreach ((string name, PolicyPrincipal? principal) in new[] { ("Principal", Principal), ("NotPrincipal", NotPrincipal) })
        {
            if (principal is not null)
            {
                elements[name] = principal;
            }
        }

        foreach ((string name, IReadOnlyList<string> values) in new[]
        {
            ("Action", Action), ("NotAction", NotAction), ("Resource", Resource), ("NotResource", NotResource),
        })
        {
            if (values.Count > 0)
            {
                elements[name] = values;
            }
        }

        if (Condition.Count > 0)
        {
            Conditions operators = new(string.Join("; ", Condition));
            foreach (IGrouping<string, PolicyCondition> group in Condition.GroupBy(condition => condition.Operator))
            {
                OrderedDictionary keys = [];
                foreach (PolicyCondition condition in group)
                {
                    keys[condition.Key] = condition.Value;
                }

                operators[group.Key] = keys;
            }

            elements["Condition"] = operators;
        }

        return elements;
    }

    private sealed class Conditions(string text) : OrderedDictionary
    {
        public override string ToString() => text;
    }
}
