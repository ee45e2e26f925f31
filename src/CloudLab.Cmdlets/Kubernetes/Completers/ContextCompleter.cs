using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the contexts of the kubeconfig.</summary>
public sealed class ContextCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        session.Kubernetes.Contexts.Where(request.Fits).Select(name => Completion.Offer(name)).ToAsyncEnumerable();
}
