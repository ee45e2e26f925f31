using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
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
/// know are refused. A duplicate key is an error. Warnings of the server (a deprecated version) are shown once.
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
/// Conflict when someone else owns a field; Invalid, BadRequest and Forbidden from the server; RolloutFailed; WaitTimeout.
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

    /// <summary>Takes over fields that someone else owns.</summary>
    [Parameter]
    [Alias("ForceConflicts")]
    public SwitchParameter Force { get; set; }

    /// <summary>Waits until everything is ready.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await ReadRestAsync(cancellation);
        ManifestOptions options = ManifestOptions() with
        {
            FieldManager = FieldManager,
            Force = Force,
            Wait = Wait,
            Approve = ShouldProcessAsync,
        };
        await foreach (ManifestOutcome outcome in new ManifestDeployer(Api, options, Reporter).DeployAsync(Items, cancellation))
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
