using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Autoscaling;

/// <summary>
/// A server of metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io that answers what a test sets, behind APIServices of a real
/// cluster. The API server must resolve services of type ExternalName (no --enable-aggregator-routing) and reach this machine's loopback.
/// </summary>
internal sealed class MetricsPlane : IAsyncDisposable
{
    private static readonly (string Version, string Group)[] Served =
        [("v1beta1", "metrics.k8s.io"), ("v1beta2", "custom.metrics.k8s.io"), ("v1beta1", "external.metrics.k8s.io")];

    private readonly KubernetesApi api;
    private readonly string ns;
    private readonly LoopbackCluster server;

    private MetricsPlane(KubernetesApi api, string ns)
    {
        (this.api, this.ns) = (api, ns);
        using ECDsa key = ECDsa.Create();
        using X509Certificate2 made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        server = new LoopbackCluster(Answer, X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null));
    }

    /// <summary>PodMetrics by the label <c>app</c>.</summary>
    public ConcurrentDictionary<string, JsonArray> Pods { get; } = [];

    /// <summary>Custom and external values by the name of the metric.</summary>
    public ConcurrentDictionary<string, JsonArray> Values { get; } = [];

    /// <summary>Starts the server and has the cluster ask it; only one test at a time may.</summary>
    public static async Task<MetricsPlane> StartAsync(KubernetesApi api, string ns, CancellationToken cancellation)
    {
        MetricsPlane plane = new(api, ns);
        await plane.ApplyAsync($"/api/v1/namespaces/{ns}/services", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "metrics" },
            ["spec"] = new JsonObject { ["type"] = "ExternalName", ["externalName"] = "localhost", ["ports"] = new JsonArray(new JsonObject { ["port"] = plane.server.Port }) },
        });
        foreach ((string version, string group) in Served)
        {
            // Of a run that was ended halfway.
            await plane.RemoveAsync($"{version}.{group}");
            await plane.ApplyAsync("/apis/apiregistration.k8s.io/v1/apiservices", new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = $"{version}.{group}" },
                ["spec"] = new JsonObject
                {
                    ["group"] = group, ["version"] = version, ["insecureSkipTLSVerify"] = true, ["groupPriorityMinimum"] = 100, ["versionPriority"] = 100,
                    ["service"] = new JsonObject { ["namespace"] = ns, ["name"] = "metrics", ["port"] = plane.server.Port },
                },
            });
        }

        await UntilAsync(
            async () => (await Task.WhenAll(Served.Select(async one => (await api.GetAsync($"/apis/apiregistration.k8s.io/v1/apiservices/{one.Version}.{one.Group}", cancellation)).Holds("Available")))).All(up => up),
            60, "the APIServices did not become available", cancellation);
        return plane;
    }

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, int seconds, string otherwise, CancellationToken cancellation)
    {
        for (long end = Environment.TickCount64 + (seconds * 1000L); !await holds(); await Task.Delay(300, cancellation))
        {
            Assert.True(Environment.TickCount64 < end, otherwise);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((string version, string group) in Served)
        {
            await RemoveAsync($"{version}.{group}");
        }

        await server.DisposeAsync();
    }

    /// <summary>Creates an object.</summary>
    public Task ApplyAsync(string path, JsonObject content) =>
        api.SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(content.ToJsonString()), null, CancellationToken.None);

    private async Task RemoveAsync(string service)
    {
        try
        {
            await api.SendAsync(HttpMethod.Delete, $"/apis/apiregistration.k8s.io/v1/apiservices/{service}", null, null, CancellationToken.None);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // The test did not get as far as to register it.
        }
    }

    private string Answer(string head)
    {
        Uri address = new("https://localhost" + head.Split(' ')[1]);
        string[] path = address.AbsolutePath.Trim('/').Split('/');
        string query = Uri.UnescapeDataString(address.Query);
        if (path is not ["apis", var group, var version, ..] || !Served.Contains((version, group)))
        {
            return LoopbackCluster.Json("""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}""", "404 Not Found");
        }

        JsonArray items = path.Length == 3
            ? []
            : group == "metrics.k8s.io"
                ? Pods.FirstOrDefault(one => query.Contains($"app={one.Key}", StringComparison.Ordinal)).Value ?? []
                : Values.GetValueOrDefault(path[^1]) ?? [];
        if (path.Length > 3 && group == "custom.metrics.k8s.io" && !Values.ContainsKey(path[^1]))
        {
            return LoopbackCluster.Json(
                $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"the server could not find the metric {{path[^1]}} for {{path[^3]}}"}""", "404 Not Found");
        }

        return LoopbackCluster.Json(path.Length == 3
            ? new JsonObject
            {
                ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = $"{group}/{version}",
                ["resources"] = group == "metrics.k8s.io" ? new JsonArray(new JsonObject { ["name"] = "pods", ["singularName"] = "", ["namespaced"] = true, ["kind"] = "PodMetrics", ["verbs"] = new JsonArray("get", "list") }) : [],
            }.ToJsonString()
            : new JsonObject
            {
                ["kind"] = group switch { "metrics.k8s.io" => "PodMetricsList", "custom.metrics.k8s.io" => "MetricValueList", _ => "ExternalMetricValueList" },
                ["apiVersion"] = $"{group}/{version}", ["metadata"] = new JsonObject(), ["items"] = items.DeepClone(),
            }.ToJsonString());
    }

    /// <summary>A PodMetrics of one or two containers.</summary>
    public static JsonObject PodMetrics(string ns, string pod, string app, params (string Container, long CpuMilli, long MemoryMebi)[] containers) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = pod, ["namespace"] = ns, ["labels"] = new JsonObject { ["app"] = app } },
        ["timestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), ["window"] = "15s",
        ["containers"] = new JsonArray([.. containers.Select(one => new JsonObject
        {
            ["name"] = one.Container, ["usage"] = new JsonObject { ["cpu"] = $"{one.CpuMilli}m", ["memory"] = $"{one.MemoryMebi}Mi" },
        })]),
    };
}
