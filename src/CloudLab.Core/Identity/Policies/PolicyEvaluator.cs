namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// Decides whether policies allow a request, as the IAM User Guide says AWS does
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html): a statement that denies
/// wins over everything; control policies of the organization must allow; then the identity's or the resource's policies must allow; a permissions boundary and session
/// policies limit what they allow. A resource policy that names the user, the role session or everybody grants
/// without regard to those limits; one that names the role grants within them; one that names the account leaves it to
/// the identity's policies. A request to a resource of another account must be allowed there, by the resource's policy, and here, by all the others.
/// </summary>
public static class PolicyEvaluator
{
    internal enum Grant
    {
        None,

        /// <summary>The account is named: its identities' own policies decide.</summary>
        Account,

        /// <summary>The role is named: a boundary and session policies still limit.</summary>
        Role,

        /// <summary>The caller is named, or everybody is.</summary>
        Direct,
    }

    /// <summary>Decides.</summary>
    /// <param name="request">The request.</param>
    /// <param name="policies">The policies that apply to it.</param>
    /// <returns>The decision and what decided.</returns>
    public static PolicyDecision Evaluate(PolicyRequest request, PolicySet policies)
    {
        PolicyCaller caller = request.Caller;
        if (FindDeny(request, policies) is { } deny)
        {
            return Decide(PolicyOutcome.ExplicitDeny, deny.Layer, deny,
                $"Denied by {deny.Name} of {deny.Policy.Name}: {request.Action} on {request.Resource}.");
        }

        if (caller.Account is not null && !caller.IsServiceLinked)
        {
            for (int level = 0; level < policies.ServiceControl.Count; level++)
            {
                if (FindAny(policies.ServiceControl[level], request, PolicyLayer.ServiceControl) is null)
                {
                    return None(PolicyLayer.ServiceControl, request, policies.ServiceControl.Count == 1
                        ? "no service control policy allows it"
                        : $"no service control policy of level {level + 1} allows it");
                }
            }
        }

        bool foreign = IsForeign(request);
        Hit? resource = policies.Resource is { } own ? Find(own, PolicyEffect.Allow, request, PolicyLayer.Resource) : null;
        if (resource is null && (policies.ResourceMustAllow || foreign || caller.Account is null))
        {
            return None(PolicyLayer.Resource, request, (policies.Resource, foreign) switch
            {
                ({ } silent, _) => $"{silent.Name} does not allow it to the caller",
                (null, true) => "the resource is of another account and has no policy that allows it",
                _ => "no policy of the resource allows it",
            });
        }

        if (resource is { Grant: Grant.Direct } direct && !foreign)
        {
            return Allow(PolicyLayer.Resource, direct, request);
        }

        if (caller.IsRoot)
        {
            return new PolicyDecision
            {
                Outcome = PolicyOutcome.Allowed,
                Layer = PolicyLayer.Root,
                Reason = $"Allowed: the account's root user may {request.Action}.",
            };
        }

        PolicyLayer layerOfGrant = PolicyLayer.Identity;
        Hit? grant = FindAny(policies.Identity, request, PolicyLayer.Identity);
        if (grant is null && resource is { Grant: Grant.Role } && !foreign)
        {
            (layerOfGrant, grant) = (PolicyLayer.Resource, resource);
        }

        if (grant is null)
        {
            return None(PolicyLayer.Identity, request, policies.Identity.Count == 0
                ? "the caller has no policy"
                : "no statement of " + string.Join(", ", policies.Identity.Select(policy => policy.Name)) + " allows it");
        }

        if (policies.Boundary is { } boundary && Find(boundary, PolicyEffect.Allow, request, PolicyLayer.Boundary) is null)
        {
            return None(PolicyLayer.Boundary, request, $"{boundary.Name} does not allow it");
        }

        return policies.Session.Count > 0 && FindAny(policies.Session, request, PolicyLayer.Session) is null
            ? None(PolicyLayer.Session, request, "the session policy does not allow it")
            : Allow(layerOfGrant, grant, request);
    }

    /// <summary>Whether the resource is of another account than the caller.</summary>
    /// <param name="request">The request.</param>
    /// <returns>True if so; false where one of the two is not known.</returns>
    internal static bool IsForeign(PolicyRequest request) =>
        request.Caller.Account is { } own && (request.ResourceAccount ?? AccountOf(request.Resource)) is { } owner && owner != own;

    /// <summary>How a statement of a resource or trust policy names a caller.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="caller">The caller.</param>
    /// <returns>None if it does not apply to them.</returns>
    internal static Grant GrantOf(PolicyStatement statement, PolicyCaller caller)
    {
        if (statement.NotPrincipal is { } excluded)
        {
            // A statement that denies applies unless all that the caller is has been excluded: the account, the role and the session.
            // One that allows is for nobody who is named himself.
            return statement.Effect == PolicyEffect.Deny
                ? (IsExcluded(excluded, caller) ? Grant.None : Grant.Direct)
                : (Named(excluded, caller) is Grant.None or Grant.Account ? Grant.Direct : Grant.None);
        }

        return statement.Principal is { } named ? Named(named, caller) : Grant.None;
    }

    private static Hit? FindDeny(PolicyRequest request, PolicySet policies)
    {
        Hit? deny = FirstDeny(policies.Identity, request, PolicyLayer.Identity)
            ?? (policies.Resource is { } resource ? Find(resource, PolicyEffect.Deny, request, PolicyLayer.Resource) : null)
            ?? (policies.Boundary is { } boundary ? Find(boundary, PolicyEffect.Deny, request, PolicyLayer.Boundary) : null)
            ?? FirstDeny(policies.Session, request, PolicyLayer.Session);
        if (deny is not null || request.Caller.IsServiceLinked)
        {
            return deny;
        }

        if (request.Caller.Account is not null)
        {
            for (int level = 0; level < policies.ServiceControl.Count && deny is null; level++)
            {
                deny = FirstDeny(policies.ServiceControl[level], request, PolicyLayer.ServiceControl);
            }
        }

        return deny ?? FirstDeny(policies.ResourceControl, request, PolicyLayer.ResourceControl);
    }

    private static Hit? FirstDeny(IReadOnlyList<NamedPolicy> policies, PolicyRequest request, PolicyLayer layer)
    {
        for (int i = 0; i < policies.Count; i++)
        {
            if (Find(policies[i], PolicyEffect.Deny, request, layer) is { } hit)
            {
                return hit;
            }
        }

        return null;
    }

    private static PolicyDecision Allow(PolicyLayer layer, Hit hit, PolicyRequest request) =>
        Decide(PolicyOutcome.Allowed, layer, hit, $"Allowed by {hit.Name} of {hit.Policy.Name}: {request.Action} on {request.Resource}.");

    private static PolicyDecision None(PolicyLayer layer, PolicyRequest request, string why) => new()
    {
        Outcome = PolicyOutcome.ImplicitDeny,
        Layer = layer,
        Reason = $"Not allowed: {why}: {request.Action} on {request.Resource}.",
    };

    private static PolicyDecision Decide(PolicyOutcome outcome, PolicyLayer layer, Hit hit, string reason) => new()
    {
        Outcome = outcome,
        Layer = layer,
        Policy = hit.Policy.Name,
        Statement = hit.Statement,
        StatementIndex = hit.Index,
        StatementName = hit.Name,
        Reason = reason,
    };

    private static Hit? FindAny(IReadOnlyList<NamedPolicy> policies, PolicyRequest request, PolicyLayer layer)
    {
        for (int i = 0; i < policies.Count; i++)
        {
            if (Find(policies[i], PolicyEffect.Allow, request, layer) is { } hit)
            {
                return hit;
            }
        }

        return null;
    }

    /// <summary>The statement of one policy that has an effect on a request; of several, the one that grants most.</summary>
    private static Hit? Find(NamedPolicy policy, PolicyEffect effect, PolicyRequest request, PolicyLayer layer)
    {
        PolicyDocument document = policy.Document;
        PolicyContext? variables = document.HasVariables ? request.Context : null;
        PolicyMatcher[] matchers = document.Matchers;
        int best = -1;
        Grant bestGrant = Grant.None;
        for (int i = 0; i < matchers.Length && bestGrant != Grant.Direct; i++)
        {
            PolicyStatement statement = document.Statement[i];
            if (statement.Effect != effect || !matchers[i].IsAbout(request.Action))
            {
                continue;
            }

            Grant grant = layer == PolicyLayer.Resource ? GrantOf(statement, request.Caller) : Grant.Direct;
            if (grant > bestGrant && matchers[i].IsOn(request.Resource, variables) && Hold(statement.Condition, request.Context, variables))
            {
                (best, bestGrant) = (i, grant);
            }
        }

        return best < 0 ? null : new Hit(policy, layer, best, bestGrant);
    }

    internal static bool Hold(IReadOnlyList<PolicyCondition> conditions, PolicyContext context, PolicyContext? variables)
    {
        for (int i = 0; i < conditions.Count; i++)
        {
            PolicyCondition condition = conditions[i];
            if (!condition.Test.Holds(condition.Value, context.Get(condition.Key), variables))
            {
                return false;
            }
        }

        return true;
    }

    private static Grant Named(PolicyPrincipal principal, PolicyCaller caller)
    {
        if (principal.IsEveryone || Lists(principal.Service, caller.Service, StringComparison.OrdinalIgnoreCase)
            || Lists(principal.Federated, caller.Federated, StringComparison.Ordinal)
            || Lists(principal.CanonicalUser, caller.CanonicalUser, StringComparison.OrdinalIgnoreCase))
        {
            return Grant.Direct;
        }

        Grant best = Grant.None;
        for (int i = 0; i < principal.AWS.Count; i++)
        {
            string name = principal.AWS[i];
            Grant grant = name == "*" || (name == caller.Arn && caller.Arn is not null) ? Grant.Direct
                : name == caller.RoleArn && caller.RoleArn is not null ? Grant.Role
                : caller.Account is { } account && IsAccount(name, account) ? (caller.IsRoot ? Grant.Direct : Grant.Account)
                : Grant.None;
            best = grant > best ? grant : best;
        }

        return best;
    }

    private static bool IsExcluded(PolicyPrincipal excluded, PolicyCaller caller)
    {
        if (excluded.IsEveryone || excluded.AWS.Contains("*"))
        {
            return true;
        }

        if (caller.Account is not { } account)
        {
            return Named(excluded, caller) != Grant.None;
        }

        return (caller.Arn is null || caller.IsRoot || Lists(excluded.AWS, caller.Arn, StringComparison.Ordinal))
            && (caller.RoleArn is null || Lists(excluded.AWS, caller.RoleArn, StringComparison.Ordinal))
            && excluded.AWS.Any(name => IsAccount(name, account));
    }

    private static bool Lists(IReadOnlyList<string> names, string? name, StringComparison comparison)
    {
        for (int i = 0; name is not null && i < names.Count; i++)
        {
            if (string.Equals(names[i], name, comparison))
            {
                return true;
            }
        }

        return false;
    }

    // The account itself: its id, or the ARN of its root.
    private static bool IsAccount(string name, string account) =>
        name == account || (name.EndsWith(":root", StringComparison.Ordinal) && name.Split(':') is ["arn", _, "iam", "", var named, "root"] && named == account);

    private static string? AccountOf(string arn)
    {
        // The fifth part. Policies and the like that AWS itself owns are everybody's.
        int start = 0;
        for (int colon = 0; colon < 4; colon++)
        {
            start = arn.IndexOf(':', start) + 1;
            if (start == 0)
            {
                return null;
            }
        }

        int end = arn.IndexOf(':', start);
        return end - start == 12 && arn.AsSpan(start, 12).IndexOfAnyExceptInRange('0', '9') < 0 ? arn[start..end] : null;
    }

    private sealed record Hit(NamedPolicy Policy, PolicyLayer Layer, int Index, Grant Grant)
    {
        public PolicyStatement Statement => Policy.Document.Statement[Index];

        public string Name => Statement.Sid is { Length: > 0 } sid ? $"statement '{sid}'" : $"statement {Index + 1}";
    }
}
