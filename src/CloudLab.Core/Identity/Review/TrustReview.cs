using System.Text.RegularExpressions;
using CloudLab.Core.Common.Review;
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

    // Claims of a workflow's token that say whose repository it is of.
    private static readonly string[] GitHubClaims =
        ["sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "workflow_ref", "enterprise", "enterprise_id"];

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

        foreach (string id in principal.CanonicalUser)
        {
            yield return subject.Find(ReviewRule.CanonicalUserPrincipal, $"Allows {what} to the account of canonical user {id}.", policy, index, detail: id);
        }

        if (IsEverybody(principal) && !limited && !IsClosed(policy, statement))
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
        foreach (PolicyCondition condition in claims.Where(condition => condition.Test.HasWildcards))
        {
            if (condition.Value.FirstOrDefault(value => IsOfAnybody(condition.Key[(condition.Key.LastIndexOf(':') + 1)..], value)) is { } open)
            {
                return ($"The condition on {condition.Key} accepts '{open}': identities of other organizations, too.", FindingSeverity.High);
            }
        }

        // Other claims than sub say who it is, too; but one's own name for a branch, an environment or a person does not.
        bool identified = claims.Exists(condition => condition.Key[(condition.Key.LastIndexOf(':') + 1)..] is var claim
            && (issuer == "token.actions.githubusercontent.com" ? GitHubClaims.Contains(claim, StringComparer.OrdinalIgnoreCase) : !claim.Equals("aud", StringComparison.OrdinalIgnoreCase)));
        if (Array.Exists(NeedSub, issuer.StartsWith) && !identified)
        {
            return ($"Every identity of {issuer} can assume the role: its sub claim is not checked{(claims.Exists(condition => !condition.Key.EndsWith(":aud", StringComparison.OrdinalIgnoreCase)) ? ", and what is checked does not say whose repository it is" : "")}.", FindingSeverity.High);
        }

        return claims.Count > 0 ? null : ($"Every identity of {issuer} can assume the role: neither its aud nor its sub claim is checked.", FindingSeverity.High);
    }

    private static bool IsEverybody(PolicyPrincipal principal) => principal.IsEveryone || principal.AWS.Contains("*");

    // Another statement denies it to all but some: who is not in the organization, does not come from an address, is not named.
    private static bool IsClosed(NamedPolicy policy, PolicyStatement open) => policy.Document.Statement.Any(deny => deny.Effect == PolicyEffect.Deny
        && (deny.NotPrincipal is { } spared ? !IsEverybody(spared) : deny.Principal is { } denied && IsEverybody(denied))
        && deny.Condition.All(IsExcepting)
        && open.NotAction.Count == 0 && open.Action.All(action => PolicyGrants.IsAbout(deny, action))
        && open.NotResource.Count == 0 && deny.NotResource.Count == 0
        && (deny.Resource.Count == 0 || open.Resource.All(resource => deny.Resource.Any(pattern => PatternRelation.Covers(pattern, resource)))));

    private static bool IsExcepting(PolicyCondition condition) => ConditionKeyName.IsListed(Limiting, condition.Key)
        && (condition.Test.IsNegated ? IsMetByOthers(condition) : condition is { Operator: "Bool" or "BoolIfExists", Value: ["false"] } && condition.Key.StartsWith("aws:PrincipalIsAWS", StringComparison.OrdinalIgnoreCase));

    // A request without the key is denied, too; and the exception is not everybody.
    private static bool IsMetByOthers(PolicyCondition condition) => ConditionReview.IsMetWithoutKey(condition) && !IsOpen(condition);

    // 'o-*' is every organization, and whoever has an account can give a role of it the name that a pattern of any account asks for.
    private static bool IsOpen(PolicyCondition condition) => condition.Value.Any(value => value.Trim('*').Length == 0)
        || (condition.Test.HasWildcards && condition.Key.StartsWith("aws:PrincipalOrg", StringComparison.OrdinalIgnoreCase) && condition.Value.Any(value => value.Split('/')[0].Trim('o', '-', '*', '?').Length == 0))
        || (condition.Test.HasWildcards && condition.Key.Equals("aws:PrincipalArn", StringComparison.OrdinalIgnoreCase) && condition.Value.Any(value => value.Split(':', 6) is [_, _, _, _, "*", _]))
        || (condition.Key.EndsWith("Arn", StringComparison.OrdinalIgnoreCase) && condition.Value.Any(value => value.Split(':', 6) is [_, _, _, _, var account, _] && account.Trim('*').Length == 0 && PatternRelation.IsBroad(value)))
        || (condition.Test.Name is "IpAddress" or "NotIpAddress" && IpNetwork.IsEverybody([.. condition.Value.Select(value => IpNetwork.TryParse(value, out IpNetwork network) ? network : (IpNetwork?)null).OfType<IpNetwork>()]));

    private static bool IsLimiting(PolicyCondition condition) => ConditionKeyName.IsListed(Limiting, condition.Key) && !ConditionReview.IsMetWithoutKey(condition)
        && !IsOpen(condition);

    // Whether a pattern leaves open whose it is: the organization is what stands before the first slash.
    private static bool IsOfAnybody(string claim, string pattern)
    {
        string owner = claim.ToLowerInvariant() switch
        {
            "sub" when pattern.StartsWith("repo:", StringComparison.Ordinal) || pattern.StartsWith("project_path:", StringComparison.Ordinal) => Before(pattern[(pattern.IndexOf(':', StringComparison.Ordinal) + 1)..]),
            "sub" => pattern.Trim('*', '?', ':').Length == 0 || (pattern[0] is '*' or '?' && !pattern.Contains(':', StringComparison.Ordinal)) ? "*" : "",
            "repository" or "job_workflow_ref" or "workflow_ref" or "project_path" => Before(pattern),
            "repository_owner" or "namespace_path" => pattern,
            _ => "",
        };
        return owner.AsSpan().IndexOfAny('*', '?') >= 0;

        static string Before(string text) => text.IndexOf('/', StringComparison.Ordinal) is var slash && slash < 0 ? text : text[..slash];
    }

    private static bool IsReading(PolicyStatement statement) => statement.NotAction.Count == 0 && statement.Action.SelectMany(ActionCatalogue.Match)
        .All(action => action.AccessLevel is AccessLevel.Read or AccessLevel.List);

    private static string? AccountOf(string name) => name.Length == 12 && name.All(char.IsAsciiDigit) ? name
        : name.Split(':', 6) is ["arn", _, _, _, { Length: 12 } account, _] ? account : null;

    [GeneratedRegex("^(AIDA|AROA)[A-Z0-9]{12,}$")]
    private static partial Regex UniqueId();
}
