using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Halts the rollout of Deployments, or the work of Jobs and CronJobs.</summary>
/// <remarks>
/// <para>A Deployment is paused: several changes can be made, and are rolled out together when it goes on. A Job is suspended, which ends its pods; a CronJob starts no more Jobs.
/// What is halted already stays so.</para>
/// <para>Errors: NotFound; KindNotSupported for other kinds.</para>
/// </remarks>
/// <example>
/// <para>Changes image and replicas in one rollout.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Suspend-LabRollout deploy/movies
/// Set-LabWorkloadImage deploy/movies -Image web=movies:2
/// Set-LabScale deploy/movies -Replicas 3
/// Resume-LabRollout deploy/movies -Wait
/// </code>
/// </example>
/// <example>
/// <para>Stops all CronJobs of a namespace.</para>
/// <code>Get-LabResource cronjobs | Suspend-LabRollout</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsLifecycle.Suspend, "LabRollout", SupportsShouldProcess = true)]
[OutputType(typeof(LabResource))]
public sealed class SuspendLabRolloutCommand : ResourceChangeCommand
{
    /// <inheritdoc/>
    private protected override ResourceChange Change() => new("Suspend", async (target, token) =>
    {
        (LabResource after, bool changed) = await new RolloutChanger(EditorFor(target)).SuspendAsync(target.Resource, target.Object, true, token);
        Reporter.Verbose($"{target} {(changed ? "is" : "was already")} suspended");
        return after;
    });
}
