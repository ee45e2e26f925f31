using System.Net;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Metrics;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Metrics;

/// <summary>Reading metrics from servers that misbehave.</summary>
[Trait("Area", "Kubernetes")]
public sealed class MetricStoreTests
{
    private const string Registered = """{"spec":{"service":{"name":"meter","namespace":"kube-system"}},"status":{"conditions":[{"type":"Available","status":"True"}]}}""";

    private readonly ScriptedCluster cluster = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_busy_or_breaks_off_is_asked_again()
    {
        cluster.Break()
            .Answer(HttpStatusCode.TooManyRequests, ScriptedCluster.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "1"))
            .Answer(HttpStatusCode.ServiceUnavailable, "service unavailable")
            .BreakAfter("""{"items":[{"metadata":{"name":"on""")
            .Answer("""{"items":[{"metadata":{"name":"one"},"usage":{"cpu":"1"}}]}""");
        ServedMetrics one = Assert.Single(await Store().NodesAsync(null, Token));
        Assert.Equal(("one", 1000L), (one.Name, one.Usage.Of("cpu").MilliValue));
        Assert.Equal(5, cluster.Requests.Count(request => request == "GET /apis/metrics.k8s.io/v1beta1/nodes"));
    }

    [Theory]
    [InlineData(500, Registered, "(APIService v1beta1.metrics.k8s.io) does not answer", "check it with Debug-LabPod svc/meter -Namespace kube-system.")]
    [InlineData(503, Registered, "(APIService v1beta1.metrics.k8s.io) does not answer", "check it with Debug-LabPod svc/meter -Namespace kube-system.")]
    [InlineData(503, null, "(metrics.k8s.io) does not answer", "check metrics-server, usually in kube-system.")]
    [InlineData(404, null, "the cluster has no metrics API", "install metrics-server, and wait a minute for its first measurement.")]
    [InlineData(503, """{"status":{"conditions":[{"type":"Available","status":"False","reason":"Gone","message":"no endpoints."}]}}""", "does not answer: no endpoints.", "Get-LabResource apiservices v1beta1.metrics.k8s.io shows its conditions.")]
    [InlineData(503, """{"status":"none","spec":[]}""", "does not answer", "Get-LabResource apiservices v1beta1.metrics.k8s.io shows its conditions.")]
    public async Task A_server_that_never_answers_is_one_error_that_says_whom_to_look_at(int code, string? service, string why, string what)
    {
        // As often as it is asked; then what stands behind it is looked up.
        for (int i = 0; i < (code == 503 ? 6 : 1); i++)
        {
            cluster.Answer((HttpStatusCode)code, "<html>Made up.</html>");
        }

        _ = service is null ? cluster.Answer(HttpStatusCode.Forbidden, ScriptedCluster.Status(403, "Forbidden", "not yours")) : cluster.Answer(service);
        LabException e = await Assert.ThrowsAsync<LabException>(() => Store().PodsAsync("shop", "app=web", Token));
        Assert.Equal(("MetricsUnavailable", code, true), (e.Code, e.StatusCode, e.StopsCommand));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.EndsWith(what, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", e.Message, StringComparison.Ordinal);
        Assert.StartsWith("GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?", cluster.Requests[0], StringComparison.Ordinal);
        Assert.Equal("GET /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io", cluster.Requests[^1]);
    }

    [Theory]
    [InlineData(429, "TooManyRequests", 6)]
    [InlineData(403, "Forbidden", 1)]
    public async Task Being_refused_is_not_called_a_server_that_is_down(int code, string reason, int times)
    {
        for (int i = 0; i < times; i++)
        {
            cluster.Answer((HttpStatusCode)code, ScriptedCluster.Status(code, reason, "not now"));
        }

        LabException e = await Assert.ThrowsAsync<LabException>(() => Store().PodsAsync(null, null, Token));
        Assert.Equal((reason, code), (e.Code, e.StatusCode));
        Assert.Contains("not now", e.Message, StringComparison.Ordinal);
        Assert.Equal(times, cluster.Requests.Count);
    }

    [Theory]
    [InlineData("[]", 0)]
    [InlineData("""{"kind":"PodMetricsList"}""", 0)]
    [InlineData("""{"items":null}""", 0)]
    [InlineData("""{"items":"none"}""", 0)]
    [InlineData("""{"items":[null,7,"x"]}""", 0)]
    [InlineData("""{"items":[{}]}""", 1)]
    [InlineData("""{"items":[{"metadata":"x","timestamp":7,"window":[],"containers":{"name":"a"}}]}""", 1)]
    [InlineData("""{"items":[{"metadata":{"name":"a","namespace":7},"timestamp":"yesterday","window":"long","containers":[{"usage":"much"},{"name":4}]}]}""", 1)]
    public async Task What_is_of_another_form_counts_as_nothing(string answer, int count)
    {
        cluster.Answer(answer);
        IReadOnlyList<ServedMetrics> found = await Store().PodsAsync(null, null, Token);
        Assert.Equal(count, found.Count);
        Assert.All(found, one => Assert.Equal((null, null, 0), (one.Timestamp, one.Window, one.Usage.Count)));
    }

    [Theory]
    [InlineData("""{"items":[{"metadata":{"name":"a"},"containers":[{"name":"b","usage":{"cpu":"much"}}]}]}""", "much")]
    [InlineData("<html>", "")]
    [InlineData("", "")]
    public async Task What_cannot_be_read_is_an_error_of_one_line(string answer, string says)
    {
        cluster.Answer(answer);
        LabException e = await Assert.ThrowsAsync<LabException>(() => Store().PodsAsync(null, null, Token));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", e.Message, StringComparison.Ordinal);
    }

    private MetricStore Store() => new(cluster.Api());
}
