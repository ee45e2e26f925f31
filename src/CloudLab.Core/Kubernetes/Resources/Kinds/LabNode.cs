using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Nodes;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A node.</summary>
public sealed class LabNode : LabResource
{
    private ResourceList? requests, limits;

    internal LabNode(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Its roles.</summary>
    public TextList<string> Roles => 
    [
        .. from label in Content.Labels() ?? []
           let role = label.Key.StartsWith("node-role.kubernetes.io/", StringComparison.Ordinal) ? label.Key["node-role.kubernetes.io/".Length..]
               : label.Key == "kubernetes.io/role" ? label.Value?.ToString() : null
           where !string.IsNullOrEmpty(role)
           orderby role
           select role,
    ];

    /// <summary>Version of its kubelet.</summary>
    public string? Version => StatusFields.Object("nodeInfo")?.Text("kubeletVersion");

    /// <summary>Its address in the cluster.</summary>
    public string? InternalIP => StatusFields.Objects("addresses").FirstOrDefault(address => address.Text("type") == "InternalIP")?.Text("address");

    /// <summary>Its address from outside.</summary>
    public string? ExternalIP => StatusFields.Objects("addresses").FirstOrDefault(address => address.Text("type") == "ExternalIP")?.Text("address");

    /// <summary>True where no new pods are scheduled on it: it is cordoned.</summary>
    public bool Unschedulable => Content.Object("spec")?.Flag("unschedulable") == true;

    /// <summary>Operating system and architecture: <c>linux/amd64</c>.</summary>
    public string? Platform => StatusFields.Object("nodeInfo") is { } info && info.Text("operatingSystem") is { } system ? $"{system}/{info.Text("architecture")}" : null;

    /// <summary>Version of its operating system's kernel.</summary>
    public string? KernelVersion => StatusFields.Object("nodeInfo")?.Text("kernelVersion");

    /// <summary>What is wrong with it, in words: pressure, a kubelet that does not report, since when and why. Empty where all is well.</summary>
    public TextList<string> Problems => [.. NodeConditions.Of(ToObject()).Where(one => one.Severity > FindingSeverity.Low).Select(one => one.Message)];

    /// <summary>Conditions that hold and should not: <c>DiskPressure</c>, <c>NetworkUnavailable</c>.</summary>
    public TextList<string> BadConditions => [.. StatusFields.Objects("conditions").Where(one => one.Text("type") != "Ready" && one.Text("status") == "True").Select(one => one.Text("type") ?? "")];

    /// <summary>CPU of the machine, in thousandths of a core.</summary>
    public long? CpuCapacityMillicores => Amount("capacity", "cpu")?.MilliValue;

    /// <summary>CPU that pods may request, in thousandths of a core.</summary>
    public long? CpuAllocatableMillicores => Amount("allocatable", "cpu")?.MilliValue;

    /// <summary>Memory of the machine.</summary>
    public long? MemoryCapacityBytes => Amount("capacity", "memory")?.Value;

    /// <summary>Memory that pods may request.</summary>
    public long? MemoryAllocatableBytes => Amount("allocatable", "memory")?.Value;

    /// <summary>The most pods that it takes.</summary>
    public long? PodLimit => Amount("allocatable", "pods")?.Value;

    /// <summary>Pods on it that have not ended; null where the pods were not read (Get-LabNode reads them).</summary>
    public int? PodCount { get; private set; }

    /// <summary>CPU that its pods request, in thousandths of a core; null where they were not read.</summary>
    public long? CpuRequestMillicores => requests?.Of("cpu").MilliValue;

    /// <summary>The same in percent of what they may request.</summary>
    public int? CpuRequestPercent => Percent(CpuRequestMillicores, CpuAllocatableMillicores);

    /// <summary>Sum of the CPU limits of its pods, in thousandths of a core; null where they were not read.</summary>
    public long? CpuLimitMillicores => limits?.Of("cpu").MilliValue;

    /// <summary>The same in percent of what they may request; may be over 100.</summary>
    public int? CpuLimitPercent => Percent(CpuLimitMillicores, CpuAllocatableMillicores);

    /// <summary>Memory that its pods request; null where they were not read.</summary>
    public long? MemoryRequestBytes => requests?.Of("memory").Value;

    /// <summary>The same in percent of what they may request.</summary>
    public int? MemoryRequestPercent => Percent(MemoryRequestBytes, MemoryAllocatableBytes);

    /// <summary>Sum of the memory limits of its pods; null where they were not read.</summary>
    public long? MemoryLimitBytes => limits?.Of("memory").Value;

    /// <summary>The same in percent of what they may request; may be over 100.</summary>
    public int? MemoryLimitPercent => Percent(MemoryLimitBytes, MemoryAllocatableBytes);

    /// <summary>Operating system.</summary>
    public string? OSImage => StatusFields.Object("nodeInfo")?.Text("osImage");

    /// <summary>Container runtime: <c>containerd://2.1.4</c>.</summary>
    public string? ContainerRuntime => StatusFields.Object("nodeInfo")?.Text("containerRuntimeVersion");

    /// <summary>Taints: <c>key=value:NoSchedule</c>.</summary>
    public TextList<string> Taints => 
    [
        .. (Content.Object("spec")?.Objects("taints") ?? [])
            .Select(taint => $"{taint.Text("key")}{(taint.Text("value") is { } value ? "=" + value : "")}:{taint.Text("effect")}"),
    ];

    /// <summary>A part of a whole, as kubectl rounds it.</summary>
    /// <param name="part">The part.</param>
    /// <param name="whole">The whole.</param>
    /// <returns>Whole percent; null where one of them is not known.</returns>
    internal static int? Percent(long? part, long? whole) => part is { } value && whole is > 0 ? (int)(value * 100.0 / whole.Value) : null;

    /// <summary>Adds up what its pods request, as <c>kubectl describe node</c> does.</summary>
    /// <param name="pods">The pods that are bound to it.</param>
    internal void Allocate(IEnumerable<JsonObject> pods)
    {
        (requests, limits, PodCount) = ([], [], 0);
        foreach (JsonObject pod in pods.Where(pod => pod.Object("status")?.Text("phase") is not ("Succeeded" or "Failed")))
        {
            PodShape shape = new(pod.Object("spec") ?? [], $"pod {pod.Object("metadata")?.Text("name")}");
            requests.Add(shape.Requests());
            limits.Add(shape.Limits());
            PodCount++;
        }
    }

    private Quantity? Amount(string list, string resource) => Quantity.TryParse(StatusFields.Object(list)?[resource]?.ToString(), out Quantity amount) ? amount : null;

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
