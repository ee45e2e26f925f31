using System.Text.Json.Nodes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

/// <summary>Server-side apply; every expectation was taken from a v1.36 API server.</summary>
[Trait("Area", "Emulator")]
public sealed class KubernetesApplyTests : IAsyncDisposable
{
    private const string Map = "/api/v1/namespaces/default/configmaps/a", Web = "/apis/apps/v1/namespaces/default/deployments/web";

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task An_applier_owns_what_it_applies_and_no_more()
    {
        JsonObject node = await cluster.ApplyAsync(Web, KubernetesCluster.Deployment("web"), "kubectl");
        JsonNode entry = Assert.Single(node["metadata"]!["managedFields"]!.AsArray())!;
        Assert.Equal("Apply", (string?)entry["operation"]);
        Assert.Equal("apps/v1", (string?)entry["apiVersion"]);
        AssertFields("""
            {"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},
            "f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{}}}}}}}
            """, entry);
        Assert.Equal(600, (int?)node["spec"]!["progressDeadlineSeconds"]);
    }

    [Fact]
    public async Task A_creator_owns_the_defaults_too()
    {
        JsonObject deployment = KubernetesCluster.Deployment("web");
        deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["ports"] = new JsonArray(new JsonObject { ["containerPort"] = 80 });
        JsonObject node = await cluster.OkAsync("POST", "/apis/apps/v1/namespaces/default/deployments?fieldManager=kubectl-create", deployment);
        JsonNode entry = Assert.Single(node["metadata"]!["managedFields"]!.AsArray())!;
        Assert.Equal("Update", (string?)entry["operation"]);
        Assert.Equal("kubectl-create", (string?)entry["manager"]);
        AssertFields("""
            {"f:spec":{"f:progressDeadlineSeconds":{},"f:replicas":{},"f:revisionHistoryLimit":{},"f:selector":{},
            "f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},
            "f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},
            "f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},
            "f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},
            "f:terminationGracePeriodSeconds":{}}}}}
            """, entry);
    }

    [Fact]
    public async Task A_conflict_names_manager_and_field_and_force_takes_over()
    {
        await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1"), ("y", "2")), "one");
        await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1")), "two");
        JsonObject refused = await cluster.RefusedAsync(409, "PATCH", Map + "?fieldManager=two", KubernetesCluster.ConfigMap("a", ("x", "9")), KubernetesCluster.Apply);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"one\": .data.x", (string?)refused["message"]);
        JsonNode cause = Assert.Single(refused["details"]!["causes"]!.AsArray())!;
        Assert.Equal("FieldManagerConflict", (string?)cause["reason"]);
        Assert.Equal("conflict with \"one\"", (string?)cause["message"]);
        Assert.Equal(".data.x", (string?)cause["field"]);

        JsonObject node = await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "9")), "two", force: true);
        Assert.Equal("9", (string?)node["data"]!["x"]);
        AssertFields("""{"f:data":{"f:y":{}}}""", Owner(node, "one"));
        AssertFields("""{"f:data":{"f:x":{}}}""", Owner(node, "two"));
    }

    [Fact]
    public async Task An_updater_takes_fields_and_is_named_with_its_version()
    {
        await cluster.ApplyAsync(Web, KubernetesCluster.Deployment("web"), "kubectl");
        await cluster.OkAsync("PATCH", Web + "?fieldManager=editor", KubernetesCluster.Node(
            """{"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}"""), KubernetesCluster.Strategic);
        JsonObject refused = await cluster.RefusedAsync(409, "PATCH", Web + "?fieldManager=kubectl", KubernetesCluster.Deployment("web"), KubernetesCluster.Apply);
        Assert.Equal(
            "Apply failed with 2 conflicts: conflicts with \"editor\" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name=\"web\"].image",
            (string?)refused["message"]);
    }

    [Fact]
    public async Task A_scale_is_owned_by_who_scaled()
    {
        await cluster.ApplyAsync(Web, KubernetesCluster.Deployment("web"), "kubectl");
        JsonObject scale = await cluster.OkAsync("PATCH", Web + "/scale?fieldManager=hpa", KubernetesCluster.Node("""{"spec":{"replicas":2}}"""), KubernetesCluster.Merge);
        Assert.Equal("Scale", (string?)scale["kind"]);
        Assert.Equal(2, (int?)scale["spec"]!["replicas"]);
        JsonNode entry = Owner(await cluster.OkAsync("GET", Web), "hpa");
        Assert.Equal("scale", (string?)entry["subresource"]);
        AssertFields("""{"f:spec":{"f:replicas":{}}}""", entry);
        JsonObject refused = await cluster.RefusedAsync(409, "PATCH", Web + "?fieldManager=kubectl", KubernetesCluster.Deployment("web"), KubernetesCluster.Apply);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"hpa\" with subresource \"scale\" using apps/v1: .spec.replicas", (string?)refused["message"]);
    }

    [Fact]
    public async Task What_is_no_longer_applied_goes_unless_another_owns_it()
    {
        JsonObject map = KubernetesCluster.ConfigMap("a", ("x", "1"), ("y", "2"), ("z", "3"));
        map["metadata"]!["labels"] = new JsonObject { ["l"] = "1" };
        await cluster.ApplyAsync(Map, map, "one");
        await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("y", "2")), "two");
        JsonObject node = await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("z", "3")), "one");
        Assert.Equal("""{"y":"2","z":"3"}""", node["data"]!.ToJsonString());
        Assert.Null(node["metadata"]!["labels"]);
    }

    [Fact]
    public async Task A_container_that_is_no_longer_applied_goes_with_its_defaults()
    {
        JsonObject two = KubernetesCluster.Deployment("web");
        two["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Add(new JsonObject { ["name"] = "side", ["image"] = "s:1" });
        await cluster.ApplyAsync(Web, two, "kubectl");
        JsonObject node = await cluster.ApplyAsync(Web, KubernetesCluster.Deployment("web"), "kubectl");
        Assert.Equal("web", (string?)Assert.Single(node["spec"]!["template"]!["spec"]!["containers"]!.AsArray())!["name"]);
    }

    [Fact]
    public async Task Applying_the_same_again_changes_nothing()
    {
        JsonObject first = await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1")), "one");
        JsonObject again = await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1")), "one");
        Assert.Equal((string?)first["metadata"]!["resourceVersion"], (string?)again["metadata"]!["resourceVersion"]);
    }

    [Fact]
    public async Task A_dry_run_shows_the_conflict_and_keeps_nothing()
    {
        await cluster.OkAsync("PATCH", Map + "?fieldManager=one&dryRun=All", KubernetesCluster.ConfigMap("a", ("x", "1")), KubernetesCluster.Apply);
        await cluster.RefusedAsync(404, "GET", Map);
        await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1")), "one");
        await cluster.RefusedAsync(409, "PATCH", Map + "?fieldManager=two&dryRun=All", KubernetesCluster.ConfigMap("a", ("x", "2")), KubernetesCluster.Apply);
        await cluster.OkAsync("PATCH", Map + "?fieldManager=two&dryRun=All&force=true", KubernetesCluster.ConfigMap("a", ("x", "2")), KubernetesCluster.Apply);
        Assert.Equal("1", (string?)(await cluster.OkAsync("GET", Map))["data"]!["x"]);
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"foo":1}""", 500, "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"y":2}}""", 500, "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.y: expected string, got &value.valueUnstructured{Value:2}")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[{}]}}""", 400, "metadata.managedFields must be nil")]
    public async Task What_cannot_be_applied_is_refused(string body, int code, string message) =>
        Assert.Equal(message, (string?)(await cluster.RefusedAsync(code, "PATCH", Map + "?fieldManager=one", JsonNode.Parse(body), KubernetesCluster.Apply))["message"]);

    [Fact]
    public async Task An_applier_must_say_who_it_is()
    {
        JsonObject refused = await cluster.RefusedAsync(422, "PATCH", Map, KubernetesCluster.ConfigMap("a"), KubernetesCluster.Apply);
        Assert.Equal("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch", (string?)refused["message"]);
    }

    [Fact]
    public async Task Owners_can_be_forgotten()
    {
        await cluster.ApplyAsync(Map, KubernetesCluster.ConfigMap("a", ("x", "1")), "one");
        JsonObject node = await cluster.OkAsync("PATCH", Map + "?fieldManager=q", KubernetesCluster.Node("""{"metadata":{"managedFields":[{}]}}"""), KubernetesCluster.Merge);
        Assert.Null(node["metadata"]!["managedFields"]);
    }

    private static JsonNode Owner(JsonObject node, string manager) =>
        Assert.Single(node["metadata"]!["managedFields"]!.AsArray(), entry => (string?)entry!["manager"] == manager)!;

    private static void AssertFields(string expected, JsonNode entry) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), entry["fieldsV1"]), entry["fieldsV1"]!.ToJsonString());
}
