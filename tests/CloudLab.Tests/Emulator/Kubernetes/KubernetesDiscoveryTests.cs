using System.Text.Json.Nodes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

[Trait("Area", "Emulator")]
public sealed class KubernetesDiscoveryTests : IAsyncDisposable
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Movies = "/apis/lab.io/v1/namespaces/default/movies";

    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"movies.lab.io"},"spec":{"group":"lab.io","scope":"Namespaced",
        "names":{"plural":"movies","kind":"Movie","shortNames":["mv"]},"versions":[{"name":"v1","served":true,"storage":true,
        "subresources":{"status":{},"scale":{"specReplicasPath":".spec.copies","statusReplicasPath":".status.copies"}},
        "additionalPrinterColumns":[{"name":"Year","type":"integer","jsonPath":".spec.year"},{"name":"Shown","type":"string","jsonPath":".status.conditions[?(@.type==\"Shown\")].status"}],
        "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["title"],"properties":{"title":{"type":"string"},
        "year":{"type":"integer","minimum":1888},"copies":{"type":"integer"},"genre":{"type":"string","enum":["drama","comedy"]}}},
        "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}
        """;

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/livez?verbose")]
    public async Task It_is_well(string path) => Assert.Contains("ok", (string?)(await cluster.OkAsync("GET", path))["text"], StringComparison.Ordinal);

    [Fact]
    public async Task Version_and_groups_are_told()
    {
        Assert.Equal("1", (string?)(await cluster.OkAsync("GET", "/version"))["major"]);
        JsonObject groups = await cluster.OkAsync("GET", "/apis");
        Assert.Contains("apps", groups["groups"]!.AsArray().Select(group => (string)group!["name"]!));
        JsonObject core = await cluster.OkAsync("GET", "/api/v1");
        Assert.Contains("pods/status", core["resources"]!.AsArray().Select(resource => (string)resource!["name"]!));
        await cluster.SendAsync("GET", "/apis/nope/v1");
        JsonObject missing = await cluster.RefusedAsync(404, "GET", "/api/v1/nopes");
        Assert.Equal("the server could not find the requested resource", (string?)missing["message"]);
    }

    [Fact]
    public async Task All_groups_can_be_asked_for_at_once()
    {
        JsonObject all = await cluster.OkAsync("GET", "/apis", accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
        Assert.Equal("APIGroupDiscoveryList", (string?)all["kind"]);
        JsonNode apps = all["items"]!.AsArray().First(group => (string?)group!["metadata"]!["name"] == "apps")!;
        JsonNode deployments = apps["versions"]![0]!["resources"]!.AsArray().First(resource => (string?)resource!["resource"] == "deployments")!;
        Assert.Equal("Namespaced", (string?)deployments["scope"]);
        Assert.Contains("deploy", deployments["shortNames"]!.AsArray().Select(name => (string)name!));
    }

    [Fact]
    public async Task Openapi_tells_what_an_operation_can_do_and_how_lists_are_merged()
    {
        JsonObject root = await cluster.OkAsync("GET", "/openapi/v3");
        JsonObject apps = await cluster.OkAsync("GET", (string)root["paths"]!["apis/apps/v1"]!["serverRelativeURL"]!);
        JsonNode patch = apps["paths"]!["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]!["patch"]!;
        Assert.Contains("fieldValidation", patch["parameters"]!.AsArray().Select(parameter => (string)parameter!["name"]!));
        JsonNode containers = apps["components"]!["schemas"]!["core.v1.PodSpec"]!["properties"]!["containers"]!;
        Assert.Equal("name", (string?)containers["x-kubernetes-patch-merge-key"]);
    }

    [Fact]
    public async Task A_table_has_the_columns_of_its_kind()
    {
        await cluster.OkAsync("POST", "/apis/apps/v1/namespaces/default/deployments", KubernetesCluster.Deployment("web", replicas: 2));
        await cluster.UntilAsync("/apis/apps/v1/namespaces/default/deployments/web", node => (int?)node["status"]?["availableReplicas"] == 2);
        JsonObject table = await TableAsync("/api/v1/namespaces/default/pods");
        Assert.Equal(["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"],
            table["columnDefinitions"]!.AsArray().Select(column => (string)column!["name"]!));
        JsonArray cells = table["rows"]![0]!["cells"]!.AsArray();
        Assert.Equal(["1/1", "Running", "0"], cells.Skip(1).Take(3).Select(cell => (string)cell!));
        Assert.Equal("PartialObjectMetadata", (string?)table["rows"]![0]!["object"]!["kind"]);
        cells = (await TableAsync("/apis/apps/v1/namespaces/default/deployments"))["rows"]![0]!["cells"]!.AsArray();
        Assert.Equal("""["web","2/2",2,2]""", new JsonArray([.. cells.Take(4).Select(cell => cell!.DeepClone())]).ToJsonString());
    }

    [Fact]
    public async Task A_definition_brings_a_kind()
    {
        await EstablishAsync();
        JsonObject resources = await cluster.OkAsync("GET", "/apis/lab.io/v1");
        Assert.Equal(["movies", "movies/status", "movies/scale"], resources["resources"]!.AsArray().Select(resource => (string)resource!["name"]!));
        JsonObject created = await cluster.OkAsync("POST", Movies, Movie("""{"title":"Metropolis","year":1927,"unknown":true}"""));
        Assert.Null(created["spec"]!["unknown"]);
        Assert.Equal(1, (int?)created["metadata"]!["generation"]);

        JsonObject changed = await cluster.OkAsync("PATCH", Movies + "/m/status",
            KubernetesCluster.Node("""{"spec":{"title":"Other"},"status":{"conditions":[{"type":"Shown","status":"True"}]}}"""), KubernetesCluster.Merge);
        Assert.Equal("Metropolis", (string?)changed["spec"]!["title"]);
        Assert.Equal(1, (int?)changed["metadata"]!["generation"]);
        JsonArray cells = (await TableAsync(Movies))["rows"]![0]!["cells"]!.AsArray();
        Assert.Equal("""["m",1927,"True"]""", cells.ToJsonString());

        JsonObject scale = await cluster.OkAsync("PATCH", Movies + "/m/scale", KubernetesCluster.Node("""{"spec":{"replicas":4}}"""), KubernetesCluster.Merge);
        Assert.Equal(4, (int?)scale["spec"]!["replicas"]);
        Assert.Equal(4, (int?)(await cluster.OkAsync("GET", Movies + "/m"))["spec"]!["copies"]);
    }

    [Theory]
    [InlineData("""{"year":1927}""", "Movie.lab.io \"m\" is invalid: spec.title: Required value")]
    [InlineData("""{"title":"a","year":1800}""", "Movie.lab.io \"m\" is invalid: spec.year: Invalid value: 1800: spec.year in body should be greater than or equal to 1888")]
    [InlineData("""{"title":"a","year":"x"}""", "Movie.lab.io \"m\" is invalid: spec.year: Invalid value: \"string\": spec.year in body must be of type integer: \"string\"")]
    [InlineData("""{"title":"a","genre":"x"}""", "Movie.lab.io \"m\" is invalid: spec.genre: Unsupported value: \"x\": supported values: \"drama\", \"comedy\"")]
    public async Task A_custom_resource_is_held_against_its_schema(string spec, string message)
    {
        await EstablishAsync();
        Assert.Equal(message, (string?)(await cluster.RefusedAsync(422, "POST", Movies, Movie(spec)))["message"]);
    }

    [Fact]
    public async Task A_definition_takes_its_objects_along()
    {
        await EstablishAsync();
        await cluster.OkAsync("POST", Movies, Movie("""{"title":"a"}"""));
        await cluster.OkAsync("DELETE", Definitions + "/movies.lab.io");
        await cluster.UntilAsync(Definitions + "/movies.lab.io", node => (int?)node["code"] == 404);
        await cluster.UntilAsync("/apis/lab.io/v1", node => node["resources"] is null);
        await EstablishAsync();
        Assert.Empty((await cluster.OkAsync("GET", Movies))["items"]!.AsArray());
    }

    private static JsonObject Movie(string spec) =>
        new() { ["apiVersion"] = "lab.io/v1", ["kind"] = "Movie", ["metadata"] = new JsonObject { ["name"] = "m" }, ["spec"] = JsonNode.Parse(spec) };

    private async Task EstablishAsync()
    {
        await cluster.OkAsync("POST", Definitions, KubernetesCluster.Node(Definition));
        await cluster.UntilAsync(Definitions + "/movies.lab.io", node => node["status"]?["conditions"]?.AsArray()
            .Any(condition => (string?)condition!["type"] == "Established" && (string?)condition["status"] == "True") == true);
    }

    private Task<JsonObject> TableAsync(string path) => cluster.OkAsync("GET", path, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
}
