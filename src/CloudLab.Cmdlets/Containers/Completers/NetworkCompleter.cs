using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Networks;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the networks in the Docker Engine by name.</summary>
public sealed class NetworkCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (LabDockerNetwork each in await new NetworkStore(session).ListAsync(cancellation))
        {
            if (request.Fits(each.Name))
            {
                yield return Completion.Offer(each.Name);
            }
        }
    }
}
