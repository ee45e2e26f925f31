using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets Kubernetes objects of any kind.</summary>
/// <remarks>
/// <para>
/// Kinds are named as in kubectl: plural, singular, kind or short name (pods, pod, Pod, po), with the group if it is
/// needed (deployments.apps), or a category (all). Custom resources are found like any other kind.
/// </para>
/// <para>
/// Objects are written as the server lists them, page by page. Their fields are accessible as properties: $pod.Status.Phase,
/// $deployment.Spec.Replicas. Ready and State show the kind's own status, as kubectl get does for pods.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; KindNotFound when the cluster has no such kind,
/// with the most similar one; Forbidden when you are not allowed to read it; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The pods of a namespace.</para>
/// <code>Get-LabResource pods -Namespace movies</code>
/// </example>
/// <example>
/// <para>Deployments in all namespaces with fewer ready replicas than desired.</para>
/// <code>Get-LabResource deploy -AllNamespaces | Where-Object { $_.Status.ReadyReplicas -lt $_.Spec.Replicas }</code>
/// </example>
/// <example>
/// <para>The images of one deployment.</para>
/// <code>(Get-LabResource deployments.apps movies -Namespace movies).Spec.Template.Spec.Containers.Image</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Deploy-LabManifest writes.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabResource")]
[OutputType(typeof(LabResource))]
public sealed class GetLabResourceCommand : KubeCommand
{
    /// <summary>Kinds, in any of the forms that kubectl accepts: <c>pods</c>, <c>deploy</c>, <c>Deployment</c>, <c>deployments.apps</c>, <c>all</c>, <c>pod/movies-0</c>.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource", "Type")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Kind { get; set; } = ["all"];

    /// <summary>Names; wildcards are allowed.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Searches all namespaces.</summary>
    [Parameter]
    [Alias("A")]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>Only objects with these labels: <c>app=movies,tier!=cache</c>. The server selects.</summary>
    [Parameter]
    [Alias("l", "Selector")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? LabelSelector { get; set; }

    /// <summary>Only objects with these fields: <c>status.phase=Running</c>. The server selects, and supports only a few fields of each kind.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? FieldSelector { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ApiCatalog catalog = await Api.CatalogAsync(cancellation);
        foreach (string asked in Kind.SelectMany(kinds => kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            // kubectl's pod/movies-0
            (string kind, string[]? names) = asked.Split('/', 2) is [var type, var one] ? (type, [one]) : (asked, Name);
            IReadOnlyList<ApiResource> resources = catalog.Match(kind);
            if (resources.Count == 0)
            {
                // A kind that was added a moment ago.
                catalog = await Api.CatalogAsync(cancellation, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2));
                resources = catalog.Match(kind);
            }

            if (resources.Count == 0)
            {
                WriteProblem(catalog.Unknown(kind), kind);
                continue;
            }

            await WriteKindsAsync(kind, resources, names, cancellation);
        }
    }

    private async Task WriteKindsAsync(string kind, IReadOnlyList<ApiResource> resources, string[]? names, CancellationToken cancellation)
    {
        HashSet<string> missing = [.. (names ?? []).Where(name => !WildcardPattern.ContainsWildcardCharacters(name))];
        bool byName = names is not null && missing.Count == names.Length && LabelSelector is null && FieldSelector is null;
        foreach (ApiResource resource in resources)
        {
            try
            {
                await WriteKindAsync(resource, names, byName, missing, cancellation);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                WriteProblem(e, resource.Name);
            }
        }

        foreach (string name in (names ?? []).Where(missing.Contains))
        {
            string where = AllNamespaces ? " in any namespace" : resources.Any(r => r.Namespaced) ? $" in namespace {NamespaceOrDefault}" : "";
            WriteProblem(
                new LabException(LabErrorKind.NotFound, "NotFound", $"There is no {kind} '{name}'{where}: Get-LabResource {kind} lists the existing ones."),
                $"{kind}/{name}");
        }
    }

    private async Task WriteKindAsync(
        ApiResource resource, string[]? names, bool byName, HashSet<string> missing, CancellationToken cancellation)
    {
        ResourceStore store = new(Api);
        if (byName && !(AllNamespaces && resource.Namespaced))
        {
            foreach (string name in names!)
            {
                try
                {
                    await WriteAsync(await store.GetAsync(resource, NamespaceOrDefault, name, cancellation), cancellation);
                    missing.Remove(name);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
                {
                }
                catch (LabException e) when (e.Code == "NameInvalid")
                {
                    missing.Remove(name);
                    WriteProblem(e, $"{resource.Name}/{name}");
                }
            }

            return;
        }

        WildcardPattern[]? patterns = names is null
            ? null
            : [.. names.Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase))];
        await foreach (LabResource found in store.ListAsync(
            resource, AllNamespaces ? null : NamespaceOrDefault, new ResourceFilter(LabelSelector, FieldSelector), cancellation))
        {
            if (patterns is null || patterns.Any(pattern => pattern.IsMatch(found.Name)))
            {
                missing.Remove(found.Name);
                await WriteAsync(found, cancellation);
            }
        }
    }
}
