using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>One object as quotas count it: pkg/quota/v1/evaluator/core of Kubernetes 1.36.</summary>
internal sealed class QuotaItem
{
    private const string StorageClassPart = ".storageclass.storage.k8s.io/";
    private static readonly Quantity One = Quantity.FromMilli(1000);

    // Counted by their plain name too, since before there was count/.
    private static readonly string[] PlainNames = ["pods", "services", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "configmaps"];

    private static readonly string[] Compute = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

    private QuotaItem(string group, ResourceList usage)
    {
        Group = group;
        Usage = usage;
    }

    /// <summary>The resource of the API, as in <c>deployments.apps</c>.</summary>
    public string Group { get; }

    /// <summary>What is charged.</summary>
    public ResourceList Usage { get; }

    /// <summary>The pod, where it is one.</summary>
    public PodShape? Pod { get; private init; }

    /// <summary>The VolumeAttributesClass of a claim.</summary>
    public string? AttributesClass { get; private init; }

    /// <summary>Requests of a claim.</summary>
    public ResourceList ClaimRequests { get; private init; } = [];

    /// <summary>A pod.</summary>
    /// <param name="pod">The pod, as it is stored.</param>
    /// <param name="isOver">Whether it has ended: then only count/pods counts it.</param>
    /// <returns>The item.</returns>
    public static QuotaItem OfPod(PodShape pod, bool isOver = false)
    {
        ResourceList usage = new() { ["count/pods"] = One };
        if (!isOver)
        {
            usage["pods"] = One;
            Charge(usage, pod.Requests(), pod.Limits());
        }

        return new("pods", usage) { Pod = pod };
    }

    /// <summary>A claim of a volume.</summary>
    /// <param name="spec">Its <c>spec</c>.</param>
    /// <param name="metadata">Its metadata.</param>
    /// <param name="owner">Whose it is, for messages.</param>
    /// <param name="defaultClass">The storage class of claims that name none, or null.</param>
    /// <returns>The item.</returns>
    public static QuotaItem OfClaim(JsonNode? spec, JsonNode? metadata, string owner, string? defaultClass)
    {
        ResourceList usage = new() { ["count/persistentvolumeclaims"] = One, ["persistentvolumeclaims"] = One };
        ResourceList requests = ResourceList.Read(((spec as JsonObject)?["resources"] as JsonObject)?["requests"], $"{owner}: spec.resources.requests");
        string storageClass = ManifestObjects.Text((metadata as JsonObject)?["annotations"], "volume.beta.kubernetes.io/storage-class")
            ?? ManifestObjects.Text(spec, "storageClassName") ?? defaultClass ?? "";
        if (storageClass.Length > 0)
        {
            usage[storageClass + StorageClassPart + "persistentvolumeclaims"] = One;
        }

        if (requests.TryGetValue("storage", out Quantity storage))
        {
            usage["requests.storage"] = storage;
            if (storageClass.Length > 0)
            {
                usage[storageClass + StorageClassPart + "requests.storage"] = storage;
            }
        }

        return new("persistentvolumeclaims", usage) { AttributesClass = ManifestObjects.Text(spec, "volumeAttributesClassName"), ClaimRequests = requests };
    }

    /// <summary>Any other object.</summary>
    /// <param name="json">The object.</param>
    /// <returns>The item.</returns>
    public static QuotaItem Of(JsonObject json)
    {
        string group = Resource(ManifestObjects.Text(json, "kind") ?? "", ManifestObjects.Text(json, "apiVersion") ?? "v1");
        ResourceList usage = new() { ["count/" + group] = One };
        if (PlainNames.Contains(group))
        {
            usage[group] = One;
        }

        if (group == "services" && json["spec"] is JsonObject spec)
        {
            JsonObject[] ports = [.. ManifestObjects.List(spec, "ports")];
            string type = ManifestObjects.Text(spec, "type") ?? "ClusterIP";
            bool allocates = type == "NodePort" || (type == "LoadBalancer" && ManifestObjects.Text(spec, "allocateLoadBalancerNodePorts") != "false");
            int nodePorts = allocates ? ports.Length : type == "LoadBalancer" ? ports.Count(port => ManifestObjects.Text(port, "nodePort") is not (null or "0")) : 0;
            usage["services.nodeports"] = Quantity.FromMilli(nodePorts * 1000L);
            usage["services.loadbalancers"] = type == "LoadBalancer" ? One : default;
        }

        return new(group, usage);
    }

    /// <summary>The object that a controller makes besides pods and claims, as any other.</summary>
    /// <param name="group">Its resource of the API.</param>
    /// <returns>The item.</returns>
    public static QuotaItem OfKind(string group) => new(group, new() { ["count/" + group] = One });

    /// <summary>Whether a resource of a quota is one that counts such objects.</summary>
    /// <param name="resource">Resource of a quota.</param>
    /// <returns>True where it is.</returns>
    public bool Counts(string resource) => resource == "count/" + Group || Group switch
    {
        "pods" => resource is "pods" or "ephemeral-storage" or "requests.ephemeral-storage" or "limits.ephemeral-storage" || Compute.Contains(resource)
            || resource.StartsWith("hugepages-", StringComparison.Ordinal) || resource.StartsWith("requests.hugepages-", StringComparison.Ordinal)
            || (resource.StartsWith("requests.", StringComparison.Ordinal) && resource.Contains('/', StringComparison.Ordinal)),
        "services" => resource is "services" or "services.nodeports" or "services.loadbalancers",
        "persistentvolumeclaims" => resource is "persistentvolumeclaims" or "requests.storage"
            || resource.EndsWith(StorageClassPart + "persistentvolumeclaims", StringComparison.Ordinal) || resource.EndsWith(StorageClassPart + "requests.storage", StringComparison.Ordinal),
        _ => Usage.ContainsKey(resource),
    };

    /// <summary>What a quota on CPU and memory asks each container to say.</summary>
    /// <param name="hard">Resources of the quota.</param>
    /// <returns>What the API server says of what is missing; null where nothing is.</returns>
    public string? Missing(IEnumerable<string> hard)
    {
        if (Pod is null || Pod.HasPodResources)
        {
            return null;
        }

        SortedDictionary<string, SortedSet<string>> missing = new(StringComparer.Ordinal);
        foreach (PodContainer container in Pod.All)
        {
            ResourceList says = [];
            Charge(says, container.Requests, container.Limits);
            foreach (string resource in hard.Where(resource => Compute.Contains(resource) && !says.ContainsKey(resource)))
            {
                if (!missing.TryGetValue(resource, out SortedSet<string>? names))
                {
                    missing[resource] = names = new(StringComparer.Ordinal);
                }

                names.Add(container.Name);
            }
        }

        return missing.Count == 0 ? null : "must specify " + string.Join("; ", missing.Select(one => $"{one.Key} for: {string.Join(',', one.Value)}"));
    }

    private static void Charge(ResourceList usage, ResourceList requests, ResourceList limits)
    {
        foreach ((string name, Quantity amount) in requests)
        {
            bool plain = name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal);
            if (plain)
            {
                usage[name] = amount;
            }

            if (plain || name.Contains('/', StringComparison.Ordinal))
            {
                usage["requests." + name] = amount;
            }
        }

        foreach ((string name, Quantity amount) in limits)
        {
            if (name is "cpu" or "memory" or "ephemeral-storage")
            {
                usage["limits." + name] = amount;
            }
        }
    }

    private static string Resource(string kind, string version)
    {
        string lower = kind.ToLowerInvariant();
        string plural = lower switch
        {
            "endpoints" => lower,
            _ when lower.EndsWith("ss", StringComparison.Ordinal) || lower.EndsWith('x') || lower.EndsWith("ch", StringComparison.Ordinal) => lower + "es",
            _ when lower.EndsWith('y') && !lower.EndsWith("ay", StringComparison.Ordinal) => lower[..^1] + "ies",
            _ => lower + "s",
        };
        return version.Split('/') is [var group, _] ? $"{plural}.{group}" : plural;
    }
}
