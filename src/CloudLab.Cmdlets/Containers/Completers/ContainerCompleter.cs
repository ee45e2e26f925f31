using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the containers in the Docker Engine by name.</summary>
public sealed class ContainerCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (string name in new ContainerStore(session).NamesAsync(request.Word, cancellation))
        {
            yield return Completion.Offer(name);
        }
    }
}
