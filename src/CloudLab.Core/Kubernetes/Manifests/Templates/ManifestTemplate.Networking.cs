using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Manifests.Templates;

/// <content>Services, ingresses and network policies.</content>
public sealed partial record ManifestTemplate
{
    private JsonObject Service()
    {
        string[] ports = Texts("Port") is { Length: > 0 } given ? given : throw Missing("Port", "80");
        JsonObject spec = new() { ["type"] = Text("Type") ?? "ClusterIP" };
        if (Flag("Headless"))
        {
            spec["clusterIP"] = "None";
        }

        spec["selector"] = Map("Selector") ?? new JsonObject { [NameLabel] = Name };
        spec["ports"] = new JsonArray([.. ports.Select(Port).Select((port, i) =>
        {
            JsonObject entry = new() { ["name"] = port.Name ?? (i == 0 ? "http" : $"port-{port.Port}"), ["port"] = port.Port };
            Set(entry, "targetPort", i == 0 && Text("TargetPort") is { } target ? Port(target).Port : null);
            return entry;
        })]);
        return spec;
    }

    private JsonObject Ingress()
    {
        (_, JsonNode port) = Port(Texts("Port") is [var first, ..] ? first : "80");
        JsonObject rule = new()
        {
            ["http"] = new JsonObject
            {
                ["paths"] = new JsonArray(new JsonObject
                {
                    ["path"] = Text("UrlPath") ?? "/",
                    ["pathType"] = "Prefix",
                    ["backend"] = new JsonObject
                    {
                        ["service"] = new JsonObject
                        {
                            ["name"] = Text("ServiceName") ?? Name,
                            ["port"] = port.GetValueKind() == System.Text.Json.JsonValueKind.Number ? new JsonObject { ["number"] = port } : new JsonObject { ["name"] = port },
                        },
                    },
                }),
            },
        };
        Set(rule, "host", Text("HostName"));
        JsonObject spec = [];
        Set(spec, "ingressClassName", Text("IngressClass"));
        if (Text("TlsSecret") is { } secret)
        {
            JsonObject tls = new() { ["secretName"] = secret };
            if (Text("HostName") is { } host)
            {
                tls["hosts"] = List([host]);
            }

            spec["tls"] = new JsonArray(tls);
        }

        spec["rules"] = new JsonArray(rule);
        return spec;
    }

    private JsonObject NetworkPolicy()
    {
        JsonObject rule = [];
        if (Texts("From") is { Length: > 0 } from)
        {
            rule["from"] = new JsonArray([.. from.Select(Peer)]);
        }

        if (Texts("Port") is { Length: > 0 } ports)
        {
            rule["ports"] = new JsonArray([.. ports.Select(port => new JsonObject { ["port"] = Port(port).Port, ["protocol"] = "TCP" })]);
        }

        JsonObject spec = new()
        {
            ["podSelector"] = Values.ContainsKey("Selector") ? new JsonObject { ["matchLabels"] = Map("Selector") } : MatchName(),
            ["policyTypes"] = List(["Ingress"]),
        };

        // Without a rule nothing comes in.
        spec["ingress"] = rule.Count > 0 ? new JsonArray(rule) : new JsonArray();
        return spec;
    }

    // app=web: pods of this namespace; namespace/monitoring: all of that one; 10.0.0.0/8: addresses.
    private static JsonObject Peer(string text)
    {
        if (text.Contains('=', StringComparison.Ordinal))
        {
            return new JsonObject
            {
                ["podSelector"] = new JsonObject
                {
                    ["matchLabels"] = new JsonObject(text.Split(',').Select(pair => pair.Split('=', 2) is [var key, var value]
                        ? KeyValuePair.Create(key.Trim(), (JsonNode?)value.Trim())
                        : throw Invalid("ValueInvalid", $"-From '{text}' is not a list of labels: write app=web,tier=front."))),
                },
            };
        }

        string[] parts = text.Split('/', 2);
        return parts is ["ns" or "namespace", { Length: > 0 } ns]
            ? new JsonObject { ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = ns } } }
            : System.Net.IPNetwork.TryParse(text, out _) ? new JsonObject { ["ipBlock"] = new JsonObject { ["cidr"] = text } }
            : throw Invalid("ValueInvalid", $"-From '{text}' is none of labels (app=web), namespace/<name> and an address range (10.0.0.0/8).");
    }
}
