using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers pods for a path in one, and local files as usual where none fits.</summary>
public sealed class PodPathCompleter : PodCompleter
{
    /// <inheritdoc/>
    private protected override string End => ":/";

    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        request.Word.AsSpan().IndexOfAny('/', '\\', '.') >= 0
            ? AsyncEnumerable.Empty<CompletionResult>()
            : base.OfferAsync(request, session, cancellation).Where(offer => offer.CompletionText.EndsWith(End, StringComparison.Ordinal));
}
