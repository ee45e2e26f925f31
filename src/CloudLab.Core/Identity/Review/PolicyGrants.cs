using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>A statement that allows an action.</summary>
/// <param name="Policy">The policy it is in.</param>
/// <param name="Statement">The statement.</param>
/// <param name="Index">Its place in the policy.</param>
/// <param name="Resources">The resources that are left after what is denied and what the boundary allows.</param>
internal sealed record PolicyGrant(NamedPolicy Policy, PolicyStatement Statement, int Index, IReadOnlyList<string> Resources)
{
    /// <summary>The statement in words.</summary>
    public string Name => StatementName(Statement, Index);

    /// <summary>Whether a condition limits it.</summary>
    public bool IsConditional => Statement.Condition.Count > 0;

    /// <summary>A statement in words: its Sid, or its number counted from one.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="index">Its place in the policy.</param>
    /// <returns>Text.</returns>
    public static string StatementName(PolicyStatement statement, int index) => statement.Sid is { Length: > 0 } sid ? sid : (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>
/// What the policies of a principal allow taken together, without a request: statements that deny without a condition and the boundary are
/// subtracted, and conditions are assumed to hold.
/// </summary>
/// <param name="policies">The policies that grant.</param>
/// <param name="boundary">Permissions boundary, or null.</param>
internal sealed class PolicyGrants(IReadOnlyList<NamedPolicy> policies, NamedPolicy? boundary)
{
    // Whoever may do one of these on everything can give back what a Deny takes.
    private static readonly string[] Regaining = ["iam:PutUserPolicy", "iam:PutRolePolicy", "iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion"];

    private readonly List<(NamedPolicy Policy, PolicyStatement Statement, int Index)> allows = [.. Statements(policies, PolicyEffect.Allow)];
    private readonly List<PolicyStatement> denies =
        [.. Statements(boundary is null ? policies : [.. policies, boundary], PolicyEffect.Deny).Select(found => found.Statement).Where(statement => statement.Condition.Count == 0)];

    /// <summary>
    /// True if everything is allowed on everything, without a condition, or everything but what it can take back itself: whoever may write policies is not held by a Deny in one.
    /// </summary>
    public bool IsAdministrator => allows.Exists(IsEverything) && Array.Exists(Regaining, action => Of(action).Any(grant => !grant.IsConditional && grant.Resources.Contains("*")));

    /// <summary>What is taken away of what the policies allow, in words; null for nothing.</summary>
    public string? Limit => boundary is not null && !Statements([boundary], PolicyEffect.Allow).Any(IsEverything) ? $"within the permissions boundary {boundary.Name}"
        : denies.Count == 0 ? null
        : $"except what is denied ({StatementReview.Some([.. denies.Select(deny => deny.NotAction.Count > 0 ? "everything but " + string.Join(", ", deny.NotAction) : string.Join(", ", deny.Action))])})";

    /// <summary>True if nothing is left of what the policies allow.</summary>
    public bool IsNothing => denies.Exists(deny => deny.Action.Any(action => action is "*" or "*:*") && (deny.Resource.Count == 0 ? deny.NotResource.Count == 0 : deny.Resource.Contains("*")));

    /// <summary>Whether a statement is about an action.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="action">A single action.</param>
    /// <returns>True if it is.</returns>
    public static bool IsAbout(PolicyStatement statement, string action) => statement.NotAction.Count > 0
        ? !statement.NotAction.Any(pattern => PatternRelation.Covers(pattern, action, ignoreCase: true))
        : statement.Action.Any(pattern => PatternRelation.Covers(pattern, action, ignoreCase: true));

    /// <summary>The statements that allow an action on something.</summary>
    /// <param name="action">A single action.</param>
    /// <returns>Statements with the resources that are left.</returns>
    public IEnumerable<PolicyGrant> Of(string action)
    {
        foreach ((NamedPolicy policy, PolicyStatement statement, int index) in allows)
        {
            if (!IsAbout(statement, action))
            {
                continue;
            }

            List<string> left = [.. (statement.Resource.Count > 0 ? statement.Resource : (IReadOnlyList<string>)["*"])
                .Where(resource => !denies.Exists(deny => IsAbout(deny, action) && IsOn(deny, resource)))
                .SelectMany(resource => Spared(action, resource)).SelectMany(resource => Bounded(action, resource))];
            if (left.Count > 0)
            {
                yield return new PolicyGrant(policy, statement, index, left);
            }
        }
    }

    // The whole of a resource is denied.
    private static bool IsOn(PolicyStatement deny, string resource) =>
        deny.NotResource.Count == 0 && (deny.Resource.Count == 0 || deny.Resource.Any(pattern => PatternRelation.Covers(pattern, resource)));

    // What is left of a resource where everything but some resources is denied: these.
    private IEnumerable<string> Spared(string action, string resource) => denies.Where(deny => deny.NotResource.Count > 0 && IsAbout(deny, action)).Aggregate(
        (IEnumerable<string>)[resource],
        (left, deny) => left.SelectMany(one => deny.NotResource.Where(spared => PatternRelation.Overlaps(spared, one)).Select(spared => PatternRelation.Covers(spared, one) ? one : spared)).Distinct(StringComparer.Ordinal));

    private static bool IsEverything((NamedPolicy Policy, PolicyStatement Statement, int Index) found) =>
        found.Statement.Condition.Count == 0 && found.Statement.Action.Any(action => action is "*" or "*:*") && found.Statement.Resource.Contains("*");

    // What the boundary leaves of a resource: the narrower of the two.
    private IEnumerable<string> Bounded(string action, string resource)
    {
        if (boundary is null)
        {
            return [resource];
        }

        return boundary.Document.Statement
            .Where(statement => statement.Effect == PolicyEffect.Allow && IsAbout(statement, action))
            .SelectMany(statement => statement.Resource.Count > 0 ? statement.Resource : (IReadOnlyList<string>)["*"])
            .Where(limit => PatternRelation.Overlaps(limit, resource))
            .Select(limit => PatternRelation.Covers(limit, resource) ? resource : limit)
            .Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<(NamedPolicy Policy, PolicyStatement Statement, int Index)> Statements(IEnumerable<NamedPolicy> policies, PolicyEffect effect)
    {
        foreach (NamedPolicy policy in policies)
        {
            for (int i = 0; i < policy.Document.Statement.Count; i++)
            {
                if (policy.Document.Statement[i].Effect == effect)
                {
                    yield return (policy, policy.Document.Statement[i], i);
                }
            }
        }
    }
}
