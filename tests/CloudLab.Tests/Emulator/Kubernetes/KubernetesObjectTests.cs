using System.Net;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

[Trait("Area", "Emulator")]
public sealed class KubernetesObjectTests : IAsyncDisposable
{
    private const string Maps = "/api/v1/namespaces/default/configmaps", Deployments = "/apis/apps/v1/namespaces/default/deployments",
        Services = "/api/v1/namespaces/default/services";

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task An_object_is_created_read_replaced_and_deleted()
    {
        JsonObject created = await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a", ("x", "1")));
        Assert.NotNull(created["metadata"]!["uid"]);
        Assert.NotNull(created["metadata"]!["creationTimestamp"]);
        created["data"]!["x"] = "2";
        JsonObject replaced = await cluster.OkAsync("PUT", Maps + "/a", created);
        Assert.NotEqual((string?)created["metadata"]!["resourceVersion"], (string?)replaced["metadata"]!["resourceVersion"]);
        Assert.Equal("2", (string?)(await cluster.OkAsync("GET", Maps + "/a"))["data"]!["x"]);
        JsonObject status = await cluster.OkAsync("DELETE", Maps + "/a");
        Assert.Equal("Success", (string?)status["status"]);
        Assert.Equal((string?)created["metadata"]!["uid"], (string?)status["details"]!["uid"]);
        JsonObject missing = await cluster.RefusedAsync(404, "GET", Maps + "/a");
        Assert.Equal("configmaps \"a\" not found", (string?)missing["message"]);
    }

    [Fact]
    public async Task Of_two_writers_with_the_same_version_one_is_refused()
    {
        JsonObject live = await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a", ("x", "1")));
        HttpStatusCode[] results = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            JsonObject mine = live.DeepClone().AsObject();
            mine["data"]!["x"] = "w" + i;
            return (await cluster.SendAsync("PUT", Maps + "/a", mine)).Status;
        }));
        Assert.Single(results, HttpStatusCode.OK);
        Assert.Equal(7, results.Count(status => status == HttpStatusCode.Conflict));
        live["data"]!["x"] = "late";
        JsonObject stale = await cluster.RefusedAsync(409, "PUT", Maps + "/a", live);
        Assert.Equal(
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again",
            (string?)stale["message"]);
    }

    [Fact]
    public async Task A_change_that_changes_nothing_keeps_the_version()
    {
        JsonObject live = await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a", ("x", "1")));
        JsonObject same = await cluster.OkAsync("PATCH", Maps + "/a", KubernetesCluster.Node("""{"data":{"x":"1"}}"""), KubernetesCluster.Merge);
        Assert.Equal((string?)live["metadata"]!["resourceVersion"], (string?)same["metadata"]!["resourceVersion"]);
    }

    [Fact]
    public async Task Names_are_generated_and_versions_counted()
    {
        JsonObject map = KubernetesCluster.ConfigMap("x");
        map["metadata"] = new JsonObject { ["generateName"] = "run-" };
        string first = (string)(await cluster.OkAsync("POST", Maps, map))["metadata"]!["name"]!, second = (string)(await cluster.OkAsync("POST", Maps, map))["metadata"]!["name"]!;
        Assert.StartsWith("run-", first, StringComparison.Ordinal);
        Assert.NotEqual(first, second);

        JsonObject deployment = await cluster.OkAsync("POST", Deployments, KubernetesCluster.Deployment("web"));
        Assert.Equal(1, (int?)deployment["metadata"]!["generation"]);
        deployment = await cluster.OkAsync("PATCH", Deployments + "/web", KubernetesCluster.Node("""{"metadata":{"labels":{"a":"b"}}}"""), KubernetesCluster.Merge);
        Assert.Equal(1, (int?)deployment["metadata"]!["generation"]);
        deployment = await cluster.OkAsync("PATCH", Deployments + "/web", KubernetesCluster.Node("""{"spec":{"replicas":2}}"""), KubernetesCluster.Merge);
        Assert.Equal(2, (int?)deployment["metadata"]!["generation"]);
    }

    [Fact]
    public async Task A_dry_run_answers_and_keeps_nothing()
    {
        JsonObject node = await cluster.OkAsync("POST", Deployments + "?dryRun=All", KubernetesCluster.Deployment("web"));
        Assert.Equal("25%", (string?)node["spec"]!["strategy"]!["rollingUpdate"]!["maxSurge"]);
        await cluster.RefusedAsync(404, "GET", Deployments + "/web");
        await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("a"));
        await cluster.OkAsync("DELETE", Maps + "/a?dryRun=All");
        await cluster.OkAsync("PATCH", Maps + "/a?dryRun=All", KubernetesCluster.Node("""{"data":{"x":"1"}}"""), KubernetesCluster.Merge);
        Assert.Null((await cluster.OkAsync("GET", Maps + "/a"))["data"]);
        await cluster.RefusedAsync(422, "DELETE", Maps + "/a?dryRun=Some");
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"D_1"}}""", "metadata.name: Invalid value: \"D_1\": a lowercase RFC 1123 subdomain")]
    [InlineData("""{"spec":{"replicas":-1}}""", "spec.replicas: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("""{"spec":{"selector":{"matchLabels":{"app":"other"}}}}""", "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`")]
    [InlineData("""{"spec":{"selector":null}}""", "spec.selector: Required value")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"web"}]}}}}""", "spec.template.spec.containers[0].image: Required value")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"a"},{"name":"a","image":"b"}]}}}}""", "spec.template.spec.containers[1].name: Duplicate value: \"a\"")]
    [InlineData("""{"spec":{"template":{"spec":{"restartPolicy":"Never"}}}}""", "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"")]
    [InlineData("""{"spec":{"strategy":{"type":"Recreate","rollingUpdate":{"maxSurge":1}}}}""", "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")]
    public async Task What_is_invalid_is_refused_with_its_causes(string change, string message)
    {
        JsonObject node = Merge(KubernetesCluster.Deployment("web"), KubernetesCluster.Node(change));
        JsonObject answer = await cluster.RefusedAsync(422, "POST", Deployments, node);
        Assert.Equal("Invalid", (string?)answer["reason"]);
        Assert.Contains(message, (string?)answer["message"], StringComparison.Ordinal);
        Assert.NotEmpty(answer["details"]!["causes"]!.AsArray());
    }

    [Fact]
    public async Task Unknown_fields_are_refused_warned_of_or_ignored()
    {
        JsonObject node = Merge(KubernetesCluster.Deployment("web"), KubernetesCluster.Node("""{"spec":{"foo":1}}"""));
        JsonObject strict = await cluster.RefusedAsync(400, "POST", Deployments + "?fieldValidation=Strict", node);
        Assert.Equal("Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.foo\"", (string?)strict["message"]);
        (HttpStatusCode status, JsonObject body, var headers) = await cluster.SendAsync("POST", Deployments + "?dryRun=All", node);
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Null(body["spec"]!["foo"]);
        Assert.Equal("299 - \"unknown field \\\"spec.foo\\\"\"", Assert.Single(headers.GetValues("Warning")));
        (_, _, headers) = await cluster.SendAsync("POST", Deployments + "?fieldValidation=Ignore", node);
        Assert.False(headers.Contains("Warning"));
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":1}}""", "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    [InlineData("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}""", "cannot be handled as a ConfigMap")]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}""", "the namespace of the provided object does not match the namespace sent on the request")]
    public async Task What_does_not_fit_the_address_or_the_type_is_a_bad_request(string body, string message) =>
        Assert.Contains(message, (string?)(await cluster.RefusedAsync(400, "POST", Maps, JsonNode.Parse(body)))["message"], StringComparison.Ordinal);

    [Fact]
    public async Task A_missing_namespace_is_named()
    {
        JsonObject answer = await cluster.RefusedAsync(404, "POST", "/api/v1/namespaces/nope/configmaps", KubernetesCluster.ConfigMap("a"));
        Assert.Equal("namespaces \"nope\" not found", (string?)answer["message"]);
    }

    [Fact]
    public async Task Patches_of_all_kinds_change_what_they_say()
    {
        await cluster.OkAsync("POST", Deployments, Merge(KubernetesCluster.Deployment("web"), KubernetesCluster.Node(
            """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:1","env":[{"name":"A","value":"1"}]},{"name":"side","image":"s:1"}]}}}}""")));
        JsonObject node = await cluster.OkAsync("PATCH", Deployments + "/web", KubernetesCluster.Node(
            """{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"B","value":"2"}]},{"name":"side","$patch":"delete"}]}}}}"""), KubernetesCluster.Strategic);
        JsonArray containers = node["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
        Assert.Single(containers);
        Assert.Equal("web:1", (string?)containers[0]!["image"]);
        Assert.Equal(["A", "B"], containers[0]!["env"]!.AsArray().Select(item => (string)item!["name"]!).Order());

        node = await cluster.OkAsync("PATCH", Deployments + "/web", JsonNode.Parse(
            """[{"op":"test","path":"/spec/replicas","value":1},{"op":"replace","path":"/spec/replicas","value":0},{"op":"add","path":"/metadata/annotations","value":{"g":"h"}},{"op":"add","path":"/metadata/annotations/a.b~1c","value":"d"},{"op":"remove","path":"/spec/template/spec/containers/0/env/0"}]"""), KubernetesCluster.JsonPatch);
        Assert.Equal(0, (int?)node["spec"]!["replicas"]);
        Assert.Equal("d", (string?)node["metadata"]!["annotations"]!["a.b/c"]);
        Assert.Single(node["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray());
        await cluster.RefusedAsync(422, "PATCH", Deployments + "/web", JsonNode.Parse("""[{"op":"test","path":"/spec/replicas","value":9}]"""), KubernetesCluster.JsonPatch);

        node = await cluster.OkAsync("PATCH", Deployments + "/web", KubernetesCluster.Node("""{"metadata":{"annotations":{"a.b/c":null,"e":"f"}}}"""), KubernetesCluster.Merge);
        Assert.Null(node["metadata"]!["annotations"]!["a.b/c"]);
        Assert.Equal("f", (string?)node["metadata"]!["annotations"]!["e"]);
        await cluster.RefusedAsync(415, "PATCH", Deployments + "/web", new JsonObject());
    }

    [Fact]
    public async Task A_selector_cannot_change()
    {
        await cluster.OkAsync("POST", Deployments, KubernetesCluster.Deployment("web"));
        JsonObject answer = await cluster.RefusedAsync(422, "PATCH", Deployments + "/web",
            KubernetesCluster.Node("""{"spec":{"selector":{"matchLabels":{"app":"x"}},"template":{"metadata":{"labels":{"app":"x"}}}}}"""), KubernetesCluster.Merge);
        Assert.Contains("spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"x\"}}: field is immutable", (string?)answer["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_get_addresses_and_ports_of_their_own()
    {
        JsonObject service = KubernetesCluster.Node("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"type":"NodePort","ports":[{"port":80}]}}""");
        JsonObject first = await cluster.OkAsync("POST", Services, service);
        int port = (int)first["spec"]!["ports"]![0]!["nodePort"]!;
        Assert.InRange(port, 30000, 32767);
        Assert.StartsWith("10.96.", (string?)first["spec"]!["clusterIP"], StringComparison.Ordinal);
        Assert.Equal(80, (int?)first["spec"]!["ports"]![0]!["targetPort"]);
        service["metadata"]!["name"] = "b";
        service["spec"]!["ports"]![0]!["nodePort"] = port;
        JsonObject taken = await cluster.RefusedAsync(422, "POST", Services, service);
        Assert.Equal($"Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated", (string?)taken["message"]);
        service["spec"]!["ports"]![0]!["nodePort"] = 80;
        Assert.Contains("The range of valid ports is 30000-32767", (string?)(await cluster.RefusedAsync(422, "POST", Services, service))["message"], StringComparison.Ordinal);
        service["spec"]!["ports"]![0]!.AsObject().Remove("nodePort");
        Assert.NotEqual(port, (int?)(await cluster.OkAsync("POST", Services, service))["spec"]!["ports"]![0]!["nodePort"]);
    }

    [Fact]
    public async Task A_secrets_texts_become_data()
    {
        JsonObject secret = await cluster.OkAsync("POST", "/api/v1/namespaces/default/secrets",
            KubernetesCluster.Node("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"b"}}"""));
        Assert.Equal("Yg==", (string?)secret["data"]!["a"]);
        Assert.Null(secret["stringData"]);
        Assert.Equal("Opaque", (string?)secret["type"]);
        await cluster.RefusedAsync(400, "POST", "/api/v1/namespaces/default/secrets",
            KubernetesCluster.Node("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"t"},"data":{"a":"!"}}"""));
    }

    [Fact]
    public async Task Lists_are_selected_and_come_in_pages_of_one_state()
    {
        for (int i = 0; i < 5; i++)
        {
            JsonObject map = KubernetesCluster.ConfigMap("m" + i);
            map["metadata"]!["labels"] = new JsonObject { ["n"] = i.ToString(), ["even"] = i % 2 == 0 ? "yes" : "no" };
            await cluster.OkAsync("POST", Maps, map);
        }

        Assert.Equal(["m0", "m2", "m4"], await NamesAsync("?labelSelector=even%3Dyes"));
        Assert.Equal(["m1", "m3"], await NamesAsync("?labelSelector=n%20in%20(1,3),even"));
        Assert.Equal(["m0", "m4"], await NamesAsync("?labelSelector=n%20notin%20(1,2,3),n"));
        Assert.Equal(["m3"], await NamesAsync("?fieldSelector=metadata.name%3Dm3"));
        await cluster.RefusedAsync(400, "GET", Maps + "?fieldSelector=data.x%3D1");

        JsonObject page = await cluster.OkAsync("GET", Maps + "?limit=2&labelSelector=n");
        string next = (string)page["metadata"]!["continue"]!;
        await cluster.OkAsync("DELETE", Maps + "/m4");
        List<string> rest = [];
        while (next.Length > 0)
        {
            page = await cluster.OkAsync("GET", $"{Maps}?limit=2&labelSelector=n&continue={next}");
            rest.AddRange(page["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!));
            next = (string?)page["metadata"]!["continue"] ?? "";
        }

        Assert.Equal(["m2", "m3", "m4"], rest);
        Assert.Equal(["m0", "m1", "m2", "m3"], await NamesAsync("?labelSelector=n"));
    }

    [Fact]
    public async Task A_page_of_a_forgotten_state_is_expired_and_can_go_on()
    {
        await using KubernetesCluster small = new(new KubernetesOptions { HistoryLength = 8 });
        for (int i = 0; i < 4; i++)
        {
            await small.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("m" + i));
        }

        JsonObject page = await small.OkAsync("GET", Maps + "?limit=2");
        for (int i = 0; i < 30; i++)
        {
            await small.OkAsync("PATCH", Maps + "/m0", KubernetesCluster.Node($$$"""{"data":{"x":"{{{i}}}"}}"""), KubernetesCluster.Merge);
        }

        JsonObject expired = await small.RefusedAsync(410, "GET", $"{Maps}?limit=2&continue={page["metadata"]!["continue"]}");
        Assert.Equal("Expired", (string?)expired["reason"]);
        page = await small.OkAsync("GET", $"{Maps}?continue={expired["metadata"]!["continue"]}");
        Assert.Contains("m3", page["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!));
    }

    [Fact]
    public async Task Deleting_waits_for_finalizers_and_honours_preconditions()
    {
        JsonObject map = KubernetesCluster.ConfigMap("a");
        map["metadata"]!["finalizers"] = new JsonArray("example.com/hold");
        await cluster.OkAsync("POST", Maps, map);
        JsonObject refused = await cluster.RefusedAsync(409, "DELETE", Maps + "/a", KubernetesCluster.Node("""{"preconditions":{"uid":"other"}}"""));
        Assert.Contains("the UID in the precondition (other) does not match", (string?)refused["message"], StringComparison.Ordinal);
        JsonObject deleting = await cluster.OkAsync("DELETE", Maps + "/a");
        Assert.NotNull(deleting["metadata"]!["deletionTimestamp"]);
        await cluster.OkAsync("GET", Maps + "/a");
        await cluster.OkAsync("PATCH", Maps + "/a", KubernetesCluster.Node("""{"metadata":{"finalizers":null}}"""), KubernetesCluster.Merge);
        await cluster.RefusedAsync(404, "GET", Maps + "/a");
    }

    [Fact]
    public async Task A_collection_is_deleted_by_its_selector()
    {
        foreach (string name in (string[])["a", "b"])
        {
            JsonObject map = KubernetesCluster.ConfigMap(name);
            map["metadata"]!["labels"] = new JsonObject { ["which"] = name };
            await cluster.OkAsync("POST", Maps, map);
        }

        await cluster.OkAsync("DELETE", Maps + "?labelSelector=which%3Da");
        await cluster.RefusedAsync(404, "GET", Maps + "/a");
        await cluster.OkAsync("GET", Maps + "/b");
    }

    [Fact]
    public async Task A_namespace_brings_its_account_and_takes_its_content_along()
    {
        await cluster.OkAsync("POST", "/api/v1/namespaces", KubernetesCluster.Node("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}}"""));
        await cluster.UntilAsync("/api/v1/namespaces/team/serviceaccounts/default", node => (string?)node["kind"] == "ServiceAccount");
        await cluster.UntilAsync("/api/v1/namespaces/team/configmaps/kube-root-ca.crt", node => (string?)node["kind"] == "ConfigMap");
        await cluster.OkAsync("POST", "/api/v1/namespaces/team/configmaps", KubernetesCluster.ConfigMap("a"));
        JsonObject held = KubernetesCluster.ConfigMap("held");
        held["metadata"]!["finalizers"] = new JsonArray("example.com/hold");
        await cluster.OkAsync("POST", "/api/v1/namespaces/team/configmaps", held);
        JsonObject going = await cluster.OkAsync("DELETE", "/api/v1/namespaces/team");
        Assert.Equal("Terminating", (string?)going["status"]!["phase"]);
        JsonObject refused = await cluster.RefusedAsync(403, "POST", "/api/v1/namespaces/team/configmaps", KubernetesCluster.ConfigMap("late"));
        Assert.Contains("because it is being terminated", (string?)refused["message"], StringComparison.Ordinal);
        await cluster.UntilAsync("/api/v1/namespaces/team/configmaps/held", node => node["metadata"]?["deletionTimestamp"] is not null);
        await cluster.OkAsync("PATCH", "/api/v1/namespaces/team/configmaps/held", KubernetesCluster.Node("""{"metadata":{"finalizers":null}}"""), KubernetesCluster.Merge);
        await cluster.UntilAsync("/api/v1/namespaces/team", node => (int?)node["code"] == 404);
        await cluster.RefusedAsync(404, "GET", "/api/v1/namespaces/team/configmaps/a");
        await cluster.RefusedAsync(403, "DELETE", "/api/v1/namespaces/default");
    }

    [Fact]
    public async Task Dependents_go_with_their_owner_stay_or_hold_it()
    {
        async Task<string> OwnerAsync(string name)
        {
            JsonObject owner = await cluster.OkAsync("POST", Maps, KubernetesCluster.ConfigMap(name));
            JsonObject child = KubernetesCluster.ConfigMap(name + "-child");
            child["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = name, ["uid"] = (string?)owner["metadata"]!["uid"], ["blockOwnerDeletion"] = true,
            });
            await cluster.OkAsync("POST", Maps, child);
            return Maps + "/" + name;
        }

        string background = await OwnerAsync("back");
        await cluster.OkAsync("DELETE", background + "?propagationPolicy=Background");
        await cluster.RefusedAsync(404, "GET", background);
        await cluster.UntilAsync(background + "-child", node => (int?)node["code"] == 404);

        string foreground = await OwnerAsync("fore");
        await cluster.OkAsync("DELETE", foreground, KubernetesCluster.Node("""{"propagationPolicy":"Foreground"}"""));
        await cluster.UntilAsync(foreground, node => (int?)node["code"] == 404);
        await cluster.RefusedAsync(404, "GET", foreground + "-child");

        string orphan = await OwnerAsync("orphan");
        await cluster.OkAsync("DELETE", orphan + "?propagationPolicy=Orphan");
        await cluster.UntilAsync(orphan, node => (int?)node["code"] == 404);
        JsonObject left = await cluster.OkAsync("GET", orphan + "-child");
        Assert.Null(left["metadata"]!["ownerReferences"]);
    }

    [Fact]
    public async Task Objects_survive_a_restart_and_a_torn_last_line()
    {
        string folder = Directory.CreateTempSubdirectory("cloudlab-kube-").FullName;
        try
        {
            string version, uid;
            await using (KubernetesCluster first = new(new KubernetesOptions { DataPath = folder }))
            {
                JsonObject kept = await first.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("kept", ("x", "1")));
                await first.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("gone"));
                await first.OkAsync("DELETE", Maps + "/gone");
                uid = (string)kept["metadata"]!["uid"]!;
                version = (string)(await first.OkAsync("GET", Maps))["metadata"]!["resourceVersion"]!;
            }

            await File.AppendAllTextAsync(Path.Combine(folder, "objects.jsonl"), "999 + /configmaps {\"metadata\":{\"na", TestContext.Current.CancellationToken);
            await using KubernetesCluster second = new(new KubernetesOptions { DataPath = folder });
            JsonObject again = await second.OkAsync("GET", Maps + "/kept");
            Assert.Equal(uid, (string?)again["metadata"]!["uid"]);
            Assert.Equal("1", (string?)again["data"]!["x"]);
            await second.RefusedAsync(404, "GET", Maps + "/gone");
            JsonObject next = await second.OkAsync("POST", Maps, KubernetesCluster.ConfigMap("next"));
            Assert.True(long.Parse((string)next["metadata"]!["resourceVersion"]!) > long.Parse(version));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static JsonObject Merge(JsonObject node, JsonObject change)
    {
        foreach ((string name, JsonNode? value) in change)
        {
            node[name] = value is JsonObject inner && node[name] is JsonObject there ? Merge(there.DeepClone().AsObject(), inner) : value?.DeepClone();
        }

        return node;
    }

    private async Task<List<string>> NamesAsync(string query) =>
        [.. (await cluster.OkAsync("GET", Maps + query))["items"]!.AsArray().Select(item => (string)item!["metadata"]!["name"]!)];
}
