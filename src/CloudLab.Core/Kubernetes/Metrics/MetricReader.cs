using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Metrics;

/// <summary>Puts what pods and nodes use beside what they request and may use. Metrics are read once for many objects, and again when they are some seconds old.</summary>
/// <param name="api">The cluster.</param>
/// <param name="context">Name of its context, which the results then have with them; null if none.</param>
public sealed class MetricReader(KubernetesApi api, string? context = null)
{
    private const long MaxAgeMilliseconds = 5000;

    private readonly MetricStore store = new(api);
    private readonly Dictionary<string, (long Read, Dictionary<(string?, string), ServedMetrics> Metrics)> read = new(StringComparer.Ordinal);

    /// <summary>What a node uses.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The metrics; null where there are none of it. Throws <see cref="LabException"/> (<c>MetricsUnavailable</c>) where nobody serves any.</returns>
    public async Task<LabNodeMetric?> NodeAsync(LabNode node, CancellationToken cancellation)
    {
        Dictionary<(string?, string), ServedMetrics> all = await ReadAsync("nodes", () => store.NodesAsync(null, cancellation));
        if (!all.TryGetValue((null, node.Name), out ServedMetrics? served))
        {
            return null;
        }

        long cpu = served.Usage.Of("cpu").MilliValue, memory = served.Usage.Of("memory").Value;
        return new LabNodeMetric
        {
            Name = node.Name,
            Context = context,
            CpuMillicores = cpu,
            CpuAllocatableMillicores = node.CpuAllocatableMillicores,
            CpuPercent = LabNode.Percent(cpu, node.CpuAllocatableMillicores),
            MemoryBytes = memory,
            MemoryAllocatableBytes = node.MemoryAllocatableBytes,
            MemoryPercent = LabNode.Percent(memory, node.MemoryAllocatableBytes),
            Timestamp = served.Timestamp,
            Window = served.Window,
        };
    }

    /// <summary>What a pod uses.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="ns">The namespace whose metrics are read at once; null for all.</param>
    /// <param name="containers">Whether each container is told of, not the whole pod.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The metrics; none where there are none of it. Throws <see cref="LabException"/> (<c>MetricsUnavailable</c>) where nobody serves any.</returns>
    public async Task<IReadOnlyList<LabPodMetric>> PodAsync(LabResource pod, string? ns, bool containers, CancellationToken cancellation)
    {
        Dictionary<(string?, string), ServedMetrics> all = await ReadAsync($"pods/{ns}", () => store.PodsAsync(ns, null, cancellation));
        if (!all.TryGetValue((pod.Namespace, pod.Name), out ServedMetrics? served))
        {
            return [];
        }

        JsonObject spec = pod.ToObject().Object("spec") ?? [];
        PodShape shape = new(spec, $"pod {pod.Name}");
        if (!containers)
        {
            return [Metric(pod, spec, null, served, served.Usage, shape.Requests(withOverhead: false), shape.Limits(withOverhead: false), shape.All.All(one => one.Limits.ContainsKey("cpu")), shape.All.All(one => one.Limits.ContainsKey("memory")))];
        }

        return [.. served.Containers.Select(one =>
        {
            PodContainer? wanted = shape.All.FirstOrDefault(container => container.Name == one.Name);
            return Metric(pod, spec, one.Name, served, one.Usage, wanted?.Requests ?? [], wanted?.Limits ?? [], true, true);
        })];
    }

    /// <summary>The pods that an object of another kind has: a workload or a service.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="owner">The object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Its pods. Throws <see cref="LabException"/> (<c>NoPodsOfKind</c>) where it cannot have any.</returns>
    public async Task<IReadOnlyList<LabResource>> PodsOfAsync(ApiResource kind, LabResource owner, CancellationToken cancellation)
    {
        PodFinder finder = new(api);
        PodSelection selection = await finder.SelectAsync(kind.Name, owner.Name, owner.Namespace ?? "", cancellation);
        return [.. (await finder.ListAsync(selection, cancellation)).Select(pod => ResourceKinds.Create(pod, PodFinder.Pods, new ResourceOrigin(context, false)))];
    }

    // A pod as a whole has a limit where each of its containers has one.
    private LabPodMetric Metric(
        LabResource pod, JsonObject spec, string? container, ServedMetrics served, ResourceList usage, ResourceList requests, ResourceList limits, bool cpuLimited, bool memoryLimited)
    {
        long cpu = usage.Of("cpu").MilliValue, memory = usage.Of("memory").Value;
        long? cpuRequest = Milli(requests), cpuLimit = cpuLimited ? Milli(limits) : null;
        long? memoryRequest = Bytes(requests), memoryLimit = memoryLimited ? Bytes(limits) : null;
        return new LabPodMetric
        {
            Name = pod.Name,
            Namespace = pod.Namespace ?? "",
            Container = container,
            Node = spec.Text("nodeName"),
            Context = context,
            CpuMillicores = cpu,
            CpuRequestMillicores = cpuRequest,
            CpuLimitMillicores = cpuLimit,
            CpuRequestPercent = LabNode.Percent(cpu, cpuRequest),
            CpuLimitPercent = LabNode.Percent(cpu, cpuLimit),
            MemoryBytes = memory,
            MemoryRequestBytes = memoryRequest,
            MemoryLimitBytes = memoryLimit,
            MemoryRequestPercent = LabNode.Percent(memory, memoryRequest),
            MemoryLimitPercent = LabNode.Percent(memory, memoryLimit),
            Timestamp = served.Timestamp,
            Window = served.Window,
        };

        static long? Milli(ResourceList list) => list.TryGetValue("cpu", out Quantity amount) ? amount.MilliValue : null;
        static long? Bytes(ResourceList list) => list.TryGetValue("memory", out Quantity amount) ? amount.Value : null;
    }

    private async Task<Dictionary<(string?, string), ServedMetrics>> ReadAsync(string what, Func<Task<IReadOnlyList<ServedMetrics>>> ask)
    {
        if (!read.TryGetValue(what, out (long Read, Dictionary<(string?, string), ServedMetrics> Metrics) known) || Environment.TickCount64 - known.Read > MaxAgeMilliseconds)
        {
            read[what] = known = (Environment.TickCount64, (await ask()).ToDictionary(one => (one.Namespace, one.Name)));
        }

        return known.Metrics;
    }
}
