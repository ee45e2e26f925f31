using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Apply;
using CloudLab.Emulator.Kubernetes.Patches;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Tables;
using CloudLab.Emulator.Kubernetes.Watch;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Answers requests for objects: one, a list, or a part of one.</summary>
internal sealed class ResourceHandler(ObjectService objects, ReviewHandler reviews, CancellationToken stopping)
{
    // These answer a deletion with the object, the others with a Status.
    private static readonly HashSet<string> ReturnsDeleted =
        ["/pods", "/services", "/serviceaccounts", "/persistentvolumeclaims", "/persistentvolumes", "/podtemplates", "/resourcequotas"];

    private static readonly Shape DeletionShape = SchemaCatalog.Default.ShapeOf("meta.v1.DeleteOptions");

    private readonly ListReader lists = new(objects);
    private readonly SubresourceHandler parts = new(objects, reviews);

    public async Task HandleAsync(ApiRequest request, string group, string version, string[] path)
    {
        bool watch = request.IsSet("watch");
        if (path is ["watch", ..])
        {
            watch = true;
            path = path[1..];
        }

        string ns = "";
        if (path is ["namespaces", _, not ("status" or "finalize"), ..] or ["namespaces", _, "status" or "finalize", _, ..])
        {
            ns = path[1];
            path = path[2..];
        }

        ResourceKind kind = objects.Registry.Find(group, version, path[0]) ?? throw ApiError.NoSuchResource();
        if ((ns.Length > 0 && !kind.IsNamespaced) || path.Length > 3)
        {
            throw ApiError.NoSuchResource();
        }

        string name = path.Length > 1 ? path[1] : "";
        request.IsDryRun = IsDryRun(request.Query("dryRun"), request.Method);
        reviews.Demand(request, kind, ns, name, path.Length > 2 ? path[2] : "", watch);
        if (path.Length > 2)
        {
            Subresource sub = kind.Subresources.FirstOrDefault(sub => sub.Name == path[2]) ?? throw ApiError.NoSuchResource();
            if (sub.Name is "status" or "resize" or "ephemeralcontainers" or "approval" && request.Method is "GET" or "PUT" or "PATCH")
            {
                await ItemAsync(request, kind, ns, name, sub.Name == "status" ? "status" : sub.Name);
            }
            else
            {
                await parts.HandleAsync(request, kind, ns, name, sub);
            }
        }
        else if (kind.Verbs.Count == 1 && kind.Verbs[0] == "create")
        {
            await reviews.HandleAsync(request, kind.Shape, ns);
        }
        else if (watch && request.Method == "GET")
        {
            await new WatchHandler(objects, stopping).HandleAsync(request, kind, ns, name);
        }
        else if (name.Length > 0)
        {
            await ItemAsync(request, kind, ns, name, "");
        }
        else
        {
            await CollectionAsync(request, kind, ns);
        }
    }

    private static bool IsDryRun(string? value, string method) => value switch
    {
        null or "" => false,
        "All" => true,
        _ => throw ApiError.Option(method switch { "POST" => "CreateOptions", "PUT" => "UpdateOptions", "PATCH" => "PatchOptions", _ => "DeleteOptions" },
            new FieldError("FieldValueNotSupported", "dryRun", $"Unsupported value: [\"{value}\"]: supported values: \"All\"")),
    };

    private static async Task<DeletionOptions> ReadDeletionAsync(ApiRequest request)
    {
        JsonNode? node = await BodyReader.ReadAnyAsync(request, DeletionShape);
        string? propagation = node.Text("propagationPolicy") ?? request.Query("propagationPolicy");
        if (propagation is { Length: > 0 } and not ("Background" or "Foreground" or "Orphan"))
        {
            throw ApiError.Option("DeleteOptions", FieldError.Unsupported("propagationPolicy", propagation, ["Foreground", "Background", "Orphan", "nil"]));
        }

        return new DeletionOptions
        {
            DryRun = request.IsDryRun || node.Texts("dryRun").Any(value => IsDryRun(value, "DELETE")),
            Propagation = string.IsNullOrEmpty(propagation) ? node.Flag("orphanDependents") ? "Orphan" : null : propagation,
            GraceSeconds = node.Number("gracePeriodSeconds") ?? request.WholeNumber("gracePeriodSeconds"),
            Uid = node.Text("preconditions", "uid"),
            ResourceVersion = node.Text("preconditions", "resourceVersion"),
        };
    }

    private async Task ItemAsync(ApiRequest request, ResourceKind kind, string ns, string name, string subresource)
    {
        WriteOptions options = new(request.Manager, subresource, request.IsDryRun);
        switch (request.Method)
        {
            case "GET" or "HEAD":
                await SendAsync(request, kind, objects.Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name), 200);
                break;
            case "PUT":
                JsonObject body = await BodyReader.ReadObjectAsync(request, kind);
                await SendAsync(request, kind, objects.Replace(kind, ns, name, body, options), 200);
                break;
            case "PATCH":
                await PatchAsync(request, kind, ns, name, options);
                break;
            case "DELETE" when subresource.Length == 0 && kind.Verbs.Contains("delete"):
                (JsonObject node, bool isGone) = objects.Delete(kind, ns, name, await ReadDeletionAsync(request));
                bool sendsObject = !isGone || ReturnsDeleted.Contains(kind.StorageKey);
                await (sendsObject ? SendAsync(request, kind, node, 200)
                    : Answer.JsonAsync(request, 200, ApiError.Success(kind, name, node.Text("metadata", "uid") ?? "")));
                break;
            default:
                throw ApiError.NotAllowed();
        }
    }

    private async Task CollectionAsync(ApiRequest request, ResourceKind kind, string ns)
    {
        switch (request.Method)
        {
            case "GET" or "HEAD" when kind.Verbs.Contains("list"):
                await SendListAsync(request, kind, lists.Read(request, kind, ns));
                break;
            case "POST" when kind.Verbs.Contains("create"):
                JsonObject body = await BodyReader.ReadObjectAsync(request, kind);
                if (kind.IsNamespaced && ns.Length == 0)
                {
                    throw ApiError.NotAllowed();
                }

                await SendAsync(request, kind, objects.Create(kind, ns, body, new WriteOptions(request.Manager, "", request.IsDryRun)), 201);
                break;
            case "DELETE" when kind.Verbs.Contains("deletecollection"):
                DeletionOptions options = await ReadDeletionAsync(request);
                ListPage page = lists.Read(request, kind, ns);
                foreach (JsonObject item in page.Items)
                {
                    try
                    {
                        objects.Delete(kind, item.Text("metadata", "namespace") ?? "", item.Text("metadata", "name")!, options);
                    }
                    catch (ApiError error) when (error.Code == 404)
                    {
                        // Someone else was faster.
                    }
                }

                await SendListAsync(request, kind, page);
                break;
            default:
                throw ApiError.NotAllowed();
        }
    }

    private async Task PatchAsync(ApiRequest request, ResourceKind kind, string ns, string name, WriteOptions options)
    {
        byte[] body = await request.ReadBodyAsync();
        string type = request.ContentType;
        if (type == "application/apply-patch+yaml")
        {
            await ApplyAsync(request, kind, ns, name, body, options);
            return;
        }

        if (type is not ("application/json-patch+json" or "application/merge-patch+json" or "application/strategic-merge-patch+json")
            || (kind.IsCustom && type == "application/strategic-merge-patch+json"))
        {
            throw type == "application/strategic-merge-patch+json"
                ? new ApiError(415, "UnsupportedMediaType",
                    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
                : new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type") { Details = [] };
        }

        if (request.Query("force") is not null)
        {
            throw ApiError.Option("PatchOptions", FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        }

        JsonNode? patch;
        try
        {
            patch = Json.Parse(body);
        }
        catch (JsonException e)
        {
            throw ApiError.BadRequest("error decoding patch: " + BodyReader.Explain(e));
        }

        JsonObject result = objects.Update(kind, ns, name, live => Patched(request, kind, type, patch, live), options);
        await SendAsync(request, kind, result, 200);
    }

    private static JsonObject Patched(ApiRequest request, ResourceKind kind, string type, JsonNode? patch, JsonObject live)
    {
        JsonNode? patched = type switch
        {
            "application/json-patch+json" => JsonPatch.Apply(live, patch),
            "application/merge-patch+json" => JsonDifference.Apply(live, patch),
            _ => StrategicMergePatch.Apply(live, patch, kind.Shape),
        };
        if (patched is not JsonObject node)
        {
            throw ApiError.BadRequest("the patch does not leave an object");
        }

        BodyReader.CheckKind(node, kind);
        string name = live.Text("metadata", "name")!;
        if (node.Text("metadata", "name") is { } renamed && renamed != name)
        {
            throw ApiError.BadRequest($"the name of the object ({renamed}) does not match the name on the URL ({name})");
        }

        BodyReader.Check(node, kind, request, [], message => message.StartsWith("strict", StringComparison.Ordinal)
            ? Unpatchable(FieldError.Invalid("patch", Json.Line(patched), message))
            : ApiError.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: {message}"));
        return node;
    }

    private static ApiError Unpatchable(FieldError error) =>
        new(422, "Invalid", $" \"\" is invalid: {error.Field}: {error.Message}") { Details = new JsonObject { ["causes"] = new JsonArray(ApiError.Cause(error)) } };

    private async Task ApplyAsync(ApiRequest request, ResourceKind kind, string ns, string name, byte[] body, WriteOptions options)
    {
        if (string.IsNullOrEmpty(request.Query("fieldManager")))
        {
            throw ApiError.Option("PatchOptions", FieldError.Required("fieldManager", "is required for apply patch"));
        }

        List<string> duplicates = [];
        if (BodyReader.ReadNode(body, allowYaml: true, duplicates) is not JsonObject applied)
        {
            throw ApiError.BadRequest("error decoding YAML: the configuration is no object");
        }

        if (applied.Text("apiVersion") is null || applied.Text("kind") is null)
        {
            throw ApiError.BadRequest($"invalid object type: {applied.Text("apiVersion") ?? "/"}, Kind={applied.Text("kind")}");
        }

        BodyReader.CheckKind(applied, kind);
        if (TypeChecks.Problem(applied, kind.Shape) is { } wrong)
        {
            throw ApplyConflict.Untyped(kind, applied, wrong);
        }

        (JsonObject result, bool isNew) = objects.Apply(kind, ns, name, applied, request.IsSet("force"), options);
        await SendAsync(request, kind, result, isNew ? 201 : 200);
    }

    private static Task SendAsync(ApiRequest request, ResourceKind kind, JsonObject node, int status) =>
        Answer.JsonAsync(request, status, TableBuilder.Wanted(request) ? TableBuilder.Build(request, kind, [node], new JsonObject
        {
            ["resourceVersion"] = node.Text("metadata", "resourceVersion"),
        }) : PartialMetadata.Wanted(request) ? PartialMetadata.Of(node) : node);

    private static Task SendListAsync(ApiRequest request, ResourceKind kind, ListPage page)
    {
        JsonObject metadata = new() { ["resourceVersion"] = page.Revision };
        if (kind.IsCustom)
        {
            metadata["continue"] = "";
        }

        if (page.Continue is not null)
        {
            metadata["continue"] = page.Continue;
            if (page.Remaining is { } remaining)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }

        if (TableBuilder.Wanted(request))
        {
            return Answer.JsonAsync(request, 200, TableBuilder.Build(request, kind, page.Items, metadata));
        }

        bool partial = PartialMetadata.Wanted(request);
        JsonArray items = [];
        foreach (JsonObject item in page.Items)
        {
            JsonObject entry = partial ? PartialMetadata.Of(item) : item;
            if (!partial && !kind.IsCustom)
            {
                entry.Remove("apiVersion");
                entry.Remove("kind");
            }

            items.Add(entry);
        }

        return Answer.JsonAsync(request, 200, new JsonObject
        {
            ["kind"] = partial ? "PartialObjectMetadataList" : kind.ListKind.Length > 0 ? kind.ListKind : kind.Kind + "List",
            ["apiVersion"] = partial ? "meta.k8s.io/v1" : kind.ApiVersion,
            ["metadata"] = metadata,
            ["items"] = items,
        });
    }
}
