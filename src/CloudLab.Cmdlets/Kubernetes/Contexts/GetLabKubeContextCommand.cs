using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Cmdlets.Kubernetes.Contexts;

/// <summary>Gets the contexts of the kubeconfig.</summary>
/// <remarks>
/// <para>IsCurrent marks the one that this session uses: that of -Context or Connect-Lab, else the current-context of the kubeconfig. No cluster is asked.</para>
/// <para>Errors: KubeContextNotFound when a name given without wildcards does not exist; KubeConfigInvalid and KubeConfigNotFound, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The contexts of the kubeconfig.</para>
/// <code>Get-LabKubeContext</code>
/// </example>
/// <example>
/// <para>The pods of all clusters whose context begins with lab.</para>
/// <code>Get-LabResource pods -AllNamespaces -Context (Get-LabKubeContext lab*).Name</code>
/// </example>
/// <inputtype>Names of contexts.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabKubeContext")]
[OutputType(typeof(LabKubeContext))]
public sealed class GetLabKubeContextCommand : KubeCommand
{
    /// <summary>Names of contexts; wildcards are allowed. All if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    private protected override bool NeedsCluster => false;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        IReadOnlyList<LabKubeContext> all = Connection.DescribeContexts();
        foreach (string name in Name)
        {
            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            // A name may have characters that are wildcards elsewhere.
            LabKubeContext[] found = [.. all.Where(context => pattern.IsMatch(context.Name) || context.Name == name)];
            await WriteManyAsync(found, cancellation);
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteProblem(
                    new LabException(LabErrorKind.NotFound, "KubeContextNotFound", $"There is no context '{name}': Get-LabKubeContext lists the existing contexts."), name);
            }
        }
    }
}
