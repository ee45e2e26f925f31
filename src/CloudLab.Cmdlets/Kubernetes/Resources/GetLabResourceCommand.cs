using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets Kubernetes objects of any kind.</summary>
/// <remarks>
/// <para>
/// Kinds are named as in kubectl: plural, singular, kind or short name (pods, pod, Pod, po), with the group if it is
/// needed (deployments.apps), or a category (all). Custom resources are found like any other kind.
/// </para>
/// <para>
/// Objects are written as the server lists them, page by page. Their fields are accessible as properties: $pod.Status.Phase,
/// $deployment.Spec.Replicas. Ready and State show the kind's own status, as kubectl get does for pods.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; KindNotFound when the cluster has no such kind,
/// with the most similar one; Forbidden when you are not allowed to read it; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The pods of a namespace.</para>
/// <code>Get-LabResource pods -Namespace movies</code>
/// </example>
/// <example>
/// <para>Deployments in all namespaces with fewer ready replicas than desired.</para>
/// <code>Get-LabResource deploy -AllNamespaces | Where-Object { $_.Status.ReadyReplicas -lt $_.Spec.Replicas }</code>
/// </example>
/// <example>
/// <para>The images of one deployment.</para>
/// <code>(Get-LabResource deployments.apps movies -Namespace movies).Spec.Template.Spec.Containers.Image</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Deploy-LabManifest writes.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabResource")]
[OutputType(typeof(LabResource))]
public sealed class GetLabResourceCommand : ResourceTargetCommand
{
    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "all";

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await WriteAsync(target.Object, cancellation);
        }
    }
}
