using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Lets paused Deployments and suspended Jobs and CronJobs go on.</summary>
/// <remarks>
/// <para>Takes back what Suspend-LabRollout or kubectl rollout pause did. What is not halted stays as it is.</para>
/// <para>Errors: NotFound; KindNotSupported for other kinds; RolloutFailed and WaitTimeout with -Wait.</para>
/// </remarks>
/// <example>
/// <para>Lets a Deployment go on and waits for what was changed meanwhile.</para>
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
/// Resume-LabRollout deploy/movies -Wait
/// </code>
/// </example>
/// <example>
/// <para>Lets all CronJobs of a namespace go on.</para>
/// <code>Get-LabResource cronjobs | Resume-LabRollout</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsLifecycle.Resume, "LabRollout", SupportsShouldProcess = true)]
[OutputType(typeof(LabResource))]
public sealed class ResumeLabRolloutCommand : RolloutChangeCommand
{
    /// <inheritdoc/>
    private protected override ResourceChange Change() => new("Resume", async (target, token) =>
    {
        (LabResource after, bool changed) = await new RolloutChanger(EditorFor(target)).SuspendAsync(target.Resource, target.Object, false, token);
        Reporter.Verbose($"{target} {(changed ? "is" : "was already")} running");
        return after;
    });
}
