using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Images;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Registries;

/// <summary>Removes tags of images in a registry.</summary>
/// <remarks>
/// <para>Only the tag goes: other tags of the same image stay. With a digest instead of a tag (repository@sha256:…) the image goes, with all
/// its tags. Registries free the space of layers that nobody uses later, when their operator lets them.</para>
/// <para>Older registries can only remove an image by its digest, with all its tags. There the tag is pointed at an empty image first, and that one is
/// removed.</para>
/// <para>Errors, one for each tag: ImageNotFound; RemovalNotSupported when the registry does not allow it; RegistryUnauthorized, which says how to
/// sign in; RegistryUnreachable.</para>
/// </remarks>
/// <example>
/// <para>Removes a tag without asking.</para>
/// <code>Remove-LabImageTag 127.0.0.1:5000/movies/site:1.0-linux-arm64 -Confirm:$false</code>
/// </example>
/// <example>
/// <para>Shows which tags would be removed.</para>
/// <code>Find-LabImageTag 127.0.0.1:5000/movies/site -Tag *-linux-* | Remove-LabImageTag -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Find-LabImageTag writes them.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabImageTag", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabImageTagCommand : RegistryCommand
{
    /// <summary>Names of images: <c>registry/repository:tag</c> or <c>registry/repository@digest</c>.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>Does not ask.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Image, async image =>
    {
        if (await ShouldProcessAsync(image, RegistryImages.IsDigest(image) ? "Remove image and all its tags from the registry" : "Remove tag from the registry", Force))
        {
            await Images.RemoveTagAsync(image, cancellation);
        }
    });
}
