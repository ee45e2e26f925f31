using System.Net;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Client;

/// <summary>The client when the server misbehaves.</summary>
[Trait("Area", "Kubernetes")]
public sealed class KubernetesApiTests
{
    private static readonly ApiResource Pods = new()
    {
        Group = "", Version = "v1", Kind = "Pod", Plural = "pods", Singular = "pod", Namespaced = true, Verbs = ["list"],
    };

    private readonly ScriptedCluster cluster = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the API server answers where an edit of a Secret has a field that does not exist: it repeats all of the patch.</summary>
    [Fact]
    public void A_refused_patch_is_not_repeated()
    {
        string said = """Invalid value: "{\"data\":{\"password\":\"Z2VoZWlt\"},\"type\":\"a\\\"b\"}": strict decoding error: unknown field "dat" """.TrimEnd();
        JsonObject status = new()
        {
            ["reason"] = "Invalid", ["message"] = "\"\" is invalid: patch: " + said,
            ["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "FieldValueInvalid", ["field"] = "patch", ["message"] = said }) },
        };
        Assert.Equal("strict decoding error: unknown field \"dat\"", KubeStatus.ToException(422, status, new Uri("https://localhost")).Message);
    }

    [Fact]
    public async Task Requests_that_may_be_repeated_survive_resets_and_busy_servers()
    {
        cluster.Break()
            .Answer(HttpStatusCode.TooManyRequests, ScriptedCluster.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "1"))
            .Answer(HttpStatusCode.ServiceUnavailable, "upstream is restarting")
            .BreakAfter("{\"kind\": \"Pod\", \"meta")
            .Answer("""{"kind":"Pod"}""");
        Assert.Equal("Pod", (string?)(await cluster.Api().GetAsync("/api/v1/pods/x", Token))["kind"]);
        Assert.Equal(5, cluster.Requests.Count);
    }

    [Fact]
    public async Task A_request_that_creates_is_not_sent_twice()
    {
        cluster.Break();
        LabException e = await Assert.ThrowsAsync<LabException>(
            () => cluster.Api().SendAsync(HttpMethod.Post, "/api/v1/pods", "{}"u8.ToArray(), null, Token));
        Assert.Equal(("AnswerLost", false), (e.Code, e.StopsCommand));
        Assert.Contains("not known whether the object was created", e.Message, StringComparison.Ordinal);
        Assert.Single(cluster.Requests);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_server_that_answered_a_moment_ago_and_refuses_connections_is_starting_again(string method)
    {
        cluster.Answer("{}").Answer(Refused).Answer(Refused).Answer("""{"kind":"Pod"}""");
        KubernetesApi api = cluster.Api();
        await api.GetAsync("/api/v1/pods/x", Token);
        Assert.Equal("Pod", (await api.SendAsync(new HttpMethod(method), "/api/v1/pods", null, null, Token)).Content.Text("kind"));
        Assert.Equal(4, cluster.Requests.Count);

        static HttpResponseMessage Refused(HttpRequestMessage request) => throw new HttpRequestException(
            HttpRequestError.ConnectionError, "refused", new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.ConnectionRefused));
    }

    [Fact]
    public async Task A_handshake_that_breaks_is_no_wrong_certificate()
    {
        cluster.Answer(_ => throw new HttpRequestException(HttpRequestError.SecureConnectionError, "handshake", new IOException("unexpected end"))).Answer("""{"kind":"Pod"}""");
        Assert.Equal("Pod", (await cluster.Api().GetAsync("/api/v1/pods/x", Token)).Text("kind"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_stops_the_command_at_once()
    {
        cluster.Break(HttpRequestError.ConnectionError);
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/api", Token));
        Assert.Equal(("ClusterUnreachable", true), (e.Code, e.StopsCommand));
        Assert.Contains("http://cluster.test", e.Message, StringComparison.Ordinal);
        Assert.Contains("-KubeConfig", e.Message, StringComparison.Ordinal);
        Assert.Single(cluster.Requests);
    }

    [Fact]
    public async Task A_server_that_keeps_failing_is_given_up()
    {
        for (int i = 0; i < 10; i++)
        {
            cluster.Answer(HttpStatusCode.ServiceUnavailable, ScriptedCluster.Status(503, "ServiceUnavailable", "not yet"));
        }

        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/api", Token));
        Assert.Equal((LabErrorKind.ServiceFailed, 503), (e.Kind, e.StatusCode));
        Assert.Equal(6, cluster.Requests.Count);
    }

    [Theory]
    [InlineData(401, "Unauthorized", LabErrorKind.AuthenticationFailed, true)]
    [InlineData(403, "Forbidden", LabErrorKind.AccessDenied, false)]
    [InlineData(404, "NotFound", LabErrorKind.NotFound, false)]
    [InlineData(409, "AlreadyExists", LabErrorKind.AlreadyExists, false)]
    [InlineData(409, "Conflict", LabErrorKind.Conflict, false)]
    [InlineData(422, "Invalid", LabErrorKind.InvalidData, false)]
    [InlineData(500, "InternalError", LabErrorKind.ServiceFailed, false)]
    public async Task A_status_becomes_an_error_with_its_reason(int code, string reason, LabErrorKind kind, bool stops)
    {
        cluster.Answer((HttpStatusCode)code, ScriptedCluster.Status(code, reason, "one\\n- two"));
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/x", Token));
        Assert.Equal((reason, kind, stops, code), (e.Code, e.Kind, e.StopsCommand, e.StatusCode));
        Assert.Contains("one - two", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_that_have_expired_say_so_and_what_to_do()
    {
        // {"exp":1700000000}
        cluster.Answer((HttpStatusCode)401, ScriptedCluster.Status(401, "Unauthorized", "Unauthorized"));
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api(new KubeCredentials(KubeCredentials.Bearer("e30.eyJleHAiOjE3MDAwMDAwMDB9.c2ln", "a test"))).GetAsync("/x", Token));
        Assert.Equal(("Unauthorized", LabErrorKind.AuthenticationFailed, true, 401), (e.Code, e.Kind, e.StopsCommand, e.StatusCode));
        Assert.Contains("the token of the kubeconfig expired at 2023-11-14 22:13:20Z. Sign in again", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failed to create typed patch object (a/b; /v1, Kind=ConfigMap): .data.a: expected string, got 1", LabErrorKind.InvalidData)]
    [InlineData("failed to convert new object (a/b; /v1, Kind=Pod) to proper version: unable to convert unstructured object to /v1, Kind=Pod: quantities must match", LabErrorKind.InvalidData)]
    [InlineData("etcdserver: request timed out", LabErrorKind.ServiceFailed)]
    public async Task What_is_wrong_with_the_object_is_no_failure_of_the_server(string message, LabErrorKind kind)
    {
        cluster.Answer(HttpStatusCode.InternalServerError, ScriptedCluster.Status(500, "InternalError", message));
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/x", Token));
        Assert.Equal(kind, e.Kind);
    }

    [Fact]
    public async Task Causes_that_the_message_leaves_out_are_named()
    {
        cluster.Answer(HttpStatusCode.UnprocessableEntity, """
            {"kind":"Status","code":422,"reason":"Invalid","message":"Pod is invalid","details":{"causes":[
              {"reason":"FieldValueRequired","message":"Required value","field":"spec.containers"}]}}
            """);
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/x", Token));
        Assert.Equal("Pod is invalid; spec.containers: Required value", e.Message);
    }

    [Fact]
    public async Task A_refused_token_is_fetched_again_once()
    {
        string file = Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(file, "old", Token);
        List<string?> tokens = [];
        KubernetesApi api = cluster.Api(new KubeCredentials(tokenFile: file));
        cluster.Answer(request =>
            {
                tokens.Add(request.Headers.Authorization?.Parameter);
                File.WriteAllText(file, "new\n");
                return new HttpResponseMessage(HttpStatusCode.Unauthorized) { Content = new StringContent("") };
            })
            .Answer(request =>
            {
                tokens.Add(request.Headers.Authorization?.Parameter);
                return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}") };
            });
        await api.GetAsync("/x", Token);
        Assert.Equal(["old", "new"], tokens);
    }

    [Fact]
    public async Task A_token_that_is_renewed_takes_no_attempt_from_a_server_that_keeps_failing()
    {
        string file = Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(file, "token", Token);
        for (int i = 0; i < 10; i++)
        {
            cluster.Answer(i == 4 ? HttpStatusCode.Unauthorized : HttpStatusCode.ServiceUnavailable, "");
        }

        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api(new KubeCredentials(tokenFile: file)).GetAsync("/api", Token));
        Assert.Equal(503, e.StatusCode);
        Assert.Equal(7, cluster.Requests.Count);
    }

    [Fact]
    public async Task A_busy_server_says_how_long_to_wait_and_a_failing_one_only_then_is_asked_again()
    {
        Listener listener = new();
        RequestLog.Current = listener;
        cluster.Answer(HttpStatusCode.TooManyRequests, ScriptedCluster.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "7"))
            .Answer(HttpStatusCode.InternalServerError, ScriptedCluster.Status(500, "InternalError", "moment"), ("Retry-After", "3600"))
            .Answer("{}");
        await cluster.Api().GetAsync("/api/v1/pods", Token);
        string[] pauses = [.. listener.Verbose.Where(line => line.StartsWith("Attempt ", StringComparison.Ordinal))];
        Assert.Equal("Attempt 1 of GET /api/v1/pods failed (slow down); retrying in 7 s", pauses[0]);
        Assert.Equal("Attempt 2 of GET /api/v1/pods failed (moment); retrying in 30 s", pauses[1]);

        cluster.Answer(HttpStatusCode.InternalServerError, ScriptedCluster.Status(500, "InternalError", "broken"));
        Assert.Equal("InternalError", (await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/api/v1/pods", Token))).Code);
        Assert.Equal(4, cluster.Requests.Count);
    }

    [Fact]
    public async Task A_watch_waits_for_a_busy_server_too()
    {
        cluster.Answer(HttpStatusCode.TooManyRequests, ScriptedCluster.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "1"))
            .Answer(Event("ADDED", "a", "1"));
        List<string?> seen = [];
        await foreach (JsonObject happened in cluster.Api().WatchAsync("/api/v1/pods?watch=1", Token))
        {
            seen.Add(happened.Text("type"));
        }

        Assert.Equal(["ADDED"], seen);
    }

    [Fact]
    public async Task What_the_server_warns_of_is_said_once_a_command()
    {
        (string, string) warning = ("Warning", """299 - "v1 Things is deprecated; use \"Stuff\" v2" """);
        cluster.Answer(HttpStatusCode.OK, "{}", warning, ("Warning", "299 - \"unknown field \\\"spec.x\\\"\""))
            .Answer(HttpStatusCode.OK, "{}", warning).Answer(HttpStatusCode.OK, "{}", warning).Answer(HttpStatusCode.OK, "{}", ("Warning", "199 - \"of a proxy\""));
        KubernetesApi api = cluster.Api();
        Listener first = new(), second = new();
        RequestLog.Current = first;
        await api.GetAsync("/x", Token);
        await api.GetAsync("/x", Token);
        RequestLog.Current = second;
        await api.GetAsync("/x", Token);
        await api.GetAsync("/x", Token);
        Assert.Equal(["v1 Things is deprecated; use \"Stuff\" v2", "unknown field \"spec.x\""], first.Warnings);
        Assert.Equal(["v1 Things is deprecated; use \"Stuff\" v2"], second.Warnings);
    }

    [Fact]
    public async Task An_answer_that_is_no_json_is_no_cluster()
    {
        cluster.Answer("<html>log in</html>");
        LabException e = await Assert.ThrowsAsync<LabException>(() => cluster.Api().GetAsync("/api", Token));
        Assert.Equal("ClusterUnreachable", e.Code);
        Assert.Contains("ended early", e.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_comes_out_page_by_page()
    {
        cluster.Answer(Page("7", "next&page", "a", "b")).Answer(Page("7", null, "c"));
        await using IAsyncEnumerator<LabResource> list = new ResourceStore(cluster.Api())
            .ListAsync(Pods, "films", new ResourceFilter("app=x", "spec.nodeName=n"), Token).GetAsyncEnumerator(Token);
        Assert.True(await list.MoveNextAsync());
        Assert.Equal(("a", "Pod", "v1"), (list.Current.Name, list.Current.Kind, list.Current.ApiVersion));
        Assert.Equal("GET /api/v1/namespaces/films/pods?labelSelector=app%3Dx&fieldSelector=spec.nodeName%3Dn&limit=500", cluster.Requests[0]);
        Assert.True(await list.MoveNextAsync());
        Assert.True(await list.MoveNextAsync());
        Assert.Equal("c", list.Current.Name);
        Assert.EndsWith("&continue=next%26page", cluster.Requests[1], StringComparison.Ordinal);
        Assert.False(await list.MoveNextAsync());
    }

    [Fact]
    public async Task A_list_that_expires_half_way_is_read_again_without_repeating_anything()
    {
        cluster.Answer(Page("7", "x", "a", "b"))
            .Answer(HttpStatusCode.Gone, ScriptedCluster.Status(410, "Expired", "too old"))
            .Answer(Page("9", "y", "a", "b2")).Answer(Page("9", null, "c"));
        List<string> names = [];
        await foreach (LabResource pod in new ResourceStore(cluster.Api()).ListAsync(Pods, null, ResourceFilter.None, Token))
        {
            names.Add(pod.Name);
        }

        Assert.Equal(["a", "b", "b2", "c"], names);
    }

    [Fact]
    public async Task A_watch_that_breaks_is_taken_up_where_it_was()
    {
        cluster.Answer(Page("7", null, "a"))
            .BreakAfter(Event("MODIFIED", "a", "8") + Event("BOOKMARK", "", "9") + "{\"type\":\"MODI")
            .Break()
            .Answer(Event("DELETED", "a", "10"));
        List<string> seen = await FollowAsync(4);
        Assert.Equal(["Present a", "Listed ", "Present a", "Gone a"], seen);
        Assert.Contains("&resourceVersion=7", cluster.Requests[1], StringComparison.Ordinal);
        Assert.Contains("&resourceVersion=9", cluster.Requests[2], StringComparison.Ordinal);
        Assert.Contains("&resourceVersion=9", cluster.Requests[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_watch_that_the_server_forgot_is_replaced_by_a_new_list(bool asEvent)
    {
        string gone = ScriptedCluster.Status(410, "Expired", "too old resource version");
        cluster.Answer(Page("7", null, "a", "b"));
        _ = asEvent
            ? cluster.Answer($$"""{"type":"ERROR","object":{{gone}}}""" + "\n")
            : cluster.Answer(HttpStatusCode.Gone, gone);
        cluster.Answer(Page("20", null, "b", "c")).Answer(Event("ADDED", "d", "21"));
        Assert.Equal(
            ["Present a", "Present b", "Listed ", "Gone a", "Present b", "Present c", "Listed ", "Present d"], await FollowAsync(8));
    }

    [Fact]
    public async Task Discovery_asks_twice_where_the_server_aggregates()
    {
        cluster.Answer("""
            {"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","resources":[
              {"resource":"pods","responseKind":{"group":"","version":"v1","kind":"Pod"},"scope":"Namespaced","singularResource":"pod","shortNames":["po"],"categories":["all"],"verbs":["list"]}]}]}]}
            """).Answer("""
            {"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
              {"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment","shortNames":["deploy"],"categories":["all"],"verbs":["list"]}]}]}]}
            """);
        KubernetesApi api = cluster.Api();
        ApiCatalog catalog = await api.CatalogAsync(Token);
        Assert.Same(catalog, await api.CatalogAsync(Token));
        Assert.Equal(2, cluster.Requests.Count);
        foreach (string name in new[] { "deploy", "Deployment", "deployments", "deployment", "DEPLOY", "deployments.apps", "deployments.v1.apps", "deploy.apps" })
        {
            Assert.Equal("deployments.apps", Assert.Single(catalog.Match(name)).Name);
        }

        Assert.Equal(["pods", "deployments.apps"], catalog.Match("all").Select(r => r.Name));
        Assert.Empty(catalog.Match("deployments.extensions"));
        Assert.Contains("did you mean Deployment?", catalog.Unknown("apps/v1", "Deploymnt").Message, StringComparison.Ordinal);
        // Not the kind of another group whose name is a little like it.
        Assert.Contains("deploy its CustomResourceDefinition first", catalog.Unknown("example.com/v1", "Deploymnt").Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'deployments'", catalog.Unknown("deploymnts").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discovery_falls_back_to_one_request_a_group_and_lives_with_a_group_that_is_down()
    {
        cluster.Answer(request => Json(request.RequestUri!.AbsolutePath));
        for (int i = 0; i < 12; i++)
        {
            cluster.Answer(request => Json(request.RequestUri!.AbsolutePath));
        }

        ApiCatalog catalog = await cluster.Api().CatalogAsync(Token);
        Assert.Equal("pods", Assert.Single(catalog.Match("po")).Name);
        Assert.Equal("autoscaling/v2", Assert.Single(catalog.Match("hpa")).ApiVersion);
        Assert.NotNull(catalog.Find("autoscaling/v1", "HorizontalPodAutoscaler"));

        static HttpResponseMessage Json(string path) => path switch
        {
            "/api" => Of("""{"kind":"APIVersions","versions":["v1"]}"""),
            "/apis" => Of("""{"kind":"APIGroupList","groups":[{"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}]},{"name":"autoscaling","versions":[{"version":"v1"},{"version":"v2"}],"preferredVersion":{"version":"v2"}}]}"""),
            "/api/v1" => Of("""{"resources":[{"name":"pods","kind":"Pod","namespaced":true,"shortNames":["po"],"verbs":["list"]},{"name":"pods/log","kind":"Pod","namespaced":true}]}"""),
            "/apis/metrics.k8s.io/v1beta1" => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("") },
            _ => Of("""{"resources":[{"name":"horizontalpodautoscalers","kind":"HorizontalPodAutoscaler","namespaced":true,"shortNames":["hpa"],"verbs":["list"]}]}"""),
        };

        static HttpResponseMessage Of(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body) };
    }

    private static string Page(string version, string? next, params string[] names) => new JsonObject
    {
        ["kind"] = "PodList",
        ["metadata"] = next is null
            ? new JsonObject { ["resourceVersion"] = version }
            : new JsonObject { ["resourceVersion"] = version, ["continue"] = next },
        ["items"] = new JsonArray([.. names.Select(n => new JsonObject { ["metadata"] = new JsonObject { ["name"] = n, ["uid"] = "uid-" + n } })]),
    }.ToJsonString();

    private static string Event(string type, string name, string version) => new JsonObject
    {
        ["type"] = type,
        ["object"] = new JsonObject
        {
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = "uid-" + name, ["resourceVersion"] = version },
        },
    }.ToJsonString() + "\n";

    private sealed class Listener : IReporter
    {
        public List<string> Verbose { get; } = [];

        public List<string> Warnings { get; } = [];

        public void Warning(string message) => Warnings.Add(message);

        public void Progress(ProgressUpdate update)
        {
        }

        void IReporter.Verbose(string message) => Verbose.Add(message);
    }

    private async Task<List<string>> FollowAsync(int count)
    {
        List<string> seen = [];
        await foreach (ResourceEvent happened in new ResourceStore(cluster.Api()).FollowAsync(Pods, "films", ResourceFilter.None, Token))
        {
            seen.Add($"{happened.Kind} {happened.Resource?.Object("metadata")?.Text("name")}");
            if (seen.Count == count)
            {
                break;
            }
        }

        return seen;
    }
}
