using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>
/// The kinds that a cluster serves, in the server's own order of preference, and the names people have for them:
/// <c>deploy</c>, <c>deployments.apps</c>, <c>Deployment</c>, <c>po</c>, <c>all</c>.
/// </summary>
public sealed class ApiCatalog
{
    private const string AggregatedTypes =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
        + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private const int CacheFormat = 2;

    private readonly Dictionary<(string ApiVersion, string Kind), ApiResource> byKind = [];

    private ApiCatalog(IReadOnlyList<ApiResource> resources, IReadOnlyList<string> unavailable)
    {
        Resources = resources;
        Unavailable = unavailable;
        foreach (ApiResource resource in resources)
        {
            byKind.TryAdd((resource.ApiVersion, resource.Kind), resource);
        }
    }

    /// <summary>Every kind in every version, preferred ones first.</summary>
    public IReadOnlyList<ApiResource> Resources { get; }

    /// <summary>Groups and versions whose own server does not answer, so that their kinds are not known: <c>metrics.k8s.io/v1beta1</c>.</summary>
    public IReadOnlyList<string> Unavailable { get; }

    /// <summary>Finds what a manifest names.</summary>
    /// <param name="apiVersion">Group and version: <c>apps/v1</c>.</param>
    /// <param name="kind">Kind: <c>Deployment</c>.</param>
    /// <returns>The kind, or null where the cluster has none such.</returns>
    public ApiResource? Find(string apiVersion, string kind) => byKind.GetValueOrDefault((apiVersion, kind));

    /// <summary>Finds what a person calls something.</summary>
    /// <param name="name">Plural, singular, kind or short name, with <c>.group</c> or <c>.version.group</c> if need be; or a category.</param>
    /// <returns>The kinds: one, or those of a category; none where nothing is called so.</returns>
    public IReadOnlyList<ApiResource> Match(string name)
    {
        List<ApiResource> category =
        [
            .. Resources
                .Where(r => r.Categories.Contains(name, StringComparer.OrdinalIgnoreCase) && r.Verbs.Contains("list"))
                .DistinctBy(r => r.Name),
        ];
        if (category.Count > 0)
        {
            return category;
        }

        int dot = name.IndexOf('.', StringComparison.Ordinal);
        string plain = dot < 0 ? name : name[..dot], rest = dot < 0 ? "" : name[(dot + 1)..].TrimEnd('.');
        bool Fits(ApiResource r) => rest.Length == 0 || Same(rest, r.Group) || Same(rest, $"{r.Version}.{r.Group}".TrimEnd('.'));
        ApiResource? found =
            Resources.FirstOrDefault(r => Fits(r) && (Same(plain, r.Plural) || Same(plain, r.Singular) || Same(plain, r.Kind)))
            ?? Resources.FirstOrDefault(r => Fits(r) && r.ShortNames.Contains(plain, StringComparer.OrdinalIgnoreCase));
        return found is null ? [] : [found];
    }

    /// <summary>The error for a name that nothing is called by.</summary>
    /// <param name="name">The name.</param>
    /// <returns>An exception that suggests the nearest one.</returns>
    public LabException Unknown(string name)
    {
        string? near = NearestNames.Find(name.Split('.')[0], Resources.SelectMany(r => new[] { r.Plural, r.Singular }.Concat(r.ShortNames)));
        return new LabException(
            LabErrorKind.NotFound, "KindNotFound",
            $"The cluster has no kind '{name}': {(near is null ? "Get-LabKind lists the available ones." : $"did you mean '{near}'?")}{Missing}")
        {
            Target = name,
        };
    }

    /// <summary>The error for a manifest whose kind the cluster does not have.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="kind">Kind.</param>
    /// <returns>An exception that says what is there instead.</returns>
    internal LabException Unknown(string apiVersion, string kind)
    {
        string[] elsewhere = [.. Resources.Where(r => r.Kind == kind).Select(r => r.ApiVersion).Distinct()];
        string[] here = [.. Resources.Where(r => r.ApiVersion == apiVersion).Select(r => r.Kind)];
        string group = ApiResource.GroupOf(apiVersion);
        bool strange = !ApiResource.IsBuiltIn(group) && !Resources.Any(r => r.Group == group);
        string hint = elsewhere.Length > 0 ? $"{kind} is available in {string.Join(", ", elsewhere)}"
            : strange ? "if it is a custom resource, deploy its CustomResourceDefinition first"
            : NearestNames.Find(kind, here) is { } near ? $"did you mean {near}?"
            : NearestNames.Find(kind, Resources.Select(r => r.Kind)) is { } other
                ? $"did you mean {other} of {Resources.First(r => r.Kind == other).ApiVersion}?"
            : here.Length == 0 ? "if it is a custom resource, deploy its CustomResourceDefinition first"
            : $"{apiVersion} has {SomeOf.Names(here.Order(StringComparer.Ordinal), 8)}";
        return new LabException(
            LabErrorKind.NotFound, "KindNotFound", $"The cluster has no kind {kind} in {apiVersion}: {hint.TrimEnd('.')}{(hint.EndsWith('?') ? "" : ".")}{Missing}");
    }

    /// <summary>Asks a cluster what it serves: in two requests where it can aggregate, else one for each group.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The catalog.</returns>
    internal static async Task<ApiCatalog> LoadAsync(KubernetesApi api, CancellationToken cancellation)
    {
        Task<JsonObject> core = api.GetAsync("/api", cancellation, AggregatedTypes);
        Task<JsonObject> groups = api.GetAsync("/apis", cancellation, AggregatedTypes);
        JsonObject[] answers = await Task.WhenAll(core, groups);
        ConcurrentBag<string> unavailable = [];
        IEnumerable<ApiResource>[] found = await Task.WhenAll(
            answers[0].Text("kind") == "APIGroupDiscoveryList" ? Task.FromResult(Aggregated(answers[0])) : PlainCore(api, answers[0], unavailable, cancellation),
            answers[1].Text("kind") == "APIGroupDiscoveryList" ? Task.FromResult(Aggregated(answers[1])) : PlainGroups(api, answers[1], unavailable, cancellation));
        foreach (string stale in answers.SelectMany(Stale))
        {
            unavailable.Add(stale);
        }

        if (!unavailable.IsEmpty)
        {
            RequestLog.Current.Warning(
                $"The server behind {string.Join(", ", unavailable.Order(StringComparer.Ordinal))} does not answer, so kinds of it may be missing: Get-LabResource apiservices shows why.");
        }

        return new ApiCatalog([.. found.SelectMany(resources => resources)], [.. unavailable.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The catalog as text, for a cache.</summary>
    /// <param name="loaded">When it was read.</param>
    /// <returns>JSON.</returns>
    internal string ToText(DateTimeOffset loaded) => JsonSerializer.Serialize(new Kept(CacheFormat, loaded, Resources, Unavailable));

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <param name="text">JSON.</param>
    /// <returns>The catalog, and when it was read; null where the text is another.</returns>
    internal static (ApiCatalog Catalog, DateTimeOffset Loaded)? FromText(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Kept>(text) is { Format: CacheFormat, Resources.Count: > 0 } kept
                ? (new ApiCatalog(kept.Resources, kept.Unavailable ?? []), kept.Loaded)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string Missing => Unavailable.Count == 0 ? "" : $" (The server behind {string.Join(", ", Unavailable)} does not answer, so its kinds are not known.)";

    private static IEnumerable<string> Stale(JsonObject list) =>
        from item in list.Objects("items")
        from version in item.Objects("versions")
        where version.Text("freshness") == "Stale"
        select $"{item.Object("metadata")?.Text("name")}/{version.Text("version")}";

    private static IEnumerable<ApiResource> Aggregated(JsonObject list) =>
        from item in list.Objects("items")
        let name = item.Name()
        from version in item.Objects("versions")
        from resource in version.Objects("resources")
        let kind = resource.Object("responseKind")
        where kind?.Text("kind") is not null
        select new ApiResource
        {
            Group = name,
            Version = version.Text("version") ?? "",
            Kind = kind.Text("kind")!,
            Plural = resource.Text("resource") ?? "",
            Singular = resource.Text("singularResource") ?? kind.Text("kind")!.ToLowerInvariant(),
            Namespaced = resource.Text("scope") == "Namespaced",
            ShortNames = resource.Texts("shortNames"),
            Categories = resource.Texts("categories"),
            Verbs = resource.Texts("verbs"),
            Subresources = [.. resource.Objects("subresources").Select(part => new ApiSubresource(part.Text("subresource") ?? "", part.Texts("verbs")))],
        };

    private static async Task<IEnumerable<ApiResource>> PlainCore(
        KubernetesApi api, JsonObject versions, ConcurrentBag<string> unavailable, CancellationToken cancellation) =>
        (await Task.WhenAll(versions.Texts("versions").Select(version => Plain(api, "", version, unavailable, cancellation)))).SelectMany(list => list);

    private static async Task<IEnumerable<ApiResource>> PlainGroups(
        KubernetesApi api, JsonObject groups, ConcurrentBag<string> unavailable, CancellationToken cancellation)
    {
        IEnumerable<Task<IEnumerable<ApiResource>>> requests =
            from item in groups.Objects("groups")
            let preferred = item.Object("preferredVersion")?.Text("version")
            from version in item.Objects("versions").Select(v => v.Text("version") ?? "").OrderBy(v => v != preferred)
            select Plain(api, item.Text("name") ?? "", version, unavailable, cancellation);
        return (await Task.WhenAll(requests)).SelectMany(list => list);
    }

    private static async Task<IEnumerable<ApiResource>> Plain(
        KubernetesApi api, string groupName, string version, ConcurrentBag<string> unavailable, CancellationToken cancellation)
    {
        JsonObject list;
        try
        {
            list = await api.GetAsync(groupName.Length == 0 ? $"/api/{version}" : $"/apis/{groupName}/{version}", cancellation);
        }
        catch (LabException e) when (e.Kind is LabErrorKind.ServiceFailed or LabErrorKind.NotFound or LabErrorKind.AccessDenied)
        {
            // An aggregated API whose server is down (metrics, say) must not take the others with it.
            unavailable.Add($"{groupName}/{version}");
            return [];
        }

        ILookup<string, ApiSubresource> parts = list.Objects("resources")
            .Select(part => (Names: (part.Text("name") ?? "").Split('/', 2), Verbs: part.Texts("verbs")))
            .Where(part => part.Names.Length == 2)
            .ToLookup(part => part.Names[0], part => new ApiSubresource(part.Names[1], part.Verbs));
        return
            from resource in list.Objects("resources")
            let plural = resource.Text("name")
            where plural is not null && !plural.Contains('/', StringComparison.Ordinal)
            let kind = resource.Text("kind") ?? ""
            select new ApiResource
            {
                Group = groupName,
                Version = version,
                Kind = kind,
                Plural = plural,
                Singular = resource.Text("singularName") ?? kind.ToLowerInvariant(),
                Namespaced = resource.Flag("namespaced"),
                ShortNames = resource.Texts("shortNames"),
                Categories = resource.Texts("categories"),
                Verbs = resource.Texts("verbs"),
                Subresources = [.. parts[plural]],
            };
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private sealed record Kept(int Format, DateTimeOffset Loaded, IReadOnlyList<ApiResource> Resources, IReadOnlyList<string>? Unavailable);
}
