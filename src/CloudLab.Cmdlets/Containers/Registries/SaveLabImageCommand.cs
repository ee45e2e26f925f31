using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Images;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Saves images of a registry to a folder in the OCI image layout, all platforms of them, without an engine.</summary>
/// <remarks>
/// <para>The folder may be new or empty, or a layout already: then the image is added, and layers that are there are not fetched again. The digest
/// of each layer is checked; after Ctrl+C the next try goes on with what is missing. Copy-LabImage -Path brings it back to a registry; skopeo, crane and
/// 'docker buildx imagetools' read such folders, too. Images of an engine are written by Export-LabImage.</para>
/// <para>Errors, one for each image: ImageNotFound; PlatformNotFound; FolderNotEmpty when the folder contains something else; DigestMismatch;
/// RegistryUnauthorized, which says how to sign in; RegistryUnreachable.</para>
/// </remarks>
/// <example>
/// <para>Saves an image.</para>
/// <code>Save-LabImage 127.0.0.1:5000/movies/site:1.0 -Path site.oci</code>
/// </example>
/// <example>
/// <para>Saves one platform of all tags of a repository to one folder.</para>
/// <code>Find-LabImageTag 127.0.0.1:5000/movies/site | Save-LabImage -Path site.oci -Platform linux/amd64 -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Find-LabImageTag and Push-LabImage write them.</inputtype>
[Cmdlet(VerbsData.Save, "LabImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabImageCopy))]
public sealed class SaveLabImageCommand : ImageCopyCommand
{
    private string folder = "";

    /// <summary>Names of images in a registry: <c>registry/repository:tag</c> or <c>registry/repository@digest</c>.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>The folder: new, empty, or in the OCI image layout.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [Alias("LiteralPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        folder = FilePath.Of(this, Path);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        return ForEachAsync(Image, async image =>
        {
            if (await ShouldProcessAsync($"{image} -> {folder}", "Save image"))
            {
                await WriteAsync(await Copier.SaveAsync(image, folder, Platforms, ThrottleLimit, cancellation), cancellation);
            }
        });
    }
}
