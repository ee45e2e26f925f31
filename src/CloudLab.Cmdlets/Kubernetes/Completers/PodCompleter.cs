using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers pods, and what has pods once its kind is written: <c>deploy/web</c>.</summary>
public class PodCompleter : ServiceCompleter
{
    private static readonly string[] Owners = ["deploy/", "sts/", "ds/", "job/", "svc/"];

    /// <summary>What is put after a name.</summary>
    private protected virtual string End => "";

    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        string ns = request.Text("Namespace") ?? session.Kubernetes.Namespace;
        (string kind, string prefix) = request.Word.Split('/', 2) is [var type, _] ? (type, type + "/") : ("pods", "");
        await foreach (CompletionResult offer in NameCompleter.NamesAsync(api, kind, ns, request with { Word = request.Word[prefix.Length..] }, cancellation))
        {
            yield return Completion.Offer(prefix + offer.ListItemText + End);
        }

        if (prefix.Length == 0)
        {
            foreach (string owner in Owners.Where(request.Fits))
            {
                yield return Completion.Offer(owner);
            }
        }
    }
}
