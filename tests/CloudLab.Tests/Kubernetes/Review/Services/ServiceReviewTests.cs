using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Review.Services;
using CloudLab.Tests.Common;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Services;

/// <summary>What no cluster of the tests can be brought to, judged from objects.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ServiceReviewTests
{
    private const string Service = """{"metadata":{"name":"web","namespace":"films"},"spec":{"selector":{"app":"web"},"clusterIP":"10.0.0.1","ipFamilies":["IPv4"],"ports":[{"name":"http","port":80,"targetPort":"http"}]}}""";

    [Fact]
    public void Pods_that_are_all_being_deleted() => Assert.Equal(
        "OnlyTerminating", One(Service, new() { Pods = [Pod("a", """{"deletionTimestamp":"2026-01-01T00:00:00Z"}""")], Slices = [] }).Rule);

    [Fact]
    public void Ready_pods_that_the_slices_lack() => Assert.Equal("EndpointsMissing", One(Service, new() { Pods = [Pod("a")], Slices = [Parse("{}")] }).Rule);

    [Fact]
    public void Some_pods_that_are_not_ready() => Assert.Equal("SomeNotReady", One(Service, new() { Pods = [Pod("a"), Pod("b", ready: "False")], Slices = [Slice("a")] }).Rule);

    [Fact]
    public void A_family_in_which_no_pod_has_an_address() => Assert.Equal(
        "FamilyWithoutEndpoints", One(Service.Replace("[\"IPv4\"]", "[\"IPv4\",\"IPv6\"]", StringComparison.Ordinal), new() { Pods = [Pod("a")], Slices = [Slice("a")] }).Rule);

    [Fact]
    public void What_was_not_read_is_not_judged() => Assert.Empty(new ServiceReview(Parse(Service), new()).Findings(Port));

    [Fact]
    public void An_ingress_of_another_namespace() => Assert.Equal(
        "IngressElsewhere",
        One(Service, new() { Pods = [Pod("a")], Slices = [Slice("a")], Elsewhere = [.. ServiceRoutes.OfIngress(Parse(Ingress("default", "80")))] }).Rule);

    [Fact]
    public void A_route_that_its_gateway_refuses()
    {
        LabServiceRoute route = Assert.Single(ServiceRoutes.OfHttpRoute(
            Parse("""
                {"metadata":{"name":"r","namespace":"films"},"spec":{"parentRefs":[{"name":"gate","sectionName":"tls"}],"hostnames":["movies.example"],"rules":[{"backendRefs":[{"name":"web","port":80}]}]},
                 "status":{"parents":[{"conditions":[{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"False","reason":"BackendNotFound","message":"no such service."}]}]}}
                """),
            [Parse("""{"metadata":{"name":"gate","namespace":"films"},"spec":{"listeners":[{"name":"tls","protocol":"HTTPS"}]}}""")]));
        Assert.Equal(("https://movies.example/", "gate", "Prefix"), (route.Url, route.Class, route.PathType));
        LabServiceFinding found = One(Service, new() { Pods = [Pod("a")], Slices = [Slice("a")], Routes = [route] });
        Assert.Equal("RouteRefused", found.Rule);
        Assert.Contains("BackendNotFound: no such service", found.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("movies.example", "/api", "api")]
    [InlineData("movies.example", "/api/list", "api")]
    [InlineData("movies.example", "/apis", "root")]
    [InlineData("movies.example", "/api/exact", "exact")]
    [InlineData("a.movies.example", "/", "wild")]
    [InlineData("a.b.movies.example", "/", "fallback")]
    [InlineData("other.example", "/any", "fallback")]
    public void A_url_takes_the_rule_that_a_controller_would_choose(string host, string path, string service) => Assert.Equal(
        service,
        Assert.Single(ServiceRoutes.Taking(
            ServiceRoutes.OfIngress(Parse("""
                {"metadata":{"name":"i","namespace":"films"},"spec":{"defaultBackend":{"service":{"name":"fallback","port":{"number":80}}},"rules":[
                  {"host":"movies.example","http":{"paths":[
                    {"path":"/","pathType":"Prefix","backend":{"service":{"name":"root","port":{"number":80}}}},
                    {"path":"/api","pathType":"Prefix","backend":{"service":{"name":"api","port":{"number":80}}}},
                    {"path":"/api/exact","pathType":"Exact","backend":{"service":{"name":"exact","port":{"number":80}}}}]}},
                  {"host":"*.movies.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"wild","port":{"number":80}}}}]}}]}}
                """)), host, path)).Service);

    [Theory]
    [InlineData("""{"podSelector":{}}""", true)]
    [InlineData("""{"podSelector":{},"policyTypes":["Egress"]}""", false)]
    [InlineData("""{"podSelector":{"matchLabels":{"app":"db"}}}""", false)]
    [InlineData("""{"podSelector":{},"ingress":[{"from":[{"podSelector":{}}]}]}""", false)]
    [InlineData("""{"podSelector":{},"ingress":[{"ports":[{"port":"http"}]}]}""", false)]
    [InlineData("""{"podSelector":{},"ingress":[{"ports":[{"port":8000,"endPort":8100}]}]}""", false)]
    [InlineData("""{"podSelector":{},"ingress":[{"ports":[{"port":8080,"protocol":"UDP"}]}]}""", true)]
    public void A_policy_admits_a_port_or_blocks_it(string spec, bool blocks) =>
        Assert.Equal(blocks, PodPorts.Blocking([Parse($$"""{"metadata":{"name":"p"},"spec": {{spec}} }""")], Pod("a"), 8080, "TCP").Count > 0);

    [Fact]
    public Task The_page_of_the_rules_is_what_the_rules_say() => RulePage.AssertAsync(
        "service-review.md", "Resolve-LabService",
        """
        `Resolve-LabService` follows services to the pods that answer, and writes what is wrong on the way to `Findings`. A rule is not looked at where something that it needs cannot be
        read; a warning says so. The source of this page is `ServiceRule` in `src/CloudLab.Core/Kubernetes/Review/Services`.
        """,
        ServiceRule.All);

    private static JsonObject Port => (JsonObject)Parse(Service)["spec"]!["ports"]![0]!;

    private static LabServiceFinding One(string service, ServiceSurroundings around)
    {
        ServiceReview review = new(Parse(service), around);
        return Assert.Single(review.Findings(review.Ports[0]));
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static JsonObject Pod(string name, string metadata = "{}", string ready = "True")
    {
        JsonObject pod = Parse($$"""
            {"metadata": {{metadata}} ,"spec":{"containers":[{"name":"web","ports":[{"name":"http","containerPort":8080} ]} ]},
             "status":{"phase":"Running","podIP":"10.1.0.1","conditions":[{"type":"Ready","status":"{{ready}}"} ]} }
            """);
        (pod["metadata"]!["name"], pod["metadata"]!["labels"]) = (name, new JsonObject { ["app"] = "web" });
        return pod;
    }

    private static JsonObject Slice(string pod) => Parse(
        $$"""{"addressType":"IPv4","ports":[{"name":"http","port":8080}],"endpoints":[{"addresses":["10.1.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"{{pod}}"} } ]}""");

    private static string Ingress(string ns, string port) =>
        $$$"""{"metadata":{"name":"i","namespace":"{{{ns}}}"},"spec":{"rules":[{"http":{"paths":[{"path":"/","backend":{"service":{"name":"web","port":{"number":{{{port}}} } } } }]} }]} }""";
}
