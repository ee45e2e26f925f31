using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Nodes;

/// <summary>
/// Tests with nodes of their own, which no machine stands behind: a task plays their kubelet, which starts the pods that are bound to them and ends those that are deleted. A taint keeps the
/// pods of others away.
/// </summary>
public abstract class NodeTest(KubeServer server) : KubeTest(server)
{
    private readonly List<string> nodes = [];
    private readonly CancellationTokenSource over = new();
    private Task? kubelet;

    /// <summary>Selects the test's nodes, and tolerates their taint: what the pods of its workloads need.</summary>
    protected string Place => $"nodeSelector: {{lab-test: {Namespace}}}, tolerations: [{{key: lab-test, operator: Exists}}], terminationGracePeriodSeconds: 1";

    /// <summary>The node of the test that is called so.</summary>
    protected string Node(string name) => $"{Namespace}-{name}";

    /// <summary>Adds a node that is ready, with 4 cores and 8 GiB.</summary>
    protected async Task<string> AddNodeAsync(string name, string ready = "True", string more = "")
    {
        string full = Node(name);
        nodes.Add(full);
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = $"{{apiVersion: v1, kind: Node, metadata: {{name: {full}, labels: {{lab-test: {Namespace}, kubernetes.io/hostname: {full}}}}}, spec: {{taints: [{{key: lab-test, value: own, effect: NoSchedule}}]}}}}\n",
        })).Ok();
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await PatchAsync($"/api/v1/nodes/{full}/status", $$"""
            {"status":{"capacity":{"cpu":"4","memory":"8Gi","pods":"20"},"allocatable":{"cpu":"4","memory":"8Gi","pods":"20"},
             "nodeInfo":{"kubeletVersion":"v1.34.1","operatingSystem":"linux","architecture":"arm64","osImage":"none","kernelVersion":"1","containerRuntimeVersion":"none://1","bootID":"","machineID":"","systemUUID":"","kubeProxyVersion":""},
             "conditions":[{"type":"Ready","status":"{{ready}}","reason":"KubeletReady","message":"played by a test","lastHeartbeatTime":"{{now}}","lastTransitionTime":"{{now}}"}{{more}}]} }
            """);
        // The emulator's pods run by themselves.
        kubelet ??= Server == KubeServer.Real ? Task.Run(PlayAsync, Token) : null;
        return full;
    }

    /// <summary>Waits until the pods of a label run and are ready.</summary>
    protected async Task ReadyAsync(string label, int count) =>
        Assert.Equal(count, (await RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = label, For = "Ready", Timeout = 60 })).Ok().Output.Count);

    protected Task<(int Code, JsonObject Content)> PatchAsync(string path, string patch) =>
        Api.SendAsync(HttpMethod.Patch, path, Encoding.UTF8.GetBytes(patch), "application/merge-patch+json", Token);

    protected async Task<bool> IsCordonedAsync(string node) => (await Api.GetAsync("/api/v1/nodes/" + node, Token)).Object("spec")!.Flag("unschedulable");

    public override async ValueTask DisposeAsync()
    {
        foreach (string node in nodes)
        {
            await QuietlyAsync(HttpMethod.Delete, "/api/v1/nodes/" + node);
        }

        await base.DisposeAsync();
        if (kubelet is not null)
        {
            // Until its pods are gone, so that the namespace can go.
            for (int i = 0; i < 50 && (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/pods", CancellationToken.None)).Objects("items").Any(); i++)
            {
                await Task.Delay(100);
            }

            await over.CancelAsync();
            await kubelet;
        }

        over.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task PlayAsync()
    {
        while (!over.IsCancellationRequested)
        {
            JsonObject list = [];
            try
            {
                list = await Api.GetAsync($"/api/v1/namespaces/{Namespace}/pods", CancellationToken.None);
            }
            catch (LabException)
            {
                // A server that restarts.
            }

            foreach (JsonObject pod in list.Objects("items").Where(pod => pod.Object("spec")!.Text("nodeName") is { } node && nodes.Contains(node)))
            {
                string path = $"/api/v1/namespaces/{Namespace}/pods/{pod.Object("metadata")!.Text("name")}";
                if (pod.Object("metadata")!.Text("deletionTimestamp") is not null)
                {
                    await QuietlyAsync(HttpMethod.Delete, path, """{"gracePeriodSeconds":0}""");
                }
                else if (!pod.Holds("Ready") && pod.Object("status")!.Text("phase") == "Pending" && pod.Object("metadata")!.Object("labels")?.Text("stuck") is null)
                {
                    string phase = pod.Object("metadata")!.Object("labels")?.Text("ends") is null ? "Running" : "Succeeded", ready = phase == "Running" ? "True" : "False";
                    await QuietlyAsync(HttpMethod.Patch, path + "/status", $$"""{"status":{"phase":"{{phase}}","conditions":[{"type":"Ready","status":"{{ready}}"},{"type":"ContainersReady","status":"{{ready}}"},{"type":"PodScheduled","status":"True"},{"type":"Initialized","status":"True"}]} }""");
                }
            }

            await Task.Delay(100);
        }
    }

    private async Task QuietlyAsync(HttpMethod method, string path, string? body = null)
    {
        try
        {
            await Api.SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), method == HttpMethod.Patch ? "application/merge-patch+json" : null, CancellationToken.None);
        }
        catch (LabException)
        {
            // Gone, or another try comes.
        }
    }
}
