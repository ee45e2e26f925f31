using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A service.</summary>
public sealed class LabService : LabResource
{
    internal LabService(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary><c>ClusterIP</c>, <c>NodePort</c>, <c>LoadBalancer</c> or <c>ExternalName</c>.</summary>
    public string? Type => SpecFields.Text("type");

    /// <summary>Its address in the cluster; <c>None</c> for a headless one.</summary>
    public string? ClusterIP => SpecFields.Text("clusterIP");

    /// <summary>Its addresses from outside, or the name that it stands for; null where it has none yet.</summary>
    public string? ExternalIP
    {
        get
        {
            if (Type == "ExternalName")
            {
                return SpecFields.Text("externalName");
            }

            IEnumerable<string> balanced = (Content.Object("status")?.Object("loadBalancer")?.Objects("ingress") ?? [])
                .Select(entry => entry.Text("ip") ?? entry.Text("hostname") ?? "");
            string all = string.Join(',', balanced.Concat(SpecFields.Texts("externalIPs")).Where(address => address.Length > 0));
            return all.Length > 0 ? all : Type == "LoadBalancer" ? "<pending>" : null;
        }
    }

    /// <summary>Its ports: <c>80/TCP</c>, with the port on the nodes <c>80:30080/TCP</c>.</summary>
    public TextList<string> Ports => 
    [
        .. from port in SpecFields.Objects("ports")
           let onNodes = port.Number("nodePort") is { } node and not 0 ? string.Create(CultureInfo.InvariantCulture, $":{node}") : ""
           select string.Create(CultureInfo.InvariantCulture, $"{port.Number("port")}{onNodes}/{port.Text("protocol") ?? "TCP"}"),
    ];

    /// <summary>Labels of the pods that it sends to; null where it has no selector.</summary>
    public string? Selector => ResourceParts.Labels(SpecFields.Object("selector"));

    /// <summary>Ready addresses behind it, from its EndpointSlices; null where nobody asked for them (<c>Get-LabService -Endpoint</c>).</summary>
    public TextList<string>? Endpoints { get; internal set; }

    private JsonObject SpecFields => Content.Object("spec") ?? [];
}
