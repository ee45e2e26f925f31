using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Volumes;

namespace CloudLab.Cmdlets.Containers.Volumes;

/// <summary>Lists the volumes in a Docker Engine, with the containers that use them.</summary>
/// <remarks>
/// <para>Errors: VolumeNotFound, with the nearest names.</para>
/// </remarks>
/// <example>
/// <para>Lists all volumes.</para>
/// <code>Get-LabDockerVolume</code>
/// </example>
/// <example>
/// <para>Lists the volumes that no container uses.</para>
/// <code>Get-LabDockerVolume | Where-Object { -not $_.Containers }</code>
/// </example>
/// <inputtype>System.String: name of a volume.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabDockerVolume")]
[OutputType(typeof(LabDockerVolume))]
public sealed class GetLabDockerVolumeCommand : VolumeCommand
{
    /// <summary>Names of volumes; wildcards are allowed. All volumes if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Volume")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Name is null)
        {
            await WriteManyAsync(await Store.ListAsync(cancellation), cancellation);
        }
        else
        {
            await ForEachAsync(Name, async each => await WriteAsync(each, cancellation), cancellation);
        }
    }
}
