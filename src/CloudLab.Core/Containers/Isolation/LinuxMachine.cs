using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>What the cmdlets about the kernel's own means need: Linux, and root for most of it.</summary>
public static class LinuxMachine
{
    /// <summary>Refuses another system.</summary>
    /// <param name="what">What is asked for: <c>Namespaces are</c>.</param>
    /// <exception cref="LabException"><c>LinuxNeeded</c>.</exception>
    public static void Require(string what)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new LabException(LabErrorKind.NotSupported, "LinuxNeeded", $"{what} part of the Linux kernel: run PowerShell on Linux, on the machine itself.") { StopsCommand = true };
        }
    }

    /// <summary>Refuses another user than root.</summary>
    /// <param name="what">What is asked for: <c>Limits</c>.</param>
    /// <param name="advice">How to do without root; null where there is no way.</param>
    /// <exception cref="LabException"><c>RootNeeded</c>.</exception>
    public static void RequireRoot(string what, string? advice = null)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw RootNeeded(what, advice);
        }
    }

    /// <summary>The error for what only root may do.</summary>
    /// <param name="what">What is asked for: <c>Limits</c>.</param>
    /// <param name="advice">How to do without root; null where there is no way.</param>
    /// <returns>The error.</returns>
    internal static LabException RootNeeded(string what, string? advice = null) =>
        new(LabErrorKind.AccessDenied, "RootNeeded", $"{what} need root: start PowerShell with sudo{(advice is null ? "" : ", or " + advice)}.") { StopsCommand = true };
}
