using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Pushes images to the registries that their names refer to.</summary>
/// <remarks>
/// <para>The credentials are those of Connect-LabRegistry or 'docker login': from config.json, its credential store or the helper for the registry. All
/// platforms that the engine has are pushed, as one index. Layers that the registry has are not pushed again, also after Ctrl+C or a lost
/// connection. To push an image under another name, give it that name first with Add-LabImageTag.</para>
/// <para>Errors, one for each image: ImageNotFound, with the names that are similar; RegistryUnauthorized, which says how to log
/// in; RegistryUnreachable; RegistryCredentialsUnreadable when a credential helper fails; PushFailed with what the engine says.</para>
/// </remarks>
/// <example>
/// <para>Builds an image and pushes it, in this case to a registry on this machine.</para>
/// <code>Build-LabImage -Path site -Tag 127.0.0.1:5000/movies/site:1.0 | Push-LabImage</code>
/// </example>
/// <example>
/// <para>Shows which images would be pushed.</para>
/// <code>Get-LabImage 127.0.0.1:5000/movies/* | Push-LabImage -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Get-LabImage and Build-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Push, "LabImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabImagePush))]
public sealed class PushLabImageCommand : ImageCommand
{
    /// <summary>The one platform to push: <c>linux/arm64</c>; all that the engine has if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>How many images to push at once.</summary>
    [Parameter]
    [ValidateRange(1, 16)]
    public int ThrottleLimit { get; set; } = 3;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    private protected override async Task OneAsync(string image, CancellationToken cancellation)
    {
        ImageTransfers transfers = new(Lab, Reporter);
        string? platform = Platform is null ? null : PlatformName.Parse(Platform);
        if (await ShouldProcessAsync(image, $"Push image{(platform is null ? "" : $" for {platform}")} to {ImageStore.RegistryOf(image)}"))
        {
            await StartAsync(image, async token => await WriteAsync(await transfers.PushAsync(image, platform, token), token));
        }
    }
}
