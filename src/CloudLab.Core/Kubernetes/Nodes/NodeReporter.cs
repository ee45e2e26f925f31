using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Metrics;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Review;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>Says what troubles a node.</summary>
/// <param name="api">The cluster.</param>
public sealed class NodeReporter(KubernetesApi api)
{
    // The kubelet renews its lease every 10 seconds; after 40 the node lifecycle controller gives the node up.
    private static readonly TimeSpan LeaseLimit = TimeSpan.FromSeconds(40), MostSkew = TimeSpan.FromSeconds(5);
    private const int MostEvents = 20, MostTroubled = 100, FullPercent = 90;

    /// <summary>Makes a report.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The report. What may not be read is left out.</returns>
    public async Task<LabNodeReport> ReportAsync(LabNode node, CancellationToken cancellation)
    {
        JsonObject content = node.ToObject();
        List<JsonObject>? pods = await Permitted.TryAsync(() => new NodePods(api).OfAsync(node.Name, null, cancellation));
        JsonObject? lease = await Permitted.TryAsync(() => api.GetAsync($"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{Uri.EscapeDataString(node.Name)}", cancellation));
        JsonObject? version = await Permitted.TryAsync(() => api.GetAsync("/version", cancellation));
        IReadOnlyList<JsonObject> events = await Permitted.TryAsync(() => ObjectEvents.ReadAsync(api, null, $"involvedObject.kind=Node,involvedObject.name={node.Name}", cancellation)) ?? [];
        IReadOnlyList<ServedMetrics> metrics = await Permitted.TryAsync(() => new MetricStore(api).NodesAsync(null, cancellation)) ?? [];
        JsonObject? requests = await Permitted.TryAsync(() => api.GetAsync("/apis/certificates.k8s.io/v1/certificatesigningrequests?limit=500", cancellation));
        if (pods is not null)
        {
            node.Allocate(pods);
        }

        DateTimeOffset? heartbeat = ResourceParts.Time(lease?.Object("spec")?.Text("renewTime"));
        TimeSpan? skew = SkewOf(lease, heartbeat);
        List<LabNodeFinding> found =
        [
            .. NodeConditions.Of(content), .. Heartbeat(node, heartbeat), .. Clock(skew), .. Versions(node.Version, version?.Text("gitVersion")),
            .. Certificates(node.Name, requests?.Objects("items") ?? []), .. Fullness(node), .. await PodsAsync(pods ?? [], cancellation),
        ];
        return new LabNodeReport
        {
            Name = node.Name,
            State = node.State,
            Version = node.Version,
            ServerVersion = version?.Text("gitVersion"),
            LastHeartbeat = heartbeat,
            ClockSkew = skew,
            Findings = [.. found.OrderByDescending(one => one.Severity)],
            Allocation = [.. Allocation(node, pods ?? [])],
            Usage = [.. metrics.Where(one => one.Name == node.Name).SelectMany(one => Usage(node, one))],
            Taints = node.Taints,
            PodCount = node.PodCount ?? 0,
            Events = [.. ObjectEvents.Latest(events).Take(MostEvents).Select(ObjectEvents.Told)],
        };
    }

    // The kubelet writes the time of the renewal by its clock, and the API server when it took it by its own, in whole seconds.
    private static TimeSpan? SkewOf(JsonObject? lease, DateTimeOffset? heartbeat) =>
        heartbeat is { } renewed && (lease?.Object("metadata")?.Objects("managedFields") ?? []).Select(field => ResourceParts.Time(field.Text("time"))).Max() is { } taken
            ? TimeSpan.FromSeconds(Math.Round((renewed - taken).TotalSeconds)) : null;

    private static IEnumerable<LabNodeFinding> Heartbeat(LabNode node, DateTimeOffset? heartbeat)
    {
        if (heartbeat is { } last && DateTimeOffset.UtcNow - last > LeaseLimit && node.State?.StartsWith("Ready", StringComparison.Ordinal) == true)
        {
            yield return Found(
                FindingSeverity.Medium, "HeartbeatLate", $"The kubelet renewed its lease last at {NodeConditions.When(last.ToString("O", CultureInfo.InvariantCulture))}, and should every 10 seconds.",
                "Check the kubelet on the machine and its way to the API server; after 40 seconds the node counts as unreachable.");
        }
    }

    private static IEnumerable<LabNodeFinding> Clock(TimeSpan? skew)
    {
        if (skew is { } by && by.Duration() > MostSkew)
        {
            yield return Found(
                FindingSeverity.Medium, "ClockSkew", $"The clock of the node is {by.Duration().TotalSeconds:0} s {(by > TimeSpan.Zero ? "ahead of" : "behind")} the API server's.",
                "Set the machine's time (systemctl status chronyd or systemd-timesyncd): certificates, tokens and leases depend on it.");
        }
    }

    private static IEnumerable<LabNodeFinding> Versions(string? kubelet, string? server)
    {
        if (VersionSkew.Of(kubelet) is not { Major: 1 } own || VersionSkew.Of(server) is not { Major: 1 } theirs || own.Minor == theirs.Minor)
        {
            yield break;
        }

        bool newer = own.Minor > theirs.Minor, supported = VersionSkew.Supports(own, theirs);
        yield return Found(
            supported ? FindingSeverity.Low : FindingSeverity.Medium, "VersionSkew",
            $"The kubelet is {kubelet} and the API server {server}: {(newer ? "a kubelet may not be newer than the API server" : supported ? "that is allowed" : $"a kubelet may be at most {VersionSkew.KubeletBehind} minor versions behind")}.",
            newer ? "Upgrade the control plane first." : "Drain the node (Clear-LabNode) and upgrade its kubelet.");
    }

    private static IEnumerable<LabNodeFinding> Certificates(string node, IEnumerable<JsonObject> requests)
    {
        string[] pending = [.. requests.Where(request => request.Object("spec")?.Text("username") == "system:node:" + node && !(request.Object("status")?.Objects("conditions").Any() ?? false))
            .Select(request => request.Name())];
        if (pending.Length > 0)
        {
            yield return Found(
                FindingSeverity.Medium, "CertificatePending", $"The kubelet asked for {(pending.Length == 1 ? "a certificate" : $"{pending.Length} certificates")} that nobody approved: {SomeOf.Names(pending, DrainPlan.MostNames)}.",
                $"Check the request and approve it: kubectl certificate approve {pending[0]}. Without it, logs and exec on the node fail when the old certificate expires.");
        }
    }

    private static IEnumerable<LabNodeFinding> Fullness(LabNode node)
    {
        if (node.PodCount >= node.PodLimit)
        {
            yield return Found(
                FindingSeverity.Medium, "PodLimitReached", $"The node has {node.PodCount} pods and takes at most {node.PodLimit}.", "Move pods to other nodes, or raise the kubelet's maxPods.");
        }

        foreach ((string what, int? requested, int? limited) in new[] { ("CPU", node.CpuRequestPercent, node.CpuLimitPercent), ("Memory", node.MemoryRequestPercent, node.MemoryLimitPercent) })
        {
            if (requested >= FullPercent)
            {
                yield return Found(
                    FindingSeverity.Low, what + "Full", $"{requested} % of the {what.ToLowerInvariant().Replace("cpu", "CPU", StringComparison.Ordinal)} that pods may request is requested: larger pods are not scheduled here any more.",
                    "Measure-LabCapacity shows what still fits; lower requests that are too high, or add a node.");
            }

            if (what == "Memory" && limited > 100)
            {
                yield return Found(
                    FindingSeverity.Low, "Overcommitted", $"The memory limits of its pods are {limited} % of what there is: where they all use what they may, the kernel kills some.",
                    "Set memory limits equal to requests for pods that must not be killed.");
            }
        }
    }

    private async Task<IEnumerable<LabNodeFinding>> PodsAsync(IReadOnlyList<JsonObject> pods, CancellationToken cancellation)
    {
        List<(string Pod, LabPodFinding Finding)> found = [];
        foreach (IGrouping<string, JsonObject> same in pods
            .Where(pod => pod.Phase() is not "Succeeded" && (pod.IsLeaving() || !pod.Holds("Ready")))
            .Take(MostTroubled).GroupBy(pod => pod.Namespace()))
        {
            ILookup<string, JsonObject> events = ObjectEvents.ByObject(
                await Permitted.TryAsync(() => ObjectEvents.ReadAsync(api, same.Key, null, cancellation)) ?? []);
            found.AddRange(
                from pod in same
                from one in PodFindings.Of(pod, [.. events[pod.Uid() ?? ""]])
                where one.Severity > FindingSeverity.Low
                select ($"{same.Key}/{one.Pods[0]}", one));
        }

        return from pair in found
               group pair by pair.Finding.Rule into same
               let names = same.Select(pair => pair.Pod).Distinct().Order(StringComparer.Ordinal).ToArray()
               select Found(
                   FindingSeverity.Medium, same.Key, $"{names.Length} {(names.Length == 1 ? "pod" : "pods")} on it ({SomeOf.Names(names, DrainPlan.MostNames)}): {same.First().Finding.Message}",
                   $"Debug-LabPod {names[0].Split('/')[1]} -Namespace {names[0].Split('/')[0]} says more. {same.First().Finding.Action}") with { Pods = names };
    }

    private static IEnumerable<string> Allocation(LabNode node, IReadOnlyList<JsonObject> pods)
    {
        yield return Line("cpu", Cpu(node.CpuRequestMillicores), node.CpuRequestPercent, Cpu(node.CpuLimitMillicores), node.CpuLimitPercent, Cpu(node.CpuAllocatableMillicores));
        yield return Line("memory", Memory(node.MemoryRequestBytes), node.MemoryRequestPercent, Memory(node.MemoryLimitBytes), node.MemoryLimitPercent, Memory(node.MemoryAllocatableBytes));
        yield return $"pods: {node.PodCount} of {node.PodLimit?.ToString(CultureInfo.InvariantCulture) ?? "?"}";
        ResourceList others = [];
        foreach (JsonObject pod in pods.Where(pod => pod.Phase() is not ("Succeeded" or "Failed")))
        {
            others.Add(new PodShape(pod.Object("spec") ?? [], "pod").Requests());
        }

        JsonObject allocatable = node.ToObject().Object("status")?.Object("allocatable") ?? [];
        foreach ((string name, Quantity amount) in others.Where(one => one.Key is not ("cpu" or "memory")))
        {
            yield return $"{name}: requests {amount}, of {allocatable[name]?.ToString() ?? "0"}";
        }

        static string Line(string name, string requests, int? requestPercent, string limits, int? limitPercent, string whole) =>
            $"{name}: requests {requests}{Share(requestPercent)}, limits {limits}{Share(limitPercent)}, of {whole}";
    }

    private static IEnumerable<string> Usage(LabNode node, ServedMetrics metrics)
    {
        long cpu = metrics.Usage.Of("cpu").MilliValue, memory = metrics.Usage.Of("memory").Value;
        yield return $"cpu: {Cpu(cpu)}{Share(LabNode.Percent(cpu, node.CpuAllocatableMillicores))}";
        yield return $"memory: {Memory(memory)}{Share(LabNode.Percent(memory, node.MemoryAllocatableBytes))}";
    }

    // A node whose kubelet has not reported yet says nothing of its size.
    private static string Share(int? percent) => percent is { } share ? string.Create(CultureInfo.InvariantCulture, $" ({share} %)") : "";

    private static string Cpu(long? millicores) => millicores is { } amount ? string.Create(CultureInfo.InvariantCulture, $"{amount}m") : "?";

    private static string Memory(long? bytes) => bytes is { } amount ? string.Create(CultureInfo.InvariantCulture, $"{amount / (1024 * 1024)}Mi") : "?";

    private static LabNodeFinding Found(FindingSeverity severity, string rule, string message, string action) =>
        new() { Severity = severity, Rule = rule, Message = message, Action = action };
}
