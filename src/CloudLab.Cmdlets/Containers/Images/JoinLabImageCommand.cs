using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Puts images of several platforms together to one image in a registry, whoever built them.</summary>
/// <remarks>
/// <para>The images must be in a registry: Push-LabImage brings them there. They are not pulled, and they stay as they are. This runs 'docker
/// buildx imagetools create'.</para>
/// <para>Errors: TagInvalid; ImageNameInvalid; ImageNotFound when a registry does not have one of the images; RegistryUnauthorized, which says how to log
/// in; RegistryUnreachable; BuildxNotFound when docker buildx is not installed.</para>
/// </remarks>
/// <example>
/// <para>Builds an image for each of two platforms and puts them together.</para>
/// <code>'linux/amd64', 'linux/arm64' | ForEach-Object { Build-LabImage -Path site -Tag "127.0.0.1:5000/movies/site:1.0-$($_ -replace '/', '-')" -Platform $_ -Push } | Join-LabImage -Tag 127.0.0.1:5000/movies/site:1.0</code>
/// </example>
/// <example>
/// <para>Shows what would be put together.</para>
/// <code>Join-LabImage 127.0.0.1:5000/movies/site:amd64, 127.0.0.1:5000/movies/site:arm64 -Tag 127.0.0.1:5000/movies/site:1.0 -WhatIf</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Build-LabImage and Push-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Join, "LabImage", SupportsShouldProcess = true)]
[OutputType(typeof(LabImageIndex))]
public sealed class JoinLabImageCommand : DockerCommand
{
    private readonly List<string> images = [];

    /// <summary>Names of images in a registry.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <summary>Names of the new image: <c>registry/repository:tag</c>.</summary>
    [Parameter(Position = 1, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Tag { get; set; } = [];

    /// <summary>Annotations: <c>index:org.opencontainers.image.source=https://example.org</c>.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Annotation { get; set; } = [];

    /// <summary>Keeps the platforms that the image in the registry has already.</summary>
    [Parameter]
    public SwitchParameter Append { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Tag[0];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        images.AddRange(Image);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (images.Count > 0 && await ShouldProcessAsync(string.Join(", ", Tag), $"Create from {string.Join(", ", images)}"))
        {
            await WriteAsync(await new ImageIndexes(Lab, Reporter).CreateAsync(Tag, images, Annotation, Append, cancellation), cancellation);
        }
    }
}
