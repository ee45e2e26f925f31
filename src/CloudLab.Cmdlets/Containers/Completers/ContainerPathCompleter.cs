using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Files;
using CloudLab.Core.Containers.Volumes;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers containers and volumes for a path in one, and local files as usual where none fits.</summary>
public sealed class ContainerPathCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // As with any scheme, once the user has begun to write it.
        if (request.Word.Length > 2 && (request.Word.StartsWith(ContainerPath.VolumeScheme, StringComparison.OrdinalIgnoreCase)
            || request.Fits(ContainerPath.VolumeScheme)))
        {
            foreach (LabDockerVolume volume in await new VolumeStore(session).ListAsync(cancellation))
            {
                string path = $"{ContainerPath.VolumeScheme}{volume.Name}/";
                if (request.Fits(path))
                {
                    yield return Completion.Offer(path);
                }
            }
        }

        if (request.Word.AsSpan().IndexOfAny('/', '\\', '.') >= 0)
        {
            yield break;
        }

        await foreach (string name in new ContainerStore(session).NamesAsync(request.Word, cancellation))
        {
            yield return Completion.Offer(name + ":/");
        }
    }
}
