using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the Deployments of the namespace.</summary>
public sealed class ScaleTargetCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), "deployments.apps", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}
