using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Waits until Deployments, StatefulSets and DaemonSets are rolled out.</summary>
/// <remarks>
/// <para>Follows the rules of kubectl rollout status: the controller must have seen the change first, then all pods must be of the new revision and available. It watches, and does not
/// poll.</para>
/// <para>Where a rollout fails or takes too long, the error has the reasons that the pods' containers and the events give. A container that was restarted while the rollout was waited for
/// is told of in a warning: it becomes ready and crashes again. With -StableFor, that is an error, and the wait goes on for this long after the rollout.</para>
/// <para>Errors: NotFound; RolloutFailed (its progress deadline is over, it is paused); RolloutUnstable with -StableFor; WaitTimeout with what was last seen;
/// KindNotSupported for a kind without a rollout.</para>
/// </remarks>
/// <example>
/// <para>Waits for a Deployment.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }' | Deploy-LabManifest
/// Wait-LabRollout deploy/movies -Timeout 60
/// </code>
/// </example>
/// <example>
/// <para>Waits for everything in a namespace, and that nothing crashes for ten seconds.</para>
/// <code>Get-LabResource deployments,statefulsets,daemonsets | Wait-LabRollout -StableFor 10</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabRollout")]
[OutputType(typeof(ResourceWaitResult))]
public sealed class WaitLabRolloutCommand : ResourceTargetCommand
{
    private readonly List<ResourceTarget> targets = [];

    /// <summary>How long to wait: seconds or a TimeSpan; 0 looks once.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long no container may be restarted after the rollout: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan StableFor { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (RolloutHistory.Applies(target.Resource))
            {
                targets.Add(target);
            }
            else
            {
                WriteProblem(
                    new LabException(
                        LabErrorKind.NotSupported, "KindNotSupported", $"A {target.Resource.Kind} has no rollout: Wait-LabResource waits for any kind."), target.ToString());
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        foreach (var same in targets.GroupBy(target => (target.Api, target.Object.Context)))
        {
            ResourceWaits waits = new(same.Key.Api, Reporter, same.Key.Context);
            await foreach (ResourceWaitOutcome outcome in waits.RolloutsAsync([.. same.Select(one => (one.Resource, one.Object))], Timeout, StableFor, false, cancellation))
            {
                if (outcome.Problem is { } problem)
                {
                    WriteProblem(problem, problem.Target);
                }
                else
                {
                    await WriteAsync(outcome.Result, cancellation);
                }
            }
        }
    }
}
