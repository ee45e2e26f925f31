using System.Management.Automation;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Removes the Kubernetes objects that manifests describe.</summary>
/// <remarks>
/// <para>
/// Takes what Deploy-LabManifest takes, and what it writes. Objects go in the reverse of the order in which they are deployed,
/// those that do not depend on each other at the same time. Only kind, name and namespace matter. What is not there already is no
/// error, only a verbose line.
/// </para>
/// <para>
/// With -Wait the command ends when everything is gone, finalizers included, and each group of kinds is gone before the next one
/// goes. Removing a namespace removes all that is in it.
/// </para>
/// <para>Errors: ManifestSyntax with file, line and column; ManifestInvalid; Forbidden; NotFound with -ErrorOnNotFound; WaitTimeout,
/// which says what holds the object. NoCluster and ClusterUnreachable end the command.</para>
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

    /// <summary>What happens to what an object owns (the pods of a deployment): removed after it, removed before it, or left alone.</summary>
    [Parameter]
    [Alias("Cascade")]
    [ValidateSet("Background", "Foreground", "Orphan", IgnoreCase = true)]
    public string PropagationPolicy { get; set; } = "Background";

    /// <summary>Seconds that pods get to end; their own setting if omitted.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? GracePeriod { get; set; }

    /// <summary>Makes it an error when an object is not there.</summary>
    [Parameter]
    public SwitchParameter ErrorOnNotFound { get; set; }

    /// <summary>Writes what was removed.</summary>
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
            // The server wants it written so.
            Propagation = char.ToUpperInvariant(PropagationPolicy[0]) + PropagationPolicy[1..].ToLowerInvariant(),
            GracePeriod = GracePeriod,
            ErrorOnNotFound = ErrorOnNotFound,
            Approve = (target, action) => ShouldProcessAsync(target, action, Force),
        };
        await foreach (ManifestOutcome outcome in new ManifestRemover(Api, options, Reporter).RemoveAsync(Items, cancellation))
        {
            if (outcome.Problem is { } problem)
            {
                WriteProblem(problem, problem.Target);
            }
            else if (PassThru)
            {
                await WriteAsync(outcome.Result, cancellation);
            }
        }
    }
}
