namespace CloudLab.Core.Identity.Policies.Decisions;

/// <summary>Decides with <see cref="PolicyEvaluator"/> and says more about it: which statements nearly decided, and what they lack.</summary>
public static class PolicyExplainer
{
    private const int MostNearMisses = 8;

    /// <summary>Decides and explains.</summary>
    /// <param name="request">The request.</param>
    /// <param name="policies">The policies that apply to it.</param>
    /// <param name="principal">The caller in the user's words, for the result; null for the caller's ARN.</param>
    /// <returns>The decision.</returns>
    public static LabPolicyDecision Explain(PolicyRequest request, PolicySet policies, string? principal = null)
    {
        PolicyDecision decision = PolicyEvaluator.Evaluate(request, policies);
        return new LabPolicyDecision
        {
            Decision = decision.Outcome,
            Action = request.Action,
            Resource = request.Resource,
            Principal = principal ?? request.Caller.Arn ?? request.Caller.Service ?? request.Caller.Federated,
            Layer = decision.Layer,
            Policy = decision.Policy,
            StatementIndex = decision.StatementIndex,
            Statement = decision.Statement,
            DecidedBy = decision.Policy is { } policy ? $"{decision.StatementName} of {policy}"
                : decision.Layer == PolicyLayer.Root ? "the account's root user needs no policy"
                : $"no {NameOf(decision.Layer)} allows it",
            Reason = decision.Reason,
            NearMiss = NearMisses(request, policies, decision),
        };
    }

    /// <summary>A layer of policies as AWS names it in its messages.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>Words such as <c>identity-based policy</c>.</returns>
    public static string NameOf(PolicyLayer layer) => layer switch
    {
        PolicyLayer.Resource => "resource-based policy",
        PolicyLayer.Boundary => "permissions boundary",
        PolicyLayer.Session => "session policy",
        PolicyLayer.ServiceControl => "service control policy",
        PolicyLayer.ResourceControl => "resource control policy",
        _ => "identity-based policy",
    };

    // What would have made the decision another one: statements that allow where nothing did, of the layer that did not; statements that
    // deny where something allowed.
    private static List<PolicyNearMiss> NearMisses(PolicyRequest request, PolicySet policies, PolicyDecision decision)
    {
        if (decision.Outcome == PolicyOutcome.ExplicitDeny)
        {
            return [];
        }

        PolicyEffect effect = decision.Allowed ? PolicyEffect.Deny : PolicyEffect.Allow;
        List<PolicyNearMiss> found = [];
        foreach ((PolicyLayer layer, NamedPolicy policy) in Layers(policies))
        {
            bool counts = decision.Allowed || layer == decision.Layer || (decision.Layer == PolicyLayer.Identity && layer == PolicyLayer.Resource);
            for (int i = 0; counts && i < policy.Document.Statement.Count; i++)
            {
                if (policy.Document.Statement[i].Effect == effect && Failures(policy.Document, i, layer, request) is { Count: 1 or 2 } failed
                    && (failed.Count == 1 || failed.TrueForAll(mismatch => mismatch.Element != PolicyElement.Action)))
                {
                    found.Add(new PolicyNearMiss(layer, policy.Name, policy.Document.Statement[i], i, failed));
                }
            }
        }

        // A statement about another action is a weaker hint than one about this action with another resource or condition.
        return [.. found.OrderBy(miss => miss.Failed.Count).ThenBy(miss => miss.Failed[0].Element == PolicyElement.Action).Take(MostNearMisses)];
    }

    private static List<PolicyMismatch> Failures(PolicyDocument document, int index, PolicyLayer layer, PolicyRequest request)
    {
        PolicyStatement statement = document.Statement[index];
        PolicyContext? variables = document.HasVariables ? request.Context : null;
        PolicyMatcher matcher = document.Matchers[index];
        List<PolicyMismatch> failed = [];
        if (!matcher.IsAbout(request.Action))
        {
            failed.Add(Element(PolicyElement.Action, statement.Action, statement.NotAction, request.Action));
        }

        if (!matcher.IsOn(request.Resource, variables))
        {
            failed.Add(Element(PolicyElement.Resource, statement.Resource, statement.NotResource, request.Resource));
        }

        if (layer == PolicyLayer.Resource && PolicyEvaluator.GrantOf(statement, request.Caller) is PolicyEvaluator.Grant.None)
        {
            failed.Add(Element(
                PolicyElement.Principal, Names(statement.Principal), Names(statement.NotPrincipal),
                request.Caller.Arn ?? request.Caller.Service ?? request.Caller.Federated ?? "an anonymous caller"));
        }

        foreach (PolicyCondition condition in statement.Condition)
        {
            IReadOnlyList<string>? actual = request.Context.Get(condition.Key);
            if (!condition.Test.Holds(condition.Value, actual, variables))
            {
                failed.Add(new PolicyMismatch(
                    PolicyElement.Condition, condition.Key, condition.Operator,
                    [.. condition.Value.Select(value => PolicyPattern.Expand(value, variables, wildcards: false) ?? value)], actual));
            }
        }

        return failed;
    }

    private static PolicyMismatch Element(PolicyElement element, IReadOnlyList<string> own, IReadOnlyList<string> not, string actual) =>
        new(element, null, (not.Count > 0 ? "Not" : "") + element, not.Count > 0 ? not : own, [actual]);

    private static IReadOnlyList<string> Names(PolicyPrincipal? principal) => principal switch
    {
        null => [],
        { IsEveryone: true } => ["*"],
        _ => [.. principal.AWS, .. principal.Service, .. principal.Federated, .. principal.CanonicalUser],
    };

    private static IEnumerable<(PolicyLayer Layer, NamedPolicy Policy)> Layers(PolicySet policies) =>
    [
        .. policies.Identity.Select(policy => (PolicyLayer.Identity, policy)),
        .. policies.Resource is { } resource ? [(PolicyLayer.Resource, resource)] : Array.Empty<(PolicyLayer, NamedPolicy)>(),
        .. policies.Boundary is { } boundary ? [(PolicyLayer.Boundary, boundary)] : Array.Empty<(PolicyLayer, NamedPolicy)>(),
        .. policies.Session.Select(policy => (PolicyLayer.Session, policy)),
        .. policies.ServiceControl.SelectMany(level => level).Select(policy => (PolicyLayer.ServiceControl, policy)),
        .. policies.ResourceControl.Select(policy => (PolicyLayer.ResourceControl, policy)),
    ];
}
