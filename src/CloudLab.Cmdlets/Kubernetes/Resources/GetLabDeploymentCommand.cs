using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets deployments.</summary>
/// <remarks>
/// <para>
/// Each deployment has Replicas, ReadyReplicas, UpdatedReplicas, AvailableReplicas, Images, Selector, Strategy and Paused as properties.
/// All of its fields are there too: $deployment.Spec.Template.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden when you are not allowed to read it; NoCluster or
/// ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The deployments of a namespace.</para>
/// <code>Get-LabDeployment -Namespace movies</code>
/// </example>
/// <example>
/// <para>Deployments that are not fully available, in all namespaces.</para>
/// <code>Get-LabDeployment -AllNamespaces | Where-Object { $_.AvailableReplicas -lt $_.Replicas }</code>
/// </example>
/// <inputtype>Names, or objects with the properties Name and Namespace.</inputtype>
/// <seealso cref="Rollouts.WaitLabRolloutCommand"/>
/// <seealso cref="Rollouts.GetLabRolloutHistoryCommand"/>
/// <seealso cref="Rollouts.SetLabScaleCommand"/>
[Cmdlet(VerbsCommon.Get, "LabDeployment")]
[OutputType(typeof(LabDeployment))]
public sealed class GetLabDeploymentCommand : KindCommand
{
    /// <inheritdoc/>
    private protected override string FixedKind => "deployments.apps";
}
