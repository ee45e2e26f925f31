using System.Management.Automation;
using System.Text;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Streams;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Streams;

[Trait("Area", "Kubernetes")]
public sealed class PodStreamOnEmulatorTests() : PodStreamTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class PodStreamOnRealClusterTests() : PodStreamTests(KubeServer.Real)
{
    [Fact]
    public async Task Two_million_lines_come_without_loss()
    {
        await StartBoxAsync();
        string[] lines = [.. (await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "seq", "2000000" } })).Ok().OutputOf<string>()];
        int wrong = Enumerable.Range(0, lines.Length).FirstOrDefault(i => lines[i] != (i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), -1);
        Assert.True(wrong < 0 && lines.Length == 2_000_000, $"{lines.Length} lines, and the first wrong one is {wrong}");
    }

    [Theory]
    [InlineData("Never")]
    [InlineData("Always")]
    public async Task The_exit_code_of_an_attached_container_is_told(string policy)
    {
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = $"{{apiVersion: v1, kind: Pod, metadata: {{name: asks}}, spec: {{restartPolicy: {policy}, containers: [{{name: c, image: 'busybox:1.36', stdin: true, command: [sh, -c, 'read x; exit 3']}}]}}}}\n", Wait = true, Timeout = 60,
        })).Ok();
        PodStreams pods = new(Api);
        using PodExec attached = await pods.ExecAsync(
            await pods.FindAsync(null, "asks", Namespace, Token), new PodCommandOptions { Input = true }, Core.Common.Reporting.NullReporter.Instance, Token);
        await attached.WriteAsync("go\n"u8.ToArray());
        Assert.Equal(3, await attached.ReadAsync((_, _) => ValueTask.CompletedTask, Token));
    }

    [Fact]
    public async Task A_container_that_has_ended_is_told_apart_from_one_that_fails()
    {
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = "{apiVersion: v1, kind: Pod, metadata: {name: two}, spec: {restartPolicy: Never, initContainers: [{name: before, image: 'busybox:1.36', command: ['true']}], containers: [{name: bad, image: 'busybox:1.36', command: [sh, -c, 'exit 7']}, {name: good, image: 'busybox:1.36', command: [sleep, '600']}]}}\n",
        })).Ok();
        (await RunAsync("Wait-LabResource", new { Kind = "pod/two", For = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}=7", Timeout = 60 })).Ok();
        string error = Assert.Single((await RunAsync("Invoke-LabPod", new { Name = "two", Container = "before", Command = new[] { "true" } })).Errors).ToString();
        Assert.Contains("'before' of the pod 'two' is not running: it has ended with exit code 0.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_line_of_a_log_is_whole()
    {
        (await RunAsync("Start-LabPod", new { Name = "long", Image, Pull = "IfNotPresent", Wait = true, Command = new[] { "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo short" } })).Ok();
        Assert.Equal([100000, 5], (await RunAsync("Get-LabPodLog", new { Name = "long" })).Ok().OutputOf<LabPodLogLine>().Select(line => line.Text.Length));
    }

    [Fact]
    public async Task A_followed_log_goes_on_when_the_container_starts_again()
    {
        (await RunAsync("Start-LabPod", new { Name = "again", Image, Pull = "IfNotPresent", Command = new[] { "sh", "-c", "echo begun; sleep 1; echo over" } })).Ok();
        await RunningAsync("again");
        CmdletResult result = await RunAsync("Get-LabPodLog", new { Name = "again", Follow = true }, first: 4);
        Assert.Equal(["begun", "over", "begun", "over"], result.OutputOf<LabPodLogLine>().Select(line => line.Text));
    }
}

public abstract class PodStreamTests(KubeServer server) : KubeTest(server)
{
    protected const string Image = "busybox";

    [Fact]
    public async Task A_command_has_output_errors_and_an_exit_code_apart()
    {
        await StartBoxAsync();
        LabPodCommand command = Assert.Single((await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "sh", "-c", "echo out; echo bad >&2; exit 3" }, AsObject = true })).Ok().OutputOf<LabPodCommand>());
        Assert.Equal((3, "out", "bad"), (command.ExitCode, Assert.Single(command.Output), Assert.Single(command.ErrorOutput)));
        Assert.Equal(("box", Namespace, "box"), (command.Pod, command.Namespace, command.Container));
        CmdletResult failed = await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "sh", "-c", "echo out; exit 3" } });
        Assert.Equal(["out"], failed.OutputOf<string>());
        Assert.StartsWith("PodCommandFailed", Assert.Single(failed.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_ends_and_comes_back_whole()
    {
        await StartBoxAsync();
        string[] sent = [.. Enumerable.Range(0, 20_000).Select(i => $"line {i}")];
        Assert.Equal(sent, (await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "cat" } }, sent)).Ok().OutputOf<string>());
    }

    [Theory]
    [InlineData("nosuch", "box", null, "PodCommandFailed")]
    [InlineData("true", "nosuch", null, "NotFound")]
    [InlineData("true", "deploy/nosuch", null, "NotFound")]
    [InlineData("true", "nokind/nosuch", null, "KindNotFound")]
    [InlineData("true", "box", "nosuch", "PodContainerNotFound")]
    public async Task What_is_not_there_is_said(string program, string name, string? container, string code)
    {
        await StartBoxAsync();
        CmdletResult result = container is null
            ? await RunAsync("Invoke-LabPod", new { Name = name, Command = new[] { program } })
            : await RunAsync("Invoke-LabPod", new { Name = name, Command = new[] { program }, Container = container });
        Assert.StartsWith(code + ",", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_of_all_pods_of_a_workload_are_read_and_followed_to_the_end_of_a_job()
    {
        string manifest = """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: three}
            spec: {completions: 3, parallelism: 3, template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [sh, -c, "echo one; echo two"]}]}}}

            """;
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        LabPodLogLine[] lines = [.. (await RunAsync("Get-LabPodLog", new { Name = "job/three", Follow = true })).Ok().OutputOf<LabPodLogLine>()];
        Assert.Equal(3, lines.Select(line => line.Pod).Distinct().Count());
        Assert.All(lines.GroupBy(line => line.Pod), pod => Assert.Equal(["one", "two"], pod.Select(line => line.Text)));
        LabPodLogLine[] again = [.. (await RunAsync("Get-LabPodLog", new { Name = "job/three", Tail = 1 })).Ok().OutputOf<LabPodLogLine>()];
        Assert.Equal(["two", "two", "two"], again.Select(line => line.Text));
    }

    [Fact]
    public async Task Files_and_folders_go_in_and_come_back()
    {
        await StartBoxAsync();
        string source = Directory.CreateDirectory(Path.Combine(Folder, "src", "sub")).Parent!.FullName, deep = new('n', 150);
        await File.WriteAllTextAsync(Path.Combine(source, "a.txt"), "one", Token);
        await File.WriteAllTextAsync(Path.Combine(source, "sub", deep), "two", Token);
        LabPodCopy copy = Assert.Single((await RunAsync("Copy-LabPodItem", new { Path = source, Destination = "box:/dst" })).Ok().OutputOf<LabPodCopy>());
        Assert.Equal(("box:/dst", 2L, 6L), (copy.Destination, copy.Files, copy.Size));

        // Into a folder that is there, and merged with what it has.
        Assert.Equal("box:/dst/src", Assert.Single((await RunAsync("Copy-LabPodItem", new { Path = source, Destination = "box:/dst" })).Ok().OutputOf<LabPodCopy>()).Destination);
        (await RunAsync("Copy-LabPodItem", new { Path = source + "/.", Destination = "box:/dst" })).Ok();
        (await RunAsync("Copy-LabPodItem", new { Path = "box:/dst", Destination = Path.Combine(Folder, "back") })).Ok();
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(Folder, "back", "a.txt"), Token));
        Assert.Equal("two", await File.ReadAllTextAsync(Path.Combine(Folder, "back", "src", "sub", deep), Token));
        Assert.DoesNotContain((await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "ls", "-a", "/" } })).Ok().OutputOf<string>(), name => name.Contains("cloudlab", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("box:/nosuch", "back", "PodPathNotFound")]
    [InlineData("a.txt", "box:/nosuch/a.txt", "DestinationNotFound")]
    [InlineData("a.txt", "box:/etc/hosts/", "DestinationIsFile")]
    [InlineData("nosuch.txt", "box:/tmp", "FileNotFound")]
    [InlineData("a.txt", "nosuch:/tmp", "NotFound")]
    public async Task A_copy_that_cannot_be_says_why(string source, string destination, string code)
    {
        await StartBoxAsync();
        Write("a.txt", "one");
        CmdletResult result = await RunAsync("Copy-LabPodItem", new { Path = source, Destination = destination });
        Assert.StartsWith(code + ",", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forwarded_port_takes_several_connections_and_says_what_refuses_one()
    {
        await StartBoxAsync();
        LabPortForward[] forwards = [.. (await RunAsync("Start-LabPortForward", new { Name = "box", Port = new[] { "0:8080", ":9999" } })).Ok().OutputOf<LabPortForward>()];
        try
        {
            using HttpClient client = new();
            string[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetStringAsync(new Uri($"http://{forwards[0]}/hosts"), Token)));
            Assert.All(answers, answer => Assert.NotEmpty(answer));
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"http://{forwards[1]}/"), Token));
            Assert.Contains("connection refused", forwards[1].LastError, StringComparison.Ordinal);
            Assert.Contains(forwards[0].Id, LabPortForward.All().Select(forward => forward.Id));
            CmdletResult taken = await RunAsync("Start-LabPortForward", new { Name = "box", Port = new[] { $"{forwards[0].LocalPort}:8080" } });
            Assert.StartsWith("PortInUse,", Assert.Single(taken.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        }
        finally
        {
            (await CmdletRunner.RunAsync("Stop-LabPortForward", new { Id = forwards.Select(forward => forward.Id).ToArray() })).Ok();
        }

        Assert.All(forwards, forward => Assert.False(forward.IsListening));
    }

    [Theory]
    [InlineData("", "it has no pods")]
    [InlineData("{apiVersion: v1, kind: Pod, metadata: {name: away, labels: {app: away}}, spec: {nodeSelector: {no: such}, containers: [{name: c, image: busybox}]}}", "pod away is")]
    public async Task A_service_of_which_no_pod_starts_is_not_waited_for(string pod, string why)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{pod}\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: away}}, spec: {{selector: {{app: away}}, ports: [{{port: 80}}]}}}}\n" })).Ok();
        ErrorRecord error = Assert.Single((await RunAsync("Start-LabPortForward", new { Name = "svc/away", Port = new[] { "0:80" } }).WaitAsync(TimeSpan.FromSeconds(50), Token)).Errors);
        Assert.StartsWith("PodNotRunning,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(why, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_connection_finds_the_pod_that_took_the_place_of_another()
    {
        string manifest = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [httpd, -f, -p, "8080", -h, /etc], ports: [{name: http, containerPort: 8080}]}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}

            """;
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest, Wait = true })).Ok();
        LabPortForward forward = Assert.Single((await RunAsync("Start-LabPortForward", new { Name = "svc/web", Port = new[] { "0:80" } })).Ok().OutputOf<LabPortForward>());
        try
        {
            using HttpClient client = new();
            client.DefaultRequestHeaders.ConnectionClose = true;
            Assert.NotEmpty(await client.GetStringAsync(new Uri($"http://{forward}/hosts"), Token));
            string before = forward.Pod;
            await Api.SendAsync(HttpMethod.Delete, $"/api/v1/namespaces/{Namespace}/pods/{before}", Encoding.UTF8.GetBytes("""{"gracePeriodSeconds":0}"""), null, Token);
            Assert.NotEmpty(await client.GetStringAsync(new Uri($"http://{forward}/hosts"), Token));
            Assert.NotEqual(before, forward.Pod);
        }
        finally
        {
            forward.Stop();
        }
    }

    [Fact]
    public async Task A_pod_is_run_to_its_end_with_input_and_removed()
    {
        CmdletResult result = (await RunAsync("Start-LabPod", new { Name = "once", Image, Pull = "IfNotPresent", Command = new[] { "sh", "-c", "cat" }, Wait = true, Remove = true }, ["b", "a"])).Ok();
        Assert.Equal(["b", "a"], result.OutputOf<string>());
        result = await RunAsync("Start-LabPod", new { Image, Pull = "IfNotPresent", Command = new[] { "sh", "-c", "echo x; exit 4" }, Wait = true, Remove = true });
        Assert.Contains("exit code 4", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain((await RunAsync("Get-LabResource", new { Kind = "pods" })).Ok().OutputOf<LabResource>(), pod => pod.Metadata["deletionTimestamp"] is null);
    }

    [Fact]
    public async Task A_job_of_a_CronJob_gives_its_log_and_one_that_fails_its_reason()
    {
        string manifest = """
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: backup}
            spec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: [echo, saved]}]}}}}}

            """;
        (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
        Assert.Equal(["saved"], (await RunAsync("Start-LabJob", new { CronJob = "backup", Wait = true })).Ok().OutputOf<LabPodLogLine>().Select(line => line.Text));
        CmdletResult failed = await RunAsync("Start-LabJob", new { Name = "fails", Image, Pull = "IfNotPresent", Command = new[] { "sh", "-c", "echo broke; exit 3" }, BackoffLimit = 0, Wait = true });
        ErrorRecord error = Assert.Single(failed.Errors);
        Assert.StartsWith("JobFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("exit code 3", error.ToString(), StringComparison.Ordinal);
    }

    protected async Task StartBoxAsync()
    {
        (await RunAsync("Start-LabPod", new { Name = "box", Image, Pull = "IfNotPresent", Port = new[] { 8080 }, Command = new[] { "httpd", "-f", "-p", "8080", "-h", "/etc" } })).Ok();
        await RunningAsync("box");
    }

    protected async Task RunningAsync(string name)
    {
        PodRunner runner = new(Api, Core.Common.Reporting.NullReporter.Instance);
        await runner.StartedAsync(Assert.Single((await RunAsync("Get-LabResource", new { Kind = "pods", Name = name })).Ok().OutputOf<LabResource>()), TimeSpan.FromMinutes(2), Token);
    }
}
