using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Defaults;

/// <summary>What the server adds to objects of some kinds before anything else.</summary>
internal static class Admission
{
    private const string TemplateGeneration = "deprecated.daemonset.template.generation", TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>What reading an object makes of it: a Secret's texts become data, a namespace gets its name as a label.</summary>
    public static void Read(ResourceKind kind, JsonObject node)
    {
        if (kind.StorageKey == "/namespaces" && node.Text("metadata", "name") is { Length: > 0 } name)
        {
            node.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = name;
        }
        else if (kind.StorageKey == "/secrets" && node["stringData"] is JsonObject texts)
        {
            JsonObject data = node.Ensure("data");
            foreach ((string key, JsonNode? value) in texts)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
            }

            node.Remove("stringData");
        }
        else if (kind.StorageKey == "apps/daemonsets")
        {
            node.Ensure("metadata").Ensure("annotations")[TemplateGeneration] = (node.Number("metadata", "generation") ?? 1).ToString(CultureInfo.InvariantCulture);
        }
    }

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
                node["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(node) };
                Pod(node.Ensure("spec"));
                break;
            case "/persistentvolumeclaims":
                node.Ensure("status").Default("phase", "Pending");
                metadata.EnsureList("finalizers").Add("kubernetes.io/pvc-protection");
                break;
            case "/persistentvolumes":
                node.Ensure("status").Default("phase", "Pending");
                break;
            case "apiextensions.k8s.io/customresourcedefinitions":
                JsonArray stored = Json.List(node.Items("spec", "versions").Where(version => version.Flag("storage")).Select(version => version.Text("name") ?? ""));
                node["status"] = new JsonObject { ["storedVersions"] = stored };
                break;
            case "batch/jobs":
                LabelJob(node, metadata);
                break;
        }
    }

    /// <summary>Gives a claim that names no storage class the default one. An empty name is a name: that of no class.</summary>
    public static void Classify(ObjectStore store, ResourceKind kind, JsonObject node)
    {
        if (kind.StorageKey == "/persistentvolumeclaims" && node.At("spec", "storageClassName") is null
            && store.List("storage.k8s.io/storageclasses").LastOrDefault(stored => stored.Parse().Text("metadata", "annotations", ClusterSeed.DefaultClass) == "true") is { } standard)
        {
            node.Ensure("spec")["storageClassName"] = standard.Name;
        }
    }

    public static void BeforeUpdate(ResourceKind kind, JsonObject live, JsonObject node)
    {
        if (kind.StorageKey == "/namespaces" && live.At("spec", "finalizers") is { } finalizers && node.At("spec", "finalizers") is null)
        {
            node.Ensure("spec")["finalizers"] = finalizers.DeepClone();
        }
    }

    /// <summary>What admission adds to every pod: its account and that account's token, its priority, patience with a lost node.</summary>
    private static void Pod(JsonObject spec)
    {
        spec.Default("serviceAccountName", spec.Text("serviceAccount") ?? "default");
        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        spec.Default("priority", 0);
        JsonArray tolerations = spec.EnsureList("tolerations");
        foreach (string key in (string[])["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            if (!tolerations.Any(toleration => toleration.Text("key") == key || (toleration.Text("key") is null && toleration.Text("operator") == "Exists")))
            {
                tolerations.Add(new JsonObject { ["effect"] = "NoExecute", ["key"] = key, ["operator"] = "Exists", ["tolerationSeconds"] = 300 });
            }
        }

        List<JsonObject> containers = [.. spec.Items("containers").Concat(spec.Items("initContainers"))
            .Where(container => !container.Items("volumeMounts").Any(mount => mount.Text("mountPath") == TokenPath))];
        if (spec["automountServiceAccountToken"]?.GetValueKind() == JsonValueKind.False || containers.Count == 0)
        {
            return;
        }

        string name = "kube-api-access-" + ObjectService.RandomSuffix(5);
        foreach (JsonObject container in containers)
        {
            container.EnsureList("volumeMounts").Add(new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = TokenPath });
        }

        JsonArray sources =
        [
            new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
            new JsonObject
            {
                ["configMap"] = new JsonObject
                {
                    ["name"] = "kube-root-ca.crt",
                    ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                },
            },
            new JsonObject
            {
                ["downwardAPI"] = new JsonObject
                {
                    ["items"] = new JsonArray(new JsonObject
                    {
                        ["path"] = "namespace",
                        ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                    }),
                },
            },
        ];
        spec.EnsureList("volumes").Add(new JsonObject { ["name"] = name, ["projected"] = new JsonObject { ["defaultMode"] = 420, ["sources"] = sources } });
    }

    private static string QualityOfService(JsonObject pod)
    {
        List<JsonObject> containers = [.. pod.Items("spec", "containers")];
        bool any = containers.Any(c => c.Object("resources", "requests") is { Count: > 0 } || c.Object("resources", "limits") is { Count: > 0 });
        bool full = containers.All(c => c.At("resources", "limits", "cpu") is not null && c.At("resources", "limits", "memory") is not null
            && Json.Same(c.At("resources", "limits", "cpu"), c.At("resources", "requests", "cpu"))
            && Json.Same(c.At("resources", "limits", "memory"), c.At("resources", "requests", "memory")));
        return full ? "Guaranteed" : any ? "Burstable" : "BestEffort";
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
        if (metadata["labels"] is null)
        {
            metadata["labels"] = labels.DeepClone();
        }
    }
}
