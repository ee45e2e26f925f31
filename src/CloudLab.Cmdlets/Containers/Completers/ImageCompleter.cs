using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the images in the Docker Engine by name.</summary>
public sealed class ImageCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (string name in new ImageStore(session).NamesAsync(request.Word, cancellation))
        {
            yield return Completion.Offer(name);
        }
    }
}
