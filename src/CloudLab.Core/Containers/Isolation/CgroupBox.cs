using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>What a control group lets its processes have.</summary>
/// <param name="Memory">Memory in bytes; null for no limit.</param>
/// <param name="Cpu">Processor time in processors; null for no limit.</param>
/// <param name="Processes">Number of processes; null for no limit.</param>
public sealed record CgroupLimits(long? Memory, double? Cpu, int? Processes)
{
    /// <summary>Whether there is no limit.</summary>
    public bool IsEmpty => Memory is null && Cpu is null && Processes is null;
}

/// <summary>A control group of our own. Disposed of, it is removed, with what still runs in it.</summary>
internal sealed class CgroupBox : IDisposable
{
    private const string Prefix = "cloudlab-";
    private const int Period = 100_000, Looks = 100;

    private readonly CgroupReader reader;
    private readonly Dictionary<string, string> folders;
    private readonly string name;
    private bool gone;

    private CgroupBox(CgroupReader reader, string name, Dictionary<string, string> folders) => (this.reader, this.name, this.folders) = (reader, name, folders);

    /// <summary>The files that a process writes 0 to in order to join.</summary>
    public IEnumerable<string> JoinFiles => folders.Values.Select(folder => Path.Combine(folder, "cgroup.procs"));

    /// <summary>What it is like now.</summary>
    public LabCgroup Now => reader.Read("/" + name, folders);

    /// <summary>Makes a control group.</summary>
    /// <param name="limits">Its limits.</param>
    /// <param name="root">Where control groups are mounted.</param>
    /// <returns>The group. Throws <see cref="LabException"/> (<c>CgroupMissing</c>, <c>CgroupFailed</c>).</returns>
    public static CgroupBox Make(CgroupLimits limits, string root = "/sys/fs/cgroup")
    {
        CgroupReader reader = new(root);
        string name = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}";
        string[] wanted = [.. new[] { limits.Memory is null ? null : "memory", limits.Cpu is null ? null : "cpu", limits.Processes is null ? null : "pids" }.OfType<string>()];
        CgroupBox box = new(
            reader, name, reader.IsUnified ? new() { ["unified"] = Path.Combine(root, name) } : wanted.ToDictionary(c => c, c => Path.Combine(root, c, name)));
        try
        {
            box.Make(root, wanted, limits);
            return box;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            box.Dispose();
            throw new LabException(
                LabErrorKind.NotSupported, "CgroupFailed", $"The control group {name} with these limits cannot be made below {root}: {e.Message.TrimEnd('.')}. Check the limits and whether {root} can be written.", e)
            {
                StopsCommand = true,
            };
        }
        catch
        {
            box.Dispose();
            throw;
        }
    }

    /// <summary>Ends all processes in it.</summary>
    public void Kill()
    {
        foreach (string folder in folders.Values.Where(Directory.Exists))
        {
            try
            {
                Kill(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has been removed meanwhile.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (folders)
        {
            if (gone)
            {
                return;
            }

            gone = true;
        }

        // What has been killed is there until the kernel is done with it.
        for (int look = 0; look < Looks && folders.Values.Any(folder => !TryRemove(folder)); look++)
        {
            Kill();
            Thread.Sleep(look);
        }
    }

    private static void Kill(string folder)
    {
        if (File.Exists(Path.Combine(folder, "cgroup.kill")))
        {
            Write(folder, "cgroup.kill", "1");
            return;
        }

        foreach (string process in File.ReadLines(Path.Combine(folder, "cgroup.procs")))
        {
            if (int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 1)
            {
                LinuxCalls.Kill(id);
            }
        }
    }

    private static void Write(string folder, string file, string text)
    {
        // As it is: a control file takes no truncation and no byte order mark.
        using FileStream stream = new(Path.Combine(folder, file), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, 0);
        stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryRemove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // What a PowerShell that was killed has left: empty ones go, what still runs in one keeps it.
    private static void Sweep(string hierarchy)
    {
        foreach (string folder in Directory.EnumerateDirectories(hierarchy, Prefix + "*"))
        {
            if (Path.GetFileName(folder).Split('-') is [_, string process, _] && !Directory.Exists("/proc/" + process))
            {
                TryRemove(folder);
            }
        }
    }

    private void Make(string root, string[] wanted, CgroupLimits limits)
    {
        string? missing = reader.IsUnified
            ? wanted.Except(File.ReadAllText(Path.Combine(root, "cgroup.controllers")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault()
            : wanted.FirstOrDefault(controller => !File.Exists(Path.Combine(root, controller, "cgroup.procs")));
        if (missing is not null)
        {
            throw new LabException(
                LabErrorKind.NotSupported, "CgroupMissing", $"There is no controller '{missing}' of control groups below {root}: leave the limit out, or boot the kernel with it.") { StopsCommand = true };
        }

        if (reader.IsUnified)
        {
            HashSet<string> on = [.. File.ReadAllText(Path.Combine(root, "cgroup.subtree_control")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
            foreach (string controller in wanted.Where(controller => !on.Contains(controller)))
            {
                Write(root, "cgroup.subtree_control", "+" + controller);
            }
        }

        foreach (string folder in folders.Values)
        {
            Sweep(Path.GetDirectoryName(folder)!);
            Directory.CreateDirectory(folder);
        }

        bool second = reader.IsUnified;
        if (limits.Memory is { } memory)
        {
            string folder = folders[second ? "unified" : "memory"];
            Write(folder, second ? "memory.max" : "memory.limit_in_bytes", Text(memory));

            // Without swap: what is beyond the limit would go there, and nothing would be killed.
            string swap = second ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
            if (File.Exists(Path.Combine(folder, swap)))
            {
                Write(folder, swap, second ? "0" : Text(memory));
            }
        }

        if (limits.Cpu is { } cpu)
        {
            string folder = folders[second ? "unified" : "cpu"], quota = Text((long)Math.Max(1000, Math.Round(cpu * Period)));
            if (second)
            {
                Write(folder, "cpu.max", $"{quota} {Period}");
            }
            else
            {
                Write(folder, "cpu.cfs_period_us", Text(Period));
                Write(folder, "cpu.cfs_quota_us", quota);
            }
        }

        if (limits.Processes is { } processes)
        {
            Write(folders[second ? "unified" : "pids"], "pids.max", Text(processes));
        }
    }
}
