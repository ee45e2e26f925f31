using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Lists the processes in running containers.</summary>
/// <remarks>
/// <para>Process ids are those of the engine's machine. The engine asks the ps program of its machine, so the image needs none.</para>
/// <para>A container that its restart policy is about to restart does not run at that moment. Among several it is left out with a warning; named alone it is an error, ContainerRestarting.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerNotRunning, ContainerRestarting.</para>
/// </remarks>
/// <example>
/// <para>Lists the processes in a container.</para>
/// <code>Get-LabContainerProcess web</code>
/// </example>
/// <example>
/// <para>Finds the process that uses the most memory in all containers.</para>
/// <code>Get-LabContainer | Get-LabContainerProcess | Sort-Object Memory -Descending | Select-Object -First 1</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
/// <seealso cref="GetLabContainerCommand"/>
/// <seealso cref="MeasureLabContainerCommand"/>
/// <seealso cref="InvokeLabContainerCommand"/>
[Cmdlet(VerbsCommon.Get, "LabContainerProcess")]
[OutputType(typeof(LabContainerProcess))]
public sealed class GetLabContainerProcessCommand : ContainerCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerInside inside = new(Lab);
        string[] names = Name;
        return ForEachAsync(
            names, container => LookAsync(names, async () => await WriteManyAsync(await inside.ProcessesAsync(container, cancellation), cancellation)), cancellation);
    }
}
