using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Images;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Copies images from registry to registry, all platforms of them, without an engine.</summary>
/// <remarks>
/// <para>Layers go from one registry to the other as a stream, several at once; nothing is kept in between, and the digest of each is
/// checked. A layer that is there already is not sent again, also after Ctrl+C; within one registry it is mounted where the registry can. A
/// download that breaks is taken up again where it broke; an upload, too, where the registry can, and else from its beginning. The tag is set last: it never points to half an image.</para>
/// <para>The copy has the digest of its source unless platforms are chosen. Of one platform alone its own manifest is copied, without an index and
/// without attestations.</para>
/// <para>With -Path the source is a folder in the OCI image layout, as Save-LabImage and 'docker buildx build -o type=oci,tar=false' write it.</para>
/// <para>The credentials are those of Connect-LabRegistry or 'docker login'.</para>
/// <para>Errors, one for each image: ImageNotFound; TagMissing when neither the destination nor the source has a tag; PlatformNotFound, with the platforms that exist; DigestMismatch when a registry sends something
/// else than it should; RegistryUnauthorized, which says how to sign in; RegistryUnreachable; ImageLayoutInvalid.</para>
/// </remarks>
/// <example>
/// <para>Copies an image to another repository.</para>
/// <code>Copy-LabImage 127.0.0.1:5000/movies/site:1.0 127.0.0.1:5000/archive/site:1.0</code>
/// </example>
/// <example>
/// <para>Copies all tags that match, each under its own tag.</para>
/// <code>Find-LabImageTag 127.0.0.1:5000/movies/site -Tag 1.* | Copy-LabImage -Destination 127.0.0.1:5000/archive/site</code>
/// </example>
/// <example>
/// <para>Saves an image to a folder, and brings it from there to a registry under another name.</para>
/// <code>Save-LabImage 127.0.0.1:5000/movies/site:1.0 -Path site.oci; Copy-LabImage -Path site.oci -Destination 127.0.0.1:5000/restored/site:1.0</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Find-LabImageTag and Push-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Copy, "LabImage", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(LabImageCopy))]
public sealed class CopyLabImageCommand : ImageCopyCommand
{
    private string folder = "";

    /// <summary>Names of images in a registry: <c>registry/repository:tag</c> or <c>registry/repository@digest</c>.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Image")]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>A folder in the OCI image layout.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Path")]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Which image of the folder, where it contains several.</summary>
    [Parameter(ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Tag { get; set; }

    /// <summary>Name of the copy: <c>registry/repository:tag</c>. Without a tag, the tag is that of the source.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Destination { get; set; } = "";

    /// <inheritdoc/>
    protected override object? ErrorTarget => ParameterSetName == "Path" ? folder : null;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        folder = ParameterSetName == "Path" ? FilePath.Of(this, Path) : "";
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == "Path")
        {
            if (await ShouldProcessAsync($"{folder} -> {Destination}", "Copy image"))
            {
                await WriteAsync(await Copier.LoadAsync(folder, Tag, Destination, Platforms, ThrottleLimit, cancellation), cancellation);
            }

            return;
        }

        await ForEachAsync(Image, async image =>
        {
            if (await ShouldProcessAsync($"{image} -> {Destination}", "Copy image"))
            {
                await WriteAsync(await Copier.CopyAsync(image, Destination, Platforms, ThrottleLimit, cancellation), cancellation);
            }
        });
    }
}
