using System.Diagnostics;
using CloudLab.Core.Containers.Isolation;
using Xunit;

namespace CloudLab.Tests.Containers.Isolation;

[Trait("Area", "Containers")]
public sealed class NamespaceTests : KernelWorld
{
    private static string Host => File.ReadAllText("/proc/sys/kernel/hostname").Trim();

    [Fact]
    public async Task A_command_in_a_PID_namespace_is_process_1_and_has_the_hosts_name()
    {
        NeedRoot();
        Assert.Equal(["1", Host], await LinesAsync(new { Pid = true, Command = Sh("echo $$; uname -n") }));
    }

    [Fact]
    public async Task Only_a_UTS_namespace_gives_a_name_of_its_own()
    {
        NeedRoot();
        string before = Host;
        Assert.Equal(["made-by-hand"], await LinesAsync(new { Pid = true, Uts = true, Hostname = "made-by-hand", Command = Sh("uname -n") }));
        Assert.Equal(before, Host);

        CmdletResult refused = await RunAsync("Invoke-LabLinuxNamespace", new { Pid = true, Hostname = "x", Command = Sh("uname -n") });
        Assert.StartsWith("HostnameNeedsUts,", refused.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, Host);
    }

    [Fact]
    public async Task A_network_namespace_has_only_a_loopback_device()
    {
        NeedRoot();
        string[] lines = await LinesAsync(new { Network = true, Command = new[] { "cat", "/proc/net/dev" } });
        Assert.StartsWith("lo:", Assert.Single(lines, line => line.Contains(':', StringComparison.Ordinal)).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mount_namespace_keeps_its_mounts_from_the_host_and_a_new_proc_shows_only_the_command()
    {
        NeedRoot();
        string inside = Directory.CreateDirectory(Path.Combine(Folder, "inside")).FullName;
        string[] lines = await LinesAsync(new { Pid = true, Mount = true, Command = Sh($"mount -t tmpfs none {inside} && touch {inside}/file && ls {inside}; cd /proc; echo [0-9]*") });
        Assert.Equal("file", lines[0]);
        Assert.Equal("1", lines[1].Split(' ')[0]);
        Assert.True(lines[1].Split(' ').Length <= 2, lines[1]);
        Assert.Empty(Directory.GetFiles(inside));
    }

    [Fact]
    public async Task Each_switch_makes_its_namespace_and_no_other()
    {
        NeedRoot();
        foreach ((string name, string type) in new[] { ("Pid", "pid"), ("Uts", "uts"), ("Network", "net"), ("Mount", "mnt"), ("Ipc", "ipc"), ("Cgroup", "cgroup"), ("User", "user") })
        {
            string[] own = await LinesAsync(new Dictionary<string, object?>
            {
                [name] = true, ["Command"] = Sh("for t in cgroup ipc mnt net pid user uts; do echo $t $(readlink /proc/self/ns/$t) $(readlink /proc/$PPID/ns/$t); done"),
            });
            string[] changed = [.. own.Select(line => line.Split(' ')).Where(parts => parts.Length > 1 && parts[1] != new FileInfo("/proc/self/ns/" + parts[0]).LinkTarget).Select(parts => parts[0])];
            Assert.Equal([type], changed);
        }
    }

    [Fact]
    public async Task A_user_namespace_makes_its_command_root_of_the_one_user_that_it_knows()
    {
        NeedRoot();
        string[] lines = await LinesAsync(new { User = true, Uts = true, Hostname = "inside", Command = Sh("id -u; cat /proc/self/uid_map; uname -n") });
        Assert.Equal("0", lines[0]);
        Assert.Equal(["0", "0", "1"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("inside", lines[2]);
    }

    [Fact]
    public async Task A_changed_root_shows_its_own_files_and_proc()
    {
        NeedRoot();
        string root = BusyboxRoot();
        string[] lines = await LinesAsync(new
        {
            Pid = true, Mount = true, Uts = true, Network = true, Ipc = true, Cgroup = true, Hostname = "made-by-hand", Root = root, Memory = "32m",
            Command = new[] { "/bin/busybox", "sh", "-c", "/bin/busybox ls /; /bin/busybox pwd; /bin/busybox hostname; echo $$; /bin/busybox cat /proc/self/cgroup | /bin/busybox grep memory" },
        });
        Assert.Equal(["bin", "proc", "/", "made-by-hand", "1"], lines[..5]);
        Assert.EndsWith(":/", lines[5], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(root, "proc")));
        Assert.Empty(Groups());

        CmdletResult missing = await RunAsync("Invoke-LabLinuxNamespace", new { Root = Path.Combine(root, "nowhere"), Command = Sh("true") });
        Assert.StartsWith("RootFolderMissing,", missing.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memory_limit_kills_and_says_so()
    {
        NeedRoot();
        CmdletResult result = await RunAsync("Invoke-LabLinuxNamespace", new { Memory = "32m", Command = new[] { "dd", "if=/dev/zero", "of=/dev/null", "bs=128M", "count=1" } });
        Assert.StartsWith("MemoryLimitReached,", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("The memory limit of 32 MiB was reached: the kernel killed a process of the command.", $"{result.Error()}", StringComparison.Ordinal);
        Assert.Contains("exit code 137", $"{result.Error()}", StringComparison.Ordinal);
        Assert.Empty(Groups());

        LabNamespaceCommand told = Assert.Single((await RunAsync(
            "Invoke-LabLinuxNamespace", new { Memory = "32m", AsObject = true, Command = new[] { "dd", "if=/dev/zero", "of=/dev/null", "bs=128M", "count=1" } })).OutputOf<LabNamespaceCommand>());
        Assert.Equal((137, 32L << 20, 1L), (told.ExitCode, told.Cgroup!.MemoryLimit, told.Cgroup.OomKills));
    }

    [Theory]
    [InlineData("64Mi")]
    [InlineData("64m")]
    [InlineData("64MiB")]
    [InlineData("67108864")]
    public async Task A_size_is_written_as_docker_or_Kubernetes_does(string memory)
    {
        NeedRoot();
        LabNamespaceCommand told = Assert.Single((await RunAsync("Invoke-LabLinuxNamespace", new { Memory = memory, AsObject = true, Command = Sh("true") })).Ok().OutputOf<LabNamespaceCommand>());
        Assert.Equal(64L << 20, told.Cgroup!.MemoryLimit);
    }

    [Theory]
    [InlineData("64Mib/s", "SizeInvalid")]
    [InlineData("64M i", "SizeInvalid")]
    [InlineData("64Ki", "MemoryLimitTooSmall")]
    public async Task A_size_that_is_none_or_too_small_is_refused(string memory, string code) =>
        Assert.StartsWith(code + ",", (await RunAsync("Invoke-LabLinuxNamespace", new { Memory = memory, Command = Sh("true") })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);

    [Fact]
    public async Task A_process_limit_refuses_further_processes_and_says_so()
    {
        NeedRoot();
        CmdletResult result = await RunAsync("Invoke-LabLinuxNamespace", new { Pids = 2, Pid = true, Command = Sh("sleep 1000 & sleep 1000 & sleep 1000 & wait") });
        Assert.StartsWith("ProcessLimitReached,", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("The limit of 2 processes was reached", $"{result.Error()}", StringComparison.Ordinal);
        Assert.Empty(Groups());
    }

    [Fact]
    public async Task A_processor_limit_lets_the_command_wait()
    {
        NeedRoot();
        LabNamespaceCommand told = Assert.Single((await RunAsync(
            "Invoke-LabLinuxNamespace", new { Cpu = 0.05, AsObject = true, Command = Sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo $i") })).Ok().OutputOf<LabNamespaceCommand>());
        Assert.Equal(["100000"], told.Output);
        Assert.Equal(0.05, told.Cgroup!.CpuLimit);
        Assert.True(told.Cgroup.ThrottledTime > TimeSpan.Zero && told.Cgroup.ThrottledPeriods > 0);
    }

    [Fact]
    public async Task Input_output_errors_variables_and_folder_are_the_commands_own()
    {
        NeedRoot();
        Assert.Equal(["a", "b"], (await RunAsync("Invoke-LabLinuxNamespace", new { Uts = true, Command = new[] { "sort" } }, ["b", "a"])).Ok().Output);
        Assert.Equal(["t", Folder], await LinesAsync(new { Uts = true, WorkingDirectory = Folder, Environment = new System.Collections.Hashtable { ["MODE"] = "t" }, Command = Sh("echo $MODE; pwd") }));

        CmdletResult failed = await RunAsync("Invoke-LabLinuxNamespace", new { Uts = true, Command = Sh("echo out; echo bad >&2; exit 3") });
        Assert.StartsWith("NamespaceCommandFailed,", failed.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("exit code 3.", $"{failed.Error()}", StringComparison.Ordinal);
        Assert.Equal(["out"], failed.Output);

        CmdletResult unknown = await RunAsync("Invoke-LabLinuxNamespace", new { Uts = true, Command = new[] { "no such program" } });
        Assert.Contains("-Command no, such, program", unknown.Error().ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_the_command_and_all_that_it_started()
    {
        NeedRoot();
        using CancellationTokenSource ctrlC = new();
        string file = Path.Combine(Folder, "pids");
        CmdletResult result = await RunAsync(
            "Invoke-LabLinuxNamespace", new { Memory = "64m", Command = Sh($"setsid sleep 1000 & echo $! > {file}; echo ready; sleep 1000") }, ctrlC: ctrlC.Token,
            onOutput: _ => ctrlC.Cancel());
        Assert.True(result.Stopped);
        int child = int.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(HasEnded(child));
        Assert.Empty(Groups());
    }

    [Fact]
    public async Task What_if_starts_nothing()
    {
        NeedRoot();
        Assert.Empty((await RunAsync("Invoke-LabLinuxNamespace", new { Pid = true, WhatIf = true, Command = Sh($"touch {Folder}/made") })).Ok().Output);
        Assert.False(File.Exists(Path.Combine(Folder, "made")));
    }

    [Fact]
    public async Task A_command_runs_in_the_namespaces_of_a_process()
    {
        NeedRoot();
        using Process other = Process.Start(new ProcessStartInfo("unshare", ["--uts", "--net", "sh", "-c", "echo elsewhere > /proc/sys/kernel/hostname; echo ready; exec sleep 1000"]) { RedirectStandardOutput = true })!;
        try
        {
            await other.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.Equal(["elsewhere"], await LinesAsync(new { ProcessId = other.Id, Uts = true, Command = Sh("uname -n") }));
            Assert.Equal([Host], await LinesAsync(new { ProcessId = other.Id, Network = true, Command = Sh("uname -n") }));
            Assert.Equal(["elsewhere"], (await RunAsync("Invoke-LabLinuxNamespace", new { Command = Sh("uname -n") }, [Process.GetProcessById(other.Id)])).Ok().Output);

            LabLinuxNamespace[] namespaces = (await RunAsync("Get-LabLinuxNamespace", new { Id = other.Id })).Ok().OutputOf<LabLinuxNamespace>();
            Assert.Equal(["net", "uts"], namespaces.Where(n => n.Shared == false).Select(n => n.Type));
            Assert.All(namespaces, n => Assert.Equal((other.Id, "sleep", "root"), (n.ProcessId, n.ProcessName, n.User)));
            Assert.Equal(1, Assert.Single(namespaces, n => n.Type == "uts").ProcessCount);
            Assert.Contains((await RunAsync("Get-LabLinuxNamespace", new { Type = new[] { "uts" } })).Ok().OutputOf<LabLinuxNamespace>(), n => n.Inode == namespaces.Single(own => own.Type == "uts").Inode);

            LabContainerIsolation read = Assert.Single((await RunAsync("Get-LabContainerIsolation", new { }, [other])).Ok().OutputOf<LabContainerIsolation>());
            Assert.Equal((other.Id, "net; uts"), (read.ProcessId, $"{read.Own}"));
            Assert.True(read.IsHostRoot);
        }
        finally
        {
            other.Kill();
            await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_process_that_is_not_there_is_one_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Namespaces are of Linux.");
        CmdletResult result = await RunAsync("Get-LabLinuxNamespace", new { Id = new[] { int.MaxValue, Environment.ProcessId } });
        Assert.StartsWith("ProcessNotFound,", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(result.OutputOf<LabLinuxNamespace>(), n => n.Type == "pid" && n.ProcessId == Environment.ProcessId);
    }

    [Fact]
    public async Task Another_system_is_told_in_one_line()
    {
        Assert.SkipWhen(OperatingSystem.IsLinux(), "This is Linux.");
        foreach ((string cmdlet, object parameters) in new (string, object)[]
        {
            ("Get-LabLinuxNamespace", new { }), ("Get-LabContainerIsolation", new { Name = "x" }), ("Invoke-LabLinuxNamespace", new { Command = new[] { "x" } }), ("Get-LabOverlay", new { }),
        })
        {
            Assert.StartsWith("LinuxNeeded,", (await RunAsync(cmdlet, parameters)).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        }
    }

    private static string[] Sh(string script) => ["sh", "-c", script];

    private static async Task<string[]> LinesAsync(object parameters) => (await RunAsync("Invoke-LabLinuxNamespace", parameters)).Ok().OutputOf<string>();

    private static bool HasEnded(int process)
    {
        string stat = $"/proc/{process}/stat";
        return !File.Exists(stat) || File.ReadAllText(stat).Contains(") Z", StringComparison.Ordinal);
    }

    private string BusyboxRoot()
    {
        string root = Path.Combine(Folder, "root");
        Directory.CreateDirectory(Path.Combine(root, "bin"));
        Directory.CreateDirectory(Path.Combine(root, "proc"));
        string platform = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        File.Copy(Path.Combine(TestServers.Busybox(), "linux", platform, "busybox"), Path.Combine(root, "bin", "busybox"));
        return root;
    }
}
