using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Metrics;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Metrics;

/// <summary>On the emulator, annotations say what pods use.</summary>
[Trait("Area", "Kubernetes")]
public sealed class MetricsOnEmulatorTests() : MetricTests(KubeServer.Emulator)
{
    [Fact]
    public async Task A_load_on_an_autoscaler_is_shared_and_a_node_uses_what_its_pods_do()
    {
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  replicas: 2
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec: {containers: [{name: web, image: "web:1", resources: {requests: {cpu: 100m}}}]}
                ---
                apiVersion: autoscaling/v2
                kind: HorizontalPodAutoscaler
                metadata: {name: web, annotations: {emulator.cloudlab/cpu: 200m}}
                spec:
                  minReplicas: 2
                  maxReplicas: 2
                  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
                  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 100}}}]

                """,
            Wait = true,
        })).Ok();
        LabPodMetric[] metrics = (await RunAsync("Get-LabMetric", new { Kind = "deploy/web" })).Ok().OutputOf<LabPodMetric>();
        Assert.Equal([100L, 100L], metrics.Select(one => one.CpuMillicores));
        Assert.All(metrics, one => Assert.Equal(100, one.CpuRequestPercent));
        Assert.True((await RunAsync("Get-LabMetric", new { Kind = "nodes" })).Ok().OutputOf<LabNodeMetric>().Single(one => one.Name == "emulator").CpuMillicores >= 200);
    }

    [Fact]
    public async Task A_cluster_without_metrics_says_what_to_do()
    {
        await using LabEmulator own = await LabEmulator.StartAsync(cancellation: Token);
        LabSession session = LabSession.Resolve(own.Info.GetSessionOptions(), "test", null, new LabEnvironment(_ => null, Folder));
        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        const string Service = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
        await api.SendAsync(HttpMethod.Patch, Service + "/status", """{"status":{"conditions":[{"type":"Available","status":"False","reason":"MissingEndpoints","message":"endpoints for service/metrics-server in kube-system have no addresses"}]}}"""u8.ToArray(), "application/merge-patch+json", Token);
        CmdletResult down = await RunAsync("Get-LabMetric", new { Kind = "nodes", Session = session });
        Assert.StartsWith("MetricsUnavailable", down.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(
            "There are no metrics, because the metrics API (APIService v1beta1.metrics.k8s.io) does not answer: endpoints for service/metrics-server in kube-system have no addresses. To get them, check it with Debug-LabPod svc/metrics-server -Namespace kube-system.",
            down.TerminatingError.ToString());
        await api.SendAsync(HttpMethod.Delete, Service, null, null, Token);
        CmdletResult missing = await RunAsync("Get-LabMetric", new { Kind = "nodes", Session = session });
        Assert.StartsWith("MetricsUnavailable", missing.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("the cluster has no metrics API", missing.TerminatingError.ToString(), StringComparison.Ordinal);
        Assert.Null((await api.CatalogAsync(Token, DateTimeOffset.UtcNow)).Find("metrics.k8s.io/v1beta1", "PodMetrics"));
    }

    /// <inheritdoc/>
    protected override async Task MeasureAsync(string pod, string container, string cpu, string memory) =>
        (await RunAsync("Set-LabAnnotation", new
        {
            Kind = "pod/" + pod,
            Annotation = new Dictionary<string, string> { [$"emulator.cloudlab/{container}.cpu"] = cpu, [$"emulator.cloudlab/{container}.memory"] = memory },
        })).Ok();
}

/// <summary>On a real cluster, a small server of the test stands behind the APIService.</summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class MetricsOnRealClusterTests() : MetricTests(KubeServer.Real)
{
    private const string Services = "/apis/apiregistration.k8s.io/v1/apiservices";

    private readonly Dictionary<string, Dictionary<string, (string Cpu, string Memory)>> usage = [];
    private LoopbackCluster? serving;
    private volatile bool broken;

    [Fact]
    public async Task Nodes_have_metrics_and_a_server_that_breaks_is_named()
    {
        await ServeAsync();
        string machine = (await RunAsync("Get-LabNode")).Ok().OutputOf<LabNode>().First(node => !node.Labels.ContainsKey("lab-test")).Name;
        LabNodeMetric metric = Assert.Single((await RunAsync("Get-LabMetric", new { Kind = "node", Name = machine })).Ok().OutputOf<LabNodeMetric>());
        Assert.Equal((1000L, 1L << 30), (metric.CpuMillicores, metric.MemoryBytes));
        LabNode node = Assert.Single((await RunAsync("Get-LabNode", new { Name = machine })).Ok().OutputOf<LabNode>());
        Assert.Equal((int)(100 * 1000 / node.CpuAllocatableMillicores!.Value), metric.CpuPercent);
        broken = true;
        CmdletResult down = await RunAsync("Get-LabMetric", new { Kind = "node", Name = machine });
        Assert.StartsWith("MetricsUnavailable", down.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("does not answer", down.TerminatingError.ToString(), StringComparison.Ordinal);
        broken = false;
        await StopAsync();
        CmdletResult gone = await RunAsync("Get-LabMetric", new { Kind = "node", Name = machine });
        Assert.Contains("the cluster has no metrics API", gone.TerminatingError!.ToString(), StringComparison.Ordinal);
    }

    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override async Task MeasureAsync(string pod, string container, string cpu, string memory)
    {
        lock (usage)
        {
            if (!usage.TryGetValue(pod, out Dictionary<string, (string Cpu, string Memory)>? containers))
            {
                usage[pod] = containers = [];
            }

            containers[container] = (cpu, memory);
        }

        await ServeAsync();
    }

    private async Task ServeAsync()
    {
        if (serving is not null)
        {
            return;
        }

        // An API server that routes to endpoints itself takes no name and no loopback address for one.
        string address = (await Api.GetAsync("/api/v1/nodes", Token)).Objects("items").SelectMany(node => node.Object("status")!.Objects("addresses"))
            .First(one => one.Text("type") == "InternalIP").Text("address")!;
        Assert.SkipUnless(
            NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Any(one => one.Address.ToString() == address),
            "the cluster's node is another machine, which cannot reach a server of the tests");
        using RSA key = RSA.Create(2048);
        using X509Certificate2 made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        serving = new LoopbackCluster(Answer, X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null), IPAddress.Parse(address));
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = $$"""
                apiVersion: v1
                kind: Service
                metadata: {name: metrics}
                spec: {ports: [{port: 443, targetPort: {{serving.Port}} }]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: metrics, labels: {kubernetes.io/service-name: metrics} }
                addressType: IPv4
                ports: [{port: {{serving.Port}} }]
                endpoints: [{addresses: ["{{address}}"], conditions: {ready: true} }]
                ---
                apiVersion: apiregistration.k8s.io/v1
                kind: APIService
                metadata: {name: v1beta1.metrics.k8s.io}
                spec: {group: metrics.k8s.io, version: v1beta1, insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100, service: {name: metrics, namespace: {{Namespace}}, port: 443 } }

                """,
        })).Ok();
        (await RunAsync("Wait-LabResource", new { Kind = "apiservices", Name = "v1beta1.metrics.k8s.io", For = "condition=Available", Timeout = 30 })).Ok();
    }

    private async Task StopAsync()
    {
        if (serving is not null)
        {
            await Api.SendAsync(HttpMethod.Delete, Services + "/v1beta1.metrics.k8s.io", null, null, CancellationToken.None);
            // The aggregator forgets it a moment later.
            for (int i = 0; i < 100; i++)
            {
                try
                {
                    await Api.GetAsync("/apis/metrics.k8s.io/v1beta1", CancellationToken.None);
                }
                catch (LabException e) when (e.StatusCode == 404)
                {
                    break;
                }
                catch (LabException)
                {
                    // Between the two.
                }

                await Task.Delay(100, CancellationToken.None);
            }

            await serving.DisposeAsync();
            serving = null;
        }
    }

    private string Answer(string head)
    {
        string path = head.Split(' ')[1].Split('?')[0];
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        const string Root = "/apis/metrics.k8s.io/v1beta1";
        if (broken && path.StartsWith(Root + "/", StringComparison.Ordinal))
        {
            return LoopbackCluster.Json("{}", "500 Internal Server Error", "Connection: close\r\n");
        }

        string? body = path == Root ? """{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"metrics.k8s.io/v1beta1","resources":[{"name":"nodes","singularName":"","namespaced":false,"kind":"NodeMetrics","verbs":["get","list"]},{"name":"pods","singularName":"","namespaced":true,"kind":"PodMetrics","verbs":["get","list"]}]}"""
            : path == Root + "/nodes" ? $$"""{"kind":"NodeMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[{"metadata":{"name":"{{Machine()}}"},"timestamp":"{{now}}","window":"20.5s","usage":{"cpu":"1000000000n","memory":"1048576Ki"} }]}"""
            : path == Root + $"/namespaces/{Namespace}/pods" ? Pods(now)
            : null;
        return body is null ? LoopbackCluster.Json("{}", "404 Not Found", "Connection: close\r\n") : LoopbackCluster.Json(body, headers: "Connection: close\r\n");
    }

    private string Machine() => Api.GetAsync("/api/v1/nodes", CancellationToken.None).GetAwaiter().GetResult().Objects("items")
        .Select(node => node.Object("metadata")!).First(metadata => metadata.Object("labels")?.Text("lab-test") is null).Text("name")!;

    private string Pods(string now)
    {
        lock (usage)
        {
            return new JsonObject
            {
                ["kind"] = "PodMetricsList",
                ["apiVersion"] = "metrics.k8s.io/v1beta1",
                ["metadata"] = new JsonObject(),
                ["items"] = new JsonArray([.. usage.Select(pod => (JsonNode)new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = pod.Key, ["namespace"] = Namespace },
                    ["timestamp"] = now,
                    ["window"] = "20.5s",
                    ["containers"] = new JsonArray([.. pod.Value.Select(one => (JsonNode)new JsonObject
                    {
                        ["name"] = one.Key, ["usage"] = new JsonObject { ["cpu"] = one.Value.Cpu, ["memory"] = one.Value.Memory },
                    })]),
                })]),
            }.ToJsonString();
        }
    }
}

/// <summary>What pods use, beside what they request.</summary>
public abstract class MetricTests(KubeServer server) : KubeTest(server)
{
    [Fact]
    public async Task Pods_and_containers_use_what_they_do_in_percent_of_what_they_may()
    {
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = """
                apiVersion: v1
                kind: Pod
                metadata: {name: one, labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - {name: main, image: "busybox:1.36", command: [sleep, "600"], resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 200m, memory: 128Mi}}}
                  - {name: side, image: "busybox:1.36", command: [sleep, "600"], resources: {requests: {memory: 32Mi}, limits: {memory: 128Mi}}}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: two, labels: {app: new}}
                spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: "busybox:1.36", command: [sleep, "600"]}]}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec: {selector: {app: web}, ports: [{port: 80}]}

                """,
            Wait = true,
            Timeout = 60,
        })).Ok();
        await MeasureAsync("one", "main", "50m", "32Mi");
        await MeasureAsync("one", "side", "7m", "16Mi");

        CmdletResult all = (await RunAsync("Get-LabMetric")).Ok();
        LabPodMetric pod = Assert.Single(all.OutputOf<LabPodMetric>());
        Assert.Equal(("one", Namespace, 57L, 48L << 20), (pod.Name, pod.Namespace, pod.CpuMillicores, pod.MemoryBytes));
        // One of its containers has no CPU limit, so the pod has none.
        Assert.Equal((100L, 57, null, null), (pod.CpuRequestMillicores, pod.CpuRequestPercent, pod.CpuLimitMillicores, pod.CpuLimitPercent));
        Assert.Equal((96L << 20, 50, 256L << 20, 18), (pod.MemoryRequestBytes, pod.MemoryRequestPercent, pod.MemoryLimitBytes, pod.MemoryLimitPercent));
        Assert.NotNull(pod.Timestamp);
        Assert.True(pod.Window > TimeSpan.FromSeconds(1));
        Assert.Contains(all.Warnings, warning => warning.Contains($"no metrics yet of pod {Namespace}/two", StringComparison.Ordinal));

        LabPodMetric[] containers = [.. (await RunAsync("Get-LabMetric", new { Kind = "pods", Name = "o*", Container = true })).Ok().OutputOf<LabPodMetric>()];
        Assert.Equal([("main", 50L, (int?)50, (int?)25, (int?)25), ("side", 7L, null, null, 12)], containers.OrderBy(one => one.Container).Select(one => (one.Container!, one.CpuMillicores, one.CpuRequestPercent, one.CpuLimitPercent, one.MemoryLimitPercent)));

        Assert.Equal(["one"], (await RunAsync("Get-LabMetric", new { Kind = "svc/web" })).Ok().OutputOf<LabPodMetric>().Select(one => one.Name));
        Assert.Equal(["one"], (await RunAsync("Get-LabMetric", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPodMetric>().Select(one => one.Name));
        object?[] piped = [.. (await RunAsync("Get-LabPod")).Ok().Output];
        Assert.Equal(["one"], (await RunAsync("Get-LabMetric", input: piped)).Ok().OutputOf<LabPodMetric>().Select(one => one.Name));

        CmdletResult named = await RunAsync("Get-LabMetric", new { Kind = "pod/two" });
        Assert.StartsWith("MetricsMissing", named.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal($"There are no metrics of pod/two in namespace {Namespace}: metrics-server measures a new pod within a minute.", named.Error().ToString());
        Assert.StartsWith("NotFound", (await RunAsync("Get-LabMetric", new { Kind = "pod/three" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    /// <summary>Says what a container uses.</summary>
    protected abstract Task MeasureAsync(string pod, string container, string cpu, string memory);
}
