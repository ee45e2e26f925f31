using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Manifests;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Removes Kubernetes objects of any kind, by name, by selector, or as they are piped.</summary>
/// <remarks>
/// <para>Objects are found first and removed then: independent ones at the same time, and what others need after them. A name that does not exist is an error, and the others are removed all
/// the same; a selector that finds nothing is not. All objects of a kind are removed only with -All, or by the name *.</para>
/// <para>With -Wait the command ends when everything is gone, including finalizers. -GracePeriod 0 does not wait for the node to end a pod, as kubectl delete --force does not. What belongs to
/// a controller comes again: remove the Deployment, not its pods. Remove-LabManifest removes what a manifest describes.</para>
/// <para>Errors: NotFound; KindNotFound; SelectionMissing where it is not said which objects are meant; Forbidden; WaitTimeout, which says what blocks the removal. NoCluster and
/// ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>Removes one object by its name.</para>
/// <code>
/// '{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "movies" } }' | Deploy-LabManifest
/// Remove-LabResource cm/movies -Force
/// </code>
/// </example>
/// <example>
/// <para>Removes the pods of an application and waits until they are gone.</para>
/// <code>Remove-LabResource pods -LabelSelector app=movies -Wait -Timeout 60 -Force -PassThru</code>
/// </example>
/// <example>
/// <para>Shows what would be removed: the Jobs that are done.</para>
/// <code>Get-LabResource jobs | Where-Object State -eq Complete | Remove-LabResource -WhatIf</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabResource", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ManifestResult))]
public sealed class RemoveLabResourceCommand : ResourceTargetCommand
{
    private readonly List<ResourceTarget> targets = [];

    /// <summary>Removes all objects of the kinds, where neither names nor a selector say which.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc cref="RemoveLabManifestCommand.Force"/>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc cref="RemoveLabManifestCommand.Wait"/>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc cref="DeployLabManifestCommand.Timeout"/>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc cref="RemoveLabManifestCommand.PropagationPolicy"/>
    [Parameter]
    [Alias("Cascade")]
    public PropagationPolicy PropagationPolicy { get; set; }

    /// <inheritdoc cref="RemoveLabManifestCommand.GracePeriod"/>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? GracePeriod { get; set; }

    /// <inheritdoc cref="ManifestCommand.DryRun"/>
    [Parameter]
    public SwitchParameter DryRun { get; set; }

    /// <inheritdoc cref="RemoveLabManifestCommand.PassThru"/>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc cref="ManifestCommand.ThrottleLimit"/>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 64;

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => All;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            targets.Add(target);
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        foreach (var same in targets.GroupBy(target => target.Api))
        {
            ManifestOptions options = new()
            {
                DefaultNamespace = Connection.Namespace,
                DryRun = DryRun,
                ThrottleLimit = ThrottleLimit,
                Wait = Wait,
                Timeout = Timeout,
                Propagation = PropagationPolicy,
                GracePeriod = GracePeriod,
                Approve = (target, action) => ShouldProcessAsync(target, action, Force),
            };
            await WriteOutcomesAsync(
                new ManifestRemover(same.Key, options, Reporter).RemoveAsync([.. same.Select(target => ManifestItem.Naming(target.Object))], cancellation), PassThru, cancellation);
        }
    }
}
