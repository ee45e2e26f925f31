using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Insight;

namespace CloudLab.Cmdlets.Kubernetes.Insight;

/// <summary>Shows what an object owns, down to its pods, with their states.</summary>
/// <remarks>
/// <para>Follows the ownerReferences of all kinds that the cluster serves, custom resources included: a Deployment, its ReplicaSets, their Pods; a Service and its EndpointSlices; what an
/// operator made from a custom resource. -Root begins with the owner of all owners, so that a pod shows the whole tree that it belongs to. -Container adds the containers of pods.</para>
/// <para>The table draws the tree. Each line is an object of its own with Depth, Owner, Health (Ready, Waiting, Failed) and Message, which says in words why it is not ready, and it can be
/// piped on like those of Get-LabResource. MissingOwners has the owners that an object names and that do not exist any more: the garbage collector removes an object whose owners are all
/// gone. ConfigMaps and Secrets are written without their data.</para>
/// <para>The metadata of all objects of the namespace is listed, many kinds at once; only what is in the tree is read as a whole. For an object without a namespace, that is all objects of the
/// cluster. Kinds that you are not allowed to list are named in a warning. Events are left out.</para>
/// <para>Errors: NotFound; KindNotFound with the most similar kind; KindMissing and SelectionMissing where no object is named; Forbidden; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>A Deployment with its revisions and pods.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   replicas: 2
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest -Wait
/// Get-LabResourceTree deploy/movies
/// </code>
/// </example>
/// <example>
/// <para>The pods that are not ready, of everything that a pod belongs to.</para>
/// <code>Get-LabResource pods | Select-Object -First 1 | Get-LabResourceTree -Root | Where-Object { $_.Kind -eq 'Pod' -and $_.Health -ne 'Ready' }</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource and Deploy-LabManifest write.</inputtype>
/// <seealso cref="Resources.GetLabResourceCommand"/>
/// <seealso cref="Resources.GetLabEventCommand"/>
/// <seealso cref="FindLabUnusedCommand"/>
[Cmdlet(VerbsCommon.Get, "LabResourceTree")]
[OutputType(typeof(LabResourceNode))]
public sealed class GetLabResourceTreeCommand : ResourceTargetCommand
{
    private readonly Dictionary<KubernetesApi, ResourceTree> trees = [];

    /// <summary>Begins with the owner of all owners.</summary>
    [Parameter]
    public SwitchParameter Root { get; set; }

    /// <summary>Adds the containers of pods.</summary>
    [Parameter]
    public SwitchParameter Container { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync([target], async one =>
            {
                if (!trees.TryGetValue(one.Api, out ResourceTree? tree))
                {
                    trees[one.Api] = tree = new ResourceTree(one.Api, one.Origin, Reporter);
                }

                await WriteManyAsync(await tree.DrawAsync(one.Resource, one.Object, Root, Container, cancellation), cancellation);
            }, one => one.ToString());
        }
    }
}
