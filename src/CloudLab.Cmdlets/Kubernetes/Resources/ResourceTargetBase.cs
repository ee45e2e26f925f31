using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>What cmdlets that find objects have in common, whether they name the kind themselves or not.</summary>
public abstract class ResourceTargetBase : KubeCommand
{
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
    [ArgumentCompleter(typeof(LabelSelectorCompleter))]
    [ValidateNotNullOrEmpty]
    public string? LabelSelector { get; set; }

    /// <summary>Only objects with these fields: <c>status.phase=Running</c>. The server selects, and supports only a few fields of each kind.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FieldSelectorCompleter))]
    [ValidateNotNullOrEmpty]
    public string? FieldSelector { get; set; }

    /// <summary>Group and version of the kinds where they are known; null where the name of the kind says enough.</summary>
    private protected virtual string? GivenApiVersion => null;

    /// <summary>The objects that this input means, as they are found. What is missing or cannot be read is reported, and the rest go on.</summary>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>The objects.</returns>
    private protected async IAsyncEnumerable<ResourceTarget> TargetsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        bool alone = Asked().Count == 1;
        await foreach (ResourceSelection selection in SelectionsAsync(cancellation))
        {
            HashSet<string> missing = [.. selection.Literals];
            foreach (ApiResource resource in selection.Resources)
            {
                await using IAsyncEnumerator<LabResource> found = FindAsync(selection, resource, missing, cancellation).GetAsyncEnumerator(cancellation);
                while (await NextAsync(found, selection.Scope, resource.Name))
                {
                    missing.Remove(found.Current.Name);
                    yield return new ResourceTarget(selection.Scope.Api, selection.Scope.Origin, resource, found.Current) { OneKind = alone && selection.Resources.Count == 1 };
                }
            }

            foreach (string name in selection.Literals.Where(missing.Contains))
            {
                WriteProblem(Missing(selection, name), $"{selection.Kind}/{name}");
            }
        }
    }

    /// <summary>Watches the objects that this input means, beside those of the inputs that follow, until it is stopped; each is handed over with what happened to it.</summary>
    /// <param name="changesOnly">Leaves out what is there already.</param>
    /// <param name="take">Takes an object; of one kind never two at a time.</param>
    /// <param name="cancellation">Ends the search for what is watched.</param>
    /// <returns>Done when every watch has begun.</returns>
    private protected async Task WatchAsync(bool changesOnly, Func<LabResource, CancellationToken, Task> take, CancellationToken cancellation)
    {
        await foreach (ResourceSelection selection in SelectionsAsync(cancellation))
        {
            foreach (ApiResource resource in selection.Resources.Where(resource => resource.Verbs.Contains("watch")))
            {
                await StartAsync(resource.Name, token => WatchKindAsync(selection, resource, token));
            }
        }

        async Task WatchKindAsync(ResourceSelection selection, ApiResource resource, CancellationToken token)
        {
            ResourceStore store = new(selection.Scope.Api, selection.Scope.Origin);
            await using IAsyncEnumerator<LabResource> events =
                store.WatchAsync(resource, selection.Namespace, selection.ListFilter, changesOnly, token).GetAsyncEnumerator(token);
            while (await NextAsync(events, selection.Scope, resource.Name))
            {
                if (selection.Fits(events.Current.Name))
                {
                    await take(events.Current, token);
                }
            }
        }
    }

    /// <summary>What this input selects, each kind in each cluster. Kinds that a cluster does not have are reported.</summary>
    /// <param name="cancellation">Cancels the questions to the clusters.</param>
    /// <returns>The selections.</returns>
    private protected async IAsyncEnumerable<ResourceSelection> SelectionsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        List<AskedKind> all = Asked();
        foreach (KubeScope scope in Scopes)
        {
            List<(ApiResource Resource, AskedKind By)> selected = [];
            foreach ((string kind, string[]? names, string? ns) in all)
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

                // all,hpa: a kind that one of the others includes.
                resources = [.. resources.Where(resource => !selected.Exists(other => other.Resource == resource && other.By.Namespace == ns && SameNames(other.By.Names, names)))];
                selected.AddRange(resources.Select(resource => (resource, new AskedKind(kind, names, ns))));
                if (resources.Count > 0)
                {
                    yield return new ResourceSelection(
                        scope, kind, resources, ns ?? (AllNamespaces ? null : NamespaceIn(scope)), names, new ResourceFilter(LabelSelector, FieldSelector));
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

    private static bool SameNames(string[]? some, string[]? others) => some is null ? others is null : others is not null && some.SequenceEqual(others);

    // One cluster of several that cannot be reached does not take the others with it.
    private static LabException Told(LabException e, KubeScope scope) =>
        scope.OneOfSeveral ? e.Retold($"{e.Message.TrimEnd('.')}{scope.Where}.") : e;

    private LabException Missing(ResourceSelection selection, string name)
    {
        string where = !selection.Resources.Any(r => r.Namespaced) ? ""
            : selection.Namespace is { } ns ? $" in namespace {ns}" : " in any namespace";
        return new LabException(
            LabErrorKind.NotFound, "NotFound",
            $"There is no {(selection.Resources is [{ } only] && only.Plural == selection.Kind ? only.Singular : selection.Kind)} '{name}'{where}{selection.Scope.Where}: Get-LabResource {selection.Kind} lists the existing ones.");
    }

    /// <summary>The kinds that this input names, and the names of the objects; null for all of them.</summary>
    /// <returns>Kinds as they were written.</returns>
    private protected abstract List<AskedKind> Asked();

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
            GivenApiVersion is { Length: > 0 } version && catalog.Find(version, kind) is { } exact ? [exact] : catalog.Match(kind);
    }

    private async IAsyncEnumerable<LabResource> FindAsync(
        ResourceSelection selection, ApiResource resource, HashSet<string> missing, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ResourceStore store = new(selection.Scope.Api, selection.Scope.Origin);
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
                    // It stays among those that are missing, unless another kind has it.
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

        await foreach (LabResource found in store.ListAsync(resource, selection.Namespace, selection.ListFilter, cancellation))
        {
            if (selection.Fits(found.Name))
            {
                yield return found;
            }
        }
    }
}

/// <summary>Objects that a command asks for.</summary>
/// <param name="Kind">What their kind was called: <c>deploy</c>, <c>all</c>.</param>
/// <param name="Names">Names and wildcards; null for all objects.</param>
/// <param name="Namespace">Their namespace, where their names say it; null for that of the command.</param>
internal sealed record AskedKind(string Kind, string[]? Names, string? Namespace = null);

/// <summary>One object that a command is about.</summary>
/// <param name="Api">Its cluster.</param>
/// <param name="Origin">What objects that are read there say of it.</param>
/// <param name="Resource">Its kind.</param>
/// <param name="Object">The object as it was found.</param>
internal sealed record ResourceTarget(KubernetesApi Api, ResourceOrigin Origin, ApiResource Resource, LabResource Object)
{
    /// <summary>True where all objects of this input are of its kind.</summary>
    public bool OneKind { get; init; }

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

    /// <summary>What the server selects by in a list: a single name, too.</summary>
    public ResourceFilter ListFilter => Names is [var only] && Literals.Length == 1 && Filter.FieldSelector is null
        ? Filter with { FieldSelector = "metadata.name=" + only }
        : Filter;

    /// <summary>Whether an object is one of those that are meant.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>True if so.</returns>
    public bool Fits(string name) => patterns is null || Array.Exists(patterns, pattern => pattern.IsMatch(name));
}
