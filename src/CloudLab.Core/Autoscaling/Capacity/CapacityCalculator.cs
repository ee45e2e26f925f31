using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Capacity;

/// <summary>Which of the nodes that fit a pod goes to.</summary>
public enum PodPlacement
{
    /// <summary>The emptiest, by the mean of CPU and memory: the scheduler's default.</summary>
    LeastAllocated,

    /// <summary>The fullest, by the mean of CPU and memory: fewer nodes are used.</summary>
    MostAllocated,
}

/// <summary>Places pods on nodes as kube-scheduler of Kubernetes 1.36 does: its filters, and its score of allocation.</summary>
public sealed class CapacityCalculator
{
    // More pods of one workload are not tried one by one.
    private const int MostPods = 100_000;

    private readonly List<NodeState> nodes;
    private readonly List<Workload> workloads = [];
    private readonly bool most;

    /// <summary>Places all pods.</summary>
    /// <param name="objects">Nodes, pods, workloads and LimitRanges. Pods that name a node are there already.</param>
    /// <param name="placement">Where a pod goes among the nodes that fit.</param>
    public CapacityCalculator(IReadOnlyList<JsonObject> objects, PodPlacement placement)
    {
        most = placement == PodPlacement.MostAllocated;
        nodes = [.. objects.Where(one => ManifestObjects.Text(one, "kind") == "Node").Select(one => new NodeState(one))];
        if (nodes.Count == 0)
        {
            throw ManifestObjects.Invalid("NoNode", $"There is no Node, but {ManifestObjects.Describe(objects)}: give nodes (Get-LabResource nodes), or -Cpu, -Memory and -Count.");
        }

        if (nodes.GroupBy(node => node.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw ManifestObjects.Invalid("NodeTwice", $"Node {twice.Key} is there twice: give each node once, with a name of its own.");
        }

        JsonObject[] limitRanges = [.. objects.Where(one => ManifestObjects.Text(one, "kind") == "LimitRange")];
        // Those of a namespace without workloads are not looked at.
        Dictionary<string, LimitRanges> read = new(StringComparer.Ordinal);
        foreach (JsonObject one in objects)
        {
            if (ManifestObjects.Text(one["status"], "phase") is "Failed" or "Succeeded" || PodOwner.Of(one) is not { } owner)
            {
                continue;
            }

            PodShape shape = new(owner.PodSpec, $"{owner.Kind} {owner.Name}");
            string ns = owner.Namespace ?? "default";
            if (!read.TryGetValue(ns, out LimitRanges? ranges))
            {
                read[ns] = ranges = new(limitRanges.Where(range => (ManifestObjects.Text(range["metadata"], "namespace") ?? "default") == ns));
            }

            ranges.Fill(shape);
            workloads.Add(new(owner, new(shape, owner.Kind == "DaemonSet")));
        }

        if (workloads.Count == 0)
        {
            throw ManifestObjects.Invalid("NoWorkload", $"There are no pods, but {ManifestObjects.Describe(objects)}: give pods, or workloads such as a Deployment.");
        }

        // What runs already comes first.
        foreach (Workload workload in workloads.Where(workload => workload.IsBound))
        {
            if (nodes.Find(node => node.Name == workload.Pod.NodeName) is { } node)
            {
                workload.PutOn(node);
            }
        }

        foreach (Workload workload in workloads.Where(workload => !workload.IsBound))
        {
            Place(workload);
        }

        foreach (Workload workload in workloads)
        {
            workload.More = workload.IsBound || workload.Owner.Kind is "DaemonSet" ? 0 : More(workload.Pod);
        }
    }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<LabNodeCapacity> Nodes => [.. nodes.Select(Row)];

    /// <summary>The workloads.</summary>
    public IReadOnlyList<LabPodPlacement> Workloads => [.. workloads.Select(workload => workload.Row())];

    private void Place(Workload workload)
    {
        if (workload.Owner.Kind == "DaemonSet")
        {
            // A pod for each node that its selector and tolerations allow.
            NodeState[] allowed = [.. nodes.Where(node => node.Outside(workload.Pod) is null)];
            workload.Wanted = allowed.Length;
            foreach (NodeState node in allowed)
            {
                List<string> lacking = node.Insufficient(workload.Pod);
                if (lacking.Count == 0)
                {
                    workload.PutOn(node);
                }
                else
                {
                    // The pod is made for this node: no other is looked at.
                    workload.Message ??= Message(nodes.Count, lacking);
                }
            }

            return;
        }

        for (int i = 0; i < Math.Min(workload.Wanted, MostPods); i++)
        {
            if (Best(workload.Pod) is { } node)
            {
                workload.PutOn(node);
                continue;
            }

            workload.Message = Message(nodes.Count, nodes.SelectMany(one => one.Refusals(workload.Pod)));
            break;
        }
    }

    private static string Message(int count, IEnumerable<string> reasons) => string.Create(CultureInfo.InvariantCulture, $"0/{count} nodes are available: ")
        + string.Join(", ", reasons.GroupBy(reason => reason, StringComparer.Ordinal).Select(same => $"{same.Count()} {same.Key}").Order(StringComparer.Ordinal)) + ".";

    private int More(SchedulablePod pod)
    {
        // Where it goes does not change how many there are: each node takes what it can.
        int more = 0;
        foreach (NodeState node in nodes.Select(node => node.Copy()))
        {
            for (; more < MostPods && node.Refusals(pod).Count == 0; more++)
            {
                node.Place(pod);
            }
        }

        return more;
    }

    private NodeState? Best(SchedulablePod pod) =>
        nodes.Where(node => node.Refusals(pod).Count == 0).MaxBy(node => node.Score(pod, most));

    private LabNodeCapacity Row(NodeState node)
    {
        string[] others = [.. node.Allocatable.Keys.Where(name => name is not ("cpu" or "memory" or "pods"))];
        (string stranded, string why) = Stranded(node, others);
        string pods = string.Join(", ", workloads.Where(workload => workload.On(node) > 0).Select(workload => workload.On(node) == 1 ? workload.Owner.Name : $"{workload.Owner.Name} x{workload.On(node)}"));
        return new()
        {
            Node = node.Name,
            PodCount = node.Pods,
            MaxPodCount = (int)node.Allocatable.Of("pods").Value,
            CpuAllocatable = node.Allocatable.Of("cpu").CanonicalText,
            CpuUsed = node.Used.Of("cpu").CanonicalText,
            CpuFree = node.Free("cpu").CanonicalText,
            MemoryAllocatable = node.Allocatable.Of("memory").CanonicalText,
            MemoryUsed = node.Used.Of("memory").CanonicalText,
            MemoryFree = node.Free("memory").CanonicalText,
            OtherFree = string.Join(',', others.Select(name => $"{name}={node.Free(name).CanonicalText}")),
            Stranded = stranded,
            Pods = pods,
            Reason = $"{node.Name}: {(node.Pods == 1 ? "1 pod" : $"{node.Pods} pods")}, {node.Used.Of("cpu").CanonicalText} of {node.Allocatable.Of("cpu").CanonicalText} CPU and {node.Used.Of("memory").CanonicalText} of {node.Allocatable.Of("memory").CanonicalText} memory requested{why}.",
        };
    }

    // Free, but none of the pods that may go there fits, as something else is used up.
    private (string Stranded, string Why) Stranded(NodeState node, string[] others)
    {
        SchedulablePod[] allowed = [.. workloads.Where(workload => !workload.IsBound && node.Outside(workload.Pod) is null).Select(workload => workload.Pod)];
        string[][] lacking = [.. allowed.Select(pod => node.Insufficient(pod).ToArray())];
        if (allowed.Length == 0 || lacking.Any(reasons => reasons.Length == 0))
        {
            return ("", "");
        }

        string[] used = [.. lacking.SelectMany(reasons => reasons).Distinct(StringComparer.Ordinal).Select(reason => reason == "Too many pods" ? "pods" : reason["Insufficient ".Length..])];
        string stranded = string.Join(',', ((string[])["cpu", "memory", .. others]).Where(name => !used.Contains(name) && node.Free(name).Sign > 0)
            .Select(name => $"{name}={node.Free(name).CanonicalText}"));
        return stranded.Length == 0 ? ("", "") : (stranded, $"; {stranded} is free but stranded, as none of the pods fits for lack of {string.Join(" and ", used)}");
    }

    private sealed class Workload(PodOwner owner, SchedulablePod pod)
    {
        private readonly Dictionary<NodeState, int> placed = [];

        public PodOwner Owner { get; } = owner;

        public SchedulablePod Pod { get; } = pod;

        public bool IsBound { get; } = owner.Kind == "Pod" && pod.NodeName is not null;

        // Of a DaemonSet it is known when its nodes are.
        public int Wanted { get; set; } = owner.Pods ?? 0;

        public int More { get; set; }

        public string? Message { get; set; }

        public int On(NodeState node) => placed.GetValueOrDefault(node);

        public void PutOn(NodeState node)
        {
            node.Place(Pod);
            placed[node] = On(node) + 1;
        }

        public LabPodPlacement Row()
        {
            int count = placed.Values.Sum();
            string where = string.Join(", ", placed.Select(one => one.Value == 1 ? one.Key.Name : $"{one.Key.Name} x{one.Value}"));
            bool away = IsBound && count == 0;
            return new()
            {
                Namespace = Owner.Namespace ?? "default",
                Kind = Owner.Kind,
                Name = Owner.Name,
                Fits = count == Wanted,
                PodCount = Wanted,
                PlacedPodCount = count,
                MorePodCount = More,
                Request = Pod.Requests.ToString(),
                Nodes = where,
                Message = Message,
                Reason = away ? $"{Owner.Kind} {Owner.Name} is on node {Pod.NodeName}, which is not among the nodes."
                    : count == Wanted ? $"{Owner.Kind} {Owner.Name}: {(Wanted == 1 ? "the pod fits" : $"all {Wanted} pods fit")}{(More > 0 ? $", and {More} more would" : IsBound ? "" : ", but no more would")}."
                    : $"{Owner.Kind} {Owner.Name}: {count} of {Wanted} pods fit, the others stay Pending: {Message}",
            };
        }
    }
}
