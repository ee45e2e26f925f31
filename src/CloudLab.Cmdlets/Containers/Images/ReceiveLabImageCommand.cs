using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Pulls images from their registries into the Docker Engine.</summary>
/// <remarks>
/// <para>The credentials are those of Connect-LabRegistry or 'docker login': from config.json, its credential store or the helper for the registry. Several
/// images are pulled at once. Layers that the engine has are not pulled again, also after Ctrl+C or a lost connection.</para>
/// <para>Errors, one for each image: ImageNameInvalid; ImageNotFound when the registry does not have it; PlatformNotFound;
/// RegistryUnauthorized, which says how to log in; RegistryUnreachable; RegistryCredentialsUnreadable when a credential helper
/// fails; PullFailed with what the engine says.</para>
/// </remarks>
/// <example>
/// <para>Builds and pushes an image, and pulls it again, in this case from a registry on this machine.</para>
/// <code>Build-LabImage -Path site -Tag 127.0.0.1:5000/movies/site:1.0 -Push | Receive-LabImage</code>
/// </example>
/// <example>
/// <para>Shows what would be pulled for another platform.</para>
/// <code>Receive-LabImage 127.0.0.1:5000/movies/site:1.0 -Platform linux/arm64 -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image.</inputtype>
[Cmdlet(VerbsCommunications.Receive, "LabImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabImage))]
public sealed class ReceiveLabImageCommand : DockerCommand
{
    /// <summary>Names of images: <c>[registry/]repository[:tag]</c> or <c>repository@sha256:…</c>. The tag latest if omitted.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>Platforms to pull: <c>linux/arm64</c>; the engine's own if omitted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>How many images to pull at once.</summary>
    [Parameter]
    [ValidateRange(1, 16)]
    public int ThrottleLimit { get; set; } = 3;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ImageTransfers transfers = new(Lab, Reporter);
        string?[] platforms = Platform.Length > 0 ? [.. Platform.Select(PlatformName.Parse).Distinct()] : [null];
        foreach (string image in Image)
        {
            if (await ShouldProcessAsync(image, platforms[0] is null ? "Pull image" : $"Pull image for {string.Join(", ", platforms)}"))
            {
                await StartAsync(image, async token =>
                {
                    LabImage? pulled = null;
                    foreach (string? platform in platforms)
                    {
                        pulled = await transfers.PullAsync(image, platform, token);
                    }

                    await WriteAsync(pulled, token);
                });
            }
        }
    }
}
