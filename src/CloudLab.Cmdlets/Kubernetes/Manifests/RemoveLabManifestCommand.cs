using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Removes the Kubernetes objects that manifests describe.</summary>
/// <remarks>
/// <para>
/// Accepts the same input as Deploy-LabManifest, and its output. Objects are removed in the reverse of the order in which they are deployed,
/// independent ones at the same time. Only kind, name and namespace matter. An object that does not exist is not an
/// error; -Verbose mentions it.
/// </para>
/// <para>
/// With -Wait the command ends when everything is gone, including finalizers, and each group of kinds is gone before the next one
/// is removed. Removing a namespace removes everything in it.
/// </para>
/// <para>Errors: ManifestSyntax with file, line and column; ManifestInvalid; Forbidden; NotFound with -ErrorOnNotFound; WaitTimeout,
/// which says what blocks the removal. NoCluster and ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>Deploys something, and removes it again through the results.</para>
/// <code>'{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "movies" } }' | Deploy-LabManifest | Remove-LabManifest -Force</code>
/// </example>
/// <example>
/// <para>Removes all config maps with a label and waits until they are gone.</para>
/// <code>Get-LabResource configmaps -LabelSelector app=movies | Remove-LabManifest -Wait -Timeout 60 -Force -PassThru</code>
/// </example>
/// <inputtype>Text, hashtables, LabResource and ManifestResult objects, files from Get-ChildItem.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabManifest", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "Path")]
[OutputType(typeof(ManifestResult))]
public sealed class RemoveLabManifestCommand : ManifestCommand
{
    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Waits until everything is gone.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc cref="DeployLabManifestCommand.Timeout"/>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>What happens to dependent objects (the pods of a deployment): removed after their owner, before it, or not at all.</summary>
    [Parameter]
    [Alias("Cascade")]
    public PropagationPolicy PropagationPolicy { get; set; }

    /// <summary>Seconds that pods get to terminate; their own setting if omitted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? GracePeriod { get; set; }

    /// <summary>Reports an error for an object that does not exist.</summary>
    [Parameter]
    public SwitchParameter ErrorOnNotFound { get; set; }

    /// <summary>Writes the removed objects.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override bool NamesOnly => true;

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await ReadRestAsync(cancellation);
        ManifestOptions options = ManifestOptions() with
        {
            Wait = Wait,
            Timeout = Timeout,
            Propagation = PropagationPolicy,
            GracePeriod = GracePeriod,
            ErrorOnNotFound = ErrorOnNotFound,
            Approve = (target, action) => ShouldProcessAsync(target, action, Force),
        };
        await WriteOutcomesAsync(new ManifestRemover(Api, options, Reporter).RemoveAsync(Items, cancellation), PassThru, cancellation);
    }
}
