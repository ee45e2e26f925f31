using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Schema;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Where a review takes its schemas from: files, and then a cluster or the module's own table.</summary>
public sealed class ManifestSchemas
{
    private readonly List<JsonObject> definitions = [], documents = [];
    private ApiCatalog? catalog;

    /// <summary>Adds schemas of files: OpenAPI documents, and CustomResourceDefinitions as YAML or JSON.</summary>
    /// <param name="path">A file, or a folder that is read with its subfolders.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>How many schemas were found. Throws <see cref="LabException"/> (<c>SchemaInvalid</c>, <c>ManifestUnreadable</c>, <c>NoManifest</c>) where there are none.</returns>
    public async Task<int> AddFilesAsync(string path, CancellationToken cancellation)
    {
        int before = definitions.Count + documents.Count;
        foreach (string file in Directory.Exists(path) ? ManifestReader.FilesIn(path, recurse: true) : [path])
        {
            if (await DocumentAsync(file, cancellation) is { } document)
            {
                documents.Add(document);
                continue;
            }

            await foreach (ManifestItem item in ManifestReader.ReadPathAsync(file, cancellation: cancellation))
            {
                if (item.Problem is { } problem && file == path)
                {
                    throw problem;
                }

                if (item.Kind == "CustomResourceDefinition")
                {
                    definitions.Add(item.Content);
                }
            }
        }

        int found = definitions.Count + documents.Count - before;
        return found > 0 ? found : throw new LabException(
            LabErrorKind.InvalidData, "SchemaInvalid",
            $"There is no schema in '{path}': -SchemaPath takes OpenAPI documents (kubectl get --raw /openapi/v3/apis/apps/v1) and CustomResourceDefinitions.") { Target = path };
    }

    /// <summary>Takes the schemas of a cluster instead of the module's own.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="items">The manifests: only schemas of their kinds are asked for.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The cluster's version.</returns>
    public async Task<Version?> UseClusterAsync(KubernetesApi api, IEnumerable<ManifestItem> items, CancellationToken cancellation)
    {
        catalog = await api.CatalogAsync(cancellation);
        SchemaStore store = new(api);
        ApiResource[] kinds = [.. items.Where(item => item.Problem is null).Select(item => catalog.Find(item.ApiVersion, item.Kind)).OfType<ApiResource>().Distinct()];
        foreach (string apiVersion in kinds.Select(kind => kind.ApiVersion).Distinct(StringComparer.Ordinal))
        {
            if (await store.SchemasAsync(apiVersion, cancellation) is { } schemas)
            {
                documents.Add(schemas);
            }
        }

        // The document of a definition that was just created takes its time.
        SchemaLibrary described = new();
        documents.ForEach(described.AddDocument);
        foreach (ApiResource kind in kinds.Where(kind => kind.Group.Contains('.', StringComparison.Ordinal) && !described.TryFind(kind.ApiVersion, kind.Kind, out _)))
        {
            try
            {
                definitions.Add(await api.GetAsync($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.Name}", cancellation));
            }
            catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.AccessDenied)
            {
                // An extension server's kind, or one whose definition is not to be read: the review says that its fields are not checked.
            }
        }

        return (await api.GetAsync("/version", cancellation)).Text("gitVersion") is { } version ? KubernetesVersions.Parse(version) : null;
    }

    /// <summary>All schemas, with those of definitions that are reviewed themselves.</summary>
    /// <param name="own">The definitions.</param>
    /// <returns>The schemas.</returns>
    internal SchemaLibrary With(IEnumerable<JsonObject> own)
    {
        SchemaLibrary library = new();
        foreach (JsonObject definition in own.Concat(definitions))
        {
            library.AddDefinition(definition);
        }

        documents.ForEach(library.AddDocument);
        if (catalog is null)
        {
            library.AddTable();
        }

        // An extension server may serve kinds without describing their fields.
        foreach (ApiResource resource in catalog?.Resources ?? [])
        {
            library.Add(resource.ApiVersion, resource.Kind, () => null);
        }

        return library;
    }

    /// <summary>Whether a kind that is not known may well exist: a custom resource whose definition is elsewhere, or a version that servers do not serve by default.</summary>
    /// <param name="library">The schemas.</param>
    /// <param name="apiVersion">Group and version of the kind.</param>
    /// <returns>True if so; a cluster knows all its kinds.</returns>
    internal bool IsForeign(SchemaLibrary library, string apiVersion)
    {
        if (catalog is not null)
        {
            return catalog.Unavailable.Contains(apiVersion);
        }

        return library.Kinds.Any(kind => GroupOf(kind.ApiVersion) == GroupOf(apiVersion))
            ? apiVersion.Contains("alpha", StringComparison.Ordinal) || apiVersion.Contains("beta", StringComparison.Ordinal) : IsGroupOfOthers(library, apiVersion);
    }

    /// <summary>Whether the schemas have no kind of a group, nor of one that it could be a misspelling of.</summary>
    /// <param name="library">The schemas.</param>
    /// <param name="apiVersion">Group and version.</param>
    /// <returns>True if so.</returns>
    internal static bool IsGroupOfOthers(SchemaLibrary library, string apiVersion)
    {
        string group = GroupOf(apiVersion);
        return group.Contains('.', StringComparison.Ordinal)
            && !library.Kinds.Select(kind => GroupOf(kind.ApiVersion)).Distinct(StringComparer.Ordinal)
                .Any(known => known is [var first, ..] && group[0] == first && NearestNames.Distance(known, group) <= 2);
    }

    private static string GroupOf(string apiVersion) => apiVersion.Split('/') is [var group, _] ? group : "";

    // The schemas of an OpenAPI document; null for a file that is something else.
    private static async Task<JsonObject?> DocumentAsync(string file, CancellationToken cancellation)
    {
        if (!Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            await using FileStream stream = await InputFile.OpenAsync(file, cancellation);
            using MemoryStream all = new();
            await stream.CopyToAsync(all, cancellation);
            JsonObject? content = JsonNode.Parse(SourceText.Decode(all.GetBuffer().AsSpan(0, (int)all.Length)), documentOptions: JsonAccess.Deep) as JsonObject;
            return content?.Object("components")?.Object("schemas") ?? content?.Object("definitions");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            // Reading it as a manifest says what is wrong.
            return null;
        }
    }
}
