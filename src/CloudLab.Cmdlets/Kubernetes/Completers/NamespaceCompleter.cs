using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the cluster's namespaces.</summary>
public sealed class NamespaceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        NameCompleter.NamesAsync(KubernetesApi.For(session.Kubernetes), "namespaces", null, request, cancellation);
}
