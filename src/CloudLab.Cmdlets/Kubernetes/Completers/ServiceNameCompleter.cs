using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects of the kind that stands on the command line, and of services where none does.</summary>
public sealed class ServiceNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), request.First("Kind") ?? "services", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}
