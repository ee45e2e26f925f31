using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Volumes;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the volumes in the Docker Engine by name.</summary>
public sealed class VolumeCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (LabDockerVolume each in await new VolumeStore(session).ListAsync(cancellation))
        {
            if (request.Fits(each.Name))
            {
                yield return Completion.Offer(each.Name);
            }
        }
    }
}
