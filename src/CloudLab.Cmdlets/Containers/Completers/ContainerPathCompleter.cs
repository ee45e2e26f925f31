using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers containers for a path in one, and local files as usual where none fits.</summary>
public sealed class ContainerPathCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
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
