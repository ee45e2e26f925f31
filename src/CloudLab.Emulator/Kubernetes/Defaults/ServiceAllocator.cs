using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Defaults;

/// <summary>Gives Services their address in 10.96.0.0/16 and their node ports in 30000-32767.</summary>
internal static class ServiceAllocator
{
    private const int FirstPort = 30000, LastPort = 32767;

    public static void Allocate(ObjectStore store, ResourceKind kind, JsonObject node, JsonObject? live)
    {
        if (kind.StorageKey != "/services" || node["spec"] is not JsonObject spec)
        {
            return;
        }

        string name = node.Text("metadata", "name") ?? "", type = spec.Text("type")!;
        List<JsonObject> others = [.. store.List("/services").Where(s => s.Uid != node.Text("metadata", "uid")).Select(s => s.Parse())];
        if (type == "ExternalName")
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");
        }
        else
        {
            Address(kind, name, spec, live, others);
            spec.Default("ipFamilies", live?.At("spec", "ipFamilies")?.DeepClone() ?? new JsonArray("IPv4"));
            spec.Default("ipFamilyPolicy", live?.Text("spec", "ipFamilyPolicy") ?? "SingleStack");
        }

        Ports(kind, name, spec, type, live, others);
    }

    private static void Address(ResourceKind kind, string name, JsonObject spec, JsonObject? live, List<JsonObject> others)
    {
        HashSet<string> taken = [.. others.Select(other => other.Text("spec", "clusterIP") ?? "")];
        string? before = live?.Text("spec", "clusterIP");
        string address = spec.Text("clusterIP") is { Length: > 0 } given ? given : spec.Texts("clusterIPs").FirstOrDefault() ?? before ?? "";
        if (address.Length == 0)
        {
            // The lower part of the range is left to those who ask for an address.
            do
            {
                int next = Random.Shared.Next(257, 65534);
                address = $"10.96.{next / 256}.{next % 256}";
            }
            while (taken.Contains(address));
        }
        else if (address != "None" && address != before)
        {
            if (!IPAddress.TryParse(address, out _) || !address.StartsWith("10.96.", StringComparison.Ordinal))
            {
                throw ApiError.Invalid(kind, name, [FieldError.Invalid("spec.clusterIPs", new JsonArray(address),
                    $"failed to allocate IP {address}: the provided network does not match the current range")]);
            }

            if (taken.Contains(address))
            {
                throw ApiError.Invalid(kind, name, [FieldError.Invalid("spec.clusterIPs", new JsonArray(address),
                    $"failed to allocate IP {address}: provided IP is already allocated")]);
            }
        }

        spec["clusterIP"] = address;
        spec["clusterIPs"] = new JsonArray(address);
    }

    private static void Ports(ResourceKind kind, string name, JsonObject spec, string type, JsonObject? live, List<JsonObject> others)
    {
        bool wants = type == "NodePort" || (type == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"]?.GetValueKind() != JsonValueKind.False);
        HashSet<(long Port, string Protocol)> taken = [.. others.SelectMany(other => other.Items("spec", "ports"))
            .Where(port => port.Number("nodePort") > 0).Select(port => (port.Number("nodePort")!.Value, port.Text("protocol") ?? "TCP"))];
        int at = 0;
        foreach (JsonObject port in spec.Items("ports"))
        {
            string protocol = port.Text("protocol") ?? "TCP", field = $"spec.ports[{at++}].nodePort";
            long number = port.Number("nodePort") ?? 0;
            if (type is not ("NodePort" or "LoadBalancer"))
            {
                // Left over from a type that had node ports.
                port.Remove("nodePort");
                continue;
            }

            if (number == 0 && wants)
            {
                number = live.Items("spec", "ports").FirstOrDefault(old =>
                    old.Number("port") == port.Number("port") && (old.Text("protocol") ?? "TCP") == protocol).Number("nodePort") ?? 0;
                for (int tries = 0; number == 0 || taken.Contains((number, protocol)); tries++)
                {
                    if (tries > 20_000)
                    {
                        throw new ApiError(500, "InternalError", "failed to allocate a nodePort: range is full");
                    }

                    number = Random.Shared.Next(FirstPort, LastPort + 1);
                }

                port["nodePort"] = number;
            }
            else if (number is > 0 and (< FirstPort or > LastPort))
            {
                throw ApiError.Invalid(kind, name, [FieldError.Invalid(field, number, $"provided port is not in the valid range. The range of valid ports is {FirstPort}-{LastPort}")]);
            }
            else if (number > 0 && taken.Contains((number, protocol)))
            {
                throw ApiError.Invalid(kind, name, [FieldError.Invalid(field, number, "provided port is already allocated")]);
            }

            taken.Add((number, protocol));
        }
    }
}
