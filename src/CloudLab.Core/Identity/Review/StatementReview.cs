using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>Looks at the statements of a document one by one: wildcards, actions and resources that do not exist or do not match.</summary>
internal static class StatementReview
{
    private const int Named = 4;

    /// <summary>Looks at a policy of a principal, or at any document.</summary>
    /// <param name="subject">Whose it is.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="grants">What all policies of the principal allow together; null for a trust or resource policy, where * in Resource means the resource itself.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, NamedPolicy policy, PolicyGrants? grants)
    {
        // A policy of Amazon's cannot be corrected, only detached.
        bool isAmazons = policy.Name.Contains(":iam::aws:policy/", StringComparison.Ordinal);
        for (int i = 0; i < policy.Document.Statement.Count; i++)
        {
            PolicyStatement statement = policy.Document.Statement[i];
            IEnumerable<LabPolicyFinding> hygiene = isAmazons ? [] : [
                .. UnknownActions(subject, policy, statement, i), .. Mismatches(subject, policy, statement, i), .. ConditionReview.Review(subject, policy, statement, i),
                .. Variables(subject, policy, statement, i)];
            IEnumerable<LabPolicyFinding> reach = statement.Effect == PolicyEffect.Allow && grants is { IsNothing: false } ? Wildcards(subject, policy, statement, i, grants) : [];
            foreach (LabPolicyFinding finding in reach.Concat(hygiene))
            {
                yield return finding;
            }
        }
    }

    /// <summary>Some actions in words.</summary>
    /// <param name="actions">Their names.</param>
    /// <returns><c>a, b and 12 more</c>.</returns>
    public static string Some(IReadOnlyCollection<string> actions) => actions.Count <= Named
        ? string.Join(", ", actions)
        : $"{string.Join(", ", actions.Take(Named - 1))} and {actions.Count - Named + 1} more";

    private static IEnumerable<LabPolicyFinding> Wildcards(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index, PolicyGrants grants)
    {
        bool everywhere = statement.Resource.Any(PatternRelation.IsBroad);
        bool conditional = statement.Condition.Count > 0;
        bool everything = statement.Resource.Any(PatternRelation.IsEverything);
        string where = everything ? "every resource"
            : statement.NotResource.Count > 0 ? $"everything except {SomeOf.Names(statement.NotResource, 2)}"
            : SomeOf.Names(statement.Resource, 2);
        if (statement.NotAction.Count > 0)
        {
            yield return subject.Find(
                ReviewRule.NotActionAllowed, $"Allows every action on {where} except {Some([.. statement.NotAction])}.", policy, index, everywhere ? null : FindingSeverity.Medium);
        }

        if (statement.NotResource.Count > 0)
        {
            yield return subject.Find(ReviewRule.NotResourceAllowed, $"Allows {Some([.. statement.Action])} on everything except {Some([.. statement.NotResource])}.", policy, index);
        }

        if (statement.Action.Any(action => action is "*" or "*:*"))
        {
            yield return everything
                ? subject.Find(
                    ReviewRule.AdministratorAccess,
                    $"Allows every action on every resource{(grants.Limit is { } limit ? ", " + limit : "")}{(conditional ? ", under a condition" : "")}.", policy, index,
                    conditional ? FindingSeverity.High : grants.IsAdministrator ? null : FindingSeverity.Medium)
                : subject.Find(ReviewRule.WildcardAction, $"Allows every action on {where}.", policy, index, detail: "*");
            yield break;
        }

        foreach (string pattern in statement.Action.Where(action => action.AsSpan().ContainsAny('*', '?')))
        {
            List<LabAction> matched = [.. ActionCatalogue.Match(pattern)];
            List<string> writing = [.. matched.Where(action => action.AccessLevel is AccessLevel.Write or AccessLevel.PermissionsManagement).Select(action => action.Action)];
            List<string> granting = [.. matched.Where(action => action.AccessLevel == AccessLevel.PermissionsManagement).Select(action => action.Action)];
            if (writing.Count == 0)
            {
                continue;
            }

            string included = granting.Count > 0 ? $"{writing.Count} that write, {granting.Count} that grant permissions ({Some(granting)})" : $"{writing.Count} that write ({Some(writing)})";
            yield return pattern.EndsWith(":*", StringComparison.Ordinal) && everywhere
                ? subject.Find(
                    ReviewRule.WildcardService, $"Allows all {matched.Count} actions of {ActionCatalogue.ServiceName(pattern[..^2])} on {where}: {included}.", policy, index,
                    granting.Count > 0 && !conditional ? null : FindingSeverity.Medium, detail: pattern, actions: [pattern])
                : subject.Find(
                    ReviewRule.WildcardAction, $"{pattern} on {where} includes {included}.", policy, index,
                    everywhere && !conditional ? null : FindingSeverity.Low, detail: pattern, actions: [pattern]);
        }

        if (everywhere && !conditional)
        {
            List<string> open = [.. statement.Action.Where(action => !action.AsSpan().ContainsAny('*', '?')).Select(ActionCatalogue.Find).OfType<LabAction>()
                .Where(action => action.AccessLevel is AccessLevel.Write or AccessLevel.PermissionsManagement or AccessLevel.Tagging && action.Resource.Count > 0
                    && action.Action != "iam:PassRole")
                .Select(action => action.Action)];
            if (open.Count > 0)
            {
                yield return subject.Find(ReviewRule.WildcardResource, $"Allows {Some(open)} on {where}.", policy, index, actions: open);
            }
        }

        if (everywhere && grants.Of("iam:PassRole").Any(grant => grant.Statement == statement && grant.Resources.Any(PatternRelation.IsBroad))
            && !statement.Condition.Any(condition => condition.Key.Equals("iam:PassedToService", StringComparison.OrdinalIgnoreCase)))
        {
            yield return subject.Find(ReviewRule.PassRoleAny, "Allows iam:PassRole for every role, to every service.", policy, index, actions: ["iam:PassRole"]);
        }
    }

    private static IEnumerable<LabPolicyFinding> UnknownActions(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index)
    {
        string effect = statement.Effect == PolicyEffect.Deny ? "denies nothing" : "allows nothing";
        foreach (string action in statement.Action.Concat(statement.NotAction).Where(action => action is not ("*" or "*:*")))
        {
            bool pattern = action.AsSpan().ContainsAny('*', '?');
            if (pattern ? ActionCatalogue.Match(action).Any() : ActionCatalogue.Find(action) is not null)
            {
                continue;
            }

            string meant = pattern ? $"No action matches it." : ApiCalls.WhatWasMeant(action);
            yield return subject.Find(
                ReviewRule.UnknownAction, $"{action} does not exist and {effect}. {meant}", policy, index,
                statement.Effect == PolicyEffect.Deny ? FindingSeverity.High : null, detail: action, actions: [action]);
        }
    }

    private static IEnumerable<LabPolicyFinding> Mismatches(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index)
    {
        if (statement.Resource.Count == 0 || statement.NotAction.Count > 0)
        {
            yield break;
        }

        List<LabAction> named = [.. statement.Action.Where(action => !action.AsSpan().ContainsAny('*', '?')).Select(ActionCatalogue.Find).OfType<LabAction>()];
        foreach (LabAction action in named.Where(action => !statement.Resource.Any(resource => ResourceMatch.CanApply(action, resource))))
        {
            string wanted = action.Resource.Count == 0 ? "it applies only to \"*\"" : "it applies to " + string.Join(" or ", action.Resource.Select(type => ResourceMatch.Example(type.Arn)).Distinct());
            yield return subject.Find(
                ReviewRule.ResourceMismatch, $"{action.Action} never applies to {Some([.. statement.Resource])}: {wanted}.", policy, index,
                statement.Effect == PolicyEffect.Deny ? FindingSeverity.High : null, detail: action.Action, actions: [action.Action]);
        }

        // A resource that none of the actions applies to; patterns could stand for one that does.
        if (named.Count == statement.Action.Count)
        {
            foreach (string resource in statement.Resource.Where(resource => resource.StartsWith("arn:", StringComparison.Ordinal) && !named.Exists(action => ResourceMatch.CanApply(action, resource)))
                .Where(_ => statement.Resource.Count > 1 && named.Exists(action => statement.Resource.Any(other => ResourceMatch.CanApply(action, other)))))
            {
                yield return subject.Find(
                    ReviewRule.ResourceMismatch, $"None of the actions applies to {resource}.", policy, index, FindingSeverity.Low, detail: resource);
            }
        }
    }

    private static IEnumerable<LabPolicyFinding> Variables(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index)
    {
        if (policy.Document.Version != PolicyDocument.CurrentVersion
            && statement.Resource.Concat(statement.NotResource).Concat(statement.Condition.SelectMany(condition => condition.Value))
                .FirstOrDefault(text => text.Contains("${", StringComparison.Ordinal)) is { } literal)
        {
            yield return subject.Find(ReviewRule.PolicyVariableLiteral, $"In a document of version {policy.Document.Version}, the variable in {literal} is plain text.", policy, index);
        }
    }
}
