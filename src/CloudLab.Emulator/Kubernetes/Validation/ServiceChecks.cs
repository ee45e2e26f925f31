using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>Checks of Services.</summary>
internal static class ServiceChecks
{
    public static void Check(JsonNode? spec, JsonNode? live, List<FieldError> errors)
    {
        string type = spec.Text("type") ?? "";
        if (type is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            errors.Add(FieldError.Unsupported("spec.type", type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]));
        }

        List<JsonObject> ports = [.. spec.Items("ports")];
        if (ports.Count == 0 && type != "ExternalName" && spec.Text("clusterIP") != "None")
        {
            errors.Add(FieldError.Required("spec.ports"));
        }

        if (type == "ExternalName" && string.IsNullOrEmpty(spec.Text("externalName")))
        {
            errors.Add(FieldError.Invalid("spec.externalName", "", Names.SubdomainRule));
        }

        HashSet<string> names = [];
        HashSet<(long, string)> numbers = [];
        for (int i = 0; i < ports.Count; i++)
        {
            JsonObject port = ports[i];
            string field = $"spec.ports[{i}]", name = port.Text("name") ?? "", protocol = port.Text("protocol") ?? "TCP";
            if (name.Length == 0)
            {
                if (ports.Count > 1)
                {
                    errors.Add(FieldError.Required(field + ".name"));
                }
            }
            else
            {
                Names.Label(field + ".name", name, errors);
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate(field + ".name", name));
                }
            }

            PortNumber(field + ".port", port.Number("port") ?? 0, errors);
            if (!numbers.Add((port.Number("port") ?? 0, protocol)))
            {
                errors.Add(new FieldError("FieldValueDuplicate", field, $"Duplicate value: {{\"port\":{port.Number("port") ?? 0},\"protocol\":\"{protocol}\"}}"));
            }

            if (protocol is not ("TCP" or "UDP" or "SCTP"))
            {
                errors.Add(FieldError.Unsupported(field + ".protocol", protocol, ["SCTP", "TCP", "UDP"]));
            }

            if (port.Number("targetPort") is { } target)
            {
                PortNumber(field + ".targetPort", target, errors);
            }

            if (type == "ClusterIP" && live is null && port.Number("nodePort") > 0)
            {
                errors.Add(FieldError.Forbidden(field + ".nodePort", "may not be used when `type` is 'ClusterIP'"));
            }
        }

        Names.Labels(spec.At("selector"), "spec.selector", errors);
        if (live.Text("clusterIP") is { Length: > 0 } before && spec.Text("clusterIP") is { Length: > 0 } now && now != before && type != "ExternalName")
        {
            errors.Add(FieldError.Invalid("spec.clusterIPs[0]", new JsonArray(now), "may not change once set"));
        }
    }

    public static void PortNumber(string field, long number, List<FieldError> errors)
    {
        if (number is < 1 or > 65535)
        {
            errors.Add(FieldError.Invalid(field, number, "must be between 1 and 65535, inclusive"));
        }
    }
}
