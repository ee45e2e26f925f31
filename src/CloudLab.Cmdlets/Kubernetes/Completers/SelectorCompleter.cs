using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Base of the completers of selectors: offers the last of the terms that commas divide.</summary>
public abstract class SelectorCompleter : ServiceCompleter
{
    private static readonly string[] Operators = ["!=", "==", "="];

    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int begin = request.Word.LastIndexOf(',') + 1;
        string before = request.Word[..begin], term = request.Word[begin..];
        string operation = Operators.FirstOrDefault(one => term.Contains(one, StringComparison.Ordinal)) ?? "=";
        if (request.Word.LastIndexOf('(') > request.Word.LastIndexOf(')') || await KindAsync(request, KubernetesApi.For(session.Kubernetes), cancellation) is not { } kind)
        {
            // Within the values of "app in (a, b)" there are no terms.
            yield break;
        }

        HashSet<string> offered = [];
        await foreach ((string name, string value) in TermsAsync(KubernetesApi.For(session.Kubernetes), kind, Namespace(request, session), cancellation))
        {
            string text = name + operation + value;
            if (text.StartsWith(term, StringComparison.OrdinalIgnoreCase) && offered.Add(text))
            {
                yield return Completion.Offer(before + text);
                if (offered.Count == Completion.MostOffers)
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>Names with values that objects of the kind have, or can have.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Each name with a value; an empty one where the user knows it.</returns>
    private protected abstract IAsyncEnumerable<(string Name, string Value)> TermsAsync(
        KubernetesApi api, ApiResource kind, string? ns, CancellationToken cancellation);

    private static async Task<ApiResource?> KindAsync(CompletionRequest request, KubernetesApi api, CancellationToken cancellation)
    {
        string kind = request.Parameter.Equals("PodSelector", StringComparison.OrdinalIgnoreCase) ? "pods"
            : request.First("Kind")?.Split(',', '/')[0] ?? KindNameCompleter.KindOf(request.Command);
        return (await api.CatalogAsync(cancellation)).Match(kind).FirstOrDefault();
    }

    private static string? Namespace(CompletionRequest request, LabSession session)
    {
        // What is on a node may be in any namespace.
        bool all = request.Parameter.Equals("PodSelector", StringComparison.OrdinalIgnoreCase) || LanguagePrimitives.IsTrue(request.Bound["AllNamespaces"]);
        return all ? null : request.Text("Namespace") ?? session.Kubernetes.Namespace;
    }
}

/// <summary>Offers the labels that objects of the kind have.</summary>
public sealed class LabelSelectorCompleter : SelectorCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string Value)> TermsAsync(KubernetesApi api, ApiResource kind, string? ns, CancellationToken cancellation) =>
        new ResourceStore(api).LabelsAsync(kind, ns, cancellation);
}

/// <summary>Offers the fields that the server can select by.</summary>
public sealed class FieldSelectorCompleter : SelectorCompleter
{
    private static readonly Dictionary<string, string[]> Fields = new(StringComparer.Ordinal)
    {
        ["Event"] =
        [
            "involvedObject.kind=", "involvedObject.name=", "involvedObject.namespace=", "involvedObject.uid=", "reason=", "reportingComponent=", "type=Normal", "type=Warning",
        ],
        ["Job"] = ["status.successful="],
        ["Namespace"] = ["status.phase=Active", "status.phase=Terminating"],
        ["Node"] = ["spec.unschedulable=false", "spec.unschedulable=true"],
        ["Pod"] =
        [
            "spec.nodeName=", "spec.restartPolicy=Always", "spec.restartPolicy=Never", "spec.restartPolicy=OnFailure", "spec.schedulerName=", "spec.serviceAccountName=",
            "status.phase=Failed", "status.phase=Pending", "status.phase=Running", "status.phase=Succeeded", "status.podIP=",
        ],
        ["ReplicaSet"] = ["status.replicas="],
        ["Secret"] = ["type="],
        ["Service"] = ["spec.clusterIP=", "spec.type=ClusterIP", "spec.type=ExternalName", "spec.type=LoadBalancer", "spec.type=NodePort"],
    };

    /// <inheritdoc/>
    private protected override IAsyncEnumerable<(string Name, string Value)> TermsAsync(KubernetesApi api, ApiResource kind, string? ns, CancellationToken cancellation) =>
        Fields.GetValueOrDefault(kind.Kind, []).Append("metadata.name=").Concat(kind.Namespaced ? ["metadata.namespace="] : [])
            .Select(field => field.Split('=')).Select(parts => (parts[0], parts[1])).ToAsyncEnumerable();
}
