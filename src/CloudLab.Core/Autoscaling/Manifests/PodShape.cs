using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Manifests;

/// <summary>A pod as admission and the scheduler count it: k8s.io/component-helpers, resource/helpers.go, of Kubernetes 1.36.</summary>
internal sealed class PodShape
{
    private readonly ResourceList podRequests;
    private readonly ResourceList podLimits;
    private readonly ResourceList overhead;

    /// <summary>Reads a pod, with what the API server fills in: requests that are missing where there are limits.</summary>
    /// <param name="spec"><c>spec</c> of the pod.</param>
    /// <param name="owner">Whose pod it is, for messages.</param>
    public PodShape(JsonObject spec, string owner)
    {
        Spec = spec;
        Containers = Read(spec, "containers", owner);
        InitContainers = Read(spec, "initContainers", owner);
        podRequests = ResourceList.Read((spec["resources"] as JsonObject)?["requests"], $"{owner}: spec.resources.requests");
        podLimits = ResourceList.Read((spec["resources"] as JsonObject)?["limits"], $"{owner}: spec.resources.limits");
        overhead = ResourceList.Read(spec["overhead"], $"{owner}: spec.overhead");
        HasPodResources = podRequests.Keys.Concat(podLimits.Keys).Any(IsPodLevel);
        if (podLimits.Count > 0)
        {
            ResourceList containers = Aggregate(container => container.Requests);
            foreach (string name in containers.Keys.Where(name => name is "cpu" or "memory"))
            {
                podRequests.TryAdd(name, containers[name]);
            }

            foreach (string name in podLimits.Keys.Where(IsPodLevel))
            {
                podRequests.TryAdd(name, podLimits[name]);
            }
        }
    }

    /// <summary>The spec itself.</summary>
    public JsonObject Spec { get; }

    /// <summary>The containers.</summary>
    public IReadOnlyList<PodContainer> Containers { get; }

    /// <summary>The init containers, sidecars among them.</summary>
    public IReadOnlyList<PodContainer> InitContainers { get; }

    /// <summary>All containers.</summary>
    public IEnumerable<PodContainer> All => Containers.Concat(InitContainers);

    /// <summary>Whether there are requests or limits of the pod as a whole.</summary>
    public bool HasPodResources { get; }

    /// <summary>Whether it requests nothing and has no limits of CPU and memory.</summary>
    public bool IsBestEffort => HasPodResources
        ? !podRequests.Concat(podLimits).Any(Counts)
        : !All.SelectMany(container => container.Requests.Concat(container.Limits)).Any(Counts);

    /// <summary>Whether a pod as a whole can request a resource.</summary>
    /// <param name="resource">Resource.</param>
    /// <returns>True where it can.</returns>
    public static bool IsPodLevel(string resource) => resource is "cpu" or "memory" || resource.StartsWith("hugepages-", StringComparison.Ordinal);

    /// <summary>What the pod requests.</summary>
    /// <param name="withOverhead">Whether what running the pod itself takes is counted.</param>
    /// <param name="missing">What is counted for a container that requests nothing of it; null for nothing.</param>
    /// <returns>The sum.</returns>
    public ResourceList Requests(bool withOverhead = true, ResourceList? missing = null)
    {
        ResourceList sum = Aggregate(container =>
        {
            if (missing is null)
            {
                return container.Requests;
            }

            ResourceList filled = new(container.Requests);
            filled.Fill(missing);
            return filled;
        });
        foreach (string name in podRequests.Keys.Where(IsPodLevel))
        {
            sum[name] = podRequests[name];
        }

        if (withOverhead)
        {
            sum.Add(overhead);
        }

        return sum;
    }

    /// <summary>The limits of the pod.</summary>
    /// <param name="withOverhead">Whether what running the pod itself takes is counted.</param>
    /// <returns>The sum of those that there are.</returns>
    public ResourceList Limits(bool withOverhead = true)
    {
        ResourceList sum = Aggregate(container => container.Limits);
        foreach (string name in podLimits.Keys.Where(IsPodLevel))
        {
            sum[name] = podLimits[name];
        }

        foreach ((string name, Quantity amount) in withOverhead ? overhead : [])
        {
            if (sum.Of(name).Sign != 0)
            {
                sum[name] += amount;
            }
        }

        return sum;
    }

    private static bool Counts(KeyValuePair<string, Quantity> amount) => amount.Key is "cpu" or "memory" && amount.Value.Sign > 0;

    private static PodContainer[] Read(JsonObject spec, string list, string owner) => [.. ManifestObjects.List(spec, list).Select((container, i) =>
    {
        string name = ManifestObjects.Text(container, "name") ?? "";
        JsonObject? resources = container["resources"] as JsonObject;
        string path = $"{owner}: {list}[{i}] '{name}' resources";
        PodContainer read = new(
            name, ResourceList.Read(resources?["requests"], path + ".requests"), ResourceList.Read(resources?["limits"], path + ".limits"),
            list == "initContainers" && ManifestObjects.Text(container, "restartPolicy") == "Always");
        read.Requests.Fill(read.Limits);
        return read;
    })];

    // Containers and sidecars together, or what an init container and the sidecars before it need while it runs.
    private ResourceList Aggregate(Func<PodContainer, ResourceList> amounts)
    {
        ResourceList sum = [], sidecars = [], highest = [];
        foreach (PodContainer container in Containers)
        {
            sum.Add(amounts(container));
        }

        foreach (PodContainer init in InitContainers)
        {
            ResourceList during = new(sidecars);
            during.Add(amounts(init));
            if (init.IsSidecar)
            {
                sum.Add(amounts(init));
                sidecars = during;
            }

            highest.Max(during);
        }

        sum.Max(highest);
        return sum;
    }
}
