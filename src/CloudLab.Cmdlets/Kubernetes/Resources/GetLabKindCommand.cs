using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets the kinds that a cluster serves, or what the fields of a kind mean.</summary>
/// <remarks>
/// <para>
/// Without -Field: name, short names, group and version, verbs and categories of each kind, as kubectl api-resources lists them. Of each
/// kind only the version that the server prefers is written, unless -AllVersions is given.
/// </para>
/// <para>
/// With -Field: the field and the fields in it with type, documentation, default and possible values, as kubectl explain shows them;
/// with -Recurse everything below it. The cluster describes its own kinds, custom ones included. A dot stands for the object itself.
/// </para>
/// <para>Errors: KindNotFound and FieldNotFound, with the most similar name; NoSchema when the cluster does not describe the fields of a kind;
/// NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The kinds that live in namespaces and can be listed.</para>
/// <code>Get-LabKind | Where-Object { $_.Namespaced -and 'list' -in $_.Verbs }</code>
/// </example>
/// <example>
/// <para>What the strategy of a deployment is made of.</para>
/// <code>Get-LabKind deploy -Field spec.strategy -Recurse</code>
/// </example>
/// <inputtype>Names of kinds, or objects with the property Kind.</inputtype>
/// <seealso cref="GetLabResourceCommand"/>
/// <seealso cref="Manifests.NewLabManifestCommand"/>
/// <seealso cref="Review.Manifests.TestLabManifestCommand"/>
[Cmdlet(VerbsCommon.Get, "LabKind")]
[OutputType(typeof(LabKind), typeof(LabKindField))]
public sealed class GetLabKindCommand : KubeCommand
{
    /// <summary>Kinds, in any of the forms that kubectl accepts (<c>deploy</c>, <c>deployments.apps</c>, <c>all</c>); wildcards are allowed. All if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Kind { get; set; } = ["*"];

    /// <summary>A field to explain: <c>spec.strategy</c>; a dot for the object itself. What stands in lists counts as the list's own: <c>spec.containers.image</c>.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(FieldCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Field { get; set; }

    /// <summary>Everything below the field.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Every version of each kind that the cluster serves.</summary>
    [Parameter]
    public SwitchParameter AllVersions { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ApiCatalog catalog = await Api.CatalogAsync(cancellation);
        foreach (string kind in Kind)
        {
            List<ApiResource> found = Find(catalog, kind);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(kind))
            {
                // A kind that was added a moment ago.
                catalog = await Api.CatalogAsync(cancellation, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2));
                found = Find(catalog, kind);
                if (found.Count == 0)
                {
                    WriteProblem(catalog.Unknown(kind), kind);
                }
            }

            if (Field is null && !Recurse)
            {
                await WriteManyAsync(found.Select(LabKind.Of).ToArray(), cancellation);
                continue;
            }

            foreach (ApiResource resource in found)
            {
                try
                {
                    await WriteManyAsync(await new SchemaStore(Api).FieldsAsync(resource, Field ?? "", Recurse, cancellation), cancellation);
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    WriteProblem(e, resource.Name);
                }
            }
        }
    }

    private List<ApiResource> Find(ApiCatalog catalog, string kind)
    {
        IEnumerable<ApiResource> all = catalog.Resources;
        if (WildcardPattern.ContainsWildcardCharacters(kind))
        {
            WildcardPattern pattern = new(kind, WildcardOptions.IgnoreCase);
            all = all.Where(resource => pattern.IsMatch(resource.Plural) || pattern.IsMatch(resource.Kind) || pattern.IsMatch(resource.Name));
        }
        else
        {
            IReadOnlyList<ApiResource> named = catalog.Match(kind);
            all = AllVersions ? all.Where(resource => named.Any(one => one.Name == resource.Name)) : named;
        }

        return [.. AllVersions ? all : all.DistinctBy(resource => resource.Name)];
    }
}
