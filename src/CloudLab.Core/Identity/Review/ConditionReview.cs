using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>Looks at the conditions of a statement: keys that a request for its actions never has, and ForAllValues.</summary>
internal static class ConditionReview
{
    private const string ForAllValues = "ForAllValues:", MfaPresent = "aws:MultiFactorAuthPresent", MfaAge = "aws:MultiFactorAuthAge";

    // Their requests name the items; a scan and a statement of PartiQL may name none.
    private static readonly string[] WithLeadingKeys =
        ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];

    /// <summary>Looks at a statement.</summary>
    /// <param name="subject">Whose it is.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="index">Its place in the policy.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index)
    {
        if (statement.Condition.Count == 0)
        {
            yield break;
        }

        List<LabAction> named = [.. statement.Action.Where(action => !action.AsSpan().ContainsAny('*', '?')).Select(ActionCatalogue.Find).OfType<LabAction>()];
        List<string> patterns = [.. statement.Action.Where(action => action.AsSpan().ContainsAny('*', '?'))];
        foreach (PolicyCondition condition in statement.Condition)
        {
            if (condition.Test is { HasWildcards: false, IsNegated: false } && condition.Test.Name.StartsWith("String", StringComparison.Ordinal) && IsWithoutStars(condition.Key)
                && condition.Value.FirstOrDefault(value => value.Contains('*', StringComparison.Ordinal) && !value.Contains("${*}", StringComparison.Ordinal)) is { } literal)
            {
                bool whole = condition.Value.All(value => value.Contains('*', StringComparison.Ordinal)) && !IsMetWithoutKey(condition);
                yield return subject.Find(
                    ReviewRule.ConditionNeverTrue,
                    $"{condition.Operator} takes '{literal}' literally, and {condition.Key} never has a star{(whole ? $": the statement never {(statement.Effect == PolicyEffect.Deny ? "denies" : "allows")}" : "")}.",
                    policy, index, statement.Effect == PolicyEffect.Deny ? FindingSeverity.High : null, $"Write {condition.Operator.Replace("StringEqualsIgnoreCase", "StringLike", StringComparison.Ordinal).Replace("StringEquals", "StringLike", StringComparison.Ordinal)}.", literal);
            }

            if (condition.Operator.StartsWith(ForAllValues, StringComparison.Ordinal) && statement.Effect == PolicyEffect.Allow && !IsPresenceAsked(statement, condition))
            {
                bool tags = condition.Key.EndsWith("TagKeys", StringComparison.OrdinalIgnoreCase);
                yield return subject.Find(
                    ReviewRule.ForAllValuesAlone, $"{condition.Operator} {condition.Key} is also met by a request without {condition.Key}, which is then allowed.", policy, index,
                    tags ? FindingSeverity.Medium : null, $"Add \"Null\": {{ \"{condition.Key}\": \"false\" }} to the condition.", condition.Key);
            }

            if (IsOfMfa(condition) && LetsLongTermKeysThrough(statement, condition)
                && !policy.Document.Statement.Any(other => other.Effect == PolicyEffect.Deny && other.Condition.Any(refused => IsOfMfa(refused) && IsMetWithoutKey(refused))))
            {
                bool denies = statement.Effect == PolicyEffect.Deny;
                yield return subject.Find(
                    ReviewRule.MfaNotRequired,
                    $"A request with a long-term access key has no {condition.Key}: {condition.Operator} is {(denies ? "not met, and the statement does not deny it" : "met, and the statement allows it")}.", policy, index,
                    fix: $"Write {(denies ? condition.Operator + "IfExists" : condition.Operator[..^"IfExists".Length])}.", detail: condition.Key);
            }

            List<LabAction> without = [.. named.Where(action => !ActionCatalogue.Supports(action, condition.Key))];
            bool anySupports = without.Count < named.Count || patterns.Exists(pattern => ActionCatalogue.Match(pattern).Any(action => ActionCatalogue.Supports(action, condition.Key)));
            if (statement.NotAction.Count > 0 || (anySupports && without.Count == 0) || named.Count + patterns.Count == 0)
            {
                continue;
            }

            IReadOnlyList<string> affected = anySupports ? [.. without.Select(action => action.Action)] : statement.Action;
            if (affected.Count == 0)
            {
                continue;
            }

            string key = IsKnown(condition.Key) ? condition.Key : $"{condition.Key}, which no service has";
            bool deny = statement.Effect == PolicyEffect.Deny;
            if (IsMetWithoutKey(condition))
            {
                yield return subject.Find(
                    ReviewRule.ConditionAlwaysTrue,
                    $"Requests for {StatementReview.Some([.. affected])} never have {key}: {condition.Operator} is always met, and the statement {(deny ? "always denies" : "allows without that limit")}.",
                    policy, index, deny ? null : FindingSeverity.High, detail: condition.Key, actions: affected);
            }
            else
            {
                yield return subject.Find(
                    ReviewRule.ConditionNeverTrue,
                    $"Requests for {StatementReview.Some([.. affected])} never have {key}: the statement {(deny ? "never denies" : "never allows")} {(affected.Count == 1 ? "it" : "them")}.",
                    policy, index, deny ? FindingSeverity.High : null, detail: condition.Key, actions: affected);
            }
        }
    }

    // Values that are names, ids and ARNs: a star in one is meant as a wildcard.
    private static bool IsWithoutStars(string key) => key.EndsWith(":sub", StringComparison.OrdinalIgnoreCase) || key.EndsWith(":aud", StringComparison.OrdinalIgnoreCase)
        || key.EndsWith("Arn", StringComparison.OrdinalIgnoreCase) || key.EndsWith("Account", StringComparison.OrdinalIgnoreCase) || key.EndsWith("OrgID", StringComparison.OrdinalIgnoreCase)
        || key.EndsWith("OrgPaths", StringComparison.OrdinalIgnoreCase) || key.Equals("iam:PassedToService", StringComparison.OrdinalIgnoreCase)
        || key.Equals("aws:RequestedRegion", StringComparison.OrdinalIgnoreCase) || key.Equals("aws:userid", StringComparison.OrdinalIgnoreCase);

    // Another condition of the statement is not met by a request without the key, or no request is without it.
    private static bool IsPresenceAsked(PolicyStatement statement, PolicyCondition condition) => statement.Condition.Any(other =>
        other != condition && (Same(other, condition) || (IsOfTags(condition) && other.Key.StartsWith("aws:RequestTag/", StringComparison.OrdinalIgnoreCase)))
        && !IsMetWithoutKey(other))
        || (condition.Key.Equals("dynamodb:LeadingKeys", StringComparison.OrdinalIgnoreCase) && statement.Action.All(action => WithLeadingKeys.Contains(action, StringComparer.OrdinalIgnoreCase)));

    private static bool IsOfMfa(PolicyCondition condition) => condition.Key.Equals(MfaPresent, StringComparison.OrdinalIgnoreCase) || condition.Key.Equals(MfaAge, StringComparison.OrdinalIgnoreCase);

    // A Deny of requests without MFA that needs the key, and an Allow with MFA that does not. A Deny of those with MFA is meant for something else.
    private static bool LetsLongTermKeysThrough(PolicyStatement statement, PolicyCondition condition) => statement.Effect == PolicyEffect.Allow
        ? condition.Operator.EndsWith("IfExists", StringComparison.Ordinal) && !IsPresenceAsked(statement, condition)
        : !IsMetWithoutKey(condition) && (condition.Operator == "Bool" ? condition.Value.Contains("false", StringComparer.OrdinalIgnoreCase) : condition.Operator.StartsWith("NumericGreaterThan", StringComparison.Ordinal));

    private static bool Same(PolicyCondition left, PolicyCondition right) => left.Key.Equals(right.Key, StringComparison.OrdinalIgnoreCase);

    private static bool IsOfTags(PolicyCondition condition) => condition.Key.Equals("aws:TagKeys", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a condition holds for a request that does not have its key.</summary>
    /// <param name="condition">The condition.</param>
    /// <returns>True if it does.</returns>
    public static bool IsMetWithoutKey(PolicyCondition condition)
    {
        string name = condition.Operator;
        if (name == "Null")
        {
            return condition.Value.Any(value => value.Equals("true", StringComparison.OrdinalIgnoreCase));
        }

        if (name.EndsWith("IfExists", StringComparison.Ordinal) || name.StartsWith(ForAllValues, StringComparison.Ordinal))
        {
            return true;
        }

        return !name.StartsWith("ForAnyValue:", StringComparison.Ordinal) && name.Contains("Not", StringComparison.Ordinal);
    }

    private static bool IsKnown(string key)
    {
        int colon = key.IndexOf(':', StringComparison.Ordinal);
        return ConditionKeyName.IsListed(ActionCatalogue.GlobalKeys.Keys, key)
            || (colon > 0 && (key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || ActionCatalogue.Match(key[..colon] + ":*").Any(action => ConditionKeyName.IsListed(action.ConditionKey, key))));
    }
}
