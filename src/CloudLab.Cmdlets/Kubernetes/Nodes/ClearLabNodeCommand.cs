using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Nodes;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Drains nodes: cordons them, and moves their pods away.</summary>
/// <remarks>
/// <para>Pods are evicted as kubectl drain does it, so that disruption budgets hold: a pod that its budget does not let go is asked for again until it may go or -Timeout is over; the progress
/// and the error name the budget and its numbers. Pods of DaemonSets and static pods stay, as if kubectl's --ignore-daemonsets were given; they are listed in Pods with the state Left.</para>
/// <para>Before anything is changed, all pods that would be lost are named at once: those that no controller replaces need -Force, those with emptyDir volumes -DeleteEmptyDirData. All nodes are
/// cordoned before the first is drained, so that no pod moves to the next one.</para>
/// <para>The result has what became of each pod in Pods. Where some remain, an error says how many were moved, which ones remain and why, that the node stays cordoned, and how to go on or back;
/// after Ctrl+C a warning says the same. WasCordoned tells that somebody had cordoned the node before. A pod that its controller puts on the node again is told of, too.</para>
/// <para>Errors: DrainRefused, nothing was touched; DrainTimeout and DrainFailed with the pods that remain; NotFound; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Shows what a drain would do.</para>
/// <code>Clear-LabNode emulator -WhatIf</code>
/// </example>
/// <example>
/// <para>Drains a node for maintenance, looks at what became of its pods, and takes it into use again.</para>
/// <code>
/// $drain = Clear-LabNode emulator -Timeout 120
/// $drain.Pods | Where-Object State -ne Left
/// $drain | Resume-LabNode
/// </code>
/// </example>
/// <inputtype>Names, or objects with the property Name, such as Get-LabNode writes; of a pod, its node is meant.</inputtype>
[Cmdlet(VerbsCommon.Clear, "LabNode", SupportsShouldProcess = true)]
[OutputType(typeof(LabNodeDrain))]
public sealed class ClearLabNodeCommand : NodeCommand
{
    private readonly List<ResourceTarget> targets = [];

    /// <summary>Also removes pods that no controller replaces: they are gone for good.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Also removes pods with emptyDir volumes, whose data is lost with them.</summary>
    [Parameter]
    [Alias("DeleteLocalData")]
    public SwitchParameter DeleteEmptyDirData { get; set; }

    /// <summary>Deletes pods in place of evicting them, past their disruption budgets.</summary>
    [Parameter]
    public SwitchParameter DisableEviction { get; set; }

    /// <summary>Seconds that each pod has to end; its own if omitted. 0 removes pods without waiting for their node, also where that is gone.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? GracePeriod { get; set; }

    /// <summary>Only pods with these labels are moved: <c>app=movies</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(LabelSelectorCompleter))]
    [ValidateNotNullOrEmpty]
    public string? PodSelector { get; set; }

    /// <summary>How long the drain of a node may take: seconds or a TimeSpan; 0 asks once for every pod and does not wait.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many nodes to drain at the same time; 1 if omitted.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 1;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            targets.Add(target);
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        DrainOptions options = new()
        {
            Force = Force, DeleteEmptyDirData = DeleteEmptyDirData, DisableEviction = DisableEviction, GracePeriod = GracePeriod, PodSelector = PodSelector, Timeout = Timeout,
        };
        List<(ResourceTarget Target, DrainPlan Plan)> plans = [];
        await ForEachAsync(targets.DistinctBy(target => (target.Api, target.Name)), async target =>
        {
            DrainPlan plan = await Drainer(target).PlanAsync(target.Name, options, cancellation);
            if (plan.Refusal(touched: false) is { } refusal)
            {
                throw refusal;
            }

            if (await ShouldProcessAsync($"{target} on {target.Api.Address}", plan.Description))
            {
                plans.Add((target, plan));
            }
        }, target => target.ToString());

        // A pod that is moved must not come to a node that is next.
        List<(ResourceTarget Target, DrainPlan Plan)> cordoned = [];
        try
        {
            await ForEachAsync(plans, async one =>
            {
                await Drainer(one.Target).CordonAsync(one.Target.Name, true, cancellation);
                Reporter.Verbose($"{one.Target} {(one.Plan.WasCordoned ? "was already" : "is")} cordoned");
                cordoned.Add(one);
            }, one => one.Target.ToString());
            foreach ((ResourceTarget target, DrainPlan plan) in cordoned.ToArray())
            {
                await StartAsync(target.ToString(), async token =>
                {
                    lock (cordoned)
                    {
                        cordoned.RemoveAll(one => one.Plan == plan);
                    }

                    (LabNodeDrain? drain, LabException? problem) = await Drainer(target).DrainAsync(plan, options, token);
                    if (drain is not null)
                    {
                        await WriteAsync(drain, token);
                    }

                    if (problem is not null)
                    {
                        WriteProblem(problem, target.ToString());
                    }
                });
            }
        }
        catch (OperationCanceledException)
        {
            (ResourceTarget Target, DrainPlan Plan)[] waiting;
            lock (cordoned)
            {
                waiting = [.. cordoned.Where(one => !one.Plan.WasCordoned)];
            }

            if (waiting.Length > 0)
            {
                Reporter.Warning($"Still cordoned, and none of their pods moved: {string.Join(", ", waiting.Select(one => one.Target.Name))}. Resume-LabNode takes them into use again.");
            }

            throw;
        }
    }

    private NodeDrainer Drainer(ResourceTarget target) => new(target.Api, Reporter, target.Object.Context);
}
