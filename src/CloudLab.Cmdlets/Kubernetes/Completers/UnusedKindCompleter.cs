using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Insight;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the kinds of which Find-LabUnused can tell whether they are used.</summary>
public sealed class UnusedKindCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        UnusedFinder.Kinds.Select(kind => kind.Split('.')[0]).Where(request.Fits).Order(StringComparer.Ordinal).Select(kind => Completion.Offer(kind)).ToAsyncEnumerable();
}
