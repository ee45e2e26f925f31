using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Layers;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Compares two images: their settings, and all their files by content, permissions and owner.</summary>
/// <remarks>
/// <para>What counts is what a container sees, however it is divided into layers. The times of files are not compared. Nothing is written
/// if there is no difference. SideIndicator is &lt;= for what only the reference image has, =&gt; for what only the other has, and
/// &lt;&gt; for what differs.</para>
/// <para>Errors: ImageNotFound, with the names that are similar; PlatformNotFound; ImageArchiveInvalid when a layer is damaged.</para>
/// </remarks>
/// <example>
/// <para>Shows what an additional label changes.</para>
/// <code>$plain = Build-LabImage -Path site -Tag movies/site:1.0; $labelled = Build-LabImage -Path site -Tag movies/site:1.1 -Label @{ a = 'b' }; Compare-LabImage $plain $labelled</code>
/// </example>
/// <example>
/// <para>Compares only the files of an image with those of another build.</para>
/// <code>$other = Build-LabImage -Path site -Tag movies/site:1.1; Build-LabImage -Path site -Tag movies/site:1.0 | Compare-LabImage -DifferenceImage $other | Where-Object Kind -EQ File</code>
/// </example>
/// <inputtype>Name of the reference image, or an object with the property Image.</inputtype>
[Cmdlet(VerbsData.Compare, "LabImage")]
[OutputType(typeof(LabImageDifference))]
public sealed class CompareLabImageCommand : DockerCommand
{
    /// <summary>Name, id or digest of the image to compare with.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Image")]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string ReferenceImage { get; set; } = "";

    /// <summary>Name, id or digest of the other image.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string DifferenceImage { get; set; } = "";

    /// <summary>The platform of both: <c>linux/arm64</c>; the engine's own if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => ReferenceImage;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) => await WriteManyAsync(
        await new ImageInspector(Lab, Reporter).CompareAsync(ReferenceImage, DifferenceImage, Platform is null ? null : PlatformName.Parse(Platform), cancellation), cancellation);
}
