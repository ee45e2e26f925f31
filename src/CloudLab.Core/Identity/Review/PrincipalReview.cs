using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>Looks at what the policies of a principal allow taken together.</summary>
internal static class PrincipalReview
{
    private static readonly (string Action, string What)[] Reading =
    [
        ("s3:GetObject", "every object"), ("secretsmanager:GetSecretValue", "every secret"), ("ssm:GetParameter", "every parameter"), ("ssm:GetParameters", "every parameter"),
        ("ssm:GetParametersByPath", "every parameter"), ("dynamodb:Scan", "every table"), ("dynamodb:GetItem", "every table"), ("kms:Decrypt", "what any key protects"),
        ("rds:DownloadCompleteDBLogFile", "every database log"), ("ec2:GetPasswordData", "the password of every Windows instance"), ("logs:GetLogEvents", "every log"),
        ("codecommit:GitPull", "every repository"), ("ecr:GetDownloadUrlForLayer", "every image"), ("lambda:GetFunction", "the code and settings of every function"),
    ];

    /// <summary>Looks at a principal.</summary>
    /// <param name="subject">The principal.</param>
    /// <param name="grants">What its policies allow.</param>
    /// <param name="administrators">Roles that may do everything; for steps that are limited to certain roles.</param>
    /// <returns>Findings.</returns>
    public static IEnumerable<LabPolicyFinding> Review(ReviewSubject subject, PolicyGrants grants, IReadOnlyCollection<AccountPrincipal> administrators)
    {
        if (grants.IsAdministrator)
        {
            // What may do everything gains nothing by a path.
            yield break;
        }

        foreach (EscalationPath path in EscalationPath.All)
        {
            if (Take(subject, grants, path, administrators) is { } finding)
            {
                yield return finding;
            }
        }

        List<(string Action, string What, PolicyGrant Grant)> exposed = [];
        foreach ((string action, string what) in Reading)
        {
            if (grants.Of(action).FirstOrDefault(grant => !grant.IsConditional && grant.Resources.Any(PatternRelation.IsBroad)) is { } grant)
            {
                exposed.Add((action, what, grant));
            }
        }

        foreach (IGrouping<(NamedPolicy, int), (string Action, string What, PolicyGrant Grant)> group in exposed.GroupBy(found => (found.Grant.Policy, found.Grant.Index)))
        {
            yield return subject.Find(
                ReviewRule.DataExposure, $"Can read {string.Join(", ", group.Select(found => found.What).Distinct())}.", group.Key.Item1, group.Key.Item2,
                actions: [.. group.Select(found => found.Action)]);
        }
    }

    private static LabPolicyFinding? Take(ReviewSubject subject, PolicyGrants grants, EscalationPath path, IReadOnlyCollection<AccountPrincipal> administrators)
    {
        if (path.RemovesBoundary && subject.Boundary is null)
        {
            return null;
        }

        List<PolicyGrant> used = [];
        foreach (EscalationStep step in path.Steps)
        {
            if (grants.Of(step.Action).FirstOrDefault(grant => Fits(subject, path, step, grant, administrators)) is not { } grant)
            {
                return null;
            }

            used.Add(grant);
        }

        // Through another role it takes the permission to assume it; a document can be a role's.
        if (path.EndsInRole && subject.Kind == AccountPrincipalKind.User)
        {
            if (grants.Of("sts:AssumeRole").FirstOrDefault() is not { } assume)
            {
                return null;
            }

            used.Add(assume);
        }

        bool one = used.TrueForAll(grant => grant.Policy == used[0].Policy && grant.Index == used[0].Index);
        List<string> actions = [.. path.Steps.Select(step => step.Action)];
        string sources = string.Join("; ", path.Steps.Zip(used, (step, grant) => $"{step.Action} from statement {grant.Name} of {grant.Policy.Name}"));
        bool conditional = used.Exists(grant => grant.IsConditional && path.PassedTo is null);
        return subject.Find(
            ReviewRule.PrivilegeEscalation,
            $"It can {path.How} ({string.Join(" + ", actions)}){(conditional ? ", if the conditions are met" : "")}.{(one ? "" : " " + sources + ".")}",
            one ? used[0].Policy : null, one ? used[0].Index : null, conditional ? FindingSeverity.Medium : null,
            $"Take away {string.Join(" or ", actions)}, or limit {(path.PassedTo is null ? actions[0] : "iam:PassRole")} to resources that give nothing more.", path.Name, actions);
    }

    private static bool Fits(ReviewSubject subject, EscalationPath path, EscalationStep step, PolicyGrant grant, IReadOnlyCollection<AccountPrincipal> administrators)
    {
        if (step.Action == "iam:PassRole" && path.PassedTo is { } service && !MayPassTo(grant, service))
        {
            return false;
        }

        return step.Reach switch
        {
            StepReach.Any => true,
            StepReach.SelfOrBroad => grant.Resources.Any(resource => PatternRelation.IsBroad(resource) || IsSelf(subject, resource)),
            _ => grant.Resources.Any(resource => PatternRelation.IsBroad(resource) || administrators.Any(role => role.Arn != subject.Name && !resource.Contains("${", StringComparison.Ordinal) && PatternRelation.Covers(resource, role.Arn))),
        };
    }

    private static bool IsSelf(ReviewSubject subject, string resource) =>
        resource.Contains("${aws:username}", StringComparison.OrdinalIgnoreCase) || PatternRelation.Covers(resource, subject.Name)
        || subject.Policies.Concat(subject.Inherited).Any(policy => policy.Name.StartsWith("arn:", StringComparison.Ordinal) && PatternRelation.Covers(resource, policy.Name));

    private static bool MayPassTo(PolicyGrant grant, string service)
    {
        List<PolicyCondition> conditions = [.. grant.Statement.Condition.Where(condition => condition.Key.Equals("iam:PassedToService", StringComparison.OrdinalIgnoreCase))];
        return conditions.TrueForAll(condition => condition.Operator.Contains("Not", StringComparison.Ordinal)
            ? !condition.Value.Any(value => PatternRelation.Covers(value, service, ignoreCase: true))
            : condition.Value.Any(value => PatternRelation.Covers(value, service, ignoreCase: true)));
    }
}
