using CloudLab.Core.Kubernetes.Nodes;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Nodes;

/// <summary>Drains with a server that answers evictions as it should not.</summary>
[Trait("Area", "Kubernetes")]
public sealed class DrainFaultTests() : NodeTest(KubeServer.Emulator)
{
    [Theory]
    [InlineData(429, PodEvictionState.Blocked)]
    [InlineData(500, PodEvictionState.Waiting)]
    [InlineData(503, PodEvictionState.Waiting)]
    public async Task A_server_that_never_lets_a_pod_go_is_given_up_with_what_it_says(int status, PodEvictionState state)
    {
        string a = await StartAsync(2);
        await using FaultProxy proxy = new(Api.Server);
        proxy.Times(int.MaxValue, IsEviction, new Fault(FaultKind.Status, status));
        CmdletResult result = await DrainAsync(proxy, a, 3);
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Incomplete", 0, 2), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.All(drain.Pods, pod => Assert.Equal(state, pod.State));
        Assert.All(drain.Pods, pod => Assert.Contains("Made up.", pod.Reason, StringComparison.Ordinal));
        Assert.StartsWith("DrainTimeout", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"Node {a} stays cordoned: 0 of its pods were moved, 2 remain", result.Error().ToString(), StringComparison.Ordinal);

        // Not as often as the network allows.
        Assert.InRange(proxy.Seen.Count(IsEviction), 2, 8);
        Assert.Equal(2, (await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>().Count(pod => pod.Node == a));
        Assert.True(await IsCordonedAsync(a));
    }

    [Theory]
    [InlineData(nameof(FaultKind.Status), 429)]
    [InlineData(nameof(FaultKind.Status), 500)]
    [InlineData(nameof(FaultKind.ResetAtOnce), 0)]
    [InlineData(nameof(FaultKind.ResetInRequest), 10)]
    [InlineData(nameof(FaultKind.LoseAnswer), 0)]
    [InlineData(nameof(FaultKind.TruncateAnswer), 5)]
    [InlineData(nameof(FaultKind.ResetAnswer), 5)]
    public async Task What_goes_wrong_at_first_is_done_again(string kind, int number)
    {
        string a = await StartAsync(2);
        string b = await AddNodeAsync("b");
        await using FaultProxy proxy = new(Api.Server);
        proxy.Times(3, IsEviction, new Fault(Enum.Parse<FaultKind>(kind), number));
        LabNodeDrain drain = Assert.Single((await DrainAsync(proxy, a, 60)).Ok().OutputOf<LabNodeDrain>());
        Assert.Equal(("Drained", 2, 0), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.All(drain.Pods, pod => Assert.Equal((PodEvictionState.Evicted, null), (pod.State, pod.Reason)));
        await ReadyAsync("app=web", 2);
        Assert.All((await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>(), pod => Assert.Equal(b, pod.Node));
    }

    [Fact]
    public async Task A_server_that_forbids_one_pod_does_not_keep_the_others()
    {
        string a = await StartAsync(2);
        string first = (await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>().First().Name;
        await using FaultProxy proxy = new(Api.Server);
        proxy.Times(int.MaxValue, request => IsEviction(request) && request.Target.Contains($"/{first}/", StringComparison.Ordinal), new Fault(FaultKind.Status, 403));
        CmdletResult result = await DrainAsync(proxy, a, 60);
        LabNodeDrain drain = Assert.Single(result.OutputOf<LabNodeDrain>());
        Assert.Equal(("Incomplete", 1, 1), (drain.State, drain.MovedCount, drain.RemainingCount));
        Assert.Equal((first, PodEvictionState.Failed), (drain.Pods[0].Name, drain.Pods[0].State));

        // Nothing is to be waited for: no timeout.
        Assert.StartsWith("DrainFailed", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(proxy.Seen, request => IsEviction(request) && request.Target.Contains($"/{first}/", StringComparison.Ordinal));
    }

    private static bool IsEviction(ProxiedRequest request) => request.Method == "POST" && request.Target.Split('?')[0].EndsWith("/eviction", StringComparison.Ordinal);

    private async Task<string> StartAsync(int replicas)
    {
        string a = await AddNodeAsync("a");
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = $$"""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec:
                  replicas: {{replicas}}
                  selector: {matchLabels: {app: web} }
                  template:
                    metadata: {labels: {app: web} }
                    spec: { {{Place}}, containers: [{name: web, image: "web:1"}] }

                """,
        })).Ok();
        await ReadyAsync("app=web", replicas);
        return a;
    }

    private Task<CmdletResult> DrainAsync(FaultProxy proxy, string node, int timeout) =>
        CmdletRunner.RunAsync("Clear-LabNode", new { Name = node, Timeout = timeout }, location: Folder, session: Through(proxy.Url));
}
