using System.Globalization;
using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>A control group: what the kernel lets its processes have, and what they use.</summary>
public sealed class LabCgroup
{
    /// <summary>1 or 2: the generation of control groups that limits these processes.</summary>
    public required int Version { get; init; }

    /// <summary>Its path in the hierarchy; of the memory controller in version 1, which has one for each controller.</summary>
    public required string Path { get; init; }

    /// <summary>Its folder for each controller; in version 2 the one folder by the name unified.</summary>
    public required IReadOnlyDictionary<string, string> Folders { get; init => field = TextDictionary.Of(value); }

    /// <summary>Limit of memory in bytes; null for none.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Limit of swap in bytes beyond the memory; null for none, or where swap is not counted.</summary>
    public long? SwapLimit { get; init; }

    /// <summary>Memory in use, in bytes.</summary>
    public long? Memory { get; init; }

    /// <summary>The most memory that was in use, in bytes.</summary>
    public long? MemoryPeak { get; init; }

    /// <summary>How many processes the kernel killed for the limit of memory.</summary>
    public long? OomKills { get; init; }

    /// <summary>Limit of processor time in processors: quota divided by period; null for none.</summary>
    public double? CpuLimit { get; init; }

    /// <summary>Processor time in a period; null for no limit.</summary>
    public TimeSpan? CpuQuota { get; init; }

    /// <summary>That period.</summary>
    public TimeSpan? CpuPeriod { get; init; }

    /// <summary>Its share where processors are scarce: cpu.shares (1024 if not set) in version 1, cpu.weight (100) in version 2.</summary>
    public long? CpuWeight { get; init; }

    /// <summary>Processor time used so far.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>How long its processes had to wait for the limit of processor time.</summary>
    public TimeSpan? ThrottledTime { get; init; }

    /// <summary>In how many periods they had to.</summary>
    public long? ThrottledPeriods { get; init; }

    /// <summary>Processors that it may use: <c>0-3</c>.</summary>
    public string? Cpus { get; init; }

    /// <summary>Limit of the number of processes; null for none.</summary>
    public long? ProcessLimit { get; init; }

    /// <summary>Number of processes and threads.</summary>
    public long? ProcessCount { get; init; }

    /// <summary>How often a process could not be started for that limit.</summary>
    public long? ProcessLimitHits { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"v{Version} {Path}");
}

/// <summary>Reads control groups of both generations.</summary>
/// <param name="root">Where they are mounted: <c>/sys/fs/cgroup</c>.</param>
/// <param name="processRoot">Where processes are: <c>/proc</c>.</param>
internal sealed class CgroupReader(string root = "/sys/fs/cgroup", string processRoot = "/proc")
{
    // Version 1 writes no limit as the largest number of whole pages, which is near the largest number there is.
    private const long NoLimit = long.MaxValue / 2;

    private static readonly string[] Controllers = ["memory", "cpu", "cpuacct", "cpuset", "pids"];

    /// <summary>Whether the one hierarchy of version 2 is mounted there; else those of version 1.</summary>
    public bool IsUnified => File.Exists(Path.Combine(root, "cgroup.controllers"));

    /// <summary>Reads the control group of a process.</summary>
    /// <param name="process">Its id.</param>
    /// <returns>The group; null where the process has ended, or no control groups are mounted.</returns>
    public LabCgroup? Of(int process)
    {
        Dictionary<string, string> paths = [];
        foreach (string line in new ProcessFiles(processRoot).Lines(process, "cgroup"))
        {
            // 4:memory:/docker/1f2e; 3:cpu,cpuacct:/docker/1f2e; 0::/docker/1f2e of version 2.
            if (line.Split(':', 3) is [_, string controllers, string path])
            {
                foreach (string controller in controllers.Split(','))
                {
                    paths[controller] = path;
                }
            }
        }

        return paths.Count == 0 ? null : IsUnified
            ? paths.TryGetValue("", out string? only) ? Read(only, new() { ["unified"] = Join(root, only) }) : null
            : Read(
                paths.GetValueOrDefault("memory") ?? paths.Values.First(),
                Controllers.Where(paths.ContainsKey).Select(name => (name, Folder: Join(Path.Combine(root, name), paths[name])))
                    .Where(c => Directory.Exists(c.Folder)).ToDictionary(c => c.name, c => c.Folder));
    }

    /// <summary>Reads a control group.</summary>
    /// <param name="path">Its path, for the result.</param>
    /// <param name="folders">Its folders by controller.</param>
    /// <returns>The group.</returns>
    public LabCgroup Read(string path, Dictionary<string, string> folders) => IsUnified ? Second(path, folders["unified"]) : First(path, folders);

    private static LabCgroup First(string path, Dictionary<string, string> folders)
    {
        string? File(string controller, string name) => folders.TryGetValue(controller, out string? folder) ? Text(folder, name) : null;
        long? memory = Limit(File("memory", "memory.limit_in_bytes")), both = Limit(File("memory", "memory.memsw.limit_in_bytes"));
        long? quota = Number(File("cpu", "cpu.cfs_quota_us")), period = Number(File("cpu", "cpu.cfs_period_us"));
        string? throttling = File("cpu", "cpu.stat");
        return new LabCgroup
        {
            Version = 1,
            Path = path,
            Folders = folders,
            MemoryLimit = memory,
            SwapLimit = both is { } sum && memory is { } part ? sum - part : null,
            Memory = Number(File("memory", "memory.usage_in_bytes")),
            MemoryPeak = Number(File("memory", "memory.max_usage_in_bytes")),
            OomKills = Field(File("memory", "memory.oom_control"), "oom_kill"),
            CpuLimit = quota > 0 && period > 0 ? (double)quota / period : null,
            CpuQuota = quota > 0 ? Microseconds(quota) : null,
            CpuPeriod = Microseconds(period),
            CpuWeight = Number(File("cpu", "cpu.shares")),
            CpuTime = Microseconds(Number(File("cpuacct", "cpuacct.usage")) / 1000),
            ThrottledTime = Microseconds(Field(throttling, "throttled_time") / 1000),
            ThrottledPeriods = Field(throttling, "nr_throttled"),
            Cpus = File("cpuset", "cpuset.effective_cpus") ?? File("cpuset", "cpuset.cpus"),
            ProcessLimit = Limit(File("pids", "pids.max")),
            ProcessCount = Number(File("pids", "pids.current")),
            ProcessLimitHits = Field(File("pids", "pids.events"), "max"),
        };
    }

    private static LabCgroup Second(string path, string folder)
    {
        // cpu.max is "max 100000" or "50000 100000".
        string[] cpu = Text(folder, "cpu.max")?.Split(' ') ?? [];
        long? quota = cpu.Length > 0 ? Number(cpu[0]) : null, period = cpu.Length > 1 ? Number(cpu[1]) : null;
        string? times = Text(folder, "cpu.stat");
        return new LabCgroup
        {
            Version = 2,
            Path = path,
            Folders = new Dictionary<string, string> { ["unified"] = folder },
            MemoryLimit = Limit(Text(folder, "memory.max")),
            SwapLimit = Limit(Text(folder, "memory.swap.max")),
            Memory = Number(Text(folder, "memory.current")),
            MemoryPeak = Number(Text(folder, "memory.peak")),
            OomKills = Field(Text(folder, "memory.events"), "oom_kill"),
            CpuLimit = quota > 0 && period > 0 ? (double)quota / period : null,
            CpuQuota = Microseconds(quota),
            CpuPeriod = Microseconds(period),
            CpuWeight = Number(Text(folder, "cpu.weight")),
            CpuTime = Microseconds(Field(times, "usage_usec")),
            ThrottledTime = Microseconds(Field(times, "throttled_usec")),
            ThrottledPeriods = Field(times, "nr_throttled"),
            Cpus = Text(folder, "cpuset.cpus.effective"),
            ProcessLimit = Limit(Text(folder, "pids.max")),
            ProcessCount = Number(Text(folder, "pids.current")),
            ProcessLimitHits = Field(Text(folder, "pids.events"), "max"),
        };
    }

    private static string Join(string hierarchy, string path) => Path.Combine(hierarchy, path.TrimStart('/'));

    private static string? Text(string folder, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, name)).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A controller that is not switched on has no files.
            return null;
        }
    }

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static long? Limit(string? text) => Number(text) is { } number && number < NoLimit ? number : null;

    private static long? Field(string? text, string name) =>
        Number(text?.Split('\n').Select(line => line.Split(' ')).FirstOrDefault(fields => fields.Length == 2 && fields[0] == name)?[1]);

    private static TimeSpan? Microseconds(long? count) => count is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : null;
}
