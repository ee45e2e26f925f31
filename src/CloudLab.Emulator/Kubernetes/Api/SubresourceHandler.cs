using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Node;
using CloudLab.Emulator.Kubernetes.Patches;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>The parts of objects that have a form of their own: scale, log, eviction, binding, tokens.</summary>
internal sealed class SubresourceHandler(ObjectService objects, ReviewHandler reviews)
{
    private readonly StreamHandler streams = new(objects);

    private static readonly Shape ScaleShape = SchemaCatalog.Default.ShapeOf("autoscaling.v1.Scale");

    public async Task HandleAsync(ApiRequest request, ResourceKind kind, string ns, string name, Subresource sub)
    {
        switch (sub.Name, request.Method)
        {
            case ("scale", "GET" or "PUT" or "PATCH"):
                await ScaleAsync(request, kind, ns, name);
                break;
            case ("log", "GET"):
                await streams.LogAsync(request, kind, ns, name);
                break;
            case ("eviction", "POST"):
                await EvictAsync(request, kind, ns, name);
                break;
            case ("binding", "POST"):
                JsonNode? binding = await BodyReader.ReadAnyAsync(request, SchemaCatalog.Default.ShapeOf("core.v1.Binding"));
                objects.Update(kind, ns, name, pod =>
                {
                    if (pod.Text("spec", "nodeName") is { Length: > 0 } node)
                    {
                        throw ApiError.Conflict(kind, name, $"pod {name} is already assigned to node \"{node}\"");
                    }

                    pod.Ensure("spec")["nodeName"] = binding.Text("target", "name");
                    return pod;
                }, new WriteOptions(request.Manager, "binding", request.IsDryRun));
                await Answer.JsonAsync(request, 201, Success());
                break;
            case ("finalize", "PUT"):
                JsonObject body = await BodyReader.ReadObjectAsync(request, kind);
                JsonObject result = objects.Update(kind, ns, name, live =>
                {
                    live.Ensure("spec")["finalizers"] = body.At("spec", "finalizers")?.DeepClone() ?? new JsonArray();
                    return live;
                }, new WriteOptions(request.Manager, "finalize", request.IsDryRun));
                await Answer.JsonAsync(request, 200, result);
                break;
            case ("token", "POST"):
                await reviews.HandleAsync(request, SchemaCatalog.Default.ShapeOf("authentication.v1.TokenRequest"), ns, name);
                break;
            case ("exec" or "attach" or "portforward", "GET" or "POST"):
                await streams.ConnectAsync(request, kind, ns, name, sub.Name);
                break;
            case ("proxy", _):
                throw new ApiError(501, "NotImplemented", "the emulator runs no containers, so there is nothing to proxy to");
            default:
                throw ApiError.NotAllowed();
        }
    }

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 };

    private static JsonObject ScaleOf(ResourceKind kind, JsonObject node)
    {
        JsonObject metadata = [];
        foreach (string name in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (node.At("metadata", name) is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        JsonObject spec = [], status = new() { ["replicas"] = ReadPath(node, kind.Scale?.StatusReplicas ?? ".status.replicas").Number() ?? 0 };
        if (ReadPath(node, kind.Scale?.Replicas ?? ".spec.replicas").Number() is > 0 and { } replicas)
        {
            spec["replicas"] = replicas;
        }

        string? selector = kind.Scale is { } custom
            ? custom.Selector is null ? null : ReadPath(node, custom.Selector).Text()
            : (kind.Name == "replicationcontrollers" ? LabelSelector.FromMap(node.At("spec", "selector")) : LabelSelector.FromObject(node.At("spec", "selector")))?.ToString();
        if (!string.IsNullOrEmpty(selector))
        {
            status["selector"] = selector;
        }

        return new JsonObject { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    private static JsonNode? ReadPath(JsonNode node, string path) => node.At(path.Split('.', StringSplitOptions.RemoveEmptyEntries));

    private async Task ScaleAsync(ApiRequest request, ResourceKind kind, string ns, string name)
    {
        if (request.Method == "GET")
        {
            await Answer.JsonAsync(request, 200, ScaleOf(kind, objects.Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name)));
            return;
        }

        bool isApply = request.ContentType == "application/apply-patch+yaml";
        JsonNode? sent = request.Method == "PUT" ? await BodyReader.ReadAnyAsync(request, ScaleShape)
            : BodyReader.ReadNode(await request.ReadBodyAsync(), isApply);
        string manager = isApply && string.IsNullOrEmpty(request.Query("fieldManager"))
            ? throw ApiError.Option("PatchOptions", FieldError.Required("fieldManager", "is required for apply patch")) : request.Manager;
        WriteOptions options = new(manager, "scale", request.IsDryRun);
        string[] path = (kind.Scale?.Replicas ?? ".spec.replicas").Split('.', StringSplitOptions.RemoveEmptyEntries);
        JsonObject result;
        if (isApply)
        {
            // What is applied to a scale is owned as the field of the object that it stands for.
            JsonObject applied = new() { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = new JsonObject { ["name"] = name } };
            SetPath(applied, path, sent.At("spec", "replicas")?.DeepClone());
            (result, _) = objects.Apply(kind, ns, name, applied, request.IsSet("force"), options);
        }
        else
        {
            result = objects.Update(kind, ns, name, live =>
            {
                JsonObject before = ScaleOf(kind, live);
                JsonNode? after = request.Method == "PUT" ? sent : request.ContentType switch
                {
                    "application/json-patch+json" => JsonPatch.Apply(before, sent),
                    "application/merge-patch+json" => JsonDifference.Apply(before, sent),
                    _ => StrategicMergePatch.Apply(before, sent, ScaleShape),
                };
                if (after.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != live.Text("metadata", "resourceVersion"))
                {
                    throw ApiError.Stale(kind, name);
                }

                long count = after.Number("spec", "replicas") ?? 0;
                if (count < 0)
                {
                    throw new ApiError(422, "Invalid", $"Scale.autoscaling \"{name}\" is invalid: spec.replicas: Invalid value: {count}: must be greater than or equal to 0")
                    {
                        Details = new JsonObject
                        {
                            ["name"] = name,
                            ["group"] = "autoscaling",
                            ["kind"] = "Scale",
                            ["causes"] = new JsonArray(new JsonObject
                            {
                                ["reason"] = "FieldValueInvalid",
                                ["message"] = $"Invalid value: {count}: must be greater than or equal to 0",
                                ["field"] = "spec.replicas",
                            }),
                        },
                    };
                }

                SetPath(live, path, count);
                return live;
            }, options);
        }

        await Answer.JsonAsync(request, 200, ScaleOf(kind, result));
    }

    private static void SetPath(JsonObject node, string[] path, JsonNode? value)
    {
        foreach (string name in path[..^1])
        {
            node = node.Ensure(name);
        }

        node[path[^1]] = value;
    }

    private async Task EvictAsync(ApiRequest request, ResourceKind kind, string ns, string name)
    {
        JsonNode? eviction = await BodyReader.ReadAnyAsync(request, SchemaCatalog.Default.ShapeOf("policy.v1.Eviction"));
        JsonObject pod = objects.Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name);
        bool dryRun = request.IsDryRun || eviction.Texts("deleteOptions", "dryRun").Any();
        lock (objects.Store.Gate)
        {
            // A pod that does not serve, or is going already, disrupts nothing.
            if (pod.Text("status", "phase") is not ("Pending" or "Succeeded" or "Failed") && pod.Text("metadata", "deletionTimestamp") is null)
            {
                TakeFromBudget(pod, ns, dryRun);
            }

            objects.Delete(kind, ns, name, new DeletionOptions
            {
                DryRun = dryRun,
                GraceSeconds = eviction.Number("deleteOptions", "gracePeriodSeconds"),
                Uid = eviction.Text("deleteOptions", "preconditions", "uid"),
            });
        }

        await Answer.JsonAsync(request, 201, Success());
    }

    // Counted at once, so that evictions at the same time do not all take the same one; the controller counts again.
    private void TakeFromBudget(JsonObject pod, string ns, bool dryRun)
    {
        Dictionary<string, string> labels = pod.Strings("metadata", "labels");
        JsonObject[] budgets =
        [
            .. objects.Store.List("policy/poddisruptionbudgets", ns).Select(stored => stored.Parse())
                .Where(budget => LabelSelector.FromObject(budget.At("spec", "selector"))?.Matches(labels) == true),
        ];
        if (budgets.Length > 1)
        {
            throw new ApiError(500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        if (budgets is not [var only])
        {
            return;
        }

        string name = only.Text("metadata", "name")!;
        long allowed = only.Number("status", "disruptionsAllowed") ?? 0;
        if (allowed <= 0)
        {
            throw new ApiError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
            {
                Details = new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject
                    {
                        ["reason"] = "DisruptionBudget",
                        ["message"] = $"The disruption budget {name} needs {only.Number("status", "desiredHealthy") ?? 0} healthy pods and has {only.Number("status", "currentHealthy") ?? 0} currently",
                    }),
                },
            };
        }

        if (!dryRun)
        {
            objects.Update(objects.Registry.Find("policy", "v1", "poddisruptionbudgets")!, ns, name, live =>
            {
                live.Ensure("status")["disruptionsAllowed"] = allowed - 1;
                return live;
            }, new WriteOptions("kube-apiserver", "status"));
        }
    }
}
