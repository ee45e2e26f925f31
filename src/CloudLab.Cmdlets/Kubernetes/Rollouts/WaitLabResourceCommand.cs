using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Cmdlets.Kubernetes.Rollouts;

/// <summary>Waits until Kubernetes objects of any kind are as wanted.</summary>
/// <remarks>
/// <para>-For takes Ready, Available, Complete, Deleted, Exists, Condition=TYPE, Condition=TYPE=VALUE and jsonpath='{.status.phase}'=Running, and the forms of kubectl wait. Of several,
/// any one ends the wait for an object, and the result says which.</para>
/// <para>Ready follows kubectl rollout status for workloads and the rules of kstatus for all other kinds, custom resources too: the observed generation first, then the conditions
/// Stalled, Reconciling and Ready.</para>
/// <para>Objects that do not exist yet are waited for, by name or by selector, also when they are deleted and created again meanwhile; a selection is complete when everything that it
/// finds has met the condition. The cluster is watched and not polled; objects of a kind in a namespace share one watch.</para>
/// <para>The wait ends with an error as soon as it can no longer succeed: a failed Job that is waited for to complete, a pod that has ended and is waited for to be ready, a container
/// whose program does not exist. Waiting for a deletion shows the finalizers that hold it.</para>
/// <para>Errors: WaitFailed with the reason; WaitTimeout with what was last seen; KindNotFound; ConditionInvalid and JsonPathInvalid for a wrong -For; Forbidden.</para>
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
/// Wait-LabResource deploy/movies -For Available -Timeout 60
/// </code>
/// </example>
/// <example>
/// <para>Waits until a pod runs, whatever its name.</para>
/// <code>Wait-LabResource pods -LabelSelector app=movies -For jsonpath='{.status.phase}'=Running</code>
/// </example>
/// <example>
/// <para>Waits until a Job has ended in either way.</para>
/// <code>
/// 'apiVersion: batch/v1
/// kind: Job
/// metadata: { name: import }
/// spec: { template: { spec: { restartPolicy: Never, containers: [{ name: import, image: "movies:1" }] } } }' | Deploy-LabManifest
/// (Wait-LabResource job/import -For Complete, Condition=Failed -Timeout 60).For
/// </code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabResource")]
[OutputType(typeof(ResourceWaitResult))]
public sealed class WaitLabResourceCommand : ResourceTargetCommand
{
    private readonly List<(KubeScope Scope, ResourceWaitInput Input)> inputs = [];
    private WaitCondition[] conditions = [];

    /// <summary>What to wait for; any one of several.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(WaitConditionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] For { get; set; } = ["Ready"];

    /// <summary>How long to wait: seconds or a TimeSpan; 0 looks once.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        conditions = [.. For.Select(WaitCondition.Parse)];
        base.OnBegin();
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceSelection selection in SelectionsAsync(cancellation))
        {
            foreach (ApiResource resource in selection.Resources)
            {
                string? ns = resource.Namespaced ? selection.Namespace : null;
                bool byName = selection.ByName && (ns is not null || !resource.Namespaced);
                string which = string.Join(" and ", new[] { selection.Names is null ? null : $"name {string.Join(", ", selection.Names)}", selection.Filter.LabelSelector, selection.Filter.FieldSelector }.OfType<string>());
                inputs.Add((selection.Scope, new ResourceWaitInput(
                    resource, ns, byName ? selection.Names! : [], selection.Filter, selection.Fits,
                    $"{resource.Name}{(which.Length > 0 ? $" with {which}" : "")}{(ns is null ? "" : $" in namespace {ns}")}{selection.Scope.Where}")));
            }
        }
    }

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation) => Task.WhenAll(inputs.GroupBy(one => one.Scope.Api).Select(async same =>
    {
        KubeScope scope = same.First().Scope;
        try
        {
            ResourceWaits waits = new(scope.Api, Reporter, scope.Connection.Context);
            await foreach (ResourceWaitOutcome outcome in waits.WaitAsync([.. same.Select(one => one.Input)], conditions, Timeout, cancellation))
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
        catch (LabException e) when (scope.OneOfSeveral)
        {
            WriteProblem(e.Retold($"{e.Message.TrimEnd('.')}{scope.Where}."), scope.Api.Address);
        }
    }));
}
