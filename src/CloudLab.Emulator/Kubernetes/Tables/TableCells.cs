using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>The cells of those tables, by kind and column.</summary>
internal static class TableCells
{
    private const string None = "<none>", Unknown = "<unknown>", Unset = "<unset>";

    public static JsonNode? Of(ResourceKind kind, TableColumn column, JsonObject node)
    {
        if (column.JsonPath is { } path)
        {
            return Custom(column, JsonPath.First(node, path));
        }

        return column.Name switch
        {
            "Name" => node.Text("metadata", "name"),
            "Created At" => node.Text("metadata", "creationTimestamp"),
            "Age" => Ages.Since(node.Text("metadata", "creationTimestamp")),
            "Containers" => Containers(kind, node, "name"),
            "Images" => Containers(kind, node, "image"),
            _ => Special(kind, column.Name, node),
        };
    }

    private static JsonNode? Special(ResourceKind kind, string column, JsonObject node)
    {
        JsonNode? spec = node["spec"], status = node["status"];
        return kind.StorageKey switch
        {
            "/pods" => PodCells.Of(column, node),
            "/services" => Service(column, spec, status),
            "/namespaces" => status.Text("phase"),
            "/nodes" => Node(column, node),
            "/configmaps" => Count(node, "data") + Count(node, "binaryData"),
            "/secrets" => column == "Type" ? node.Text("type") : Count(node, "data"),
            "/endpoints" => Endpoints(node),
            "/events" => Event(kind, column, node),
            "/persistentvolumeclaims" => Claim(column, spec, status),
            "/persistentvolumes" => Volume(column, spec, status),
            "/replicationcontrollers" or "apps/replicasets" => column == "Selector" ? Selector(kind, spec) : Counts(column, spec.Number("replicas") ?? 0, status),
            "apps/deployments" => column switch
            {
                "Ready" => $"{status.Number("readyReplicas") ?? 0}/{spec.Number("replicas") ?? 0}",
                "Up-to-date" => status.Number("updatedReplicas") ?? 0,
                "Available" => status.Number("availableReplicas") ?? 0,
                _ => Selector(kind, spec),
            },
            "apps/statefulsets" => $"{status.Number("readyReplicas") ?? 0}/{spec.Number("replicas") ?? 0}",
            "apps/daemonsets" => Daemons(kind, column, spec, status),
            "apps/controllerrevisions" => column == "Controller"
                ? node.Items("metadata", "ownerReferences").Select(owner => $"{owner.Text("kind")!.ToLowerInvariant()}.apps/{owner.Text("name")}").FirstOrDefault() ?? None
                : Show(node.Number("revision") ?? 0),
            "batch/jobs" => Job(kind, column, spec, status),
            "batch/cronjobs" => column switch
            {
                "Schedule" => spec.Text("schedule"),
                "Timezone" => spec.Text("timeZone") ?? None,
                "Suspend" => spec.Flag("suspend") ? "True" : "False",
                "Active" => status.Items("active").Count(),
                "Last Schedule" => status.Text("lastScheduleTime") is { } time ? Ages.Since(time) : None,
                _ => None,
            },
            "autoscaling/horizontalpodautoscalers" => Autoscaler(kind, column, spec, status),
            "networking.k8s.io/ingresses" => Ingress(column, spec, status),
            "networking.k8s.io/ingressclasses" => column == "Controller" ? spec.Text("controller") : None,
            "networking.k8s.io/networkpolicies" => LabelSelector.FromObject(spec.At("podSelector"))?.ToString() is { Length: > 0 } pods ? pods : None,
            "policy/poddisruptionbudgets" => column switch
            {
                "Min Available" => Either(spec.At("minAvailable")) ?? "N/A",
                "Max Unavailable" => Either(spec.At("maxUnavailable")) ?? "N/A",
                _ => status.Number("disruptionsAllowed") ?? 0,
            },
            "rbac.authorization.k8s.io/rolebindings" or "rbac.authorization.k8s.io/clusterrolebindings" => Binding(column, node),
            "storage.k8s.io/storageclasses" => column switch
            {
                "Provisioner" => node.Text("provisioner"),
                "ReclaimPolicy" => node.Text("reclaimPolicy"),
                "VolumeBindingMode" => node.Text("volumeBindingMode"),
                _ => node.Flag("allowVolumeExpansion") ? "true" : "false",
            },
            "scheduling.k8s.io/priorityclasses" => column switch
            {
                "Value" => node.Number("value"),
                "Global-Default" => node.Flag("globalDefault"),
                _ => node.Text("preemptionPolicy"),
            },
            "coordination.k8s.io/leases" => spec.Text("holderIdentity") ?? "",
            "discovery.k8s.io/endpointslices" => column switch
            {
                "AddressType" => node.Text("addressType"),
                "Ports" => Limit(node.Items("ports").Select(port => Either(port["port"])?.Text() ?? Unset), Unset),
                _ => Limit(node.Items("endpoints").SelectMany(endpoint => endpoint.Texts("addresses")), Unset),
            },
            _ => None,
        };
    }

    private static JsonNode? Custom(TableColumn column, JsonNode? value)
    {
        switch (column.Type)
        {
            case "date":
                return value.Text() is { } time ? Ages.Since(time) : null;
            case "integer" or "number" or "boolean":
                return value is JsonValue ? value.DeepClone() : null;
            default:
                return value is null ? null : value.Text() ?? Json.Line(value);
        }
    }

    private static string Show(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static JsonNode? Either(JsonNode? value) => value is null ? null : value.Text() ?? Json.Line(value);

    private static int Count(JsonObject node, string map) => node.Object(map)?.Count ?? 0;

    private static string Limit(IEnumerable<string> texts, string empty, int most = 3)
    {
        List<string> all = [.. texts];
        string shown = string.Join(',', all.Take(most));
        return all.Count == 0 ? empty : all.Count > most ? $"{shown} + {all.Count - most} more..." : shown;
    }

    private static JsonNode? Counts(string column, long desired, JsonNode? status) => column switch
    {
        "Desired" => desired,
        "Current" => status.Number("replicas") ?? 0,
        _ => status.Number("readyReplicas") ?? 0,
    };

    private static string Containers(ResourceKind kind, JsonObject node, string part)
    {
        JsonNode? template = kind.StorageKey switch
        {
            "batch/cronjobs" => node.At("spec", "jobTemplate", "spec", "template"),
            "/podtemplates" => node.At("template"),
            _ => node.At("spec", "template"),
        };
        return string.Join(',', template.Items("spec", "containers").Select(container => container.Text(part)));
    }

    private static string Selector(ResourceKind kind, JsonNode? spec)
    {
        string? text = (kind.Name == "replicationcontrollers" ? LabelSelector.FromMap(spec.At("selector")) : LabelSelector.FromObject(spec.At("selector")))?.ToString();
        return string.IsNullOrEmpty(text) ? None : text;
    }

    private static JsonNode? Daemons(ResourceKind kind, string column, JsonNode? spec, JsonNode? status) => column switch
    {
        "Desired" => status.Number("desiredNumberScheduled") ?? 0,
        "Current" => status.Number("currentNumberScheduled") ?? 0,
        "Ready" => status.Number("numberReady") ?? 0,
        "Up-to-date" => status.Number("updatedNumberScheduled") ?? 0,
        "Available" => status.Number("numberAvailable") ?? 0,
        "Node Selector" => LabelSelector.FromMap(spec.At("template", "spec", "nodeSelector")).ToString() is { Length: > 0 } text ? text : None,
        _ => Selector(kind, spec),
    };

    private static JsonNode? Service(string column, JsonNode? spec, JsonNode? status)
    {
        string type = spec.Text("type") ?? "";
        switch (column)
        {
            case "Type":
                return type;
            case "Cluster-IP":
                return spec.Text("clusterIP") is { Length: > 0 } address ? address : None;
            case "External-IP":
                List<string> external = [.. spec.Texts("externalIPs")];
                if (type == "ExternalName")
                {
                    return spec.Text("externalName");
                }

                external.InsertRange(0, status.Items("loadBalancer", "ingress").Select(entry => entry.Text("ip") ?? entry.Text("hostname") ?? ""));
                return external.Count > 0 ? string.Join(',', external) : type == "LoadBalancer" ? "<pending>" : None;
            case "Port(s)":
                string ports = string.Join(',', spec.Items("ports").Select(port => port.Number("nodePort") > 0
                    ? $"{port.Number("port")}:{port.Number("nodePort")}/{port.Text("protocol")}" : $"{port.Number("port")}/{port.Text("protocol")}"));
                return ports.Length == 0 ? None : ports;
            default:
                return LabelSelector.FromMap(spec.At("selector")).ToString() is { Length: > 0 } selector ? selector : None;
        }
    }

    private static JsonNode? Node(string column, JsonObject node)
    {
        JsonNode? info = node.At("status", "nodeInfo");
        string Address(string type) => node.Items("status", "addresses").FirstOrDefault(address => address.Text("type") == type).Text("address") ?? None;
        switch (column)
        {
            case "Status":
                bool ready = node.Items("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");
                return (ready ? "Ready" : "NotReady") + (node.Flag("spec", "unschedulable") ? ",SchedulingDisabled" : "");
            case "Roles":
                string roles = string.Join(',', node.Strings("metadata", "labels").Keys.Where(key => key.StartsWith("node-role.kubernetes.io/", StringComparison.Ordinal))
                    .Select(key => key["node-role.kubernetes.io/".Length..]).Order(StringComparer.Ordinal));
                return roles.Length == 0 ? None : roles;
            case "Version":
                return info.Text("kubeletVersion");
            case "Internal-IP":
                return Address("InternalIP");
            case "External-IP":
                return Address("ExternalIP");
            case "OS-Image":
                return info.Text("osImage") is { Length: > 0 } image ? image : Unknown;
            case "Kernel-Version":
                return info.Text("kernelVersion") is { Length: > 0 } kernel ? kernel : Unknown;
            default:
                return info.Text("containerRuntimeVersion") is { Length: > 0 } runtime ? runtime : Unknown;
        }
    }

    private static string Endpoints(JsonObject node)
    {
        List<string> all = [];
        foreach (JsonObject subset in node.Items("subsets"))
        {
            foreach (JsonObject address in subset.Items("addresses"))
            {
                List<JsonObject> ports = [.. subset.Items("ports")];
                all.AddRange(ports.Count == 0 ? [address.Text("ip") ?? ""] : ports.Select(port => $"{address.Text("ip")}:{port.Number("port")}"));
            }
        }

        return Limit(all, None);
    }

    private static JsonNode? Event(ResourceKind kind, string column, JsonObject node)
    {
        bool isCore = kind.Group.Length == 0;
        JsonNode? about = node[isCore ? "involvedObject" : "regarding"], source = node[isCore ? "source" : "deprecatedSource"];
        string? first = node.Text(isCore ? "firstTimestamp" : "deprecatedFirstTimestamp") ?? node.Text("eventTime"), last = node.Text("series", "lastObservedTime")
            ?? node.Text(isCore ? "lastTimestamp" : "deprecatedLastTimestamp");
        return column switch
        {
            "Last Seen" => Ages.Since(last ?? first),
            "First Seen" => Ages.Since(first),
            "Type" => node.Text("type"),
            "Reason" => node.Text("reason"),
            "Object" => $"{about.Text("kind")?.ToLowerInvariant()}/{about.Text("name")}",
            "Subobject" => about.Text("fieldPath") ?? "",
            "Source" => string.Join(", ", new[] { source.Text("component") ?? node.Text(isCore ? "reportingComponent" : "reportingController"),
                source.Text("host") ?? node.Text("reportingInstance") }.Where(text => !string.IsNullOrEmpty(text))),
            "Message" => node.Text(isCore ? "message" : "note")?.Trim(),
            "Count" => Show(node.Number("series", "count") ?? node.Number(isCore ? "count" : "deprecatedCount") ?? 1),
            _ => node.Text("metadata", "name"),
        };
    }

    private static string Modes(JsonNode? modes) => string.Join(',', modes.Texts().Select(mode => mode switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        _ => "RWOP",
    }));

    private static JsonNode? Claim(string column, JsonNode? spec, JsonNode? status) => column switch
    {
        "Status" => status.Text("phase"),
        "Volume" => spec.Text("volumeName") ?? "",
        "Capacity" => Either(status.At("capacity", "storage")) ?? "",
        "Access Modes" => Modes(status.At("accessModes")),
        "StorageClass" => spec.Text("storageClassName") ?? "",
        "VolumeAttributesClass" => spec.Text("volumeAttributesClassName") ?? Unset,
        _ => spec.Text("volumeMode") ?? Unset,
    };

    private static JsonNode? Volume(string column, JsonNode? spec, JsonNode? status) => column switch
    {
        "Capacity" => Either(spec.At("capacity", "storage")) ?? "",
        "Access Modes" => Modes(spec.At("accessModes")),
        "Reclaim Policy" => spec.Text("persistentVolumeReclaimPolicy"),
        "Status" => status.Text("phase"),
        "Claim" => spec.At("claimRef") is { } claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : "",
        "StorageClass" => spec.Text("storageClassName") ?? "",
        "VolumeAttributesClass" => spec.Text("volumeAttributesClassName") ?? Unset,
        "Reason" => status.Text("reason") ?? "",
        _ => spec.Text("volumeMode") ?? Unset,
    };

    private static JsonNode? Job(ResourceKind kind, string column, JsonNode? spec, JsonNode? status)
    {
        bool Has(string type) => status.Items("conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == "True");
        switch (column)
        {
            case "Status":
                return Has("Complete") ? "Complete" : Has("Failed") ? "Failed" : Has("Suspended") ? "Suspended"
                    : Has("FailureTarget") ? "FailureTarget" : Has("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
            case "Completions":
                long succeeded = status.Number("succeeded") ?? 0, parallelism = spec.Number("parallelism") ?? 1;
                return spec.Number("completions") is { } completions ? $"{succeeded}/{completions}" : parallelism > 1 ? $"{succeeded}/1 of {parallelism}" : $"{succeeded}/1";
            case "Duration":
                if (Json.Date(status.Text("startTime")) is not { } start)
                {
                    return "";
                }

                return Ages.Show((Json.Date(status.Text("completionTime")) ?? DateTimeOffset.UtcNow) - start);
            default:
                return Selector(kind, spec);
        }
    }

    private static JsonNode? Autoscaler(ResourceKind kind, string column, JsonNode? spec, JsonNode? status)
    {
        switch (column)
        {
            case "Reference":
                return $"{spec.Text("scaleTargetRef", "kind")}/{spec.Text("scaleTargetRef", "name")}";
            case "MinPods":
                return Show(spec.Number("minReplicas") ?? 1);
            case "MaxPods":
                return spec.Number("maxReplicas");
            case "Replicas":
                return status.Number("currentReplicas") ?? 0;
            default:
                if (kind.Version == "v1")
                {
                    return $"cpu: {Unknown}/{spec.Number("targetCPUUtilizationPercentage")}%";
                }

                string targets = string.Join(", ", spec.Items("metrics").Take(2).Select(metric =>
                {
                    JsonNode? source = metric["resource"] ?? metric["containerResource"] ?? metric["pods"] ?? metric["object"] ?? metric["external"];
                    string name = source.Text("name") is { } resource ? resource + ": " : "";
                    return source.Number("target", "averageUtilization") is { } percent ? $"{name}{Unknown}/{percent}%"
                        : $"{name}{Unknown}/{Either(source.At("target", "averageValue")) ?? Either(source.At("target", "value"))}";
                }));
                int more = spec.Items("metrics").Count() - 2;
                return targets.Length == 0 ? None : more > 0 ? $"{targets} + {more} more..." : targets;
        }
    }

    private static JsonNode? Ingress(string column, JsonNode? spec, JsonNode? status)
    {
        switch (column)
        {
            case "Class":
                return spec.Text("ingressClassName") ?? None;
            case "Hosts":
                List<string> hosts = [.. spec.Items("rules").Select(rule => rule.Text("host") ?? "").Where(host => host.Length > 0)];
                return Limit(hosts, "*");
            case "Address":
                return string.Join(',', status.Items("loadBalancer", "ingress").Select(entry => entry.Text("ip") ?? entry.Text("hostname")));
            default:
                return spec.Items("tls").Any() ? "80, 443" : "80";
        }
    }

    private static JsonNode? Binding(string column, JsonObject node)
    {
        string Subjects(string kind) => string.Join(", ", node.Items("subjects").Where(subject => subject.Text("kind") == kind)
            .Select(subject => kind == "ServiceAccount" ? $"{subject.Text("namespace")}/{subject.Text("name")}" : subject.Text("name")));
        return column switch
        {
            "Role" => $"{node.Text("roleRef", "kind")}/{node.Text("roleRef", "name")}",
            "Users" => Subjects("User"),
            "Groups" => Subjects("Group"),
            _ => Subjects("ServiceAccount"),
        };
    }
}
