using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Access;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the users, or the groups, that the cluster's bindings name.</summary>
public sealed class AccessSubjectCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        AccessReviewer reviewer = new(KubernetesApi.For(session.Kubernetes), session.Kubernetes);
        string kind = request.Parameter.EndsWith("Group", StringComparison.OrdinalIgnoreCase) ? "Group" : "User";
        foreach (string name in (await reviewer.SubjectsAsync(kind, cancellation)).Where(request.Fits))
        {
            yield return Completion.Offer(name);
        }
    }
}
