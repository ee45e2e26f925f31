using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A node.</summary>
public sealed class LabNode : LabResource
{
    internal LabNode(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Its roles.</summary>
    public TextList<string> Roles => 
    [
        .. from label in Content.Object("metadata")?.Object("labels") ?? []
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

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
