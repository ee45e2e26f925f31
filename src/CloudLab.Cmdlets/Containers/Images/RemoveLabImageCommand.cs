using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Removes images from the Docker Engine.</summary>
/// <remarks>
/// <para>A name is removed; the image itself goes with its last name. With -Platform only the content of these platforms is
/// removed, which needs Docker Engine 28 and the containerd image store. The engine then removes layers even if other images or platforms
/// have them, too; this is refused unless -Force is given. Which of the content the build cache uses, the engine does not report. It asks before each image unless -Force or -Confirm:$false is given.
/// -Verbose lists what was removed.</para>
/// <para>Errors, one for each image: ImageNotFound, with the names that are similar; ImageInUse, with the containers that use it;
/// ImageLayersShared, with the images that would lack layers; PlatformNotFound; PlatformRemovalUnsupported, which ends the command.</para>
/// </remarks>
/// <example>
/// <para>Builds an image and removes it.</para>
/// <code>Build-LabImage -Path site -Tag movies/site:1.0 | Remove-LabImage -Force</code>
/// </example>
/// <example>
/// <para>Shows which images would be removed.</para>
/// <code>Remove-LabImage movies/* -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Get-LabImage writes them.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabImageCommand : ImageCommand
{
    /// <summary>Only these platforms: <c>linux/arm64</c>; the whole image if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>Does not ask; removes an id with several names, images that are used by containers which do not run, and layers of a platform that others have, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override async Task OneAsync(string image, CancellationToken cancellation)
    {
        string[] platforms = [.. Platform.Select(PlatformName.Parse)];
        if (await ShouldProcessAsync(image, platforms.Length > 0 ? $"Remove {string.Join(", ", platforms)} of the image" : "Remove image", Force))
        {
            foreach (string gone in await new ImageStore(Lab).RemoveAsync(image, platforms, Force, cancellation))
            {
                Reporter.Verbose($"Removed {gone}");
            }
        }
    }
}
