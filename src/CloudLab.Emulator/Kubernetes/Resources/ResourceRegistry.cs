using System.Collections.Immutable;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Resources;

/// <summary>All kinds there are: the built-in ones and those of established CustomResourceDefinitions.</summary>
internal sealed class ResourceRegistry(ObjectStore store)
{
    /// <summary>The APIService that brings <c>metrics.k8s.io</c>.</summary>
    public const string MetricsService = "v1beta1.metrics.k8s.io", MetricsVersion = "metrics.k8s.io/v1beta1", ServiceShelf = "apiregistration.k8s.io/apiservices";

    // Measured anew whenever somebody asks: nothing of them is kept.
    private static readonly ImmutableArray<ResourceKind> Measured = [Metrics("nodes", "NodeMetrics", false), Metrics("pods", "PodMetrics", true)];

    // The order groups are told in decides which kind a short name means to kubectl: the built-in ones first.
    private readonly ImmutableArray<ResourceKind> builtIn = [.. SchemaCatalog.Default.Kinds];
    private ImmutableArray<ResourceKind> custom = [];

    public IEnumerable<ResourceKind> All => Kept.Concat(store.Get(ServiceShelf, "", MetricsService) is null ? [] : Measured);

    private IEnumerable<ResourceKind> Kept => builtIn.Concat(custom);

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
    public IEnumerable<ResourceKind> Shelves => Kept.Where(kind => kind.Verbs.Contains("list")).Select(Stored).DistinctBy(kind => kind.StorageKey);

    public bool HasGroupVersion(string group, string version) => All.Any(kind => kind.Group == group && kind.Version == version);

    /// <summary>Takes the kinds of a definition in the place of those it brought before.</summary>
    public void Replace(string group, string name, IEnumerable<ResourceKind> kinds) =>
        custom = [.. custom.Where(kind => kind.Group != group || kind.Name != name), .. kinds];

    private static ResourceKind Metrics(string name, string kind, bool isNamespaced) => new()
    {
        Group = "metrics.k8s.io", Version = "v1beta1", Name = name, Singular = "", Kind = kind, IsNamespaced = isNamespaced, Verbs = ["get", "list"], Shape = Shape.Deduced,
    };
}
