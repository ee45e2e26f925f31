using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Base of the cmdlets that work on objects of any kind, named as for kubectl: kind and name, <c>kind/name</c>, wildcards, selectors, piped objects.</summary>
public abstract class ResourceTargetCommand : KubeCommand
{
    /// <summary>Kinds, in any of the forms that kubectl accepts: <c>pods</c>, <c>deploy</c>, <c>Deployment</c>, <c>deployments.apps</c>, <c>all</c>, <c>pod/movies-0</c>.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource", "Type")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual string[] Kind { get; set; } = [];

    /// <summary>Names; wildcards are allowed. A name can have its kind with it: <c>deploy/movies</c>.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Name { get; set; }

    /// <summary>Group and version of -Kind, where several groups have a kind of that name: <c>apps/v1</c>. Piped objects have it with them.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ApiVersion { get; set; }

    /// <inheritdoc cref="KubeCommand.Context"/>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    public override string[]? Context { get; set; }

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

    /// <summary>The kind that is meant where none is given; null where one has to be.</summary>
    private protected virtual string? DefaultKind => null;

    /// <summary>True where a kind without names and selectors means all its objects: for what changes nothing.</summary>
    private protected virtual bool TakesWholeKinds => false;

    /// <summary>The objects that this input means, as they are found. What is missing or cannot be read is reported, and the rest go on.</summary>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>The objects.</returns>
    private protected async IAsyncEnumerable<ResourceTarget> TargetsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ResourceSelection selection in SelectionsAsync(cancellation))
        {
            HashSet<string> missing = [.. selection.Literals];
            foreach (ApiResource resource in selection.Resources)
            {
                await using IAsyncEnumerator<LabResource> found = FindAsync(selection, resource, missing, cancellation).GetAsyncEnumerator(cancellation);
                while (await NextAsync(found, selection.Scope, resource.Name))
                {
                    missing.Remove(found.Current.Name);
                    yield return new ResourceTarget(selection.Scope.Api, resource, found.Current);
                }
            }

            foreach (string name in selection.Literals.Where(missing.Contains))
            {
                WriteProblem(Missing(selection, name), $"{selection.Kind}/{name}");
            }
        }
    }

    /// <summary>What this input selects, each kind in each cluster. Kinds that a cluster does not have are reported.</summary>
    /// <param name="cancellation">Cancels the questions to the clusters.</param>
    /// <returns>The selections.</returns>
    private protected async IAsyncEnumerable<ResourceSelection> SelectionsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        List<(string Kind, string[]? Names)> all = Asked();
        foreach (KubeScope scope in Scopes)
        {
            foreach ((string kind, string[]? names) in all)
            {
                IReadOnlyList<ApiResource> resources = [];
                try
                {
                    resources = await MatchAsync(scope.Api, kind, cancellation);
                }
                catch (LabException e) when (scope.OneOfSeveral || !e.StopsCommand)
                {
                    WriteProblem(Told(e, scope), kind);
                }

                if (resources.Count > 0)
                {
                    yield return new ResourceSelection(
                        scope, kind, resources, AllNamespaces ? null : NamespaceIn(scope), names, new ResourceFilter(LabelSelector, FieldSelector));
                }
            }
        }
    }

    /// <summary>Takes the next object; a problem with the kind is reported and ends it.</summary>
    /// <typeparam name="T">Type of the objects.</typeparam>
    /// <param name="objects">The objects.</param>
    /// <param name="scope">Their cluster.</param>
    /// <param name="target">What an error is about.</param>
    /// <returns>False at the end.</returns>
    private protected async Task<bool> NextAsync<T>(IAsyncEnumerator<T> objects, KubeScope scope, string target)
    {
        try
        {
            return await objects.MoveNextAsync();
        }
        catch (LabException e) when (scope.OneOfSeveral || !e.StopsCommand)
        {
            WriteProblem(Told(e, scope), target);
            return false;
        }
    }

    // One cluster of several that cannot be reached does not take the others with it.
    private static LabException Told(LabException e, KubeScope scope) =>
        scope.OneOfSeveral ? e.Retold($"{e.Message.TrimEnd('.')}{scope.Where}.") : e;

    private LabException Missing(ResourceSelection selection, string name)
    {
        string where = !selection.Resources.Any(r => r.Namespaced) ? ""
            : selection.Namespace is { } ns ? $" in namespace {ns}" : " in any namespace";
        return new LabException(
            LabErrorKind.NotFound, "NotFound",
            $"There is no {selection.Kind} '{name}'{where}{selection.Scope.Where}: Get-LabResource {selection.Kind} lists the existing ones.");
    }

    private List<(string Kind, string[]? Names)> Asked()
    {
        // kubectl's pod/movies-0, which may stand for the kind or for the name.
        string[] kinds = [.. Kind.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        List<(string Kind, string[]? Names)> asked = [.. kinds.Concat(Name ?? []).Where(IsWhole).Select(one => (one.Split('/', 2)[0], (string[]?)[one.Split('/', 2)[1]]))];
        string[]? names = Name is null || Array.TrueForAll(Name, IsWhole) ? null : [.. Name.Where(name => !IsWhole(name))];
        string[] plain = [.. kinds.Where(kind => !IsWhole(kind))];
        if (plain.Length == 0 && (asked.Count == 0 || names is not null))
        {
            plain = [DefaultKind ?? throw Incomplete("KindMissing", "Name the kind of the objects, as in deploy/movies or -Kind deployments -Name movies.")];
        }
        else if (names is null && plain.Length > 0 && !TakesWholeKinds && LabelSelector is null && FieldSelector is null)
        {
            throw Incomplete("SelectionMissing", $"Say which {plain[0]} are meant: -Name, where * means all, or -LabelSelector.");
        }

        return [.. plain.Select(kind => (kind, names)), .. asked];

        static bool IsWhole(string text) => text.Contains('/', StringComparison.Ordinal);
        static LabException Incomplete(string code, string message) => new(LabErrorKind.InvalidArgument, code, message);
    }

    private async Task<IReadOnlyList<ApiResource>> MatchAsync(KubernetesApi api, string kind, CancellationToken cancellation)
    {
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        IReadOnlyList<ApiResource> found = Match();
        if (found.Count == 0)
        {
            // A kind that was added a moment ago.
            catalog = await api.CatalogAsync(cancellation, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2));
            found = Match();
        }

        return found.Count > 0 ? found : throw catalog.Unknown(kind);

        IReadOnlyList<ApiResource> Match() =>
            !string.IsNullOrEmpty(ApiVersion) && catalog.Find(ApiVersion, kind) is { } exact ? [exact] : catalog.Match(kind);
    }

    private async IAsyncEnumerable<LabResource> FindAsync(
        ResourceSelection selection, ApiResource resource, HashSet<string> missing, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ResourceStore store = new(selection.Scope.Api, selection.Scope.Connection.Context);
        if (selection.ByName && (selection.Namespace is not null || !resource.Namespaced))
        {
            foreach (string name in selection.Names!)
            {
                LabResource? found = null;
                try
                {
                    found = await store.GetAsync(resource, selection.Namespace ?? "", name, cancellation);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
                {
                }
                catch (LabException e) when (e.Code == "NameInvalid" || !e.StopsCommand)
                {
                    missing.Remove(name);
                    WriteProblem(Told(e, selection.Scope), $"{resource.Name}/{name}");
                }

                if (found is not null)
                {
                    yield return found;
                }
            }

            yield break;
        }

        await foreach (LabResource found in store.ListAsync(resource, selection.Namespace, selection.Filter, cancellation))
        {
            if (selection.Fits(found.Name))
            {
                yield return found;
            }
        }
    }
}

/// <summary>One object that a command is about.</summary>
/// <param name="Api">Its cluster.</param>
/// <param name="Resource">Its kind.</param>
/// <param name="Object">The object as it was found.</param>
internal sealed record ResourceTarget(KubernetesApi Api, ApiResource Resource, LabResource Object)
{
    /// <summary>Its namespace; null where the kind has none.</summary>
    public string? Namespace => Object.Namespace;

    /// <summary>Its name.</summary>
    public string Name => Object.Name;

    /// <summary>How messages call it.</summary>
    /// <returns><c>deployment.apps/movies in namespace default</c>.</returns>
    public override string ToString() => Resource.Describe(Namespace, Name);
}

/// <summary>What a command selects in one cluster by one name of a kind.</summary>
/// <param name="Scope">The cluster.</param>
/// <param name="Kind">What the kind was called: <c>deploy</c>, <c>all</c>.</param>
/// <param name="Resources">The kinds that are called so.</param>
/// <param name="Namespace">The namespace; null for all.</param>
/// <param name="Names">Names and wildcards; null for all objects.</param>
/// <param name="Filter">What the server selects by.</param>
internal sealed record ResourceSelection(
    KubeScope Scope, string Kind, IReadOnlyList<ApiResource> Resources, string? Namespace, string[]? Names, ResourceFilter Filter)
{
    private readonly WildcardPattern[]? patterns = Names is null ? null : [.. Names.Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase))];

    /// <summary>The names without wildcards.</summary>
    public string[] Literals { get; } = [.. (Names ?? []).Where(name => !WildcardPattern.ContainsWildcardCharacters(name))];

    /// <summary>True where each object can be read by its name, without a list.</summary>
    public bool ByName => Names is not null && Literals.Length == Names.Length && Filter == ResourceFilter.None;

    /// <summary>Whether an object is one of those that are meant.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>True if so.</returns>
    public bool Fits(string name) => patterns is null || Array.Exists(patterns, pattern => pattern.IsMatch(name));
}
