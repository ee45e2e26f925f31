using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Streams;

[Trait("Area", "Kubernetes")]
public sealed class BrokenStreamOnEmulatorTests() : BrokenStreamTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class BrokenStreamOnRealClusterTests() : BrokenStreamTests(KubeServer.Real);

/// <summary>Connections to the API server that break in the middle.</summary>
public abstract class BrokenStreamTests(KubeServer server) : KubeTest(server)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_that_breaks_again_and_again_loses_and_repeats_nothing(bool follow)
    {
        (await RunAsync("Start-LabPod", new { Name = "many", Image = "busybox", Pull = "IfNotPresent", Wait = true, Command = new[] { "seq", "20000" } })).Ok();
        await using CutRelay relay = new(Api.Server) { CutAfter = 150_000, CutsLeft = 3 };
        CmdletResult result = (await CmdletRunner.RunAsync("Get-LabPodLog", new { Name = "many", Follow = follow }, session: Through(relay.Url))).Ok();
        Assert.Equal(Enumerable.Range(1, 20000).Select(i => $"{i}"), result.OutputOf<LabPodLogLine>().Select(line => line.Text));
        Assert.Equal(3, relay.Cuts);
    }

    [Fact]
    public async Task A_command_whose_connection_breaks_is_an_error_and_not_started_again()
    {
        await StartBoxAsync();
        await using CutRelay relay = new(Api.Server) { CutAfter = 300_000, CutsLeft = 1 };
        CmdletResult result = await CmdletRunner.RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "seq", "200000" } }, session: Through(relay.Url));
        Assert.StartsWith("PodCommandLost,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        string[] lines = [.. result.OutputOf<string>()];
        Assert.InRange(lines.Length, 1, 199_999);
        Assert.Equal(Enumerable.Range(1, lines.Length - 1).Select(i => $"{i}"), lines[..^1]);
    }

    [Fact]
    public async Task A_copy_into_a_pod_that_breaks_leaves_nothing_behind()
    {
        await StartBoxAsync();
        string file = Path.Combine(Folder, "big.bin");
        await File.WriteAllBytesAsync(file, new byte[8 << 20], Token);
        await using CutRelay relay = new(Api.Server) { CountsUp = true, CutAfter = 2 << 20, CutsLeft = 1 };
        CmdletResult result = await CmdletRunner.RunAsync("Copy-LabPodItem", new { Path = file, Destination = "box:/big.bin" }, session: Through(relay.Url));
        Assert.StartsWith("PodCopyBroken,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        // The shell in the container learns of it a moment later.
        string[] left;
        do
        {
            left = [.. (await RunAsync("Invoke-LabPod", new { Name = "box", Command = new[] { "ls", "-a", "/" } })).Ok().OutputOf<string>()];
            Assert.DoesNotContain("big.bin", left);
        }
        while (left.Any(name => name.Contains(".cloudlab-", StringComparison.Ordinal)) && !Token.IsCancellationRequested);
    }

    [Fact]
    public async Task A_copy_out_of_a_pod_that_breaks_leaves_nothing_behind()
    {
        await StartBoxAsync();
        string file = Path.Combine(Folder, "big.bin"), back = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "out")).FullName, "back.bin");
        await File.WriteAllBytesAsync(file, new byte[8 << 20], Token);
        (await RunAsync("Copy-LabPodItem", new { Path = file, Destination = "box:/big.bin" })).Ok();
        await using CutRelay relay = new(Api.Server) { CutAfter = 2 << 20, CutsLeft = 1 };
        CmdletResult result = await CmdletRunner.RunAsync("Copy-LabPodItem", new { Path = "box:/big.bin", Destination = back }, session: Through(relay.Url));
        Assert.StartsWith("PodCopyBroken,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(back)!));
    }

    private async Task StartBoxAsync()
    {
        (await RunAsync("Start-LabPod", new { Name = "box", Image = "busybox", Pull = "IfNotPresent", Command = new[] { "httpd", "-f", "-p", "8080" } })).Ok();
        PodRunner runner = new(Api, Core.Common.Reporting.NullReporter.Instance);
        await runner.StartedAsync(
            Assert.Single((await RunAsync("Get-LabResource", new { Kind = "pods", Name = "box" })).Ok().OutputOf<Core.Kubernetes.Resources.LabResource>()), TimeSpan.FromMinutes(2), Token);
    }
}
