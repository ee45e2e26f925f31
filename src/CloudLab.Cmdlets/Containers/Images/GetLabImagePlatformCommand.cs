using System.Management.Automation;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Shows the platforms of images, and what each of them runs.</summary>
/// <remarks>
/// <para>Attestations (provenance, SBOM) are not platforms: the property Attestations has their digests. A platform that an index
/// names but the engine does not have is listed with Available False.</para>
/// <para>Errors, one for each image: ImageNotFound, with the names that are similar.</para>
/// </remarks>
/// <example>
/// <para>Builds an image for two platforms and shows them.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 -Platform linux/amd64,linux/arm64 | Get-LabImagePlatform</code>
/// </example>
/// <example>
/// <para>Shows what the images of a repository run.</para>
/// <code>Get-LabImage movies/* | Get-LabImagePlatform | Select-Object Image, Platform, User, Command, ExposedPorts</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Get-LabImage and Build-LabImage write them.</inputtype>
/// <seealso cref="GetLabImageCommand"/>
/// <seealso cref="Builds.BuildLabImageCommand"/>
/// <seealso cref="JoinLabImageCommand"/>
[Cmdlet(VerbsCommon.Get, "LabImagePlatform")]
[OutputType(typeof(LabImagePlatform))]
public sealed class GetLabImagePlatformCommand : ImageCommand
{
    /// <inheritdoc/>
    private protected override Task OneAsync(string image, CancellationToken cancellation) =>
        WriteAllAsync(new ImageStore(Lab).PlatformsAsync(image, cancellation), cancellation);
}
