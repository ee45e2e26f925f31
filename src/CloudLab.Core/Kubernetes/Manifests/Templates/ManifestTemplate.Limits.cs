using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <content>How much there is, and how much may be used: autoscalers, claims, limit ranges.</content>
public sealed partial record ManifestTemplate
{
    private JsonObject Autoscaler()
    {
        (string kind, string name) = (Text("Target") ?? $"deployment/{Name}").Split('/', 2) is [var first, { Length: > 0 } rest] ? (first.ToLowerInvariant(), rest) : ("deployment", Text("Target")!);
        kind = kind switch
        {
            "deploy" or "deployment" or "deployments" or "deployments.apps" => "Deployment",
            "sts" or "statefulset" or "statefulsets" or "statefulsets.apps" => "StatefulSet",
            "rs" or "replicaset" or "replicasets" or "replicasets.apps" => "ReplicaSet",
            _ => throw Invalid("ValueInvalid", $"-Target '{Text("Target")}' cannot be scaled: give deployment/<name> or statefulset/<name>."),
        };
        JsonArray metrics = [];
        foreach ((string resource, JsonNode? percent) in new[] { ("cpu", Number("CpuPercent") ?? (Number("MemoryPercent") is null ? 80 : null)), ("memory", Number("MemoryPercent")) })
        {
            if (percent is not null)
            {
                metrics.Add(new JsonObject
                {
                    ["type"] = "Resource",
                    ["resource"] = new JsonObject { ["name"] = resource, ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = percent } },
                });
            }
        }

        return new JsonObject
        {
            ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = kind, ["name"] = name },
            ["minReplicas"] = Number("MinReplicas") ?? 2,
            ["maxReplicas"] = Number("MaxReplicas") ?? 10,
            ["metrics"] = metrics,
        };
    }

    private JsonObject Claim(string size)
    {
        JsonObject spec = new() { ["accessModes"] = List(Texts("AccessMode") is { Length: > 0 } modes ? modes : ["ReadWriteOnce"]) };
        Set(spec, "storageClassName", Text("StorageClass"));
        spec["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size } };
        return spec;
    }

    private JsonObject LimitRange()
    {
        JsonObject limit = new() { ["type"] = "Container" };
        Set(limit, "default", Map("Default"));
        Set(limit, "defaultRequest", Map("DefaultRequest"));
        Set(limit, "min", Map("Minimum"));
        Set(limit, "max", Map("Maximum"));
        return limit.Count > 1 ? new JsonObject { ["limits"] = new JsonArray(limit) } : throw Missing("Default", "@{ cpu = '500m'; memory = '256Mi' }");
    }
}
