using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the docker CLI's contexts.</summary>
public sealed class DockerContextCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        session.Docker.Contexts.Where(request.Fits).Select(name => Completion.Offer(name)).ToAsyncEnumerable();
}
