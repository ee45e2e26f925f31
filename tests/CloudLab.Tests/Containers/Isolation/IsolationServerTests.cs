using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Isolation;
using CloudLab.Tests.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Isolation;

/// <summary>Containers of a real engine on this machine, looked at from outside.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class IsolationServerTests : ContainerWorld
{
    [Fact]
    public async Task A_container_has_namespaces_limits_and_layers_of_its_own()
    {
        NeedRoot();
        LabContainer container = await StartAsync(new { Memory = "64m", Cpu = 0.5 }, "sleep", "1000");
        await DockerAsync("exec", container.Name, "sh", "-c", "echo x > /tmp/written");

        LabContainerIsolation read = Assert.Single((await RunAsync("Get-LabContainerIsolation", new { Size = true }, [container])).Ok().OutputOf<LabContainerIsolation>());

        Assert.Equal((container.Name, container.Id, container.Image), (read.Name, read.Id, read.Image));
        Assert.Equal(["ipc", "mnt", "net", "pid", "uts"], read.Own.Except(["cgroup"]));
        Assert.Equal(["time", "user"], read.Shared.Except(["cgroup"]));
        Assert.All(read.Namespaces, n => Assert.Equal(n.Shared, n.Inode == n.HostInode));
        Assert.Equal((64L << 20, 0.5), (read.Cgroup!.MemoryLimit, read.Cgroup.CpuLimit));
        Assert.True(read.Cgroup.Memory > 0 && read.Cgroup.ProcessCount == 1);
        Assert.Contains(container.Id, read.Cgroup.Path, StringComparison.Ordinal);

        Assert.Equal("Writable", read.Layers[0].Kind);
        Assert.Equal("Init", read.Layers[1].Kind);
        Assert.All(read.Layers.Skip(2), layer => Assert.Equal("ReadOnly", layer.Kind));
        Assert.Equal(Enumerable.Range(1, read.Layers.Count).Reverse(), read.Layers.Select(layer => layer.Number));
        Assert.Equal("x", (await File.ReadAllTextAsync(Path.Combine(read.Layers[0].Path, "tmp", "written"), TestContext.Current.CancellationToken)).Trim());
        Assert.Contains(read.Layers, layer => layer.Kind == "ReadOnly" && File.Exists(Path.Combine(layer.Path, "bin", "busybox")) && layer.Size > 0);
        Assert.False(read.ReadOnlyRoot);

        Assert.True(read.IsHostRoot);
        Assert.Contains("CHOWN", read.Capabilities);
        Assert.Contains("SYS_ADMIN", read.DroppedCapabilities);
        Assert.Equal("Filter", read.Seccomp);
    }

    [Fact]
    public async Task What_a_container_shares_with_the_host_and_with_another_is_told()
    {
        NeedRoot();
        string one = Fresh("one"), two = Fresh("two"), label = "--label=" + Label;
        await DockerAsync("run", "-d", label, "--name", one, "--ipc", "shareable", "--pid", "host", "--network", "host", "--read-only", "--privileged", await ImageAsync(), "sleep", "1000");
        await DockerAsync("run", "-d", label, "--name", two, "--ipc", "container:" + one, "--security-opt", "no-new-privileges", "--cap-drop", "ALL", await ImageAsync(), "sleep", "1000");

        LabContainerIsolation[] read = (await RunAsync("Get-LabContainerIsolation", new { Name = new[] { one, two } })).Ok().OutputOf<LabContainerIsolation>();

        Assert.Contains("pid", read[0].Shared);

        // The network of the engine, in which this test runs, too.
        Assert.Equal(new FileInfo("/proc/self/ns/net").LinkTarget, $"net:[{read[0].Namespaces.Single(n => n.Type == "net").Inode}]");
        Assert.Contains("net", read[1].Own);
        Assert.True(read[0].ReadOnlyRoot && !read[1].ReadOnlyRoot);
        Assert.Equal(read[0].Namespaces.Single(n => n.Type == "ipc").Inode, read[1].Namespaces.Single(n => n.Type == "ipc").Inode);
        Assert.Contains("ipc", read[1].Own);
        Assert.Contains("SYS_ADMIN", read[0].Capabilities);
        Assert.Equal(("Disabled", false), (read[0].Seccomp, read[0].NoNewPrivileges));
        Assert.Empty(read[1].Capabilities);
        Assert.True(read[1].NoNewPrivileges);
    }

    [Fact]
    public async Task A_tool_of_the_host_runs_in_the_network_of_a_container()
    {
        NeedRoot();
        LabContainer container = await StartAsync(null, "sleep", "1000");
        string inside = await DockerAsync("exec", container.Name, "cat", "/proc/net/fib_trie");

        CmdletResult seen = await RunAsync("Invoke-LabLinuxNamespace", new { Network = true, Command = new[] { "cat", "/proc/thread-self/net/fib_trie" } }, [container]);
        Assert.Equal(inside.Split('\n').Length, seen.Ok().Output.Count);

        // In all of its namespaces the host name and the files are the container's.
        string[] all = (await RunAsync("Invoke-LabLinuxNamespace", new { Container = container.Name, Command = new[] { "sh", "-c", "hostname; pwd; ls /bin/busybox" } })).Ok().OutputOf<string>();
        Assert.Equal([container.ShortId, "/", "/bin/busybox"], all);
    }

    [Fact]
    public async Task A_container_that_does_not_run_and_an_engine_elsewhere_are_told()
    {
        NeedRoot();
        LabContainer container = await StartAsync(null, "sleep", "1000");
        await DockerAsync("kill", container.Id);
        ErrorOf(await RunAsync("Get-LabContainerIsolation", new { container.Name }), "ContainerNotRunning");
        ErrorOf(await RunAsync("Get-LabContainerIsolation", new { Name = "no-such-container" }), "ContainerNotFound");
        CmdletResult elsewhere = await CmdletRunner.RunAsync("Get-LabContainerIsolation", new { container.Name, DockerHost = "tcp://192.0.2.1:2375" });
        ErrorOf(elsewhere, "EngineElsewhere");
    }

    private static void NeedRoot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root of Linux may look at a container from outside.");
    }
}
