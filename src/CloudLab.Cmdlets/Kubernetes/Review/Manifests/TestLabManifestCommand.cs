using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Manifests;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests;
using CloudLab.Core.Kubernetes.Schema;

namespace CloudLab.Cmdlets.Kubernetes.Review.Manifests;

/// <summary>Reviews Kubernetes manifests: what the server would refuse or drop, removed API versions, and what goes wrong once it runs.</summary>
/// <remarks>
/// <para>Fields are compared with the schemas of the cluster (OpenAPI v3, kept on disk), or with -Offline with those that the module has of Kubernetes itself. CustomResourceDefinitions among
/// the manifests count for their objects; -SchemaPath adds definitions and OpenAPI documents of another version, which count first. Nothing is sent but the requests for schemas. Where the
/// schema of a custom resource is not known, NoSchema says so once for each kind. Rules in CEL and webhooks only the server knows: Deploy-LabManifest -DryRun asks it.</para>
/// <para>Of a folder, files that say nothing that only manifests say are left out (charts, settings, dashboards; -Verbose names them); of patches that a kustomization.yaml there names only
/// fields and types are compared. A file that is named itself is always reviewed.</para>
/// <para>docs/manifest-review.md lists the rules. Optional rules are looked for only where -Rule names them.</para>
/// <para>The annotation <c>cloudlab/ignore: RuleA, RuleB</c> of an object or of its pod template switches rules off for the object, and the comment
/// <c># cloudlab: ignore=RuleA</c> for its line, or for the next one where it stands alone; * means all rules.</para>
/// <para>Values that may be secret are not shown.</para>
/// <para>Errors: ManifestNotFound, ManifestUnreadable, KubectlNotFound and KustomizeFailed for one input, and the others are reviewed; RuleUnknown, KubernetesVersionInvalid, SchemaInvalid,
/// NoCluster and ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>Reviews a manifest without a cluster and shows what to do.</para>
/// <code>
/// @'
/// apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   replica: 2
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:1", ports: [{ containerPort: "80" }] }] }
/// '@ | Test-LabManifest -Offline | Format-List Line, Column, Rule, Path, Message, Action
/// </code>
/// </example>
/// <example>
/// <para>Finds what a newer version of Kubernetes no longer serves.</para>
/// <code>'{ "apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": { "name": "nightly" } }' | Test-LabManifest -Offline -KubernetesVersion 1.25 -Rule RemovedApiVersion</code>
/// </example>
/// <example>
/// <para>Compares a manifest with the schemas of the cluster, custom resources among them.</para>
/// <code>New-LabManifest Deployment movies -Image movies:1 | Test-LabManifest -Severity High</code>
/// </example>
/// <example>
/// <para>Reviews all manifests below a folder and writes a report for a build server.</para>
/// <code>Test-LabManifest ./deploy -Recurse -Offline -SchemaPath ./crds -OutputFormat JUnit | Set-Content manifests.xml</code>
/// </example>
/// <inputtype>Text, hashtables, LabResource objects, files from Get-ChildItem.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabManifest", DefaultParameterSetName = "Path")]
[OutputType(typeof(LabManifestFinding), typeof(string))]
public sealed class TestLabManifestCommand : ManifestInputCommand
{
    private string location = "";
    private string[] schemaPaths = [];
    private Version? version;
    private Func<ManifestRule, bool> wanted = rule => !rule.IsOptional;

    /// <summary>Reviews without a cluster.</summary>
    [Parameter]
    public SwitchParameter Offline { get; set; }

    /// <summary>Files or folders with further schemas, which count first: CustomResourceDefinitions (YAML or JSON) and OpenAPI documents (JSON).</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] SchemaPath { get; set; } = [];

    /// <summary>Version of Kubernetes that the manifests are for, for the rules about API versions: <c>1.31</c>. That of the cluster, or of the module's schemas, if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KubernetesVersion { get; set; }

    /// <summary>Only these rules, the optional ones among them: ids, wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ManifestRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Rule { get; set; }

    /// <summary>Not these rules: ids, wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ManifestRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeRule { get; set; }

    /// <summary>Lowest severity to show: Low, Medium, High or Critical.</summary>
    [Parameter]
    public FindingSeverity Severity { get; set; }

    /// <summary>Object for findings as objects, Sarif for one SARIF 2.1.0 text, JUnit for one JUnit XML text, with paths relative to the current folder.</summary>
    [Parameter]
    public ReviewFormat OutputFormat { get; set; }

    /// <inheritdoc/>
    protected override bool ForReview => true;

    private protected override bool NeedsCluster => !Offline;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        location = SessionState.Path.CurrentFileSystemLocation.ProviderPath;
        schemaPaths = [.. SchemaPath.SelectMany(path => FilePath.Meant(this, path))];
        version = KubernetesVersion is null ? null : KubernetesVersions.Parse(KubernetesVersion) ?? throw new LabException(
            LabErrorKind.InvalidArgument, "KubernetesVersionInvalid", $"'{KubernetesVersion}' is not a version of Kubernetes: write it as 1.31.") { Target = KubernetesVersion };
        wanted = new RuleFilter(Rule, ExcludeRule, ManifestRule.All, "docs/manifest-review.md").Wants;
        try
        {
            base.OnBegin();
        }
        catch (LabException e) when (e.Code == "NoCluster")
        {
            throw new LabException(e.Kind, e.Code, e.Message, e) { Advice = $"{e.Advice} With -Offline no cluster is needed.".Trim(), StopsCommand = true };
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await ReadRestAsync(cancellation);
        foreach (ManifestItem item in Items.Where(item => item.IsUnreadable))
        {
            WriteProblem(item.Problem!, item.Source);
        }

        ManifestSchemas schemas = new();
        foreach (string path in schemaPaths)
        {
            try
            {
                Reporter.Verbose($"{path}: {await schemas.AddFilesAsync(path, cancellation)} schemas.");
            }
            catch (LabException e)
            {
                // Without its schemas a review would say too much, or too little.
                throw e.Stopping();
            }
        }

        Version? served = Offline ? null : await schemas.UseClusterAsync(Api, Items, cancellation);
        ManifestReviewOptions options = new() { Schemas = schemas, Wanted = wanted, Namespace = GivenNamespace ?? (Offline ? null : Connection.Namespace) };
        if ((version ?? served) is { } known)
        {
            options = options with { KubernetesVersion = known };
        }

        LabManifestFinding[] findings = [.. ManifestReview.Review(Items, options).Where(finding => finding.Severity >= Severity)];
        Reporter.Verbose($"{Items.Count} objects were reviewed: {findings.Length} findings.");
        switch (OutputFormat)
        {
            case ReviewFormat.Sarif:
                await WriteAsync(ManifestReview.ToSarif(findings, location), cancellation);
                break;
            case ReviewFormat.JUnit:
                await WriteAsync(ManifestReview.ToJUnit(findings, Items.Select(item => item.Source).Where(System.IO.Path.IsPathRooted), location), cancellation);
                break;
            default:
                foreach (LabManifestFinding finding in findings)
                {
                    await WriteAsync(finding, cancellation);
                }

                break;
        }
    }
}
