using CloudLab.Core.Common;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Policies.Decisions;

namespace CloudLab.Core.Identity.Review;

/// <summary>Somebody who can do something, and how.</summary>
public sealed class LabPrincipalAccess
{
    /// <summary>ARN of the user or role; for who is not of the account, what the role's trust policy names: an account, a service, an identity provider.</summary>
    public required string Principal { get; init; }

    /// <summary>What it is: User, Role, Account, Service, Federated, CanonicalUser or Everyone.</summary>
    public required string Kind { get; init; }

    /// <summary>The action that was asked about.</summary>
    public required string Action { get; init; }

    /// <summary>The resource that was asked about.</summary>
    public required string Resource { get; init; }

    /// <summary>Names of the roles that are assumed to get there, in order; empty for one who is allowed directly.</summary>
    public IReadOnlyList<string> Via { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>True where it depends on conditions that are not known: MFA, tags, an external id.</summary>
    public required bool Conditional { get; init; }

    /// <summary>The policy that allows it.</summary>
    public string? Policy { get; init; }

    /// <summary>The statement that allows it.</summary>
    public string? Statement { get; init; }

    /// <summary>Policies of the principal that could not be read, so that what they deny or limit is not known; empty where all were.</summary>
    public IReadOnlyList<string> Unreadable { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <inheritdoc/>
    public override string ToString() => Via.Count == 0 ? Principal : $"{Principal} as {string.Join(" > ", Via)}";
}

/// <summary>Finds who of an account can do something, directly or through roles.</summary>
public static class PrincipalAccess
{
    private static readonly NamedPolicy Everything = new(
        "any policy", new PolicyDocument([new PolicyStatement { Effect = PolicyEffect.Allow, Action = ["*"], Resource = ["*"] }]));

    /// <summary>Finds who can do an action.</summary>
    /// <param name="account">The account.</param>
    /// <param name="action">A single action: <c>s3:DeleteObject</c>.</param>
    /// <param name="resource">ARN of one resource, or <c>*</c>. Of a role of the account that is to be assumed, the trust policy counts.</param>
    /// <param name="context">Values of condition keys that are known.</param>
    /// <param name="resourcePolicy">Policy of the resource, or null.</param>
    /// <returns>Those who are allowed directly, then those who get there through roles, the shortest way of each.</returns>
    public static IEnumerable<LabPrincipalAccess> Find(
        AccountSnapshot account, string action, string resource, IReadOnlyDictionary<string, string[]>? context = null, NamedPolicy? resourcePolicy = null)
    {
        Queue<Reached> queue = new();
        HashSet<string> seen = new(StringComparer.Ordinal);
        bool assumes = IsAssuming(action);
        AccountPrincipal? target = assumes ? account.Principals.FirstOrDefault(principal => principal.Kind == AccountPrincipalKind.Role && principal.Arn == resource) : null;
        resourcePolicy = target?.Trust ?? resourcePolicy;
        foreach (AccountPrincipal principal in account.Principals.Where(principal => principal.Kind != AccountPrincipalKind.Group))
        {
            // A role is not counted as assuming itself. Where its trust policy cannot be read, nobody is known to be trusted.
            if (assumes && (principal == target || target is { Trust: null }))
            {
                continue;
            }

            if (Decide(principal, action, resource, context, resourcePolicy, mustAllow: target is not null) is { Allowed: true } answer && seen.Add(principal.Arn))
            {
                LabPrincipalAccess access = new()
                {
                    Principal = principal.Arn, Kind = principal.Kind.ToString(), Action = action, Resource = resource,
                    Conditional = answer.Conditional, Policy = answer.Decision.Policy, Statement = answer.Decision.StatementName,
                    Unreadable = [.. principal.AllUnreadable()],
                };
                queue.Enqueue(new Reached(principal, access));
                yield return access;
            }
        }

        // Whom the resource's own policy lets in from outside.
        if (resourcePolicy is not null)
        {
            string? own = account.Principals.Select(principal => principal.Account).FirstOrDefault(id => id is not null);
            bool? everyone = null;
            foreach ((string name, string kind, _) in Outsiders(resourcePolicy, own).OrderBy(outsider => outsider.Kind != "Everyone"))
            {
                PolicyCaller? caller = kind == "Account" ? CallerText.TryParse(name) : kind switch
                {
                    "Service" => new PolicyCaller { Service = name },
                    "Federated" => new PolicyCaller { Federated = name },
                    "CanonicalUser" => new PolicyCaller { CanonicalUser = name },
                    _ => PolicyCaller.Anonymous,
                };
                if (caller is not null && Decide(caller, action, resource, Described(caller, context), new PolicySet { Identity = [Everything], Resource = resourcePolicy, ResourceMustAllow = true }, own)
                    is { Allowed: true } answer && seen.Add(kind + " " + name))
                {
                    // What everybody may do is not repeated for each.
                    if (everyone is { } conditional && (answer.Conditional || !conditional))
                    {
                        continue;
                    }

                    everyone ??= kind == "Everyone" ? answer.Conditional : null;
                    yield return new LabPrincipalAccess
                    {
                        Principal = name, Kind = kind, Action = action, Resource = resource, Conditional = answer.Conditional, Policy = resourcePolicy.Name, Statement = answer.Decision.StatementName,
                    };
                }
            }
        }

        // Backwards from who is allowed: who can become it? The first way found to each is the shortest.
        while (queue.TryDequeue(out Reached? reached))
        {
            if (reached.Principal.Kind != AccountPrincipalKind.Role)
            {
                continue;
            }

            AccountPrincipal role = reached.Principal;
            foreach (AccountPrincipal principal in account.Principals.Where(principal => principal.Kind != AccountPrincipalKind.Group && !seen.Contains(principal.Arn)))
            {
                if (CanAssume(principal, role, context) is { Allowed: true } answer)
                {
                    seen.Add(principal.Arn);
                    LabPrincipalAccess access = Through(reached, principal.Arn, principal.Kind.ToString(), answer.Conditional, [.. principal.AllUnreadable()]);
                    queue.Enqueue(new Reached(principal, access));
                    yield return access;
                }
            }

            foreach ((string name, string kind, bool conditional) in role.Trust is { } trust ? Outsiders(trust, role.Account) : [])
            {
                if (seen.Add(kind + " " + name + " " + role.Arn))
                {
                    yield return Through(reached, name, kind, conditional);
                }
            }
        }
    }

    /// <summary>Whether an action is to assume a role.</summary>
    /// <param name="action">The action.</param>
    /// <returns>True if it is.</returns>
    public static bool IsAssuming(string action) => action.StartsWith("sts:AssumeRole", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a principal can assume a role.</summary>
    /// <param name="principal">The principal.</param>
    /// <param name="role">The role.</param>
    /// <param name="context">Values of condition keys that are known.</param>
    /// <returns>The answer.</returns>
    internal static (bool Allowed, bool Conditional, PolicyDecision Decision) CanAssume(
        AccountPrincipal principal, AccountPrincipal role, IReadOnlyDictionary<string, string[]>? context = null) => role.Trust is { } trust
            ? Decide(principal, "sts:AssumeRole", role.Arn, context, trust, mustAllow: true)
            : (false, false, Decide(principal, "sts:AssumeRole", role.Arn, context).Decision);

    private static LabPrincipalAccess Through(Reached reached, string name, string kind, bool conditional, IReadOnlyList<string>? unreadable = null) => new()
    {
        Principal = name, Kind = kind, Action = reached.Access.Action, Resource = reached.Access.Resource,
        Via = [reached.Principal.Name, .. reached.Access.Via],
        Conditional = conditional || reached.Access.Conditional, Policy = reached.Access.Policy, Statement = reached.Access.Statement,
        Unreadable = [.. unreadable ?? [], .. reached.Access.Unreadable],
    };

    private static (bool Allowed, bool Conditional, PolicyDecision Decision) Decide(
        AccountPrincipal principal, string action, string resource, IReadOnlyDictionary<string, string[]>? known, NamedPolicy? resourcePolicy = null, bool mustAllow = false)
    {
        bool role = principal.Kind == AccountPrincipalKind.Role;
        PolicyCaller caller = new()
        {
            Account = principal.Account,
            Arn = role ? $"arn:aws:sts::{principal.Account}:assumed-role/{principal.Name}/session" : principal.Arn,
            RoleArn = role ? principal.Arn : null,
        };
        return Decide(caller, action, resource, Described(caller, known), new PolicySet
        {
            Identity = [.. principal.AllPolicies()], Boundary = principal.Boundary, Resource = resourcePolicy, ResourceMustAllow = mustAllow,
        });
    }

    private static PolicyContext Described(PolicyCaller caller, IReadOnlyDictionary<string, string[]>? known)
    {
        PolicyContext context = new();
        foreach ((string key, string[] values) in known ?? new Dictionary<string, string[]>())
        {
            context.Set(key, values);
        }

        CallerText.Describe(caller, context);
        return context;
    }

    // Once with what is known; then as if unknown conditions were met, which tells what depends on them.
    private static (bool Allowed, bool Conditional, PolicyDecision Decision) Decide(
        PolicyCaller caller, string action, string resource, PolicyContext context, PolicySet policies, string? owner = null)
    {
        PolicyRequest request = new(action, resource, caller, context) { ResourceAccount = owner };
        PolicyDecision strict = PolicyEvaluator.Evaluate(request, policies);
        if (strict.Allowed)
        {
            return (true, false, strict);
        }

        PolicyDecision loose = PolicyEvaluator.Evaluate(request, policies with
        {
            Identity = [.. policies.Identity.Select(policy => Loosened(policy, context))],
            Boundary = policies.Boundary is { } boundary ? Loosened(boundary, context) : null,
            Resource = policies.Resource is { } own ? Loosened(own, context) : null,
        });
        return (loose.Allowed, loose.Allowed, loose);
    }

    // Conditions on keys that are not known are taken to hold where they allow, and not to hold where they deny.
    private static NamedPolicy Loosened(NamedPolicy policy, PolicyContext context) => new(policy.Name, new PolicyDocument(
        [.. policy.Document.Statement.Select(statement => Loosened(statement, context)).OfType<PolicyStatement>()], policy.Document.Version, policy.Document.Id));

    private static PolicyStatement? Loosened(PolicyStatement statement, PolicyContext context)
    {
        List<PolicyCondition> known = [.. statement.Condition.Where(condition => context.Get(condition.Key) is not null)];
        return known.Count == statement.Condition.Count ? statement
            : statement.Effect == PolicyEffect.Deny ? null
            : statement with { Condition = known };
    }

    private static IEnumerable<(string Name, string Kind, bool Conditional)> Outsiders(NamedPolicy policy, string? own)
    {
        foreach (PolicyStatement statement in policy.Document.Statement.Where(statement => statement.Effect == PolicyEffect.Allow))
        {
            if (statement.NotPrincipal is not null)
            {
                yield return ("*", "Everyone", statement.Condition.Count > 0);
                continue;
            }

            if (statement.Principal is null)
            {
                continue;
            }

            PolicyPrincipal principal = statement.Principal;
            bool conditional = statement.Condition.Count > 0;
            if (principal.IsEveryone || principal.AWS.Contains("*"))
            {
                yield return ("*", "Everyone", conditional);
            }

            foreach (string service in principal.Service)
            {
                yield return (service, "Service", conditional);
            }

            foreach (string provider in principal.Federated)
            {
                yield return (provider, "Federated", conditional);
            }

            foreach (string id in principal.CanonicalUser)
            {
                yield return (id, "CanonicalUser", conditional);
            }

            foreach (string name in principal.AWS.Where(name => name != "*" && own is not null && AccountOf(name) != own))
            {
                yield return (name, "Account", conditional);
            }
        }
    }

    private static string AccountOf(string name) => name.Split(':', 6) is [_, _, _, _, var account, _] ? account : name;

    private sealed record Reached(AccountPrincipal Principal, LabPrincipalAccess Access);
}
