using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.OnCluster;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>Offers the transfer jobs of the namespace.</summary>
public sealed class TransferJobCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        TransferJobs jobs = new(KubernetesApi.For(session.Kubernetes), NullReporter.Instance);
        await foreach ((_, string name) in jobs.NamesAsync(request.Text("Namespace") ?? session.Kubernetes.Namespace, cancellation))
        {
            if (request.Fits(name))
            {
                yield return Completion.Offer(name);
            }
        }
    }
}
