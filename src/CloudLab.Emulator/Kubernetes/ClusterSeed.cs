using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes;

/// <summary>What a new cluster has: its namespaces, one node, its own Service, the priority classes, a storage class and the metrics API.</summary>
internal static class ClusterSeed
{
    public const string NodeName = "emulator";

    /// <summary>Marks the class of claims that name none.</summary>
    public const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    public static void Plant(ObjectService objects)
    {
        foreach (string name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            Create(objects, "v1", "Namespace", "", Named(name));
        }

        JsonObject node = Named(NodeName);
        node["metadata"]!["labels"] = Json.Map(new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = NodeName,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = "amd64",
            ["beta.kubernetes.io/os"] = "linux",
            ["beta.kubernetes.io/arch"] = "amd64",
            ["node-role.kubernetes.io/control-plane"] = "",
        });
        node["status"] = NodeStatus();
        Create(objects, "v1", "Node", "", node);
        JsonObject service = Named("kubernetes");
        service["metadata"]!["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" };
        service["spec"] = new JsonObject
        {
            ["type"] = "ClusterIP",
            ["clusterIP"] = "10.96.0.1",
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = 6443 }),
        };
        Create(objects, "v1", "Service", "default", service);
        foreach ((string name, int value) in (ReadOnlySpan<(string, int)>)[("system-cluster-critical", 2000000000), ("system-node-critical", 2000001000)])
        {
            JsonObject priority = Named(name);
            priority["value"] = value;
            priority["description"] = "Used for system critical pods.";
            Create(objects, "scheduling.k8s.io/v1", "PriorityClass", "", priority);
        }

        JsonObject storage = Named("standard");
        storage["metadata"]!["annotations"] = new JsonObject { [DefaultClass] = "true" };
        storage["provisioner"] = "cloudlab.dev/emulated-path";
        Create(objects, "storage.k8s.io/v1", "StorageClass", "", storage);
        JsonObject metrics = Named(ResourceRegistry.MetricsService);
        metrics["spec"] = new JsonObject
        {
            ["service"] = new JsonObject { ["name"] = "metrics-server", ["namespace"] = "kube-system", ["port"] = 443 },
            ["group"] = "metrics.k8s.io",
            ["version"] = "v1beta1",
            ["insecureSkipTLSVerify"] = true,
            ["groupPriorityMinimum"] = 100,
            ["versionPriority"] = 100,
        };
        Create(objects, "apiregistration.k8s.io/v1", "APIService", "", metrics);
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonObject NodeStatus()
    {
        JsonObject amounts = new() { ["cpu"] = "8", ["memory"] = "32Gi", ["pods"] = "1000", ["ephemeral-storage"] = "500Gi" };
        (string, string, string)[] conditions =
        [
            ("MemoryPressure", "False", "KubeletHasSufficientMemory"), ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID"), ("Ready", "True", "KubeletReady"),
        ];
        string now = Json.Now(), version = SchemaCatalog.Default.Version;
        return new JsonObject
        {
            ["capacity"] = amounts,
            ["allocatable"] = amounts.DeepClone(),
            ["conditions"] = new JsonArray([.. conditions.Select(condition => new JsonObject
            {
                ["type"] = condition.Item1,
                ["status"] = condition.Item2,
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = now,
                ["reason"] = condition.Item3,
                ["message"] = "emulated",
            })]),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = "127.0.0.1" }, new JsonObject { ["type"] = "Hostname", ["address"] = NodeName }),
            ["nodeInfo"] = new JsonObject
            {
                ["architecture"] = "amd64",
                ["operatingSystem"] = "linux",
                ["kubeletVersion"] = version,
                ["kubeProxyVersion"] = "",
                ["osImage"] = "CloudLab emulator",
                ["containerRuntimeVersion"] = "emulated://1.0",
                ["kernelVersion"] = "emulated",
                ["bootID"] = "",
                ["machineID"] = "",
                ["systemUUID"] = "",
            },
        };
    }

    private static void Create(ObjectService objects, string apiVersion, string kindName, string ns, JsonObject node)
    {
        ResourceKind kind = objects.Registry.FindKind(apiVersion, kindName)!;
        if (objects.Get(kind, ns, node.Text("metadata", "name")!) is null)
        {
            node["apiVersion"] = apiVersion;
            node["kind"] = kindName;
            objects.Create(kind, ns, node, new WriteOptions("kube-apiserver"));
        }
    }
}
