using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Base of the cmdlets that change workloads and can wait until the change is rolled out.</summary>
public abstract class RolloutChangeCommand : ResourceTargetCommand
{
    private readonly List<(ResourceTarget Target, LabResource Changed)> waiting = [];

    /// <summary>Waits until the change is rolled out, by the rules of kubectl rollout status, and writes the objects as they are then.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait with -Wait: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc cref="ResourceChangeCommand.ThrottleLimit"/>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>Whether -Wait waits until replicas beyond those that are wanted are gone, too.</summary>
    private protected virtual bool SurplusGone => false;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected sealed override Task ProcessAsync(CancellationToken cancellation) => ChangeEachAsync(Change(), ChangedAsync, cancellation);

    /// <inheritdoc/>
    protected sealed override async Task EndAsync(CancellationToken cancellation)
    {
        foreach (var same in waiting.GroupBy(one => (one.Target.Api, one.Changed.Context)))
        {
            ResourceWaits waits = new(same.Key.Api, Reporter, same.Key.Context);
            await foreach (ResourceWaitOutcome outcome in waits.RolloutsAsync([.. same.Select(one => (one.Target.Resource, one.Changed))], Timeout, TimeSpan.Zero, SurplusGone, cancellation))
            {
                if (outcome.Problem is { } problem)
                {
                    WriteProblem(problem, problem.Target);
                }
                else
                {
                    await WriteAsync(outcome.Result!.Object, cancellation);
                }
            }
        }
    }

    /// <inheritdoc cref="ResourceChangeCommand.Change"/>
    private protected abstract ResourceChange Change();

    private Task ChangedAsync(ResourceTarget target, LabResource changed, CancellationToken cancellation)
    {
        if (!Wait || !ResourceWaits.Applies(target.Resource))
        {
            return WriteAsync(changed, cancellation).AsTask();
        }

        lock (waiting)
        {
            waiting.Add((target, changed));
        }

        return Task.CompletedTask;
    }
}
