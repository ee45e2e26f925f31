namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// Decides whether policies allow a request, as the IAM User Guide says AWS does within one account
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html): a statement that denies
/// wins over everything; else the identity's or the resource's policies must allow; a permissions boundary and session
/// policies limit what they allow. A resource policy that names the user, the role session or everybody grants
/// without regard to those limits; one that names the role grants within them; one that names the account leaves it to
/// the identity's policies.
/// </summary>
public static class PolicyEvaluator
{
    private enum Grant
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
        foreach ((PolicyLayer layer, NamedPolicy policy) in Layers(policies))
        {
            if (Find(policy, PolicyEffect.Deny, request, layer) is { } deny)
            {
                return Decide(PolicyOutcome.ExplicitDeny, layer, deny,
                    $"Denied by {deny.Name} of {policy.Name}: {request.Action} on {request.Resource}.");
            }
        }

        Hit? resource = policies.Resource is { } own ? Find(own, PolicyEffect.Allow, request, PolicyLayer.Resource) : null;
        if (policies.ResourceMustAllow && resource is null)
        {
            return None(PolicyLayer.Resource, request, policies.Resource is { } silent ? $"{silent.Name} does not name the caller" : "no policy allows it");
        }

        if (resource is { Grant: Grant.Direct } direct)
        {
            return Allow(PolicyLayer.Resource, direct, request);
        }

        if (request.Caller.IsRoot)
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
        if (grant is null && resource is { Grant: Grant.Role })
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

    private static IEnumerable<(PolicyLayer Layer, NamedPolicy Policy)> Layers(PolicySet policies)
    {
        foreach (NamedPolicy policy in policies.Identity)
        {
            yield return (PolicyLayer.Identity, policy);
        }

        if (policies.Resource is { } resource)
        {
            yield return (PolicyLayer.Resource, resource);
        }

        if (policies.Boundary is { } boundary)
        {
            yield return (PolicyLayer.Boundary, boundary);
        }

        foreach (NamedPolicy policy in policies.Session)
        {
            yield return (PolicyLayer.Session, policy);
        }
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
        StatementName = hit.Name,
        Reason = reason,
    };

    private static Hit? FindAny(IReadOnlyList<NamedPolicy> policies, PolicyRequest request, PolicyLayer layer)
    {
        foreach (NamedPolicy policy in policies)
        {
            if (Find(policy, PolicyEffect.Allow, request, layer) is { } hit)
            {
                return hit;
            }
        }

        return null;
    }

    /// <summary>The statement of one policy that has an effect on a request; of several, the one that grants most.</summary>
    private static Hit? Find(NamedPolicy policy, PolicyEffect effect, PolicyRequest request, PolicyLayer layer)
    {
        // Variables came with this version of the language; before, the text stands for itself.
        PolicyContext? variables = policy.Document.Version == PolicyDocument.CurrentVersion ? request.Context : null;
        Hit? best = null;
        for (int i = 0; i < policy.Document.Statement.Count; i++)
        {
            PolicyStatement statement = policy.Document.Statement[i];
            if (statement.Effect != effect)
            {
                continue;
            }

            Grant grant = layer == PolicyLayer.Resource ? GrantOf(statement, request.Caller) : Grant.Direct;
            if (grant == Grant.None || (best is not null && grant <= best.Grant) || !Matches(statement, request, variables))
            {
                continue;
            }

            best = new Hit(policy, statement, i, grant);
        }

        return best;
    }

    private static bool Matches(PolicyStatement statement, PolicyRequest request, PolicyContext? variables) =>
        (statement.NotAction.Count > 0
            ? !statement.NotAction.Any(action => IsAction(action, request.Action))
            : statement.Action.Any(action => IsAction(action, request.Action)))
        && (statement.NotResource.Count > 0
            ? statement.NotResource.All(resource => IsResource(resource, request.Resource, variables) == false)
            : statement.Resource.Count == 0 || statement.Resource.Any(resource => IsResource(resource, request.Resource, variables) == true))
        && statement.Condition.All(condition => condition.Test.Holds(condition.Value, request.Context.Get(condition.Key), variables));

    private static bool IsAction(string pattern, string action) =>
        PolicyPattern.IsMatch(PolicyPattern.Expand(pattern, null, wildcards: true), action, ignoreCase: true);

    // Null where a variable has no value: neither the resource nor its opposite can be said to match then.
    private static bool? IsResource(string pattern, string resource, PolicyContext? variables) =>
        PolicyPattern.Expand(pattern, variables, wildcards: true) is { } expanded ? PolicyPattern.IsMatch(expanded, resource) : null;

    private static Grant GrantOf(PolicyStatement statement, PolicyCaller caller)
    {
        if (statement.NotPrincipal is { } excluded)
        {
            // Naming the account alone excludes its root, not its users and roles.
            return Named(excluded, caller) is Grant.None or Grant.Account ? Grant.Direct : Grant.None;
        }

        return statement.Principal is { } named ? Named(named, caller) : Grant.None;
    }

    private static Grant Named(PolicyPrincipal principal, PolicyCaller caller)
    {
        if (principal.IsEveryone)
        {
            return Grant.Direct;
        }

        Grant best = Grant.None;
        foreach (string name in principal.AWS)
        {
            Grant grant = name == "*" || (name == caller.Arn && caller.Arn is not null) ? Grant.Direct
                : name == caller.RoleArn && caller.RoleArn is not null ? Grant.Role
                : caller.Account is { } account && (name == account || IsRootOf(name, account)) ? (caller.IsRoot ? Grant.Direct : Grant.Account)
                : Grant.None;
            best = grant > best ? grant : best;
        }

        return best;
    }

    private static bool IsRootOf(string arn, string account) =>
        arn.Split(':') is ["arn", _, "iam", "", var named, "root"] && named == account;

    private sealed record Hit(NamedPolicy Policy, PolicyStatement Statement, int Index, Grant Grant)
    {
        public string Name => Statement.Sid is { } sid ? $"statement '{sid}'" : $"statement {Index + 1}";
    }
}
