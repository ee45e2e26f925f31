using System.Numerics;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>The nearest that somebody comes to a permission that they do not have.</summary>
/// <param name="Binding">The binding.</param>
/// <param name="Role">Its role.</param>
/// <param name="Rule">The rule that nearly grants it.</param>
/// <param name="Gap">What it lacks.</param>
internal sealed record NearGrant(RbacBinding Binding, RbacRole Role, RbacRule Rule, RuleGap Gap);

/// <summary>
/// Decides as the RBAC authorizer of Kubernetes does (plugin/pkg/auth/authorizer/rbac and component-helpers/auth/rbac/validation of 1.36),
/// on roles and bindings that are given. Pure.
/// </summary>
/// <param name="objects">The roles and bindings.</param>
internal sealed class RbacEvaluator(RbacObjects objects)
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    /// <summary>Whether roles allow somebody something.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="request">What is asked.</param>
    /// <returns>True where a rule grants it.</returns>
    public bool Allows(AccessSubject who, AccessRequest request) => Grants(request, who).Any();

    /// <summary>What grants a request, for each subject of each binding the first rule of its role that does.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="who">Who asks; null for everybody.</param>
    /// <returns>The grants, those of the whole cluster first.</returns>
    public IEnumerable<LabKubeGrant> Grants(AccessRequest request, AccessSubject? who = null) =>
        from binding in Holding(request.Path is null ? request.Namespace : "")
        let role = objects.RoleOf(binding)
        where role is not null
        let rule = role.Rules.FirstOrDefault(rule => rule.Covers(request))
        where rule is not null
        from subject in binding.Subjects
        where who is null || subject.Is(who)
        select LabKubeGrant.Of(subject, binding, role, rule, request);

    /// <summary>The rules that somebody has in a namespace, each with its binding.</summary>
    /// <param name="who">Who.</param>
    /// <param name="ns">The namespace; empty for those of the whole cluster alone.</param>
    /// <returns>Rules and bindings.</returns>
    public IEnumerable<(RbacRule Rule, RbacBinding Binding)> Rules(AccessSubject who, string ns) =>
        from binding in Holding(ns)
        where binding.Subjects.Any(subject => subject.Is(who))
        from rule in objects.RoleOf(binding)?.Rules ?? []
        // A RoleBinding hands on no URLs: they are asked for without a namespace.
        where binding.Namespace is null || rule.Urls.Count == 0
        select (rule, binding);

    /// <summary>The rule of somebody's own that lacks least to grant a request.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="who">Who asks.</param>
    /// <returns>The rule; null where none comes near.</returns>
    public NearGrant? Nearest(AccessRequest request, AccessSubject who) =>
        (from binding in objects.Bindings
         where binding.Subjects.Any(subject => subject.Is(who))
         let role = objects.RoleOf(binding)
         where role is not null
         from rule in role.Rules
         let gap = rule.Gap(request) | (Holds(binding, request) ? RuleGap.None : RuleGap.Namespace)
         where BitOperations.PopCount((uint)gap) == 1 && gap != RuleGap.Resource
         orderby gap, binding.Title
         select new NearGrant(binding, role, rule, gap)).FirstOrDefault();

    /// <summary>The bindings that hold for a namespace and name a role that does not exist.</summary>
    /// <param name="ns">The namespace; empty for those of the whole cluster alone.</param>
    /// <param name="who">Who they have to name; null for anybody.</param>
    /// <returns>The bindings.</returns>
    public IEnumerable<RbacBinding> WithoutRole(string ns, AccessSubject? who = null) =>
        Holding(ns).Where(binding => objects.RoleOf(binding) is null && (who is null || binding.Subjects.Any(subject => subject.Is(who))));

    /// <summary>The roles that would grant a request to whoever is bound to them, those that say least besides first.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>The roles.</returns>
    public IEnumerable<RbacRole> RolesFor(AccessRequest request) =>
        from role in objects.Roles
        where role.Namespace is null || (role.Namespace == request.Namespace && request.Path is null)
        where role.Rules.Any(rule => rule.Covers(request))
        orderby role.Name.StartsWith("system:", StringComparison.Ordinal), role.Rules.Any(rule => rule.Verbs.Contains("*") && rule.Resources.Contains("*")), role.Rules.Count, role.Name
        select role;

    /// <summary>Who may come to a permission without having it: by acting as somebody who has it, by binding a role that has it, by changing a role.</summary>
    /// <param name="request">What is asked.</param>
    /// <returns>The ways.</returns>
    public IEnumerable<LabKubeGrant> WaysAround(AccessRequest request)
    {
        LabKubeGrant[] direct = [.. Grants(request)];
        HashSet<(string Subject, LabKubeGrantWay Way)> said = [];
        foreach ((AccessRequest acting, string whom) in Impersonations(direct))
        {
            foreach (LabKubeGrant grant in Grants(acting).Where(grant => grant.Subject != whom && said.Add((grant.Subject, LabKubeGrantWay.Impersonate))))
            {
                yield return grant with { Way = LabKubeGrantWay.Impersonate, Note = $"may act as {whom}" };
            }
        }

        foreach (RbacRole role in RolesFor(request))
        {
            AccessRequest bind = OfRoles("bind", role, request);
            foreach (LabKubeGrant grant in Grants(bind).Where(grant => MayWrite(grant, "create", request, "rolebindings") && said.Add((grant.Subject, LabKubeGrantWay.Bind))))
            {
                yield return grant with { Way = LabKubeGrantWay.Bind, Note = $"may bind {role.Title}" };
            }
        }

        foreach (string kind in (string[])["clusterroles", "roles"])
        {
            if (kind == "roles" && (request.Namespace.Length == 0 || request.Path is not null))
            {
                continue;
            }

            AccessRequest escalate = new("escalate") { Group = RbacGroup, Resource = kind, Namespace = kind == "roles" ? request.Namespace : "" };
            foreach (LabKubeGrant grant in Grants(escalate).Where(grant => Writes(grant, escalate) && said.Add((grant.Subject, LabKubeGrantWay.Escalate))))
            {
                yield return grant with { Way = LabKubeGrantWay.Escalate, Note = $"may add rules to {kind}" };
            }
        }
    }

    private static AccessRequest OfRoles(string verb, RbacRole role, AccessRequest request) => new(verb)
    {
        Group = RbacGroup,
        Resource = role.Namespace is null ? "clusterroles" : "roles",
        Name = role.Name,
        Namespace = request.Path is null ? request.Namespace : "",
    };

    // Whom one would have to be: a group cannot be taken on without a user, which whoever may do so has, too.
    private static IEnumerable<(AccessRequest Acting, string Whom)> Impersonations(IEnumerable<LabKubeGrant> direct)
    {
        foreach (LabKubeGrant grant in direct.DistinctBy(grant => grant.Subject))
        {
            yield return (new AccessRequest("impersonate")
            {
                Resource = grant.SubjectKind switch { "Group" => "groups", "ServiceAccount" => "serviceaccounts", _ => "users" },
                Name = grant.SubjectName,
                Namespace = grant.SubjectNamespace ?? "",
            }, grant.Subject);
        }

        yield return (new AccessRequest("impersonate") { Resource = "groups", Name = AccessSubject.Masters }, "Group/" + AccessSubject.Masters);
    }

    private bool MayWrite(LabKubeGrant grant, string verb, AccessRequest request, string bindings)
    {
        AccessSubject who = Caller(grant);
        string ns = request.Path is null ? request.Namespace : "";
        return Allows(who, new AccessRequest(verb) { Group = RbacGroup, Resource = "cluster" + bindings })
            || (ns.Length > 0 && Allows(who, new AccessRequest(verb) { Group = RbacGroup, Resource = bindings, Namespace = ns }));
    }

    private bool Writes(LabKubeGrant grant, AccessRequest escalate)
    {
        AccessSubject who = Caller(grant);
        return Allows(who, escalate with { Verb = "update" }) || Allows(who, escalate with { Verb = "patch" });
    }

    private static AccessSubject Caller(LabKubeGrant grant) => new RbacSubject(grant.SubjectKind, grant.SubjectNamespace, grant.SubjectName).ToCaller();

    private static bool Holds(RbacBinding binding, AccessRequest request) =>
        binding.Namespace is null || (request.Path is null && binding.Namespace == request.Namespace);

    private IEnumerable<RbacBinding> Holding(string ns) => objects.Bindings.Where(binding => binding.Namespace is null || binding.Namespace == ns);
}
