using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Objects in another version than the one they are kept in.</summary>
internal static class Conversion
{
    private static readonly (string Core, string Events)[] EventNames =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    /// <summary>From the version of a request to the one that is kept.</summary>
    public static JsonObject ToStored(ResourceKind kind, ResourceKind stored, JsonObject node)
    {
        if (ReferenceEquals(kind, stored))
        {
            return node;
        }

        JsonObject result = node.Copy();
        result["apiVersion"] = stored.ApiVersion;
        if (kind.Group == "events.k8s.io")
        {
            Rename(result, EventNames.Select(pair => (pair.Events, pair.Core)));
        }
        else if (kind.StorageKey == "autoscaling/horizontalpodautoscalers" && result.Object("spec") is { } spec)
        {
            if (spec.Number("targetCPUUtilizationPercentage") is { } target)
            {
                spec["metrics"] = new JsonArray(new JsonObject
                {
                    ["type"] = "Resource",
                    ["resource"] = new JsonObject
                    {
                        ["name"] = "cpu",
                        ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = target },
                    },
                });
            }

            spec.Remove("targetCPUUtilizationPercentage");
        }

        return result;
    }

    /// <summary>From the version that is kept to the one of a request.</summary>
    public static JsonObject FromStored(ResourceKind kind, ResourceKind stored, JsonObject node)
    {
        if (ReferenceEquals(kind, stored) || kind.ApiVersion == node.Text("apiVersion"))
        {
            return node;
        }

        node["apiVersion"] = kind.ApiVersion;
        if (kind.Group == "events.k8s.io")
        {
            Rename(node, EventNames);
        }
        else if (kind.StorageKey == "autoscaling/horizontalpodautoscalers" && node.Object("spec") is { } spec)
        {
            JsonObject? cpu = spec.Items("metrics").FirstOrDefault(metric =>
                metric.Text("resource", "name") == "cpu" && metric.Number("resource", "target", "averageUtilization") is not null);
            if (cpu is not null)
            {
                spec["targetCPUUtilizationPercentage"] = cpu.Number("resource", "target", "averageUtilization");
            }

            spec.Remove("metrics");
            spec.Remove("behavior");
            node.Object("status")?.Remove("currentMetrics");
            node.Object("status")?.Remove("conditions");
        }

        return node;
    }

    private static void Rename(JsonObject node, IEnumerable<(string From, string To)> names)
    {
        foreach ((string from, string to) in names)
        {
            if (node.Remove(from, out JsonNode? value))
            {
                node[to] = value;
            }
        }
    }
}
