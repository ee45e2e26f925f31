using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Goes back to an earlier revision of Deployments, StatefulSets and DaemonSets.</summary>
/// <remarks>
/// <para>Does what kubectl rollout undo does: the pod template of the revision becomes the wanted one again, and gets a new number. Get-LabRolloutHistory shows the revisions.</para>
/// <para>Where the workload already is as in that revision, nothing changes.</para>
/// <para>Errors: NotFound; RevisionNotFound with the revisions that are kept; RolloutPaused for a paused Deployment; KindNotSupported for a kind without a rollout;
/// RolloutFailed and WaitTimeout with -Wait.</para>
/// </remarks>
/// <example>
/// <para>Takes the last change back.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest -Wait
/// Set-LabWorkloadImage deploy/movies -Image web=movies:2 -Wait
/// Undo-LabRollout deploy/movies -Wait
/// </code>
/// </example>
/// <example>
/// <para>Goes back to a certain revision.</para>
/// <code>Undo-LabRollout deploy/movies -ToRevision 1</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsCommon.Undo, "LabRollout", SupportsShouldProcess = true)]
[OutputType(typeof(LabResource))]
public sealed class UndoLabRolloutCommand : RolloutChangeCommand
{
    /// <summary>Number of the revision to go back to; the one before if omitted.</summary>
    [Parameter]
    [Alias("Revision")]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    [ValidateRange(0, long.MaxValue)]
    public long ToRevision { get; set; }

    /// <inheritdoc/>
    private protected override ResourceChange Change()
    {
        long revision = ToRevision;
        return new ResourceChange(revision == 0 ? "Go back to the revision before" : $"Go back to revision {revision}", async (target, token) =>
        {
            (LabResource after, long found, bool changed) = await new RolloutHistory(target.Api).UndoAsync(target.Resource, target.Object, revision, EditorFor(target), token);
            Reporter.Verbose(changed ? $"{target} goes back to revision {found}" : $"{target} is as in revision {found} already");
            return after;
        });
    }
}
