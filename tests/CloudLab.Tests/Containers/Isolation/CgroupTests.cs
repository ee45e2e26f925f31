using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Isolation;
using Xunit;

namespace CloudLab.Tests.Containers.Isolation;

[Trait("Area", "Containers")]
public sealed class CgroupTests : KernelWorld
{
    [Fact]
    public void A_group_of_version_2_is_read()
    {
        Record("proc/7/cgroup", "0::/system.slice/docker-1f2e.scope\n");
        Record("cg/cgroup.controllers", "cpuset cpu io memory pids\n");
        string group = "cg/system.slice/docker-1f2e.scope/";
        Record(group + "memory.max", "67108864\n");
        Record(group + "memory.swap.max", "0\n");
        Record(group + "memory.current", "1048576\n");
        Record(group + "memory.peak", "2097152\n");
        Record(group + "memory.events", "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n");
        Record(group + "cpu.max", "50000 100000\n");
        Record(group + "cpu.weight", "79\n");
        Record(group + "cpu.stat", "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnr_periods 20\nnr_throttled 3\nthrottled_usec 250000\n");
        Record(group + "cpuset.cpus.effective", "0-1\n");
        Record(group + "pids.max", "20\n");
        Record(group + "pids.current", "4\n");
        Record(group + "pids.events", "max 5\n");

        LabCgroup read = Reader().Of(7)!;

        Assert.Equal((2, "/system.slice/docker-1f2e.scope"), (read.Version, read.Path));
        Assert.Equal((67108864L, 0L, 1048576L, 2097152L, 1L), (read.MemoryLimit, read.SwapLimit, read.Memory, read.MemoryPeak, read.OomKills));
        Assert.Equal((0.5, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), 79L), (read.CpuLimit, read.CpuQuota, read.CpuPeriod, read.CpuWeight));
        Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(0.25), 3L, "0-1"), (read.CpuTime, read.ThrottledTime, read.ThrottledPeriods, read.Cpus));
        Assert.Equal((20L, 4L, 5L), (read.ProcessLimit, read.ProcessCount, read.ProcessLimitHits));
    }

    [Fact]
    public void A_group_of_version_2_without_limits_or_controllers_has_none()
    {
        Record("proc/7/cgroup", "0::/x\n");
        Record("cg/cgroup.controllers", "memory\n");
        Record("cg/x/memory.max", "max\n");
        Record("cg/x/memory.swap.max", "max\n");
        Record("cg/x/cpu.max", "max 100000\n");
        Record("cg/x/pids.max", "max\n");

        LabCgroup read = Reader().Of(7)!;

        Assert.Equal((null, null, null, null, null), (read.MemoryLimit, read.SwapLimit, read.CpuLimit, read.ProcessLimit, read.OomKills));
    }

    [Fact]
    public void Groups_of_version_1_are_read_with_controllers_apart_and_together()
    {
        Record("proc/7/cgroup", "9:name=systemd:/docker/1f2e\n8:pids:/docker/1f2e\n4:memory:/docker/1f2e\n3:cpu,cpuacct:/docker/1f2e\n0::/\n");
        Record("cg/memory/docker/1f2e/memory.limit_in_bytes", "67108864\n");
        Record("cg/memory/docker/1f2e/memory.memsw.limit_in_bytes", "134217728\n");
        Record("cg/memory/docker/1f2e/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        Record("cg/cpu/docker/1f2e/cpu.cfs_quota_us", "-1\n");
        Record("cg/cpu/docker/1f2e/cpu.cfs_period_us", "100000\n");
        Record("cg/cpu/docker/1f2e/cpu.shares", "512\n");
        Record("cg/cpu/docker/1f2e/cpu.stat", "nr_periods 5\nnr_throttled 4\nthrottled_time 3000000\n");
        Record("cg/cpuacct/docker/1f2e/cpuacct.usage", "2000000000\n");
        Record("cg/pids/docker/1f2e/pids.max", "max\n");

        LabCgroup read = Reader().Of(7)!;

        Assert.Equal((1, "/docker/1f2e", 67108864L, 67108864L, 2L), (read.Version, read.Path, read.MemoryLimit, read.SwapLimit, read.OomKills));
        Assert.Equal((null, null, 512L, TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(3), 4L), (read.CpuLimit, read.CpuQuota, read.CpuWeight, read.CpuTime, read.ThrottledTime, read.ThrottledPeriods));
        Assert.Null(read.ProcessLimit);
        Record("cg/memory/docker/1f2e/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Null(Reader().Of(7)!.MemoryLimit);
    }

    [Fact]
    public void The_kernel_is_told_the_limits_in_the_words_of_version_2()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Control groups are of Linux.");
        Record("cg/cgroup.controllers", "cpu memory pids\n");
        Record("cg/cgroup.subtree_control", "pids\n");
        using CgroupBox box = CgroupBox.Make(new CgroupLimits(64 << 20, 0.25, 7), Path.Combine(Folder, "cg"));
        string group = Path.GetDirectoryName(Assert.Single(box.JoinFiles))!;
        Assert.Equal("67108864", File.ReadAllText(Path.Combine(group, "memory.max")));
        Assert.Equal("25000 100000", File.ReadAllText(Path.Combine(group, "cpu.max")));
        Assert.Equal("7", File.ReadAllText(Path.Combine(group, "pids.max")));

        // A recorded group does not go like one of the kernel.
        Directory.Delete(group, recursive: true);
    }

    [Fact]
    public void A_controller_that_is_missing_is_named()
    {
        Record("cg/cgroup.controllers", "cpu pids\n");
        LabException problem = Assert.Throws<LabException>(() => CgroupBox.Make(new CgroupLimits(64 << 20, null, null), Path.Combine(Folder, "cg")));
        Assert.Equal("CgroupMissing", problem.Code);
        Assert.Contains("'memory'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_group_of_version_2_ends_what_runs_in_it_and_goes()
    {
        NeedRoot();
        string root = Directory.CreateDirectory(Path.Combine(Folder, "unified")).FullName;
        await ForeignProcess.OutputAsync(new ProcessStartInfo("mount", ["-t", "cgroup2", "none", root]));
        try
        {
            using Process sleeping = Process.Start("sleep", "1000");
            string group;
            using (CgroupBox box = CgroupBox.Make(new CgroupLimits(null, null, null), root))
            {
                string join = Assert.Single(box.JoinFiles);
                group = Path.GetDirectoryName(join)!;
                await File.WriteAllTextAsync(join, $"{sleeping.Id}", TestContext.Current.CancellationToken);
                Assert.Equal(2, box.Now.Version);
                Assert.NotNull(box.Now.CpuTime);
                Assert.Equal($"{sleeping.Id}", (await File.ReadAllTextAsync(join, TestContext.Current.CancellationToken)).Trim());
            }

            await sleeping.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(128 + 9, sleeping.ExitCode);
            Assert.False(Directory.Exists(group));
        }
        finally
        {
            await ForeignProcess.OutputAsync(new ProcessStartInfo("umount", [root]));
        }
    }

    [Theory]
    [InlineData("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1")]
    [InlineData("user/max_user_namespaces", "0", "user.max_user_namespaces=15000")]
    [InlineData("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0")]
    public void The_setting_that_forbids_user_namespaces_is_named(string file, string value, string advice)
    {
        Record("sys/" + file, value + "\n");
        Assert.Contains(advice, UserNamespaces.WhyNot(Path.Combine(Folder, "sys")), StringComparison.Ordinal);
        Record("sys/" + file, "5\n");
        Assert.Null(UserNamespaces.WhyNot(Path.Combine(Folder, "sys")));
    }

    private CgroupReader Reader() => new(Path.Combine(Folder, "cg"), Path.Combine(Folder, "proc"));

    private void Record(string path, string text)
    {
        string file = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
