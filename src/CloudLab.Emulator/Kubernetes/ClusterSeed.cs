using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes;

/// <summary>What a new cluster has: its namespaces, one node, its own Service, the priority classes, a storage class, roles and the metrics API.</summary>
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
        PlantRoles(objects);
    }

    // The user-facing roles, with the kinds that runbooks use most, and what everybody who is known may ask.
    private static void PlantRoles(ObjectService objects)
    {
        string[] read = ["get", "list", "watch"], write = ["create", "delete", "deletecollection", "patch", "update"];
        string[] core =
            ["configmaps", "endpoints", "events", "limitranges", "namespaces", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers", "resourcequotas", "serviceaccounts", "services"];
        string[] owned =
            ["configmaps", "endpoints", "persistentvolumeclaims", "pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "serviceaccounts", "services", "services/proxy"];
        string[] apps = ["daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"];
        JsonObject[] view =
        [
            Rule(read, "", core), Rule(read, "apps", apps), Rule(read, "batch", "cronjobs", "jobs"), Rule(read, "autoscaling", "horizontalpodautoscalers"),
            Rule(read, "networking.k8s.io", "ingresses", "networkpolicies"), Rule(read, "policy", "poddisruptionbudgets"), Rule(read, "discovery.k8s.io", "endpointslices"),
        ];
        JsonObject[] edit =
        [
            .. view.Select(rule => (JsonObject)rule.DeepClone()), Rule([.. read, .. write], "", owned), Rule(write, "apps", apps), Rule(write, "batch", "cronjobs", "jobs"),
            Rule(write, "autoscaling", "horizontalpodautoscalers"), Rule(write, "networking.k8s.io", "ingresses", "networkpolicies"), Rule(write, "policy", "poddisruptionbudgets"),
            Rule(["impersonate"], "", "serviceaccounts"), Rule(["create"], "", "serviceaccounts/token"),
        ];
        (string Name, JsonObject[] Rules, string? Group)[] roles =
        [
            ("cluster-admin", [Rule(["*"], "*", "*"), new JsonObject { ["nonResourceURLs"] = new JsonArray("*"), ["verbs"] = new JsonArray("*") }], "system:masters"),
            ("admin", [.. edit.Select(rule => (JsonObject)rule.DeepClone()), Rule([.. read, .. write], "rbac.authorization.k8s.io", "rolebindings", "roles")], null),
            ("edit", edit, null),
            ("view", view, null),
            ("system:basic-user",
                [
                    Rule(["create"], "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
                    Rule(["create"], "authentication.k8s.io", "selfsubjectreviews"),
                ], "system:authenticated"),
            ("system:discovery",
                [
                    new JsonObject
                    {
                        ["nonResourceURLs"] = new JsonArray("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"),
                        ["verbs"] = new JsonArray("get"),
                    },
                ], "system:authenticated"),
        ];
        foreach ((string name, JsonObject[] rules, string? group) in roles)
        {
            JsonObject role = Named(name);
            role["rules"] = new JsonArray(rules);
            Create(objects, "rbac.authorization.k8s.io/v1", "ClusterRole", "", role);
            if (group is not null)
            {
                JsonObject binding = Named(name);
                binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = name };
                binding["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Group", ["name"] = group });
                Create(objects, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", binding);
            }
        }

        static JsonObject Rule(string[] verbs, string group, params string[] resources) => new()
        {
            ["apiGroups"] = new JsonArray(group),
            ["resources"] = new JsonArray([.. resources.Select(text => (JsonNode)text)]),
            ["verbs"] = new JsonArray([.. verbs.Select(text => (JsonNode)text)]),
        };
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
