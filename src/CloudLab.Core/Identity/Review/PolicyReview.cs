using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Trails;

namespace CloudLab.Core.Identity.Review;

/// <summary>
/// Reviews policies: single documents, and the principals of an account with all their policies taken together. <see cref="ReviewRule.All"/> are
/// the rules. Nothing is sent anywhere.
/// </summary>
public static class PolicyReview
{
    /// <summary>Reviews one document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="name">How to name it: <c>bucket policy of movies</c>.</param>
    /// <param name="path">File it came from, or null.</param>
    /// <returns>Findings, the most severe first.</returns>
    public static IReadOnlyList<LabPolicyFinding> Review(PolicyDocument document, string name, string? path = null)
    {
        NamedPolicy policy = new(name, document);
        bool shared = document.Statement.Any(statement => (statement.Principal ?? statement.NotPrincipal) is not null);
        return Sorted(Review(
            new ReviewSubject(name) { Path = path, Policies = shared ? [] : [policy], Shared = shared ? policy : null }, []));
    }

    /// <summary>Writes findings as SARIF 2.1.0, which code scanning and editors read.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>JSON text.</returns>
    public static string ToSarif(IEnumerable<LabPolicyFinding> findings, string folder) => SarifReport.Write(
        "Measure-LabPolicy", "iam", ReviewRule.All,
        findings.Select(finding => new SarifFinding(
            finding.Id, finding.Severity, $"{finding.Principal}: {finding.Why} {finding.Fix}", finding.Path, 1, 1,
            string.Join(" / ", new[] { finding.Principal, finding.Policy, finding.Statement is { } statement ? "statement " + statement : null }.Where(part => part is not null)),
            new("policyFinding/v1", finding.Fingerprint))),
        folder);

    /// <summary>Writes findings as JUnit XML, which build servers show as failed tests.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="files">Full paths of all files that were reviewed.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>XML text.</returns>
    public static string ToJUnit(IEnumerable<LabPolicyFinding> findings, IEnumerable<string> files, string folder) => JUnitReport.Write(
        "Measure-LabPolicy",
        findings.Select(finding => new JUnitFinding(finding.Path, 0, $"{finding.Id} {finding.Principal} {finding.Statement}".TrimEnd(), finding.Id, finding.Severity, finding.Why, finding.Fix)),
        files, folder);

    /// <summary>Reviews the principals of an account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="path">File it came from, or null.</param>
    /// <param name="usage">What a trail says was used; null to leave that out.</param>
    /// <returns>Findings, principal by principal, the most severe of each first.</returns>
    public static IEnumerable<LabPolicyFinding> Review(AccountSnapshot account, string? path = null, TrailUsage? usage = null)
    {
        Dictionary<string, PolicyGrants> grants = account.Principals.ToDictionary(
            principal => principal.Arn, principal => new PolicyGrants([.. principal.AllPolicies()], principal.Boundary), StringComparer.Ordinal);
        List<AccountPrincipal> administrators = [.. account.Principals.Where(principal => principal.Kind != AccountPrincipalKind.Group && grants[principal.Arn].IsAdministrator)];
        foreach (AccountPrincipal principal in account.Principals)
        {
            // Amazon keeps these roles and their policies itself.
            if (principal.Arn.Contains(":role/aws-service-role/", StringComparison.Ordinal))
            {
                continue;
            }

            ReviewSubject subject = new(principal.Arn)
            {
                Kind = principal.Kind,
                Policies = principal.Policies,
                Inherited = [.. principal.Groups.SelectMany(group => group.Policies)],
                Boundary = principal.Boundary,
                Shared = principal.Arn.Contains(":role/aws-reserved/", StringComparison.Ordinal) ? null : principal.Trust,
                Account = principal.Account,
                Path = path,
                IsWhole = principal.Kind != AccountPrincipalKind.Group || !principal.HasMembers,
            };
            List<LabPolicyFinding> found = [.. Review(subject, administrators, grants[principal.Arn])];
            found.AddRange(principal.Unreadable.Select(policy => subject.Find(
                ReviewRule.PolicyUnreadable, $"Policy '{policy.Policy}' could not be reviewed: {policy.Problem.TrimEnd('.')}.", detail: policy.Policy)));
            found.AddRange(Assumed(principal, subject, administrators, grants));
            if (usage is not null && principal.Kind != AccountPrincipalKind.Group)
            {
                found.AddRange(UsageReview.Review(subject, principal, usage));
            }

            foreach (LabPolicyFinding finding in Sorted(found))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, IReadOnlyCollection<AccountPrincipal> administrators, PolicyGrants? grants = null)
    {
        grants ??= new PolicyGrants([.. subject.Policies, .. subject.Inherited], subject.Boundary);
        foreach (NamedPolicy policy in subject.Policies)
        {
            foreach (LabPolicyFinding finding in StatementReview.Review(subject, policy, grants))
            {
                yield return finding;
            }
        }

        if (subject.Shared is { } shared)
        {
            foreach (LabPolicyFinding finding in StatementReview.Review(subject, shared, grants: null).Concat(TrustReview.Review(subject, shared)))
            {
                yield return finding;
            }
        }

        if (subject.IsWhole && subject.Policies.Count + subject.Inherited.Count > 0)
        {
            foreach (LabPolicyFinding finding in PrincipalReview.Review(subject, grants, administrators))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<LabPolicyFinding> Assumed(
        AccountPrincipal principal, ReviewSubject subject, IEnumerable<AccountPrincipal> administrators, Dictionary<string, PolicyGrants> grants)
    {
        if (principal.Kind == AccountPrincipalKind.Group || grants[principal.Arn].IsAdministrator)
        {
            yield break;
        }

        foreach (AccountPrincipal role in administrators.Where(role => role.Kind == AccountPrincipalKind.Role && role.Arn != principal.Arn))
        {
            if (PrincipalAccess.CanAssume(principal, role) is { Allowed: true })
            {
                yield return subject.Find(
                    ReviewRule.AssumesAdministrator, $"It can assume the role {role.Name}, which may do everything.", detail: role.Arn, actions: ["sts:AssumeRole"]);
            }
        }
    }

    private static List<LabPolicyFinding> Sorted(IEnumerable<LabPolicyFinding> findings) =>
        [.. findings.OrderByDescending(finding => finding.Severity).ThenBy(finding => finding.Policy, StringComparer.Ordinal).ThenBy(finding => finding.Id, StringComparer.Ordinal)];
}
