using System.Management.Automation;
using System.Runtime.CompilerServices;
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
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string image in Image)
        {
            try
            {
                await foreach (string name in MeantAsync(image, cancellation))
                {
                    await OneAsync(name, cancellation);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                WriteProblem(e, image);
            }
        }
    }

    /// <summary>Works on one image.</summary>
    /// <param name="image">Its name, id or digest.</param>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    private protected abstract Task OneAsync(string image, CancellationToken cancellation);

    // A listing is asked for only where there are wildcards.
    private async IAsyncEnumerable<string> MeantAsync(string image, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(image))
        {
            yield return image;
            yield break;
        }

        await foreach (LabImage found in new ImageStore(Lab).ListAsync(GetLabImageCommand.Matching(image), cancellation))
        {
            yield return found.Image;
        }
    }
}
