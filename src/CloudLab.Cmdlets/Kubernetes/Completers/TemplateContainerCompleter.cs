using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the containers of the object that stands on the command line: of a pod, or of a pod template.</summary>
public sealed class TemplateContainerCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (string? kind, string? name) = (request.First("Kind"), request.First("Name"));
        // deploy/web stands for both, in the place of either.
        if ((kind ?? name) is { } whole && whole.Split('/', 2) is [var before, var after])
        {
            (kind, name) = (before, after);
        }

        if (name is null)
        {
            yield break;
        }

        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Match(kind ?? "pods").Take(1))
        {
            LabResource found = await new ResourceStore(api).GetAsync(resource, request.Text("Namespace") ?? session.Kubernetes.Namespace, name, cancellation);
            foreach (string container in RolloutChanger.ContainersOf(found).Where(request.Fits))
            {
                yield return Completion.Offer(container);
            }
        }
    }
}
