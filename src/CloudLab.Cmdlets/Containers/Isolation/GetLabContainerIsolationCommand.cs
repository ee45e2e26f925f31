using System.Diagnostics;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Shows what separates containers from their host: namespaces, control group, layers, rights.</summary>
/// <remarks>
/// <para>A container is a process of the host. Namespaces says what it sees for itself and what it shares with the host, by the inodes of both; Cgroup what it may use and what it has used, with
/// control groups of version 1 and 2; Layers where its files are on the disk: the read-only layers of the image, the init layer of the engine, the writable layer; and the rest
/// which rights of root it has.</para>
/// <para>With -ProcessId the same of any process, for instance of one that Invoke-LabLinuxNamespace started: a container made by hand beside one of the engine.</para>
/// <para>Linux only, on the engine's own machine; the containers of other users need root.</para>
/// <para>A container that its restart policy is about to restart does not run at that moment. Among several it is left out with a warning; named alone it is an error, ContainerRestarting.</para>
/// <para>Errors: LinuxNeeded; EngineElsewhere where the engine is on another machine or in a virtual machine; ContainerNotFound, ContainerNotRunning, ContainerRestarting; ProcessNotFound, ProcessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows which namespaces of a container are its own.</para>
/// <code>(Get-LabContainerIsolation web).Namespaces</code>
/// </example>
/// <example>
/// <para>Shows where a container's files are on the disk, and how large each layer is.</para>
/// <code>(Get-LabContainerIsolation web -Size).Layers</code>
/// </example>
/// <example>
/// <para>Shows the limits of all running containers, and how often the kernel enforced them.</para>
/// <code>Get-LabContainer | Get-LabContainerIsolation | ForEach-Object Cgroup</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container; System.Diagnostics.Process.</inputtype>
/// <seealso cref="Containers.GetLabContainerCommand"/>
/// <seealso cref="GetLabLinuxNamespaceCommand"/>
/// <seealso cref="GetLabOverlayCommand"/>
[Cmdlet(VerbsCommon.Get, "LabContainerIsolation", DefaultParameterSetName = ContainerSet)]
[OutputType(typeof(LabContainerIsolation))]
public sealed class GetLabContainerIsolationCommand : DockerCommand
{
    private const string ContainerSet = "Container", ProcessSet = "Process";

    private readonly IsolationReader reader = new();
    private int[] processes = [];

    /// <inheritdoc cref="CloudLab.Cmdlets.Containers.Containers.ContainerCommand.Name"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ContainerSet)]
    [Alias("Container", "ContainerName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids of processes of this machine, in containers or not.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ProcessSet)]
    [ValidateRange(1, int.MaxValue)]
    public int[] ProcessId { get; set; } = [];

    /// <summary>A container or a process in the pipeline.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = ContainerSet)]
    public PSObject? InputObject { get; set; }

    /// <summary>Counts the bytes in each layer, which reads all its folders.</summary>
    [Parameter]
    public SwitchParameter Size { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() =>
        // A process has a name, too, which PowerShell would take for that of a container.
        processes = InputObject?.BaseObject is Process process ? [process.Id] : ProcessId;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        bool size = Size;
        if (processes.Length > 0)
        {
            return ForEachAsync(processes, async id => await WriteAsync(reader.OfProcess(id, size, cancellation), cancellation));
        }

        LinuxMachine.Require("Namespaces and control groups are");
        ContainerStore store = new(Lab);
        string[] names = Name;
        return ForEachMeantAsync(
            names, name => Task.FromResult(name), async () => await store.ListAsync(new ContainerQuery(), cancellation).Select(c => c.Name).ToListAsync(cancellation), name => name,
            name => LookAsync(names, async () => await WriteAsync(await reader.OfContainerAsync(Lab, name, size, cancellation), cancellation)));
    }
}
