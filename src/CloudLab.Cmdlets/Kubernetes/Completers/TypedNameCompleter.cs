using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers kinds, and after the slash the names of their objects: <c>configmap/web</c>.</summary>
public class TypedNameCompleter : ServiceCompleter
{
    private static readonly string[] Sources = ["configmap/", "secret/"];
    private static readonly string[] Scaled = ["deployment/", "statefulset/"];

    /// <summary>The kind of a name without a slash; null where there has to be one.</summary>
    private protected virtual string? BareKind => null;

    /// <summary>What is put after a name.</summary>
    private protected virtual string End => "";

    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        string ns = request.Text("Namespace") ?? session.Kubernetes.Namespace;
        (string? kind, string prefix) = request.Word.Split('/', 2) is [var type, _] ? (type, type + "/") : (BareKind, "");
        if (kind is not null)
        {
            await foreach (CompletionResult offer in NameCompleter.NamesAsync(api, kind, ns, request with { Word = request.Word[prefix.Length..] }, cancellation))
            {
                yield return Completion.Offer(prefix + offer.ListItemText + End);
            }
        }

        if (prefix.Length == 0)
        {
            foreach (string one in KindsFor(request.Parameter).Where(request.Fits))
            {
                yield return Completion.Offer(one);
            }
        }
    }

    /// <summary>The kinds to choose from.</summary>
    /// <param name="parameter">Name of the parameter.</param>
    /// <returns>Kinds, each with a slash.</returns>
    private protected virtual string[] KindsFor(string parameter) => parameter.Equals("EnvFrom", StringComparison.OrdinalIgnoreCase) ? Sources : Scaled;
}
