using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Review;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Nodes;

[Trait("Area", "Kubernetes")]
public sealed class NodesOnEmulatorTests() : NodeTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class NodesOnRealClusterTests() : NodeTests(KubeServer.Real)
{
    [Fact]
    public async Task A_command_runs_on_the_machine_itself_and_leaves_no_pod()
    {
        string machine = (await RunAsync("Get-LabNode")).Ok().OutputOf<LabNode>().First(node => !node.Labels.ContainsKey("lab-test") && node.State == "Ready").Name;
        CmdletResult result = (await RunAsync("Debug-LabNode", new { Name = machine, Image = "busybox:1.36", Command = new[] { "sh", "-c", "test -d /host/proc && hostname && ps | wc -l" } })).Ok();
        string[] lines = [.. result.Output.Select(line => line!.ToString()!)];
        Assert.Equal(Environment.MachineName, lines[0], ignoreCase: true);
        // The processes of the host, not those of one container.
        Assert.True(int.Parse(lines[1].Trim(), System.Globalization.CultureInfo.InvariantCulture) > 10, lines[1]);
        Assert.Empty((await RunAsync("Get-LabPod")).Ok().Output);

        LabPod pod = Assert.Single((await RunAsync("Debug-LabNode", new { Name = machine, Image = "busybox:1.36" })).Ok().OutputOf<LabPod>());
        Assert.Equal((machine, "Running"), (pod.Node, pod.State));
        Assert.Equal(["yes"], (await RunAsync("Invoke-LabPod", new { pod.Name, Command = new[] { "sh", "-c", "test -d /host/etc && echo yes" } })).Ok().Output.Select(line => line!.ToString()));

        CmdletResult failed = await RunAsync("Debug-LabNode", new { Name = machine, Image = "no.such.example/image:1", Timeout = 30 });
        Assert.StartsWith("PodNotStarted", failed.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain((await RunAsync("Get-LabPod")).Ok().OutputOf<LabPod>(), one => one.Name != pod.Name && one.Status?["reason"] is null && one.Metadata["deletionTimestamp"] is null);
    }

    [Fact]
    public async Task The_report_of_a_real_node_knows_its_heartbeat_and_clock()
    {
        string machine = (await RunAsync("Get-LabNode")).Ok().OutputOf<LabNode>().First(node => !node.Labels.ContainsKey("lab-test") && node.State == "Ready").Name;
        LabNodeReport report = Assert.Single((await RunAsync("Debug-LabNode", new { Name = machine })).Ok().OutputOf<LabNodeReport>());
        Assert.NotNull(report.LastHeartbeat);
        Assert.NotNull(report.ClockSkew);
        Assert.DoesNotContain(report.Findings, one => one.Rule is "ClockSkew" or "HeartbeatLate" or "VersionSkew");
        Assert.Equal(report.ServerVersion, report.Version);
    }
}

/// <summary>Nodes: what they say of themselves, cordons, drains and what is left of them.</summary>
public abstract class NodeTests(KubeServer server) : NodeTest(server)
{
    [Fact]
    public async Task A_piped_pod_means_the_node_that_it_runs_on()
    {
        string node = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Pod, metadata: {{name: some}}, spec: {{nodeName: {node}, {Place}, containers: [{{name: a, image: 'web:1'}}]}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: none}}, spec: {{nodeSelector: {{no: where}}, containers: [{{name: a, image: 'web:1'}}]}}}}\n" })).Ok();
        object?[] pods = [.. (await RunAsync("Get-LabPod", new { Name = "some" })).Ok().Output];
        Assert.Equal(node, Assert.Single((await RunAsync("Get-LabNode", null, pods)).Ok().OutputOf<LabNode>()).Name);
        Assert.Equal(node, Assert.Single((await RunAsync("Suspend-LabNode", null, pods)).Ok().OutputOf<LabNode>()).Name);
        Assert.True(await IsCordonedAsync(node));
        CmdletResult unplaced = await RunAsync("Suspend-LabNode", null, [.. (await RunAsync("Get-LabPod", new { Name = "none" })).Ok().Output]);
        Assert.StartsWith("NodeNameMissing", unplaced.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private string Web(int replicas, int least, string more = "") => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: {{replicas}}
          selector: {matchLabels: {app: web} }
          template:
            metadata: {labels: {app: web} }
            spec: { {{Place}}, containers: [{name: web, image: "web:1", resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 2Gi} } }]{{more}} }
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: web-budget}
        spec: {minAvailable: {{least}}, selector: {matchLabels: {app: web} } }

        """;

    private string Pod(string name, string spec = "", string labels = "") =>
        $"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{own: {name}{labels}}}}}\nspec: {{nodeName: {Node("a")}, {Place}, containers: [{{name: main, image: \"web:1\"}}]{spec}}}\n---\n";

    [Fact]
    public async Task A_drain_moves_pods_as_their_budget_allows()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(3, 2) })).Ok();
        await ReadyAsync("app=web", 3);
        string b = await AddNodeAsync("b");
        CmdletResult result = (await RunAsync("Clear-LabNode", new { Name = a, Timeout = 60 })).Ok();
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 3, 0, false), (drain.State, drain.MovedCount, drain.RemainingCount, drain.WasCordoned));
        Assert.All(drain.Pods, pod => Assert.StartsWith("ReplicaSet/web-", pod.Owner, StringComparison.Ordinal));
        await ReadyAsync("app=web", 3);
        Assert.All((await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>(), pod => Assert.Equal(b, pod.Node));
        Assert.True(await IsCordonedAsync(a));
        Assert.False(await IsCordonedAsync(b));

        // What a drain writes takes the node into use again.
        LabNode after = Assert.Single((await RunAsync("Resume-LabNode", input: [drain])).Ok().OutputOf<LabNode>());
        Assert.False(after.Unschedulable);
        Assert.False(await IsCordonedAsync(a));
    }

    [Fact]
    public async Task A_budget_that_blocks_is_named_with_its_numbers_and_what_is_left_is_said()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(2, 2) + "---\n" + Pod("bare") })).Ok();
        await ReadyAsync("app=web", 2);
        CmdletResult result = await RunAsync("Clear-LabNode", new { Name = a, Timeout = 4, Force = true });
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Incomplete", 1, 2), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.All(drain.Pods.Take(2), pod => Assert.Equal(PodEvictionState.Blocked, pod.State));
        string message = result.Error().ToString()!;
        Assert.StartsWith("DrainTimeout", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"Node {a} stays cordoned: 1 of its pods was moved, 2 remain: {Namespace}/web-", message, StringComparison.Ordinal);
        Assert.Contains("PodDisruptionBudget web-budget (minAvailable 2): 2 of 2 pods are healthy, 2 have to be, 0 may go", message, StringComparison.Ordinal);
        Assert.Equal($"Clear-LabNode {a} goes on; Resume-LabNode {a} takes the node into use again.", result.Error().ErrorDetails?.RecommendedAction);
        Assert.True(await IsCordonedAsync(a));

        // Cordoned by somebody: that is not to be undone lightly.
        result = await RunAsync("Clear-LabNode", new { Name = a, Timeout = 2 });
        Assert.True(Assert.Single(result.OutputOf<LabNodeDrain>()).WasCordoned);
        Assert.Contains("it was cordoned before this drain", result.Error().ErrorDetails?.RecommendedAction, StringComparison.Ordinal);

        // Past the budget.
        drain = Assert.Single((await RunAsync("Clear-LabNode", new { Name = a, Timeout = 30, DisableEviction = true })).Ok().OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 2), (drain.State, drain.MovedCount));
    }

    [Fact]
    public async Task Ctrl_C_leaves_nothing_unsaid()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1, 1) })).Ok();
        await ReadyAsync("app=web", 1);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        CmdletResult result = await RunAsync("Clear-LabNode", new { Name = a, Verbose = true }, ctrlC: stop.Token, onVerbose: line =>
        {
            if (line.Contains("may not go yet", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        });
        Assert.True(result.Stopped);
        string said = Assert.Single(result.Notes);
        Assert.Contains($"Node {a} stays cordoned: 0 of its pods were moved, 1 remains: {Namespace}/web-", said, StringComparison.Ordinal);
        Assert.Contains($"Resume-LabNode {a}", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drain_goes_on_when_the_server_is_started_again()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(2, 2) })).Ok();
        await ReadyAsync("app=web", 2);
        string b = await AddNodeAsync("b");
        await using RestartingRelay relay = new(Api.Server);
        Channel<string> lines = Channel.CreateUnbounded<string>();
        Task<CmdletResult> draining = CmdletRunner.RunAsync(
            "Clear-LabNode", new { Name = a, Timeout = 300 }, location: Folder, onVerbose: line => lines.Writer.TryWrite(line), session: Through(relay.Url));
        for (int i = 0; i < 4; i++)
        {
            // Asked through the connection that was made again.
            while (!(await lines.Reader.ReadAsync(Token)).Contains("may not go yet: PodDisruptionBudget web-budget", StringComparison.Ordinal))
            {
                Assert.False(draining.IsCompleted);
            }

            await relay.RestartAsync();
        }

        await Api.SendAsync(HttpMethod.Delete, $"/apis/policy/v1/namespaces/{Namespace}/poddisruptionbudgets/web-budget", null, null, Token);
        CmdletResult result = (await draining).Ok();
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 2, 0), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.Equal(4, relay.Restarts);
        await ReadyAsync("app=web", 2);
        Assert.All((await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>(), pod => Assert.Equal(b, pod.Node));
    }

    [Fact]
    public async Task A_node_that_is_removed_during_its_drain_is_told_of()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(1, 1) })).Ok();
        await ReadyAsync("app=web", 1);
        bool removed = false;
        CmdletResult result = (await RunAsync("Clear-LabNode", new { Name = a, Timeout = 120 }, onVerbose: line =>
        {
            if (!removed && line.Contains("may not go yet", StringComparison.Ordinal))
            {
                removed = true;
                foreach (string path in new[] { "/api/v1/nodes/" + a, $"/apis/policy/v1/namespaces/{Namespace}/poddisruptionbudgets/web-budget" })
                {
                    Api.SendAsync(HttpMethod.Delete, path, null, null, Token).GetAwaiter().GetResult();
                }
            }
        })).Ok();
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 1, 0), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.Equal([$"Node {a} was removed from the cluster during the drain."], result.Warnings);
    }

    [Fact]
    public async Task What_would_be_lost_is_named_before_anything_is_touched()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = Pod("bare") + Pod("data", ", volumes: [{name: d, emptyDir: {}}]") + Pod("ended", ", restartPolicy: Never, volumes: [{name: d, emptyDir: {}}]", ", ends: yes-it-does").Replace("web:1", "crash:1", StringComparison.Ordinal) + $$"""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: logs}
                spec:
                  selector: {matchLabels: {app: logs} }
                  template:
                    metadata: {labels: {app: logs} }
                    spec: { {{Place}}, containers: [{name: logs, image: "web:1"}], volumes: [{name: d, emptyDir: {} }] }

                """,
        })).Ok();
        await ReadyAsync("own in (bare, data)", 2);
        await ReadyAsync("app=logs", 1);
        for (string? phase = ""; phase is not ("Succeeded" or "Failed"); phase = (await Api.GetAsync($"/api/v1/namespaces/{Namespace}/pods/ended", Token)).Object("status")!.Text("phase"))
        {
            await Task.Delay(50, Token);
        }

        CmdletResult result = await RunAsync("Clear-LabNode", new { Name = a });
        Assert.StartsWith("DrainRefused", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(
            $"Node {a} was not touched: 2 pods have no controller that replaces them ({Namespace}/bare, {Namespace}/data); -Force removes such pods for good; 1 pod loses its emptyDir data ({Namespace}/data); -DeleteEmptyDirData allows that.",
            result.Error().ToString());
        Assert.False(await IsCordonedAsync(a));
        Assert.Empty(result.Output);

        result = await RunAsync("Clear-LabNode", new { Name = a, Force = true, DeleteEmptyDirData = true, WhatIf = true });
        Assert.Empty(result.Ok().Output);
        Assert.False(await IsCordonedAsync(a));

        LabNodeDrain drain = Assert.Single((await RunAsync("Clear-LabNode", new { Name = a, Force = true, DeleteEmptyDirData = true, Timeout = 30 })).Ok().OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 3, 1), (drain.State, drain.MovedCount, drain.LeftCount));
        Assert.Equal("DaemonSet/logs", drain.Pods.Single(pod => pod.State == PodEvictionState.Left).Owner);
    }

    [Fact]
    public async Task Pods_that_do_not_end_or_come_back_or_cannot_be_evicted_are_told_apart()
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = Pod("held").Replace("name: held,", "name: held, finalizers: [example.com/held],", StringComparison.Ordinal) + Pod("two") + $$"""
                apiVersion: policy/v1
                kind: PodDisruptionBudget
                metadata: {name: one}
                spec: {minAvailable: 0, selector: {matchLabels: {own: two} } }
                ---
                apiVersion: policy/v1
                kind: PodDisruptionBudget
                metadata: {name: other}
                spec: {minAvailable: 0, selector: {matchExpressions: [{key: own, operator: In, values: [two]}]} }
                ---
                apiVersion: apps/v1
                kind: ReplicaSet
                metadata: {name: sticky}
                spec:
                  replicas: 1
                  selector: {matchLabels: {app: sticky} }
                  template:
                    metadata: {labels: {app: sticky} }
                    spec: { nodeName: {{Node("a")}}, {{Place}}, containers: [{name: sticky, image: "web:1"}] }

                """,
        })).Ok();
        await ReadyAsync("own in (held, two)", 2);
        await ReadyAsync("app=sticky", 1);
        CmdletResult result = await RunAsync("Clear-LabNode", new { Name = a, Force = true, Timeout = 4 });
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        LabPodEviction Of(string name) => drain.Pods.First(pod => pod.Name == name);
        Assert.Equal(PodEvictionState.Terminating, Of("held").State);
        Assert.Equal("ending, waits for the finalizer example.com/held", Of("held").Reason);
        Assert.Equal(PodEvictionState.Failed, Of("two").State);
        Assert.Contains("more than one disruption budget selects it", Of("two").Reason, StringComparison.Ordinal);
        Assert.Contains("PodDisruptionBudget other", Of("two").Reason, StringComparison.Ordinal);
        await PatchAsync($"/api/v1/namespaces/{Namespace}/pods/held", """{"metadata":{"finalizers":null}}""");

        result = await RunAsync("Clear-LabNode", new { Name = a, Force = true, DisableEviction = true, Timeout = 30 });
        drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal("Drained", drain.State);
        Assert.StartsWith("sticky-", Assert.Single(drain.Pods, pod => pod.State == PodEvictionState.Returned).Name, StringComparison.Ordinal);
        Assert.Contains(result.Warnings, warning => warning.Contains("came back to node", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_nodes_are_cordoned_before_the_first_is_drained()
    {
        string a = await AddNodeAsync("a"), b = await AddNodeAsync("b");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(3, 0) })).Ok();
        await ReadyAsync("app=web", 3);
        string c = await AddNodeAsync("c");
        CmdletResult result = (await RunAsync("Clear-LabNode", new { Timeout = 60 }, input: [a, b])).Ok();
        Assert.Equal([a, b], result.OutputOf<LabNodeDrain>().Select(drain => drain.Name));
        Assert.Equal(3, result.OutputOf<LabNodeDrain>().Sum(drain => drain.MovedCount));
        await ReadyAsync("app=web", 3);
        Assert.All((await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>(), pod => Assert.Equal(c, pod.Node));
    }

    [Fact]
    public async Task A_cordon_can_be_repeated_and_a_missing_node_is_an_error_of_its_own()
    {
        string a = await AddNodeAsync("a");
        Assert.Empty((await RunAsync("Suspend-LabNode", new { Name = a, WhatIf = true })).Ok().Output);
        Assert.False(await IsCordonedAsync(a));
        LabNode node = Assert.Single((await RunAsync("Suspend-LabNode", new { Name = a })).Ok().OutputOf<LabNode>());
        Assert.EndsWith("SchedulingDisabled", node.State, StringComparison.Ordinal);
        CmdletResult again = (await RunAsync("Suspend-LabNode", new { Name = a, Verbose = true })).Ok();
        Assert.Contains(again.Verbose, line => line.EndsWith("was already cordoned", StringComparison.Ordinal));
        Assert.Single((await RunAsync("Resume-LabNode", new { Name = a })).Ok().Output);
        foreach (string cmdlet in new[] { "Suspend-LabNode", "Resume-LabNode", "Clear-LabNode", "Debug-LabNode", "Get-LabNode" })
        {
            CmdletResult missing = await RunAsync(cmdlet, new { Name = new[] { Node("nowhere"), a } });
            Assert.StartsWith("NotFound", missing.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Single(missing.Output);
        }

        Assert.StartsWith("NodeNameMissing", (await RunAsync("Clear-LabNode")).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_shows_what_is_requested_and_what_is_wrong_in_words()
    {
        string a = await AddNodeAsync("a");
        await AddNodeAsync("b", ready: "False", more: """,{"type":"DiskPressure","status":"True","reason":"KubeletHasDiskPressure","message":"imagefs is full","lastTransitionTime":"2026-01-01T00:00:00Z"}""");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web(2, 0, ", initContainers: [{name: first, image: \"web:1\", resources: {requests: {cpu: 700m}}}]").Replace($"lab-test: {Namespace}", $"kubernetes.io/hostname: {a}", StringComparison.Ordinal) })).Ok();
        await ReadyAsync("app=web", 2);
        LabNode node = Assert.Single((await RunAsync("Get-LabNode", new { Name = a })).Ok().OutputOf<LabNode>());
        Assert.Equal((4000L, 8L << 30, 20L), (node.CpuAllocatableMillicores!.Value, node.MemoryAllocatableBytes!.Value, node.PodLimit!.Value));
        // The init container asks for more CPU than what follows.
        Assert.Equal((1400L, 35, 2L << 30, 25), (node.CpuRequestMillicores!.Value, node.CpuRequestPercent!.Value, node.MemoryRequestBytes!.Value, node.MemoryRequestPercent!.Value));
        Assert.Equal((2, 4L << 30, 50), (node.PodCount!.Value, node.MemoryLimitBytes!.Value, node.MemoryLimitPercent!.Value));
        Assert.Equal(("linux/arm64", "v1.34.1"), (node.Platform, node.Version));
        Assert.Empty(node.Problems);

        LabNode bad = Assert.Single((await RunAsync("Get-LabNode", new { Name = "*-b", LabelSelector = "lab-test=" + Namespace })).Ok().OutputOf<LabNode>());
        Assert.Equal(("NotReady", 0), (bad.State, bad.PodCount));
        Assert.Equal(["DiskPressure"], bad.BadConditions);
        Assert.Contains(bad.Problems, problem => problem.StartsWith("The kubelet says that the node is not ready since", StringComparison.Ordinal));
        Assert.Contains(bad.Problems, problem => problem.Contains("short of disk space since 2026-01-01T00:00:00Z", StringComparison.Ordinal) && problem.Contains("imagefs is full (KubeletHasDiskPressure)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_report_says_what_troubles_a_node_and_its_pods()
    {
        string a = await AddNodeAsync("a", ready: "Unknown");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Pod("good") + Pod("bad", "", ", stuck: yes-it-is").Replace("web:1", "nonexistent:1", StringComparison.Ordinal) })).Ok();
        await ReadyAsync("own=good", 1);
        await PatchAsync($"/api/v1/namespaces/{Namespace}/pods/bad/status", """{"status":{"phase":"Pending","containerStatuses":[{"name":"main","image":"nonexistent:1","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image: not found"}}}]}}""");
        (await RunAsync("Suspend-LabNode", new { Name = a })).Ok();
        LabNodeReport report = Assert.Single((await RunAsync("Debug-LabNode", new { Name = a })).Ok().OutputOf<LabNodeReport>());
        Assert.StartsWith("The control plane has heard nothing of the kubelet since", report.Cause, StringComparison.Ordinal);
        Assert.Equal(FindingSeverity.High, report.Findings[0].Severity);
        LabNodeFinding pods = Assert.Single(report.Findings, one => one.Rule == "ImageNotFound");
        Assert.Equal([$"{Namespace}/bad"], pods.Pods);
        Assert.Contains(report.Findings, one => one.Rule == "Cordoned");
        Assert.Contains(report.Findings, one => one.Rule == "Tainted" && one.Message.Contains("lab-test=own:NoSchedule", StringComparison.Ordinal));
        Assert.Contains(report.Findings, one => one.Rule == "VersionSkew" && one.Severity == FindingSeverity.Low);
        Assert.Equal(2, report.PodCount);
        Assert.Contains("pods: 2 of 20", report.Allocation);
    }
}
