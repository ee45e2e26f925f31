using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects of the kind that the cmdlet's noun says: Get-LabPod, pods.</summary>
public sealed class KindNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation)
    {
        string kind = request.Command[(request.Command.IndexOf("-Lab", StringComparison.OrdinalIgnoreCase) + 4)..];
        return NameCompleter.NamesAsync(
            KubernetesApi.For(session.Kubernetes), kind.Equals("KubeNamespace", StringComparison.OrdinalIgnoreCase) ? "namespaces" : kind,
            request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
    }
}
