using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Lists the namespaces of processes, and which of them the host shares.</summary>
/// <remarks>
/// <para>A namespace is what a process can see: processes (pid), network devices (net), mounts (mnt), the host name (uts), shared memory (ipc), users (user), control groups (cgroup) and clocks
/// (time). Two processes with the same inode are in the same namespace. Shared says whether process 1 is in it, too.</para>
/// <para>Without -Id: all namespaces on this machine, each with its oldest process and the number of its processes, as lsns lists them.</para>
/// <para>Linux only. The processes of other users need root: without it they are left out, with one warning.</para>
/// <para>Errors: LinuxNeeded; ProcessNotFound; ProcessDenied.</para>
/// </remarks>
/// <example>
/// <para>Lists the namespaces of this PowerShell.</para>
/// <code>Get-LabLinuxNamespace -Id $PID</code>
/// </example>
/// <example>
/// <para>Lists all network namespaces on this machine that are not the host's.</para>
/// <code>Get-LabLinuxNamespace -Type net | Where-Object { -not $_.Shared }</code>
/// </example>
/// <inputtype>System.Diagnostics.Process, or System.Int32: ids of processes.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabLinuxNamespace")]
[OutputType(typeof(LabLinuxNamespace))]
public sealed class GetLabLinuxNamespaceCommand : LabCommand
{
    private readonly List<int> ids = [];

    /// <summary>Ids of processes; all namespaces on this machine if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("ProcessId")]
    [ValidateRange(1, int.MaxValue)]
    public int[] Id { get; set; } = [];

    /// <summary>Only namespaces of these types.</summary>
    [Parameter]
    [ValidateSet("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")]
    public string[] Type { get; set; } = [];

    /// <inheritdoc/>
    protected override void OnBegin() => LinuxMachine.Require("Namespaces are");

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ids.AddRange(Id);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        NamespaceReader reader = new();
        if (ids.Count == 0)
        {
            if (MyInvocation.ExpectingInput)
            {
                return;
            }

            await WriteManyAsync(Wanted(reader.All(out int hidden)), cancellation);
            if (hidden > 0)
            {
                Reporter.Warning($"{(hidden == 1 ? "1 process that may not be looked at is" : $"{hidden} processes that may not be looked at are")} left out{(System.Environment.IsPrivilegedProcess ? "" : ": start PowerShell with sudo to see all")}.");
            }

            return;
        }

        foreach ((int process, IReadOnlyList<LabLinuxNamespace> found, LabException? problem) in reader.Of(ids))
        {
            if (problem is not null)
            {
                WriteProblem(problem, process);
            }

            await WriteManyAsync(Wanted(found), cancellation);
        }
    }

    private IEnumerable<LabLinuxNamespace> Wanted(IEnumerable<LabLinuxNamespace> found) => found.Where(n => Type.Length == 0 || Type.Contains(n.Type, StringComparer.OrdinalIgnoreCase));
}
