using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Volumes;

namespace CloudLab.Cmdlets.Containers.Volumes;

/// <summary>Makes volumes for containers.</summary>
/// <remarks>
/// <para>Errors: VolumeNameTaken.</para>
/// </remarks>
/// <example>
/// <para>Makes a volume and runs a container with it.</para>
/// <code>New-LabDockerVolume movies-data; Start-LabContainer movies/site:1.0 -Name web -Volume movies-data:/data</code>
/// </example>
/// <example>
/// <para>Makes a volume in memory.</para>
/// <code>New-LabDockerVolume movies-cache -Option @{ type = 'tmpfs'; device = 'tmpfs'; o = 'size=100m' }</code>
/// </example>
/// <inputtype>System.String: name of a volume.</inputtype>
[Cmdlet(VerbsCommon.New, "LabDockerVolume", SupportsShouldProcess = true)]
[OutputType(typeof(LabDockerVolume))]
public sealed class NewLabDockerVolumeCommand : VolumeCommand
{
    /// <summary>Names of the volumes.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Driver; local if omitted.</summary>
    [Parameter]
    [Alias("d")]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Driver { get; set; }

    /// <summary>Labels: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Options of the driver: <c>@{ type = 'tmpfs'; device = 'tmpfs' }</c>.</summary>
    [Parameter]
    [Alias("Opt", "o")]
    [ValidateNotNull]
    public Hashtable Option { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async name =>
    {
        if (await ShouldProcessAsync(name, "Make volume"))
        {
            await WriteAsync(await Store.CreateAsync(name, Driver, TextTable.Read(Label), TextTable.Read(Option), cancellation), cancellation);
        }
    });
}
