using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Registries;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Lists the images in a Docker Engine, or in a registry without pulling them, with their platforms.</summary>
/// <remarks>
/// <para>Each name of an image is a separate object, the newest image first; images without a name are listed too if
/// no name is given. With the containerd image store an image may contain several platforms; Platforms lists them
/// with the digest and the size of each.</para>
/// <para>The engine is selected as by the docker CLI: -DockerHost or -DockerContext, the session, DOCKER_HOST,
/// DOCKER_CONTEXT, the current context, the platform's default socket or pipe. Contexts that use ssh or TCP with TLS work
/// too.</para>
/// <para>With -Registry the registry in the image's name is asked and no engine is needed; size is then that of the layers as they are stored and
/// pulled, and a wildcard may stand in the tag. The credentials are those of Connect-LabRegistry or 'docker login'.</para>
/// <para>Errors: ImageNotFound when no image has that name, digest or id, with the names that are similar. NoDockerEngine, DockerEngineSilent,
/// DockerAccessDenied, DockerTlsFailed, NotDockerEngine or DockerApiVersionUnsupported when no engine is usable; DockerContextNotFound and
/// DockerHostInvalid when the engine is not specified correctly. These end the command.</para>
/// </remarks>
/// <example>
/// <para>Lists all images.</para>
/// <code>Get-LabImage</code>
/// </example>
/// <example>
/// <para>Finds images by a pattern that run on arm64, the largest first.</para>
/// <code>Get-LabImage -Image movies/* -Platform linux/arm64 | Sort-Object Size -Descending</code>
/// </example>
/// <example>
/// <para>Shows the digest of each platform of the images of one repository.</para>
/// <code>Get-LabImage -Image *movies/site | Select-Object -ExpandProperty Platforms</code>
/// </example>
/// <example>
/// <para>Shows an image in a registry: its platforms, its size, its digest.</para>
/// <code>Get-LabImage 127.0.0.1:5000/movies/site:1.0 -Registry</code>
/// </example>
/// <inputtype>Names of images, or objects with the property Image, as Build-LabImage and Get-LabImage write them.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabImage")]
[OutputType(typeof(LabImage))]
public sealed class GetLabImageCommand : DockerCommand
{
    private ImageStore? store;
    private RegistryImages? registry;

    /// <summary>Names of images: with a tag, without one for all tags, or with wildcards; or a digest; or an id or the beginning of one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[]? Image { get; set; }

    /// <summary>Only images that contain one of these platforms: <c>linux/arm64</c>. Wildcards are allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[]? Platform { get; set; }

    /// <summary>Asks the registry instead of the engine.</summary>
    [Parameter]
    public SwitchParameter Registry { get; set; }

    /// <inheritdoc cref="RegistryCommand.AllowHttp"/>
    [Parameter]
    public SwitchParameter AllowHttp { get; set; }

    /// <inheritdoc cref="RegistryCommand.SkipCertificateCheck"/>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        store = new ImageStore(Lab);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Registry)
        {
            registry ??= new RegistryImages(Lab, Reporter, new RegistryOptions(AllowHttp, SkipCertificateCheck));
            await ForEachAsync(Image ?? throw new LabException(LabErrorKind.InvalidArgument, "ImageMissing", "-Registry needs -Image: name the image, such as 127.0.0.1:5000/movies/site:1.0."), image => WriteMatchingAsync(InRegistryAsync(registry, image, cancellation), cancellation));
            return;
        }

        if (Image is null)
        {
            await WriteMatchingAsync(store!.ListAsync(null, cancellation), cancellation);
            return;
        }

        await ForEachAsync(Image, image => WriteMatchingAsync(
            WildcardPattern.ContainsWildcardCharacters(image) ? store!.ListAsync(Matching(image), cancellation) : store!.FindAsync(image, cancellation),
            cancellation));
    }

    /// <summary>Chooses images by a pattern.</summary>
    /// <param name="pattern">A name with wildcards.</param>
    /// <returns>Whether a name matches.</returns>
    internal static Predicate<string> Matching(string pattern)
    {
        WildcardPattern wildcard = new(pattern, WildcardOptions.IgnoreCase);

        // Without a tag in it, a pattern means the repository.
        return name => wildcard.IsMatch(name) || wildcard.IsMatch(ImageStore.RepositoryOf(name));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            registry?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static async IAsyncEnumerable<LabImage> InRegistryAsync(RegistryImages registry, string image, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string repository = ImageStore.RepositoryOf(image), tag = image[repository.Length..].TrimStart(':');
        if (!WildcardPattern.ContainsWildcardCharacters(tag))
        {
            yield return await registry.FindAsync(image, cancellation);
            yield break;
        }

        WildcardPattern pattern = new(tag);
        await foreach (LabImageTag found in registry.TagsAsync(repository, pattern.IsMatch, digests: false, cancellation))
        {
            yield return await registry.FindAsync(found.Image, cancellation);
        }
    }

    private async Task WriteMatchingAsync(IAsyncEnumerable<LabImage> images, CancellationToken cancellation)
    {
        WildcardPattern[]? platforms = Platform is null ? null : [.. Platform.Select(p => new WildcardPattern(p, WildcardOptions.IgnoreCase))];
        await foreach (LabImage image in images.WithCancellation(cancellation))
        {
            if (platforms is null || image.Platforms.Any(p => Array.Exists(platforms, wanted => wanted.IsMatch(p.Platform))))
            {
                await WriteAsync(image, cancellation);
            }
        }
    }
}
