using System.Management.Automation;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline.Completers;

/// <summary>Offers the profiles of the shared AWS files.</summary>
public sealed class ProfileCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        session.Aws.Profiles.Where(request.Fits).Select(name => Completion.Offer(name)).ToAsyncEnumerable();
}
