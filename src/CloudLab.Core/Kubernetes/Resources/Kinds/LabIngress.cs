using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>An ingress.</summary>
public sealed class LabIngress : LabResource
{
    internal LabIngress(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Its ingress class.</summary>
    public string? IngressClass => SpecFields.Text("ingressClassName") ?? Content.Object("metadata")?.Object("annotations")?.Text("kubernetes.io/ingress.class");

    /// <summary>Host names; <c>*</c> for any.</summary>
    public TextList<string> Hosts => [.. SpecFields.Objects("rules").Select(rule => rule.Text("host") ?? "*").DefaultIfEmpty("*").Distinct()];

    /// <summary>Addresses of the load balancer.</summary>
    public TextList<string> Address => 
    [
        .. (Content.Object("status")?.Object("loadBalancer")?.Objects("ingress") ?? [])
            .Select(entry => entry.Text("ip") ?? entry.Text("hostname")).OfType<string>(),
    ];

    /// <summary>Ports: 80, and 443 where it has TLS.</summary>
    public string Ports => SpecFields.Objects("tls").Any() ? "80, 443" : "80";

    /// <summary>Paths and the services behind them: <c>movies.example/api -> api:80</c>.</summary>
    public TextList<string> Rules => 
    [
        .. from rule in SpecFields.Objects("rules")
           from path in rule.Object("http")?.Objects("paths") ?? []
           let service = path.Object("backend")?.Object("service")
           let port = service?.Object("port")
           select $"{rule.Text("host") ?? "*"}{path.Text("path")} -> {service?.Text("name") ?? path.Object("backend")?.Object("resource")?.Text("name")}{(port is null ? "" : $":{port.Text("name") ?? port["number"]?.ToString()}")}",
    ];

    private JsonObject SpecFields => Content.Object("spec") ?? [];
}
