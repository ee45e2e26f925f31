using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the fields of the kind that stands on the command line, one level at a time.</summary>
public sealed class FieldCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        string? kind = request.First("Kind");
        if (kind is null || (await api.CatalogAsync(cancellation)).Match(kind) is not [var resource, ..])
        {
            yield break;
        }

        string above = request.Word.Contains('.', StringComparison.Ordinal) ? request.Word[..request.Word.LastIndexOf('.')] : "";
        foreach (LabKindField field in await new SchemaStore(api).FieldsAsync(resource, above, recurse: false, cancellation))
        {
            if (field.Path.Length > above.Length && request.Fits(field.Path))
            {
                yield return Completion.Offer(field.Path, CompletionResultType.ParameterValue, $"{field.Type}: {field.Description}");
            }
        }
    }
}
