using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects of the kind that stands on the command line.</summary>
public sealed class NameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation)
    {
        string? kind = request.First("Kind");
        return kind is null
            ? AsyncEnumerable.Empty<CompletionResult>()
            : NamesAsync(KubernetesApi.For(session.Kubernetes), kind, request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
    }

    /// <summary>Names that begin with what is typed.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="kind">What the kind is called.</param>
    /// <param name="ns">Their namespace.</param>
    /// <param name="request">What is to be completed.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>What to offer.</returns>
    internal static async IAsyncEnumerable<CompletionResult> NamesAsync(
        KubernetesApi api, string kind, string? ns, CompletionRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int offers = 0;
        foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Match(kind).Take(1))
        {
            await foreach (string name in new ResourceStore(api).NamesAsync(resource, ns, cancellation))
            {
                if (request.Fits(name))
                {
                    yield return Completion.Offer(name);
                    if (++offers == Completion.MostOffers)
                    {
                        yield break;
                    }
                }
            }
        }
    }
}

/// <summary>Offers the cluster's namespaces.</summary>
public sealed class NamespaceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) =>
        NameCompleter.NamesAsync(KubernetesApi.For(session.Kubernetes), "namespaces", null, request, cancellation);
}

/// <summary>Offers the HorizontalPodAutoscalers of the namespace.</summary>
public sealed class AutoscalerCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), "horizontalpodautoscalers", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}

/// <summary>Offers the CronJobs of the namespace.</summary>
public sealed class CronJobCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), "cronjobs", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}

/// <summary>Offers the Deployments of the namespace.</summary>
public sealed class ScaleTargetCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), "deployments.apps", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}

/// <summary>Offers the names of the objects of the kind that stands on the command line, and of services where none does.</summary>
public sealed class ServiceNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), request.First("Kind") ?? "services", request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);
}
