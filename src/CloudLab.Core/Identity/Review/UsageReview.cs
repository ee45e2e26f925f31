using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Trails;

namespace CloudLab.Core.Identity.Review;

/// <summary>Compares what a principal is allowed with what a trail says it did.</summary>
internal static class UsageReview
{
    /// <summary>Looks at a principal.</summary>
    /// <param name="subject">The principal, for the findings.</param>
    /// <param name="principal">The principal.</param>
    /// <param name="usage">What was used.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, AccountPrincipal principal, TrailUsage usage)
    {
        if (!principal.AllPolicies().Any())
        {
            yield break;
        }

        if (usage.Of(principal.Arn) is not { } used)
        {
            yield return subject.Find(ReviewRule.UnusedPrincipal, $"Nothing in the trail ({usage.Span}) was done by it.");
            yield break;
        }

        foreach (NamedPolicy policy in principal.Policies)
        {
            for (int i = 0; i < policy.Document.Statement.Count; i++)
            {
                PolicyStatement statement = policy.Document.Statement[i];
                if (statement.Effect != PolicyEffect.Allow || statement.Action.Count == 0)
                {
                    continue;
                }

                List<string> unused = [], services = [];
                int granted = 0;
                foreach (string pattern in statement.Action)
                {
                    List<LabAction> matched = [.. ActionCatalogue.Match(pattern)];
                    granted += matched.Count;
                    int before = unused.Count;
                    unused.AddRange(matched.Select(action => action.Action).Where(action => !used.Contains(action)));
                    if (unused.Count - before == matched.Count && matched.Count > 0)
                    {
                        services.Add(pattern);
                    }
                }

                if (unused.Count > 0)
                {
                    string what = services.Count == statement.Action.Count ? $"None of {StatementReview.Some(services)} was used"
                        : $"{granted - unused.Count} of {granted} actions were used; not used: {StatementReview.Some(services.Count > 0 ? services : unused)}";
                    yield return subject.Find(
                        ReviewRule.UnusedPermission, $"{what} ({usage.Span}).", policy, i,
                        fix: granted == unused.Count ? "Remove the statement." : $"Allow only {StatementReview.Some([.. statement.Action.SelectMany(ActionCatalogue.Match).Select(action => action.Action).Where(used.Contains).Distinct()])}.",
                        actions: statement.Action.Any(action => action.Contains('*', StringComparison.Ordinal)) ? services : unused);
                }
            }
        }
    }
}
