using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Defaults;

/// <summary>What the server adds to objects of some kinds before anything else.</summary>
internal static class Admission
{
    public static void BeforeCreate(ResourceKind kind, JsonObject node)
    {
        JsonObject metadata = node.Ensure("metadata");
        switch (kind.StorageKey)
        {
            case "/namespaces":
                node.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
                node["status"] = new JsonObject { ["phase"] = "Active" };
                break;
            case "/pods":
                node["status"] = new JsonObject { ["phase"] = "Pending" };
                JsonObject spec = node.Ensure("spec");
                spec.Default("serviceAccountName", spec.Text("serviceAccount") ?? "default");
                spec.Default("enableServiceLinks", true);
                spec.Default("preemptionPolicy", "PreemptLowerPriority");
                spec.Default("priority", 0);
                break;
            case "/persistentvolumeclaims" or "/persistentvolumes":
                node.Ensure("status").Default("phase", "Pending");
                break;
            case "batch/jobs":
                LabelJob(node, metadata);
                break;
        }

        Adjust(kind, node);
    }

    public static void BeforeUpdate(ResourceKind kind, JsonObject live, JsonObject node)
    {
        if (kind.StorageKey == "/namespaces" && live.At("spec", "finalizers") is { } finalizers && node.At("spec", "finalizers") is null)
        {
            node.Ensure("spec")["finalizers"] = finalizers.DeepClone();
        }

        Adjust(kind, node);
    }

    private static void Adjust(ResourceKind kind, JsonObject node)
    {
        if (kind.StorageKey == "/namespaces" && node.Text("metadata", "name") is { Length: > 0 } name)
        {
            node.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = name;
        }

        if (kind.StorageKey == "/secrets" && node["stringData"] is JsonObject texts)
        {
            JsonObject data = node.Ensure("data");
            foreach ((string key, JsonNode? value) in texts)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
            }

            node.Remove("stringData");
        }
    }

    /// <summary>A Job selects its pods by its own uid, unless it says otherwise.</summary>
    private static void LabelJob(JsonObject node, JsonObject metadata)
    {
        JsonObject spec = node.Ensure("spec");
        if (spec.Flag("manualSelector") || spec["selector"] is not null)
        {
            return;
        }

        string uid = metadata.Text("uid")!, name = metadata.Text("name") ?? "";
        spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = uid } };
        JsonObject labels = spec.Ensure("template").Ensure("metadata").Ensure("labels");
        labels["batch.kubernetes.io/controller-uid"] = uid;
        labels["batch.kubernetes.io/job-name"] = name;
        labels["controller-uid"] = uid;
        labels["job-name"] = name;
    }
}
