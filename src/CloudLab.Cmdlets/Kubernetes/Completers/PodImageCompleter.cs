using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the images that pods of the namespace run.</summary>
public sealed class PodImageCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (string image in await new PodStreams(KubernetesApi.For(session.Kubernetes)).ImagesAsync(request.Text("Namespace") ?? session.Kubernetes.Namespace, cancellation))
        {
            if (request.Fits(image))
            {
                yield return Completion.Offer(image);
            }
        }
    }
}
