using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Access;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Access;

/// <summary>The evaluator alone, on what the RBAC authorizer of Kubernetes does with each form of rule, binding and subject.</summary>
[Trait("Area", "Kubernetes")]
public sealed class RbacEvaluatorTests
{
    [Theory]
    [InlineData("pods", "get", "", "pods", "", "", true)]
    [InlineData("pods", "list", "", "pods", "", "", false)]
    [InlineData("pods", "get", "", "pods", "log", "", false)]
    [InlineData("pods/log", "get", "", "pods", "log", "", true)]
    [InlineData("pods/log", "get", "", "pods", "", "", false)]
    [InlineData("pods/*", "get", "", "pods", "log", "", false)]
    [InlineData("*/log", "get", "", "pods", "log", "", true)]
    [InlineData("*/log", "get", "", "pods", "", "", false)]
    [InlineData("*", "get", "", "pods", "log", "", true)]
    [InlineData("*", "get", "apps", "deployments", "", "", false)]
    [InlineData("pods", "get", "apps", "pods", "", "", false)]
    [InlineData("pods", "get", "", "pods", "", "web", true)]
    public void A_rule_covers_what_the_authorizer_says(string resource, string verb, string group, string asked, string part, string name, bool covered)
    {
        RbacRule rule = new(["get"], [""], [resource], [], []);
        Assert.Equal(covered, rule.Covers(new AccessRequest(verb) { Group = group, Resource = asked, Subresource = part, Name = name }));
    }

    [Fact]
    public void Names_verbs_and_groups_take_wildcards_where_the_authorizer_does()
    {
        RbacRule named = new(["*"], ["*"], ["secrets"], ["a", "b"], []);
        Assert.True(named.Covers(new AccessRequest("delete") { Group = "x", Resource = "secrets", Name = "b" }));
        Assert.False(named.Covers(new AccessRequest("delete") { Group = "x", Resource = "secrets", Name = "c" }));
        Assert.False(named.Covers(new AccessRequest("list") { Group = "x", Resource = "secrets" }));
        RbacRule urls = new(["get"], [], [], [], ["/healthz", "/api/*"]);
        Assert.True(urls.Covers(new AccessRequest("get") { Path = "/api/v1" }));
        Assert.False(urls.Covers(new AccessRequest("get") { Path = "/api" }));
        Assert.False(urls.Covers(new AccessRequest("post") { Path = "/healthz" }));
        Assert.False(urls.Covers(new AccessRequest("get") { Resource = "pods" }));
    }

    [Fact]
    public void A_cluster_role_bound_in_a_namespace_holds_there_and_hands_on_no_urls()
    {
        RbacEvaluator evaluator = Evaluator(
            bindings: [Binding("b", "movies", "ClusterRole", "all", Subject("User", "ann"))],
            clusterRoles: [Role("all", null, """[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]},{"verbs":["*"],"nonResourceURLs":["*"]}]""")]);
        AccessSubject ann = AccessSubject.Of("ann", []);
        Assert.True(evaluator.Allows(ann, new AccessRequest("get") { Resource = "pods", Namespace = "movies" }));
        Assert.False(evaluator.Allows(ann, new AccessRequest("get") { Resource = "pods", Namespace = "other" }));
        Assert.False(evaluator.Allows(ann, new AccessRequest("get") { Resource = "pods" }));
        Assert.False(evaluator.Allows(ann, new AccessRequest("get") { Path = "/healthz" }));
        Assert.All(evaluator.Rules(ann, "movies"), one => Assert.Empty(one.Rule.Urls));
        NearGrant near = evaluator.Nearest(new AccessRequest("get") { Resource = "pods", Namespace = "other" }, ann)!;
        Assert.Equal((RuleGap.Namespace, "RoleBinding/movies/b"), (near.Gap, near.Binding.Title));
    }

    [Fact]
    public void Subjects_are_users_groups_and_service_accounts_of_a_namespace()
    {
        RbacEvaluator evaluator = Evaluator(
            bindings:
            [
                Binding("b", "movies", "Role", "r", Subject("ServiceAccount", "web"), Subject("Group", "system:serviceaccounts:shop"), Subject("User", "system:serviceaccount:x:y"), Subject("Group", "devs")),
            ],
            roles: [Role("r", "movies", """[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]""")]);
        AccessRequest get = new("get") { Resource = "pods", Namespace = "movies" };
        Assert.True(evaluator.Allows(AccessSubject.OfAccount("movies", "web"), get));
        Assert.False(evaluator.Allows(AccessSubject.OfAccount("other", "web"), get));
        Assert.True(evaluator.Allows(AccessSubject.OfAccount("shop", "any"), get));
        Assert.True(evaluator.Allows(AccessSubject.OfAccount("x", "y"), get));
        Assert.True(evaluator.Allows(AccessSubject.Of("ann", ["devs"]), get));
        Assert.False(evaluator.Allows(AccessSubject.Of("web", []), get));
        Assert.Equal(
            ["ServiceAccount/movies/web", "Group/system:serviceaccounts:shop", "User/system:serviceaccount:x:y", "Group/devs"], evaluator.Grants(get).Select(grant => grant.Subject));
    }

    [Fact]
    public void A_binding_without_its_role_grants_nothing_and_is_found()
    {
        RbacEvaluator evaluator = Evaluator(
            bindings: [Binding("b", "movies", "Role", "gone", Subject("User", "ann")), Binding("c", null, "Role", "r", Subject("User", "ann"))],
            roles: [Role("r", "movies", """[{"verbs":["*"],"apiGroups":["*"],"resources":["*"]}]""")]);
        AccessSubject ann = AccessSubject.Of("ann", []);
        Assert.False(evaluator.Allows(ann, new AccessRequest("get") { Resource = "pods", Namespace = "movies" }));
        Assert.Equal(["RoleBinding/movies/b", "ClusterRoleBinding/c"], evaluator.WithoutRole("movies", ann).Select(binding => binding.Title).OrderDescending());
    }

    [Theory]
    [InlineData("delete", "pods", "", "", nameof(RuleGap.Verb))]
    [InlineData("get", "pods", "exec", "", nameof(RuleGap.Subresource))]
    [InlineData("get", "secrets", "", "other", nameof(RuleGap.Name))]
    [InlineData("get", "nodes", "", "", null)]
    public void What_is_missing_is_what_the_nearest_rule_lacks(string verb, string resource, string part, string name, string? gap)
    {
        RbacEvaluator evaluator = Evaluator(
            bindings: [Binding("b", "movies", "Role", "r", Subject("User", "ann"))],
            roles: [Role("r", "movies", """[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]},{"verbs":["get"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["one"]}]""")]);
        NearGrant? near = evaluator.Nearest(
            new AccessRequest(verb) { Resource = resource, Subresource = part, Name = name, Namespace = "movies" }, AccessSubject.Of("ann", []));
        Assert.Equal(gap, near?.Gap.ToString());
    }

    [Fact]
    public void Impersonate_bind_and_escalate_are_ways_to_a_permission()
    {
        const string rbac = "rbac.authorization.k8s.io";
        RbacEvaluator evaluator = Evaluator(
            bindings:
            [
                Binding("reads", "movies", "Role", "reader", Subject("User", "ann")),
                Binding("acts", null, "ClusterRole", "actor", Subject("User", "ben")),
                Binding("binds", "movies", "Role", "binder", Subject("User", "cat")),
                Binding("only-bind", "movies", "Role", "half-binder", Subject("User", "dan")),
                Binding("escalates", "movies", "Role", "escalator", Subject("User", "eve")),
            ],
            roles:
            [
                Role("reader", "movies", """[{"verbs":["get"],"apiGroups":[""],"resources":["secrets"]}]"""),
                Role("binder", "movies", $$"""[{"verbs":["bind","create"],"apiGroups":["{{rbac}}"],"resources":["roles","rolebindings"]}]"""),
                Role("half-binder", "movies", $$"""[{"verbs":["bind"],"apiGroups":["{{rbac}}"],"resources":["roles"]}]"""),
                Role("escalator", "movies", $$"""[{"verbs":["escalate","patch"],"apiGroups":["{{rbac}}"],"resources":["roles"]}]"""),
            ],
            clusterRoles: [Role("actor", null, """[{"verbs":["impersonate"],"apiGroups":[""],"resources":["users"],"resourceNames":["ann"]}]""")]);
        Assert.Equal(
            [("User/ben", LabKubeGrantWay.Impersonate), ("User/cat", LabKubeGrantWay.Bind), ("User/eve", LabKubeGrantWay.Escalate)],
            evaluator.WaysAround(new AccessRequest("get") { Resource = "secrets", Namespace = "movies" }).Select(grant => (grant.Subject, grant.Way)));
    }

    private static RbacEvaluator Evaluator(JsonObject[] bindings, JsonObject[]? roles = null, JsonObject[]? clusterRoles = null) => new(new RbacObjects(
        clusterRoles ?? [], roles ?? [],
        bindings.Where(binding => binding["metadata"]!["namespace"] is null), bindings.Where(binding => binding["metadata"]!["namespace"] is not null)));

    private static JsonObject Role(string name, string? ns, string rules) => new() { ["metadata"] = Metadata(name, ns), ["rules"] = JsonNode.Parse(rules) };

    private static JsonObject Binding(string name, string? ns, string kind, string role, params JsonNode[] subjects) => new()
    {
        ["metadata"] = Metadata(name, ns), ["roleRef"] = new JsonObject { ["kind"] = kind, ["name"] = role }, ["subjects"] = new JsonArray(subjects),
    };

    private static JsonObject Subject(string kind, string name) => new() { ["kind"] = kind, ["name"] = name };

    private static JsonObject Metadata(string name, string? ns) => ns is null ? new() { ["name"] = name } : new() { ["name"] = name, ["namespace"] = ns };
}
