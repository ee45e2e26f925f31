using System.Globalization;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the ports that the pod or service on the command line declares, by number and by name; after a colon as the remote port.</summary>
public sealed class PodPortCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Name") is not { } name)
        {
            yield break;
        }

        string local = request.Word[..(request.Word.LastIndexOf(':') + 1)];
        foreach ((int number, string? called) in await new PodStreams(KubernetesApi.For(session.Kubernetes)).PortsAsync(
            request.Text("Kind"), name, request.Text("Namespace") ?? session.Kubernetes.Namespace, cancellation))
        {
            foreach (string port in new[] { number.ToString(CultureInfo.InvariantCulture), called }.OfType<string>().Where(port => request.Fits(local + port)))
            {
                yield return Completion.Offer(local + port, CompletionResultType.ParameterValue, called is null ? port : $"{called} ({number})");
            }
        }
    }
}
