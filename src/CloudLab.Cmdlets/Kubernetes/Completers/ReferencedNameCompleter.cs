using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects that a parameter is named after: -ServiceAccount, service accounts.</summary>
public sealed class ReferencedNameCompleter : ServiceCompleter
{
    private static readonly Dictionary<string, string> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CredentialSecret"] = "secrets",
        ["DestinationCredentialSecret"] = "secrets",
        ["ImagePullSecret"] = "secrets",
        ["IngressClass"] = "ingressclasses",
        ["ServiceAccount"] = "serviceaccounts",
        ["ServiceAccountName"] = "serviceaccounts",
        ["ServiceName"] = "services",
        ["StorageClass"] = "storageclasses",
        ["TlsSecret"] = "secrets",
    };

    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), Kinds[request.Parameter], request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}
