using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Cmdlets.Kubernetes.Manifests;

/// <summary>Says what a deployment of Kubernetes manifests would change, field by field, without changing anything.</summary>
/// <remarks>
/// <para>
/// Accepts the same input as Deploy-LabManifest. Every object is applied server-side in a dry run, so that defaults, webhooks and the fields of other
/// managers count as they would, and compared with the one in the cluster. One object is written for each resource: Status is Created, Changed or
/// Unchanged, Changes has each path with the old and the new value, Diff is a unified diff of YAML. Deploying what is unchanged changes nothing.
/// </para>
/// <para>
/// Objects of a namespace or of a kind that the manifest itself brings are Created; so are those of a namespace that does not exist, with a warning if
/// the manifest does not create it. Values of Secrets are masked: *** where they are equal, *** (before) and *** (after) where they differ.
/// </para>
/// <para>Errors: those of Deploy-LabManifest for one document; a field that cannot be changed is Invalid and named. NoCluster and ClusterUnreachable end the
/// command.</para>
/// </remarks>
/// <example>
/// <para>What would change, as objects.</para>
/// <code>
/// New-LabManifest ConfigMap theme -Data @{ name = 'dark' } | Deploy-LabManifest
/// New-LabManifest ConfigMap theme -Data @{ name = 'light' } | Compare-LabManifest | Select-Object -ExpandProperty Changes
/// </code>
/// </example>
/// <example>
/// <para>The same as a coloured diff.</para>
/// <code>New-LabManifest ConfigMap theme -Data @{ name = 'light' } | Compare-LabManifest -AsText</code>
/// </example>
/// <inputtype>Text, hashtables, LabResource objects, files from Get-ChildItem.</inputtype>
[Cmdlet(VerbsData.Compare, "LabManifest", DefaultParameterSetName = "Path")]
[OutputType(typeof(ManifestComparison), typeof(string))]
public sealed class CompareLabManifestCommand : ManifestCommand
{
    private const string Red = "\u001b[31m", Green = "\u001b[32m", Cyan = "\u001b[36m", Bold = "\u001b[1m", Plain = "\u001b[0m";

    /// <inheritdoc cref="DeployLabManifestCommand.FieldManager"/>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    public string FieldManager { get; set; } = "cloudlab";

    /// <summary>Compares as if fields that someone else owns were taken over.</summary>
    [Parameter]
    [Alias("ForceConflicts")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc cref="DeployLabManifestCommand.TakeOver"/>
    [Parameter]
    [ArgumentCompleter(typeof(ManifestValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] TakeOver { get; set; } = [];

    /// <summary>Leaves out what is unchanged.</summary>
    [Parameter]
    public SwitchParameter ChangedOnly { get; set; }

    /// <summary>Writes a coloured diff instead of objects.</summary>
    [Parameter]
    public SwitchParameter AsText { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        await ReadRestAsync(cancellation);
        ManifestOptions options = ManifestOptions() with { FieldManager = FieldManager, Force = Force, TakeOver = TakeOver };
        await foreach ((ManifestComparison? comparison, LabException? problem) in new ManifestComparer(Api, options, Reporter).CompareAsync(Items, cancellation))
        {
            if (problem is not null)
            {
                WriteProblem(problem, problem.Target);
            }
            else if (comparison is not null && AsText)
            {
                foreach (string line in comparison.Lines())
                {
                    await WriteAsync(Coloured(line), cancellation);
                }
            }
            else if (comparison is not null && (!ChangedOnly || comparison.Status != ComparisonStatus.Unchanged))
            {
                await WriteAsync(comparison, cancellation);
            }
        }
    }

    private static string Coloured(string line) => line switch
    {
        _ when line.StartsWith("--- ", StringComparison.Ordinal) || line.StartsWith("+++ ", StringComparison.Ordinal) => Bold + line + Plain,
        ['-', ..] => Red + line + Plain,
        ['+', ..] => Green + line + Plain,
        ['@', ..] => Cyan + line + Plain,
        _ => line,
    };
}
