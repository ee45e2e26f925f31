using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Images;

/// <summary>Base of the cmdlets that work on images in the engine, one after the other.</summary>
public abstract class ImageCommand : DockerCommand
{
    /// <summary>Names of images; with wildcards, all that match. Ids and digests are taken, too.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ImageNames]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Image { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Image, async image =>
        await ForEachAsync(await MeantAsync(image, cancellation), name => OneAsync(name, cancellation)));

    /// <summary>Works on one image.</summary>
    /// <param name="image">Its name, id or digest.</param>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    private protected abstract Task OneAsync(string image, CancellationToken cancellation);

    // A listing is asked for only where there are wildcards.
    private async Task<IReadOnlyList<string>> MeantAsync(string image, CancellationToken cancellation) => WildcardPattern.ContainsWildcardCharacters(image)
        ? await new ImageStore(Lab).ListAsync(GetLabImageCommand.Matching(image), cancellation).Select(found => found.Image).ToListAsync(cancellation)
        : [image];
}
