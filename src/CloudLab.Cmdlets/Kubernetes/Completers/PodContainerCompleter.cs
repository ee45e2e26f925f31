using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the containers of the pod that stands on the command line.</summary>
public sealed class PodContainerCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? name = request.First("Name");
        if (name is null && request.Text("LabelSelector") is null)
        {
            yield break;
        }

        PodStreams streams = new(KubernetesApi.For(session.Kubernetes));
        foreach (string container in await streams.ContainersAsync(name, request.Text("LabelSelector"), request.Text("Namespace") ?? session.Kubernetes.Namespace, cancellation))
        {
            if (request.Fits(container))
            {
                yield return Completion.Offer(container);
            }
        }
    }
}
