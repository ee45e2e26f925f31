using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Gets the revisions of Deployments, StatefulSets and DaemonSets.</summary>
/// <remarks>
/// <para>One object for each revision that the cluster keeps, the oldest first: its number, images, pods, age, the cause given for it (annotation
/// kubernetes.io/change-cause), and in Changes what differs from the revision before it. Template has the whole pod template.</para>
/// <para>With -Revision, only these; each is compared with the one before it among them.</para>
/// <para>Errors: NotFound; RevisionNotFound with the revisions that are kept; KindNotSupported for a kind without revisions.</para>
/// </remarks>
/// <example>
/// <para>Shows the revisions of a Deployment.</para>
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
/// Get-LabRolloutHistory deploy/movies
/// </code>
/// </example>
/// <example>
/// <para>Shows what differs between two revisions.</para>
/// <code>(Get-LabRolloutHistory deploy/movies -Revision 1, 2).Changes</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
/// <seealso cref="UndoLabRolloutCommand"/>
/// <seealso cref="WaitLabRolloutCommand"/>
/// <seealso cref="Resources.GetLabDeploymentCommand"/>
[Cmdlet(VerbsCommon.Get, "LabRolloutHistory")]
[OutputType(typeof(LabRolloutRevision))]
public sealed class GetLabRolloutHistoryCommand : ResourceTargetCommand
{
    /// <summary>Numbers of the revisions that are wanted; all if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RevisionCompleter))]
    [ValidateRange(1, long.MaxValue)]
    public long[] Revision { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync([target], async one => await WriteManyAsync(
                await new RolloutHistory(one.Api).ListAsync(one.Resource, one.Object, Revision, cancellation), cancellation), one => one.ToString());
        }
    }
}
