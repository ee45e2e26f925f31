using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects of the kind that the cmdlet's noun says: Get-LabPod, pods.</summary>
public sealed class KindNameCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation) => NameCompleter.NamesAsync(
        KubernetesApi.For(session.Kubernetes), KindOf(request.Command), request.Text("Namespace") ?? session.Kubernetes.Namespace, request, cancellation);

    /// <summary>The kind that a cmdlet is about.</summary>
    /// <param name="command">Name of the cmdlet.</param>
    /// <returns>What the kind is called.</returns>
    internal static string KindOf(string command)
    {
        string noun = command[(command.IndexOf('-', StringComparison.Ordinal) + 1)..].ToLowerInvariant();
        return noun switch
        {
            "hpareplicas" or "labhpa" => "horizontalpodautoscalers",
            "labkubenamespace" => "namespaces",
            "labpodlog" => "pods",
            "vparequest" => "deployments.apps",
            _ => noun.StartsWith("lab", StringComparison.Ordinal) ? noun[3..] : noun,
        };
    }
}
