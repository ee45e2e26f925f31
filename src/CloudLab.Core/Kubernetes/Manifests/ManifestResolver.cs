using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>An item of a manifest with what the cluster calls its kind, and the namespace it goes to.</summary>
/// <param name="Item">The item.</param>
/// <param name="Resource">Its kind.</param>
/// <param name="Namespace">Its namespace; null where the kind has none.</param>
internal sealed record ResolvedItem(ManifestItem Item, ApiResource Resource, string? Namespace)
{
    /// <summary>How messages call it.</summary>
    public string Description => Resource.Describe(Namespace, Item.Name);
}

/// <summary>Finds kinds and namespaces for the items of a manifest.</summary>
/// <param name="api">The cluster.</param>
/// <param name="options">Namespaces to use.</param>
internal sealed partial class ManifestResolver(KubernetesApi api, ManifestOptions options)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(string Group, string Kind), bool> defined = [];
    private readonly ConcurrentDictionary<(string Group, string Kind), string?> scopes = [];

    /// <summary>Notes the kinds that the definitions of a manifest describe.</summary>
    /// <param name="items">The manifest.</param>
    public void NoteDefinitions(IEnumerable<ManifestItem> items)
    {
        foreach (ManifestItem item in items)
        {
            if (KindOf(item) is { } kind)
            {
                defined[kind] = false;
                scopes[kind] = item.Content.Object("spec")?.Text("scope");
            }
        }
    }

    /// <summary>Notes that a definition was really applied.</summary>
    /// <param name="item">The definition.</param>
    public void NoteApplied(ManifestItem item)
    {
        if (!options.DryRun && KindOf(item) is { } kind)
        {
            defined[kind] = true;
        }
    }

    /// <summary>Whether a kind is described by a definition that was really applied, so that it will be there soon.</summary>
    /// <param name="group">API group.</param>
    /// <param name="kind">Kind.</param>
    /// <returns>True if so.</returns>
    public bool Brought(string group, string kind) => defined.GetValueOrDefault((group, kind));

    /// <summary>Whether a kind is described by a definition that was only tried, or not approved.</summary>
    /// <param name="item">An item of that kind.</param>
    /// <returns>True if so.</returns>
    public bool OnlyDescribed(ManifestItem item) => defined.TryGetValue((item.Group, item.Kind), out bool applied) && !applied;

    /// <summary>An item of a kind that is only described, as if the cluster had it.</summary>
    /// <param name="item">The item.</param>
    /// <returns>The item with its kind and, where its definition has one, its namespace.</returns>
    public ResolvedItem Undefined(ManifestItem item)
    {
        bool namespaced = item.Namespace is not null || scopes.GetValueOrDefault((item.Group, item.Kind)) == "Namespaced";
        return new ResolvedItem(
            item,
            new ApiResource
            {
                Group = item.Group,
                Version = item.ApiVersion.Split('/')[^1],
                Kind = item.Kind,
                Plural = item.Kind.ToLowerInvariant(),
                Singular = item.Kind.ToLowerInvariant(),
                Namespaced = namespaced,
            },
            namespaced ? item.Namespace ?? options.Namespace ?? options.DefaultNamespace : null);
    }

    /// <summary>Finds kind and namespace of an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The kind and namespace. Throws <see cref="LabException"/> where the cluster has no such kind, two namespaces contradict, or a name cannot be.</returns>
    public async Task<ResolvedItem> ResolveAsync(ManifestItem item, CancellationToken cancellation)
    {
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        ApiResource? resource = catalog.Find(item.ApiVersion, item.Kind);
        // A kind that was added a moment ago; one that this manifest brings may take the server some seconds.
        DateTimeOffset giveUp = DateTimeOffset.UtcNow + (Brought(item.Group, item.Kind) ? TimeSpan.FromSeconds(15) : TimeSpan.Zero);
        for (TimeSpan age = Fresh; resource is null; age = TimeSpan.Zero)
        {
            catalog = await api.CatalogAsync(cancellation, DateTimeOffset.UtcNow - age);
            resource = catalog.Find(item.ApiVersion, item.Kind);
            if (resource is null)
            {
                if (DateTimeOffset.UtcNow >= giveUp)
                {
                    LabException unknown = catalog.Unknown(item.ApiVersion, item.Kind);
                    throw new LabException(unknown.Kind, unknown.Code, $"{item.Place}: {unknown.Message}") { Target = $"{item.Kind}/{item.Name}" };
                }

                await Task.Delay(200, cancellation);
            }
        }

        if (!resource.Namespaced)
        {
            return Checked(new ResolvedItem(item, resource, null));
        }

        if (options.Namespace is { } asked && item.Namespace is { } own && asked != own)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "NamespaceMismatch",
                $"{item.Place}: {item.Kind} '{item.Name}' is for namespace '{own}', but -Namespace is '{asked}': remove one of them.")
            {
                Target = $"{item.Kind}/{item.Name}",
            };
        }

        string ns = item.Namespace ?? options.Namespace ?? options.DefaultNamespace;
        if (item.Namespace is null && item.Content.Object("metadata") is { } metadata)
        {
            metadata["namespace"] = ns;
        }

        if (resource is { Kind: "Secret", Group: "" })
        {
            StringData.ToData(item.Content);
        }

        return Checked(new ResolvedItem(item, resource, ns));
    }

    // Before anybody is asked, and also where the server is to make up the name.
    private static ResolvedItem Checked(ResolvedItem item)
    {
        try
        {
            _ = item.Resource.Path(item.Namespace, item.Item.HasName ? item.Item.Name : null);
            return item;
        }
        catch (LabException e)
        {
            throw About(e, item);
        }
    }

    private static (string Group, string Kind)? KindOf(ManifestItem item) =>
        item.Kind == "CustomResourceDefinition" && item.Content.Object("spec") is { } spec
            && spec.Text("group") is { } group && spec.Object("names")?.Text("kind") is { } kind
            ? (group, kind)
            : null;

    /// <summary>An exception about an item that says which one, and where it stands.</summary>
    /// <param name="problem">What the server said.</param>
    /// <param name="item">The item.</param>
    /// <returns>The exception to report.</returns>
    public static LabException About(LabException problem, ResolvedItem item)
    {
        // The server quotes a value of the wrong type in Go's notation, also where it is a password that looks like a number.
        bool secret = item.Resource is { Kind: "Secret", Group: "" };
        string message = secret ? SecretValue().Replace(problem.Message, "another type") : QuotedValue().Replace(problem.Message, "${value}");
        return new LabException(
            problem.Kind, problem.Code, $"{item.Description}{(item.Item.Place is { Length: > 0 } place ? $" ({place})" : "")}: {message}", secret ? null : problem)
        {
            StatusCode = problem.StatusCode,
            Advice = problem.Advice,
            StopsCommand = problem.StopsCommand,
            Target = item.Description,
        };
    }

    /// <summary>A result for an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="action">What was done.</param>
    /// <param name="name">Its name; the item's own if null.</param>
    /// <param name="dryRun">Whether nothing was kept.</param>
    /// <returns>The result.</returns>
    public static ManifestResult Result(ResolvedItem item, ManifestAction action, string? name = null, bool dryRun = false) => new()
    {
        Action = action,
        ApiVersion = item.Resource.ApiVersion,
        Kind = item.Resource.Kind,
        Name = name ?? item.Item.Name,
        Namespace = item.Namespace,
        DryRun = dryRun,
        Source = item.Item.Source,
        Document = item.Item.Document,
        Line = item.Item.Line,
    };

    [GeneratedRegex(@"&value\.valueUnstructured\{Value:(?<value>(?>[^{}]+|\{(?<open>)|\}(?<-open>))*(?(open)(?!)))\}")]
    private static partial Regex QuotedValue();

    // A list or a map has braces of its own, and a password may have them too: nothing that follows is shown.
    [GeneratedRegex(@"(?<=, got ).*|&value\.valueUnstructured\{.*", RegexOptions.Singleline)]
    private static partial Regex SecretValue();
}
