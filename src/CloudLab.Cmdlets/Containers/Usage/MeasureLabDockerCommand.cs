using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Usage;

namespace CloudLab.Cmdlets.Containers.Usage;

/// <summary>Measures the disk space that images, containers, volumes and the build cache of a Docker Engine take.</summary>
/// <remarks>
/// <para>The figures are those of 'docker system df'. Layers that several images share count once. Reclaimable is what is not in
/// use: Clear-LabImage and Clear-LabBuildCache free it.</para>
/// <para>Errors: NoDockerEngine and DockerEngineSilent, which end the command.</para>
/// </remarks>
/// <example>
/// <para>Shows the disk space of each kind.</para>
/// <code>Measure-LabDocker</code>
/// </example>
/// <example>
/// <para>Shows how much could be freed, in gibibytes.</para>
/// <code>(Measure-LabDocker | Measure-Object Reclaimable -Sum).Sum / 1GB</code>
/// </example>
/// <seealso cref="Images.ClearLabImageCommand"/>
/// <seealso cref="ClearLabBuildCacheCommand"/>
/// <seealso cref="Containers.MeasureLabContainerCommand"/>
[Cmdlet(VerbsDiagnostic.Measure, "LabDocker")]
[OutputType(typeof(LabDockerUsage))]
public sealed class MeasureLabDockerCommand : DockerCommand
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) =>
        await WriteManyAsync(await new DockerUsage(Lab, Reporter).MeasureAsync(cancellation), cancellation);
}
