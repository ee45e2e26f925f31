using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers <c>s3://</c> addresses of buckets and what is in them, where ARNs are possible, too.</summary>
public sealed class AddressCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        request.Word.StartsWith(PlaceCompleter.Scheme, StringComparison.OrdinalIgnoreCase) ? PlaceCompleter.PlacesAsync(request.Word, session, withObjects: true, cancellation)
        : PlaceCompleter.Scheme.StartsWith(request.Word, StringComparison.OrdinalIgnoreCase) ? PlaceCompleter.PlacesAsync(PlaceCompleter.Scheme, session, withObjects: true, cancellation)
        : AsyncEnumerable.Empty<CompletionResult>();
}
