using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Sets the number of replicas of Deployments, StatefulSets, ReplicaSets and of any other kind that can be scaled.</summary>
/// <remarks>
/// <para>Goes through the scale of the object, as kubectl scale does, so custom resources that have one can be scaled too. Where somebody else changes the object at the same time,
/// it is read again and scaled again.</para>
/// <para>Warns where a HorizontalPodAutoscaler sets the replicas of the object and will undo the change.</para>
/// <para>Errors: NotFound; ReplicasDiffer where -CurrentReplicas does not hold; NotScalable for a kind without replicas; Forbidden; RolloutFailed and WaitTimeout with -Wait.</para>
/// </remarks>
/// <example>
/// <para>Scales a Deployment to three and waits until they are available.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Set-LabScale deploy/movies -Replicas 3 -Wait
/// </code>
/// </example>
/// <example>
/// <para>Scales only if it has the expected number now.</para>
/// <code>Set-LabScale deployments movies -Replicas 1 -CurrentReplicas 3</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
/// <seealso cref="WaitLabRolloutCommand"/>
/// <seealso cref="Resources.GetLabDeploymentCommand"/>
/// <seealso cref="Autoscaling.TestLabHpaCommand"/>
[Cmdlet(VerbsCommon.Set, "LabScale", SupportsShouldProcess = true, DefaultParameterSetName = NamedSet)]
[OutputType(typeof(LabResource))]
public sealed class SetLabScaleCommand : RolloutChangeCommand
{
    private const string NamedSet = "Named", WholeSet = "Whole";

    /// <inheritdoc cref="ResourceTargetCommand.Name"/>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = NamedSet)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[]? Name { get; set; }

    /// <summary>How many replicas the object is to have.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = NamedSet)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = WholeSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateRange(0, int.MaxValue)]
    public int Replicas { get; set; }

    /// <summary>Scales only an object that is set to this number now.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateRange(0, int.MaxValue)]
    public int? CurrentReplicas { get; set; }

    // kubectl rollout status is content with the old number of replicas; who scales down waits for the new one.
    /// <inheritdoc/>
    private protected override bool SurplusGone => true;

    /// <inheritdoc/>
    private protected override ResourceChange Change()
    {
        (int replicas, int? current) = (Replicas, CurrentReplicas);
        return new ResourceChange($"Scale to {replicas}", async (target, token) =>
        {
            long had = await new ResourceScaler(target.Api, Reporter).ScaleAsync(target.Resource, target.Namespace, target.Name, replicas, current, token);
            Reporter.Verbose($"{target} had {had} replicas");
            return await new ResourceStore(target.Api, target.Origin).GetAsync(target.Resource, target.Namespace ?? "", target.Name, token);
        });
    }
}
