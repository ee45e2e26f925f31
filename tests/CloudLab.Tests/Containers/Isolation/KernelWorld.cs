using CloudLab.Core.Containers.Isolation;
using Xunit;

namespace CloudLab.Tests.Containers.Isolation;

/// <summary>This machine's kernel, in which a test must leave nothing.</summary>
public abstract class KernelWorld : IDisposable
{
    /// <summary>A folder of this test.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("cloudlab-kernel-").FullName;

    /// <summary>Skips a test where the kernel would refuse what it does.</summary>
    protected static void NeedRoot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Namespaces, control groups and overlays are of Linux.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The kernel lets only root make namespaces, control groups and mounts.");
    }

    /// <summary>The control groups of this process's commands.</summary>
    protected static string[] Groups() =>
        [.. Directory.EnumerateDirectories("/sys/fs/cgroup", $"cloudlab-{Environment.ProcessId}-*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.ReparsePoint })];

    /// <summary>Runs a cmdlet.</summary>
    protected static Task<CmdletResult> RunAsync(string cmdlet, object? parameters = null, IEnumerable<object?>? input = null, CancellationToken ctrlC = default, Action<object?>? onOutput = null) =>
        CmdletRunner.RunAsync(cmdlet, parameters, input, ctrlC: ctrlC, onOutput: onOutput);

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        if (OperatingSystem.IsLinux())
        {
            string[] left = [.. OverlayMounts.All().Select(overlay => overlay.Path).Where(path => path.StartsWith(Folder, StringComparison.Ordinal))];
            Array.ForEach(left, path => OverlayMounts.Dismount(OverlayMounts.Find(path), force: true));
            Directory.Delete(Folder, recursive: true);
            Assert.Empty(left);
        }
    }
}
