using System.Collections.Immutable;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Resources;

/// <summary>All kinds there are: the built-in ones and those of established CustomResourceDefinitions.</summary>
internal sealed class ResourceRegistry
{
    // The order groups are told in decides which kind a short name means to kubectl: the built-in ones first.
    private readonly ImmutableArray<ResourceKind> builtIn = [.. SchemaCatalog.Default.Kinds];
    private ImmutableArray<ResourceKind> custom = [];

    public IEnumerable<ResourceKind> All => builtIn.Concat(custom);

    public ResourceKind? Find(string group, string version, string name)
    {
        foreach (ResourceKind kind in All)
        {
            if (kind.Name == name && kind.Group == group && kind.Version == version)
            {
                return kind;
            }
        }

        return null;
    }

    public ResourceKind? FindKind(string apiVersion, string kind) => All.FirstOrDefault(k => k.Kind == kind && k.ApiVersion == apiVersion);

    /// <summary>The kind in the version that its objects are kept in.</summary>
    public ResourceKind Stored(ResourceKind kind) => kind.StorageKey switch
    {
        "/events" => Find("", "v1", "events")!,
        "autoscaling/horizontalpodautoscalers" => Find("autoscaling", "v2", "horizontalpodautoscalers")!,
        _ => kind.StoredAs is { } version ? Find(kind.Group, version, kind.Name) ?? kind : kind,
    };

    /// <summary>One kind for each shelf of the store.</summary>
    public IEnumerable<ResourceKind> Shelves => All.Where(kind => kind.Verbs.Contains("list")).Select(Stored).DistinctBy(kind => kind.StorageKey);

    public bool HasGroupVersion(string group, string version) => All.Any(kind => kind.Group == group && kind.Version == version);

    /// <summary>Takes the kinds of a definition in the place of those it brought before.</summary>
    public void Replace(string group, string name, IEnumerable<ResourceKind> kinds) =>
        custom = [.. custom.Where(kind => kind.Group != group || kind.Name != name), .. kinds];
}
