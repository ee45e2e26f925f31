using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>Looks at whom a trust policy or the policy of a resource lets in.</summary>
internal static partial class TrustReview
{
    // Keys that say who calls, or from where.
    private static readonly string[] Limiting =
    [
        "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalTag/${TagKey}", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID",
        "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceIp", "aws:VpcSourceIp", "aws:userid", "aws:username", "aws:SourceOwner", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList", "s3:DataAccessPointAccount", "s3:DataAccessPointArn", "kms:CallerAccount", "sts:ExternalId", "elasticfilesystem:AccessedViaMountTarget",
    ];

    private static readonly string[] Source = ["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner"];

    // Services that use the role for a resource of the same account by their nature, and whose requests have no aws:SourceArn.
    private static readonly string[] OwnAccountOnly =
        ["ec2", "lambda", "edgelambda", "ecs-tasks", "eks", "eks-fargate-pods", "pods.eks", "elasticmapreduce", "spotfleet", "autoscaling", "opsworks", "elasticbeanstalk", "ssm", "rds", "monitoring.rds", "dms"];

    // Providers whose identities are told apart by sub alone.
    private static readonly string[] NeedSub = ["token.actions.githubusercontent.com", "gitlab.com", "agent.buildkite.com", "oidc.circleci.com", "oidc.eks.", "app.terraform.io", "api.bitbucket.org"];

    /// <summary>Looks at a policy that names principals.</summary>
    /// <param name="subject">Whose it is.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, NamedPolicy policy)
    {
        for (int i = 0; i < policy.Document.Statement.Count; i++)
        {
            PolicyStatement statement = policy.Document.Statement[i];
            foreach (LabPolicyFinding finding in Deleted(subject, policy, statement, i).Concat(statement.Effect == PolicyEffect.Allow ? Allowed(subject, policy, statement, i) : []))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<LabPolicyFinding> Deleted(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index) =>
        (statement.Principal?.AWS ?? []).Concat(statement.NotPrincipal?.AWS ?? []).Where(name => UniqueId().IsMatch(name))
            .Select(id => subject.Find(
                ReviewRule.DeletedPrincipal, $"{id} is the id of a {(id.StartsWith("AROA", StringComparison.Ordinal) ? "role" : "user")} that has been deleted.", policy, index, detail: id));

    private static IEnumerable<LabPolicyFinding> Allowed(ReviewSubject subject, NamedPolicy policy, PolicyStatement statement, int index)
    {
        bool limited = statement.Condition.Any(IsLimiting);
        string what = statement.NotAction.Count > 0 ? "almost every action" : StatementReview.Some([.. statement.Action]);
        if (statement.NotPrincipal is { } excluded)
        {
            yield return subject.Find(
                ReviewRule.NotPrincipalAllowed, $"Allows {what} to everybody except {excluded}.", policy, index, limited ? FindingSeverity.High : null);
        }

        if (statement.Principal is not { } principal)
        {
            yield break;
        }

        if ((principal.IsEveryone || principal.AWS.Contains("*")) && !limited)
        {
            yield return subject.Find(
                ReviewRule.PublicPrincipal, $"Allows {what} to everybody{(statement.Condition.Count > 0 ? "; its conditions do not say who" : "")}.", policy, index,
                IsReading(statement) ? FindingSeverity.High : null, actions: statement.Action);
        }

        bool trust = statement.Action.Any(action => action.StartsWith("sts:", StringComparison.OrdinalIgnoreCase) || action == "*");
        foreach (string provider in principal.Federated)
        {
            if (Federated(provider, statement) is { } problem)
            {
                yield return subject.Find(ReviewRule.FederatedTrustOpen, problem.Why, policy, index, problem.Severity, detail: provider);
            }
        }

        foreach (string name in principal.AWS)
        {
            string? account = AccountOf(name);
            if (trust && account is not null && subject.Account is { } own && account != own
                && !statement.Condition.Any(condition => !ConditionReview.IsMetWithoutKey(condition)))
            {
                bool whole = name == account || name.EndsWith(":root", StringComparison.Ordinal);
                yield return subject.Find(
                    ReviewRule.CrossAccountTrustOpen, whole ? $"Every identity of account {account} that its own policies allow can assume the role." : $"{name} of another account can assume the role.",
                    policy, index, whole ? null : FindingSeverity.Low, detail: name);
            }
        }

        foreach (string service in principal.Service)
        {
            if (!statement.Condition.Any(condition => ConditionKeyName.IsListed(Source, condition.Key)) && !OwnAccountOnly.Contains(service.Replace(".amazonaws.com", "", StringComparison.Ordinal).Replace(".cn", "", StringComparison.Ordinal)))
            {
                yield return subject.Find(ReviewRule.ServiceTrustOpen, $"{service} is trusted for whatever resource, of whatever account, it acts for.", policy, index, detail: service);
            }
        }
    }

    private static (string Why, FindingSeverity Severity)? Federated(string provider, PolicyStatement statement)
    {
        if (provider.Contains(":saml-provider/", StringComparison.Ordinal))
        {
            return statement.Condition.Any(condition => condition.Key.StartsWith("saml:", StringComparison.OrdinalIgnoreCase))
                ? null
                : ($"Any assertion of {provider} is accepted: SAML:aud is not checked.", FindingSeverity.Medium);
        }

        int start = provider.IndexOf(":oidc-provider/", StringComparison.Ordinal);
        string issuer = start < 0 ? provider : provider[(start + ":oidc-provider/".Length)..];
        List<PolicyCondition> claims = [.. statement.Condition.Where(condition => condition.Key.StartsWith(issuer + ":", StringComparison.OrdinalIgnoreCase) && !ConditionReview.IsMetWithoutKey(condition))];
        List<PolicyCondition> subs = [.. claims.Where(condition => condition.Key.EndsWith(":sub", StringComparison.OrdinalIgnoreCase))];
        if (subs.SelectMany(condition => condition.Value).FirstOrDefault(value => value.Trim('*').Length == 0 || value is "repo:*" || value.StartsWith("repo:*/", StringComparison.Ordinal) || value.StartsWith("project_path:*", StringComparison.Ordinal)) is { } open)
        {
            return ($"The condition on {issuer}:sub accepts '{open}': identities of anybody's repositories.", FindingSeverity.High);
        }

        // Other claims than the audience say who it is, too: repository, job_workflow_ref.
        bool identified = claims.Exists(condition => !condition.Key.EndsWith(":aud", StringComparison.OrdinalIgnoreCase));
        if (Array.Exists(NeedSub, issuer.StartsWith) && !identified)
        {
            return ($"Every identity of {issuer} can assume the role: its sub claim is not checked.", FindingSeverity.High);
        }

        return claims.Count > 0 ? null : ($"Every identity of {issuer} can assume the role: neither its aud nor its sub claim is checked.", FindingSeverity.High);
    }

    private static bool IsLimiting(PolicyCondition condition) => ConditionKeyName.IsListed(Limiting, condition.Key) && !ConditionReview.IsMetWithoutKey(condition)
        && !condition.Value.All(value => value is "*" or "0.0.0.0/0" or "::/0");

    private static bool IsReading(PolicyStatement statement) => statement.NotAction.Count == 0 && statement.Action.SelectMany(ActionCatalogue.Match)
        .All(action => action.AccessLevel is AccessLevel.Read or AccessLevel.List);

    private static string? AccountOf(string name) => name.Length == 12 && name.All(char.IsAsciiDigit) ? name
        : name.Split(':', 6) is ["arn", _, _, _, { Length: 12 } account, _] ? account : null;

    [GeneratedRegex("^(AIDA|AROA)[A-Z0-9]{12,}$")]
    private static partial Regex UniqueId();
}
