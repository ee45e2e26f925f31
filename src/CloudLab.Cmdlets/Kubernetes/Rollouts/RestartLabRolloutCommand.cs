using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Replaces the pods of Deployments, StatefulSets and DaemonSets, a few at a time.</summary>
/// <remarks>
/// <para>Does what kubectl rollout restart does: sets the annotation kubectl.kubernetes.io/restartedAt of the pod template, so that a new revision is rolled out by the
/// workload's own strategy.</para>
/// <para>Errors: NotFound; RolloutPaused for a paused Deployment; KindNotSupported for a kind without a rollout; RolloutFailed and WaitTimeout with -Wait.</para>
/// </remarks>
/// <example>
/// <para>Restarts a Deployment and waits until its new pods are available.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Restart-LabRollout deploy/movies -Wait
/// </code>
/// </example>
/// <example>
/// <para>Restarts every StatefulSet with a label.</para>
/// <code>Restart-LabRollout statefulsets -LabelSelector tier=data</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsLifecycle.Restart, "LabRollout", SupportsShouldProcess = true)]
[OutputType(typeof(LabResource))]
public sealed class RestartLabRolloutCommand : RolloutChangeCommand
{
    /// <inheritdoc/>
    private protected override ResourceChange Change() => new("Restart", async (target, token) =>
        await new RolloutChanger(EditorFor(target)).RestartAsync(target.Resource, target.Object, token));
}
