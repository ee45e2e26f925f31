using System.Threading.Channels;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Client;

[Trait("Area", "Kubernetes")]
public sealed class RestartOnEmulatorTests() : RestartTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class RestartOnRealClusterTests() : RestartTests(KubeServer.Real);

/// <summary>An API server that is started again twenty times while a command runs.</summary>
public abstract class RestartTests(KubeServer server) : KubeTest(server)
{
    private const int Restarts = 20;

    [Fact]
    public async Task Every_object_that_is_deployed_meanwhile_has_one_result()
    {
        const int count = 400;
        await using RestartingRelay relay = new(Api.Server, after: 6_000, most: Restarts);
        string manifest = string.Join("---\n", Enumerable.Range(0, count).Select(i => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{i}}}, data: {{text: {new string('x', 400)}}}}}\n"));
        CmdletResult result = await RunThroughAsync(relay, "Deploy-LabManifest", new { Manifest = manifest, ThrottleLimit = 4 });
        Assert.Equal(Restarts, relay.Restarts);
        ManifestResult[] results = [.. result.Ok().OutputOf<ManifestResult>()];
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"c{i}"), results.Select(one => one.Name));

        // An answer that was lost leaves an object that is there when it is sent again.
        Assert.All(results, one => Assert.NotEqual(ManifestAction.Configured, one.Action));
        Assert.Equal(count, (await RunAsync("Get-LabResource", new { Kind = "cm", Name = "c*" })).Ok().Output.Count);
    }

    [Fact]
    public async Task What_gets_its_name_from_the_server_is_not_created_twice()
    {
        const int count = 200;
        await using RestartingRelay relay = new(Api.Server, after: 2_500, most: Restarts);
        string manifest = string.Join("---\n", Enumerable.Range(0, count).Select(i => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{generateName: g-}}, data: {{number: '{i}', text: {new string('x', 400)}}}}}\n"));
        CmdletResult result = await RunThroughAsync(relay, "Deploy-LabManifest", new { Manifest = manifest, ThrottleLimit = 4 });
        Assert.Null(result.TerminatingError?.Exception.Message);
        Assert.Equal(Restarts, relay.Restarts);

        // A creation whose answer was lost may have been one: it is told of, and not tried again.
        ManifestResult[] results = [.. result.OutputOf<ManifestResult>()];
        Assert.All(result.Errors, error => Assert.StartsWith("AnswerLost,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(count, results.Length + result.Errors.Count);
        LabResource[] there = [.. (await RunAsync("Get-LabResource", new { Kind = "cm", Name = "g-*" })).Ok().OutputOf<LabResource>()];
        Assert.Equal(there.Length, there.Select(one => one.Data!["number"]).Distinct().Count());
        Assert.Subset(there.Select(one => one.Name).ToHashSet(), results.Select(one => one.Name).ToHashSet());
    }

    [Fact]
    public async Task A_wait_goes_on()
    {
        await using RestartingRelay relay = new(Api.Server);
        await SetAsync("0");
        Channel<string> lines = Channel.CreateUnbounded<string>();
        Task<CmdletResult> waiting = RunThroughAsync(
            relay, "Wait-LabResource", new { Kind = "cm/late", For = "jsonpath={.data.done}=yes", Timeout = 300 }, onVerbose: line => lines.Writer.TryWrite(line));
        for (int i = 0; i < Restarts; i++)
        {
            // Seen through the connection that was made again.
            while (!(await lines.Reader.ReadAsync(Token)).EndsWith($"is {i}", StringComparison.Ordinal))
            {
                Assert.False(waiting.IsCompleted);
            }

            await relay.RestartAsync();
            await SetAsync($"{i + 1}");
        }

        await SetAsync("yes");
        Assert.Equal("yes", Assert.Single((await waiting).Ok().OutputOf<ResourceWaitResult>()).State);

        async Task SetAsync(string done) =>
            (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: late}}, data: {{done: '{done}'}}}}\n" })).Ok();
    }

    [Fact]
    public async Task A_watch_tells_of_every_change_once()
    {
        await using RestartingRelay relay = new(Api.Server);
        List<string> told = [];
        SemaphoreSlim one = new(0);
        Task<CmdletResult> watching = RunThroughAsync(relay, "Get-LabResource", new { Kind = "cm", LabelSelector = "watched", Watch = true }, first: Restarts, onOutput: output =>
        {
            told.Add(((LabResource)output!).Name);
            one.Release();
        });
        for (int i = 0; i < Restarts; i++)
        {
            (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: w{i}, labels: {{watched: ''}}}}}}\n" })).Ok();
            await one.WaitAsync(Token);
            await relay.RestartAsync();
        }

        Assert.True((await watching).Stopped);
        Assert.Equal(Enumerable.Range(0, Restarts).Select(i => $"w{i}"), told);
    }

    [Fact]
    public async Task A_log_that_is_followed_loses_and_repeats_nothing()
    {
        const int lines = 40_000;
        (await RunAsync("Start-LabPod", new { Name = "many", Image = "busybox:1.36", Pull = "IfNotPresent", Command = new[] { "seq", $"{lines}" }, RestartPolicy = "Never" })).Ok();
        (await RunAsync("Wait-LabResource", new { Kind = "pod/many", For = "Complete", Timeout = 120 })).Ok();
        await using RestartingRelay relay = new(Api.Server);
        List<string> told = [];
        CmdletResult result = await RunThroughAsync(relay, "Get-LabPodLog", new { Name = "many", Follow = true }, onOutput: output =>
        {
            told.Add(((LabPodLogLine)output!).Text);
            if (told.Count % (lines / Restarts) == 1)
            {
                relay.RestartAsync().GetAwaiter().GetResult();
            }
        });
        result.Ok();
        Assert.Equal(Restarts, relay.Restarts);
        Assert.Equal(Enumerable.Range(1, lines).Select(i => $"{i}"), told);
    }

    [Fact]
    public async Task A_forwarded_port_works_again_after_each()
    {
        (await RunAsync("Start-LabPod", new { Name = "box", Image = "busybox:1.36", Pull = "IfNotPresent", Command = new[] { "httpd", "-f", "-p", "8080", "-h", "/etc" } })).Ok();
        (await RunAsync("Wait-LabResource", new { Kind = "pod/box", Timeout = 120 })).Ok();
        await using RestartingRelay relay = new(Api.Server);
        LabPortForward forward = Assert.Single((await RunThroughAsync(relay, "Start-LabPortForward", new { Name = "box", Port = new[] { "0:8080" } })).Ok().OutputOf<LabPortForward>());
        try
        {
            for (int i = 0; i < Restarts; i++)
            {
                using HttpClient client = new();
                Assert.NotEmpty(await client.GetStringAsync(new Uri($"http://{forward}/hosts"), Token));
                await relay.RestartAsync();
                Assert.True(forward.IsListening);
            }
        }
        finally
        {
            forward.Stop();
        }
    }

    private Task<CmdletResult> RunThroughAsync(
        RestartingRelay relay, string name, object parameters, int? first = null, Action<object?>? onOutput = null, Action<string>? onVerbose = null) =>
        CmdletRunner.RunAsync(name, parameters, first: first, location: Folder, onOutput: onOutput, onVerbose: onVerbose, session: Through(relay.Url));
}
