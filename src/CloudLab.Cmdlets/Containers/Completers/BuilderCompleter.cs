using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the buildx builders: those that were created, and one for each docker context.</summary>
public sealed class BuilderCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        session.Docker.Builders.Where(request.Fits).Select(name => Completion.Offer(name)).ToAsyncEnumerable();
}
