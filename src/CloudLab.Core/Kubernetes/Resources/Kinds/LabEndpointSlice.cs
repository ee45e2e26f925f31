using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A part of the addresses behind a service.</summary>
public sealed class LabEndpointSlice : LabResource
{
    internal LabEndpointSlice(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary><c>IPv4</c>, <c>IPv6</c> or <c>FQDN</c>.</summary>
    public string? AddressType => Content.Text("addressType");

    /// <summary>Ports.</summary>
    public TextList<string> Ports => [.. Content.Objects("ports").Select(port => port["port"]?.ToString() ?? "*")];

    /// <summary>All addresses.</summary>
    public TextList<string> Addresses => [.. Content.Objects("endpoints").SelectMany(endpoint => endpoint.Texts("addresses"))];

    /// <summary>Addresses that are ready.</summary>
    public TextList<string> ReadyAddresses => 
    [
        .. Content.Objects("endpoints")
            .Where(endpoint => endpoint.Object("conditions") is not { } conditions || conditions["ready"] is null || conditions.Flag("ready"))
            .SelectMany(endpoint => endpoint.Texts("addresses")),
    ];

    /// <summary>The service that it belongs to; null where its label is missing.</summary>
    public string? Service => Content.Labels()?.Text("kubernetes.io/service-name");
}
