using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Lists the files that containers have added, modified or deleted since they were made.</summary>
/// <remarks>
/// <para>Files in volumes do not count, because they are not part of the container.</para>
/// <para>Errors: ContainerNotFound, with the nearest names.</para>
/// </remarks>
/// <example>
/// <para>Lists the changes of a container.</para>
/// <code>Get-LabContainerChange web</code>
/// </example>
/// <example>
/// <para>Copies the files that a container has added below /srv.</para>
/// <code>Get-LabContainerChange web | Where-Object { $_.Change -eq 'Added' -and $_.Path -like '/srv/*' } | ForEach-Object { Copy-LabContainerItem "web:$($_.Path)" . }</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
/// <seealso cref="CopyLabContainerItemCommand"/>
/// <seealso cref="GetLabContainerCommand"/>
/// <seealso cref="Images.GetLabImageLayerCommand"/>
[Cmdlet(VerbsCommon.Get, "LabContainerChange")]
[OutputType(typeof(LabContainerChange))]
public sealed class GetLabContainerChangeCommand : ContainerCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerInside inside = new(Lab);
        return ForEachAsync(Name, async container => await WriteManyAsync(await inside.ChangesAsync(container, cancellation), cancellation), cancellation);
    }
}
