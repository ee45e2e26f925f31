using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Deploys Kubernetes manifests by server-side apply, and optionally waits until they are ready.</summary>
/// <remarks>
/// <para>
/// Accepts files, folders, text and objects: YAML with several documents, JSON, lists. All are read first and then applied in the
/// order that their kinds require: namespaces, custom resource definitions (the cmdlet waits for these), configuration, services, workloads,
/// custom resources, webhooks. Independent objects are sent at the same time.
/// </para>
/// <para>
/// YAML is read as by kubectl: yes and on are booleans, 0644 is octal, dates stay text. Fields that the server does not
/// know are refused. Of a key that occurs twice the last one counts, with a warning that names both lines. Warnings of the server (a deprecated
/// version) are shown once. A folder with a kustomization.yaml is built by kubectl (on the PATH, or named by the variable KUBECTL).
/// </para>
/// <para>
/// Fields that a manifest no longer has are removed if -FieldManager set them. Fields that kubectl apply set on the client side are taken over first, so
/// that this holds for them too; those of another manager (kubectl-create, helm) with -TakeOver. A warning names a manager whose fields stay. A field
/// that another manager owns and that the manifest sets to another value is a conflict, which names manager, field and subresource; -Force takes it.
/// spec.replicas is left out where a HorizontalPodAutoscaler decides about it.
/// </para>
/// <para>
/// With -ApplySet the objects belong to a set, which a Secret of that name describes in the form that kubectl apply --prune --applyset uses; with -Prune,
/// members of the set that the manifest no longer has are removed, once everything is deployed. -WhatIf lists them. An empty manifest would remove the
/// whole set and asks first.
/// </para>
/// <para>
/// One object is written for each resource: Created, Configured, Unchanged, Replaced or Pruned, with ChangedPaths, the fields that changed.
/// </para>
/// <para>
/// With -Wait the command ends when everything is ready by the rules of kubectl rollout status: deployments, daemon sets, stateful
/// sets and replica sets rolled out, pods ready, jobs complete, claims bound, load balancers with an address. It watches the cluster and does
/// not poll. If a rollout fails or takes too long, the error gives the reason that its pods report (ImagePullBackOff, CrashLoopBackOff).
/// </para>
/// <para>
/// Objects go to the namespace given in the manifest, or else to -Namespace, to that of Connect-Lab or of the context, or to default.
/// </para>
/// <para>Errors: ManifestSyntax with file, line and column; ManifestInvalid; KindNotFound; NotFound when the namespace is missing;
/// Conflict when someone else owns a field; OtherApplySet; Invalid, BadRequest and Forbidden from the server; RolloutFailed; WaitTimeout; KubectlNotFound and
/// KustomizeFailed for a kustomization folder. ApplySetInvalid ends the command.
/// Each error concerns one document, and the others are deployed. NoCluster and ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>Deploys a manifest given as text and waits until it is ready.</para>
/// <code>
/// @'
/// apiVersion: v1
/// kind: Namespace
/// metadata: { name: movies }
/// ---
/// apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies, namespace: movies }
/// spec:
///   replicas: 2
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1" }] }
/// '@ | Deploy-LabManifest -Wait
/// </code>
/// </example>
/// <example>
/// <para>Deploys a hashtable.</para>
/// <code>Deploy-LabManifest -Manifest @{ apiVersion = 'v1'; kind = 'ConfigMap'; metadata = @{ name = 'movies' }; data = @{ theme = 'dark' } }</code>
/// </example>
/// <example>
/// <para>Shows what would be applied and where, without sending anything.</para>
/// <code>'{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "movies" } }' | Deploy-LabManifest -WhatIf</code>
/// </example>
/// <example>
/// <para>Deploys a set, and removes from the cluster what was taken out of it.</para>
/// <code>
/// $a = New-LabManifest ConfigMap a -Data @{ theme = 'dark' }
/// $b = New-LabManifest ConfigMap b -Data @{ theme = 'light' }
/// $a, $b | Deploy-LabManifest -ApplySet movies -Prune
/// $a | Deploy-LabManifest -ApplySet movies -Prune
/// </code>
/// </example>
/// <inputtype>Text, hashtables, LabResource objects, files from Get-ChildItem.</inputtype>
[Cmdlet("Deploy", "LabManifest", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(ManifestResult))]
public sealed class DeployLabManifestCommand : ManifestCommand
{
    /// <summary>Owner of the fields that are set. Fields that this owner no longer specifies are removed.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    public string FieldManager { get; set; } = "cloudlab";

    /// <summary>Takes over fields that someone else owns and that the manifest sets.</summary>
    [Parameter]
    [Alias("ForceConflicts")]
    public SwitchParameter Force { get; set; }

    /// <summary>Managers whose fields become this one's, also those that the manifest does not have and that are removed by that: kubectl-create, kubectl-edit, helm.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] TakeOver { get; set; } = [];

    /// <summary>Deletes and creates anew what cannot be changed in place, such as the selector of a deployment. Asks first, unless -Force or -Confirm:$false is given.</summary>
    [Parameter]
    public SwitchParameter Replace { get; set; }

    /// <summary>Apply set that the objects belong to: the name of a Secret, or configmap/name; it is created if it does not exist.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ApplySet { get; set; }

    /// <summary>Removes objects of the apply set that the manifest does not have.</summary>
    [Parameter]
    public SwitchParameter Prune { get; set; }

    /// <summary>Restarts workloads that use a ConfigMap or Secret which this deployment changes, also those that are not in the manifest.</summary>
    [Parameter]
    public SwitchParameter RestartOnConfigChange { get; set; }

    /// <summary>Waits until everything is ready.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait with -Wait: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        if (Prune && ApplySet is null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ApplySetMissing", "-Prune removes what an apply set no longer has: name the set with -ApplySet.") { StopsCommand = true };
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await ReadRestAsync(cancellation);
        ManifestOptions options = ManifestOptions() with
        {
            FieldManager = FieldManager,
            Force = Force,
            TakeOver = TakeOver,
            Replace = Replace,
            ApplySet = ApplySet,
            Prune = Prune && !ReadFailed,
            RestartOnConfigChange = RestartOnConfigChange,
            Wait = Wait,
            Timeout = Timeout,
            Approve = ShouldProcessAsync,

            // -Force is about fields; it does not empty a set.
            ApproveLoss = (target, action) => ShouldContinueAsync(target, action, Force && Items.Count > 0),
        };
        if (Prune && ReadFailed)
        {
            Reporter.Warning("Nothing is pruned, because not everything could be read.");
        }

        await WriteOutcomesAsync(new ManifestDeployer(Api, options, Reporter).DeployAsync(Items, cancellation), true, cancellation);
    }
}
