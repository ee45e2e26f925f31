using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Nodes;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Nodes;

/// <summary>Two nodes with the same pods, one drained by kubectl and one by Clear-LabNode: the same pods go, and the same are refused.</summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class KubectlDrainTests() : NodeTest(KubeServer.Real)
{
    [Theory]
    [InlineData("", "{}")]
    [InlineData("--force", "Force")]
    [InlineData("--delete-emptydir-data", "DeleteEmptyDirData")]
    [InlineData("--force --delete-emptydir-data", "Force DeleteEmptyDirData")]
    [InlineData("--force --delete-emptydir-data --disable-eviction", "Force DeleteEmptyDirData DisableEviction")]
    [InlineData("--force --pod-selector=own=bare", "Force PodSelector")]
    public async Task The_same_pods_go_and_the_same_stay(string kubectl, string switches)
    {
        string theirs = await AddNodeAsync("theirs"), ours = await AddNodeAsync("ours");
        foreach (string side in new[] { "theirs", "ours" })
        {
            (await RunAsync("Deploy-LabManifest", new { Manifest = Pods(side) })).Ok();
        }

        await ReadyAsync("runs=yes", 10);
        (await RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = "ends=yes", For = "jsonpath={.status.phase}=Succeeded", Timeout = 30 })).Ok();
        HashSet<string> before = await NamesAsync();
        (int code, string output, string errors) = await KubectlAsync($"drain {theirs} --ignore-daemonsets --timeout=5s {kubectl}");
        Dictionary<string, object?> parameters = new() { ["Name"] = ours, ["Timeout"] = 5 };
        foreach (string one in switches.Split(' ').Where(one => char.IsLetter(one[0])))
        {
            parameters[one] = one == "PodSelector" ? "own=bare" : true;
        }

        CmdletResult result = await RunAsync("Clear-LabNode", parameters);
        HashSet<string> after = await NamesAsync();
        string[] gone = [.. before.Where(name => !after.Contains(name))];
        Assert.Equal(Logical(gone, "theirs"), Logical(gone, "ours"));
        Assert.Equal(code == 0, result.Errors.Count == 0);
        string refused = result.Errors is [var error, ..] && error.FullyQualifiedErrorId.StartsWith("DrainRefused", StringComparison.Ordinal) ? error.ToString()! : "";

        // kubectl names each pod once, by the first rule that it breaks, and has cordoned the node by then.
        foreach (string name in new[] { "bare", "data", "budget", "ended" })
        {
            bool said = errors.Contains("cannot delete", StringComparison.Ordinal) && errors.Contains($"{Namespace}/{name}-theirs", StringComparison.Ordinal);
            Assert.True(said == refused.Contains($"{Namespace}/{name}-ours", StringComparison.Ordinal), $"{name}: {errors}{output}\n{refused}");
        }

        Assert.Equal(refused.Length == 0, await IsCordonedAsync(ours));
        if (refused.Length == 0)
        {
            // Whatever kubectl could not move, is told of as remaining.
            LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
            Assert.Equal(after.Count(name => name.StartsWith("budget", StringComparison.Ordinal) && name.EndsWith("ours", StringComparison.Ordinal)), kubectl.Contains("selector", StringComparison.Ordinal) ? 1 : drain.RemainingCount);
        }
    }

    private static string[] Logical(IEnumerable<string> names, string side) =>
        [.. names.Where(name => name.Contains("-" + side, StringComparison.Ordinal)).Select(name => name[..name.IndexOf("-" + side, StringComparison.Ordinal)]).Order(StringComparer.Ordinal)];

    private async Task<HashSet<string>> NamesAsync() =>
        [.. (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/pods", Token)).Objects("items").Where(pod => pod.Object("metadata")!.Text("deletionTimestamp") is null).Select(pod => pod.Object("metadata")!.Text("name")!)];

    private string Pods(string side)
    {
        string place = Place.Replace($"lab-test: {Namespace}", $"kubernetes.io/hostname: {Node(side)}", StringComparison.Ordinal);
        return Pod("bare", "") + Pod("data", ", volumes: [{name: d, emptyDir: {}}]") + Pod("budget", "") + Pod("ended", ", restartPolicy: Never", ends: true) + $$"""
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: budget-{{side}} }
            spec: {minAvailable: 1, selector: {matchLabels: {own: budget, side: {{side}} } } }
            ---
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: {name: web-{{side}} }
            spec:
              replicas: 1
              selector: {matchLabels: {app: web, side: {{side}} } }
              template:
                metadata: {labels: {app: web, runs: "yes", side: {{side}} } }
                spec: { {{place}}, containers: [{name: web, image: "web:1"}] }
            ---
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: logs-{{side}} }
            spec:
              selector: {matchLabels: {app: logs, side: {{side}} } }
              template:
                metadata: {labels: {app: logs, runs: "yes", side: {{side}} } }
                spec: { {{place}}, containers: [{name: logs, image: "web:1"}] }

            """;

        string Pod(string name, string more, bool ends = false) => $"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}-{side}, labels: {{own: {name}, side: {side}, {(ends ? "ends" : "runs")}: \"yes\"}}}}\n"
            + $"spec: {{nodeName: {Node(side)}, {place}, containers: [{{name: main, image: \"web:1\"}}]{more}}}\n---\n";
    }

    private async Task<(int Code, string Output, string Errors)> KubectlAsync(string line)
    {
        ProcessStartInfo start = new(TestServers.Kubectl(), ["--cache-dir=" + Path.Combine(Folder, "cache"), .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        start.Environment["KUBECONFIG"] = TestServers.Kubernetes();
        start.Environment["HOME"] = Folder;
        return await ForeignProcess.RunAsync(start);
    }
}
