using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Keeps the Endpoints and the EndpointSlice of Services that select pods; gives load balancers an address.</summary>
internal sealed class ServiceController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "/services", Slices = "discovery.k8s.io/endpointslices", ServiceLabel = "kubernetes.io/service-name";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => change.Object.Shelf switch
    {
        Shelf => [change.Object.Key],
        "/pods" => Cluster.List(Shelf, change.Object.Namespace).Select(service => service.Key),
        _ => [],
    };

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } service)
        {
            // The Endpoints have no owner; the slice has, and goes with it.
            if (Cluster.Get("/endpoints", ns, name) is not null)
            {
                Cluster.Delete("/endpoints", ns, name);
            }

            return null;
        }

        if (Pods.IsDeleting(service))
        {
            return null;
        }

        if (service.Text("spec", "type") == "LoadBalancer" && service.At("status", "loadBalancer", "ingress") is null)
        {
            Cluster.SetStatus(Shelf, service, new JsonObject
            {
                ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = "127.0.0.1", ["ipMode"] = "VIP" }) },
            });
        }

        if (service.Object("spec", "selector") is { Count: > 0 } selector)
        {
            Publish(service, LabelSelector.FromMap(selector));
        }

        return null;
    }

    private static JsonArray Ports(JsonObject service, JsonObject? pod) => [.. service.Items("spec", "ports").Select(port =>
    {
        JsonNode? target = port["targetPort"];
        long? number = target.Number() ?? pod.Items("spec", "containers").SelectMany(container => container.Items("ports"))
            .FirstOrDefault(candidate => candidate.Text("name") == target.Text()).Number("containerPort");
        JsonObject entry = new() { ["name"] = port.Text("name") ?? "", ["port"] = number ?? port.Number("port"), ["protocol"] = port.Text("protocol") };
        return entry;
    })];

    private void Publish(JsonObject service, LabelSelector selector)
    {
        string ns = Cluster.NamespaceOf(service), name = Cluster.NameOf(service), uid = service.Text("metadata", "uid")!;
        List<JsonObject> pods = [.. Cluster.List("/pods", ns).Where(pod => selector.Matches(pod.Labels)).Select(pod => pod.Parse())
            .Where(pod => pod.Text("status", "podIP") is { Length: > 0 } && Pods.IsActive(pod)).OrderBy(pod => pod.Text("status", "podIP"), StringComparer.Ordinal)];
        JsonArray endpoints = [.. pods.Select(pod => new JsonObject
        {
            ["addresses"] = new JsonArray(pod.Text("status", "podIP")),
            ["conditions"] = new JsonObject { ["ready"] = Pods.IsReady(pod), ["serving"] = Pods.IsReady(pod), ["terminating"] = false },
            ["nodeName"] = pod.Text("spec", "nodeName"),
            ["targetRef"] = Reference(pod),
        })];
        JsonArray ports = Ports(service, pods.FirstOrDefault());
        StoredObject? slice = Cluster.List(Slices, ns).FirstOrDefault(slice => slice.OwnerUids.Contains(uid));
        if (slice is null)
        {
            JsonObject labels = service.Object("metadata", "labels")?.Copy() ?? [];
            labels[ServiceLabel] = name;
            labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
            Cluster.Create(Slices, ns, new JsonObject
            {
                ["metadata"] = new JsonObject { ["generateName"] = name + "-", ["labels"] = labels, ["ownerReferences"] = new JsonArray(Cluster.Reference(service)) },
                ["addressType"] = "IPv4",
                ["endpoints"] = endpoints,
                ["ports"] = ports,
            });
        }
        else
        {
            Cluster.Update(Slices, ns, slice.Name, live =>
            {
                live["endpoints"] = endpoints;
                live["ports"] = ports;
            });
        }

        PublishOld(service, pods);
    }

    private void PublishOld(JsonObject service, List<JsonObject> pods)
    {
        string ns = Cluster.NamespaceOf(service), name = Cluster.NameOf(service);
        JsonArray ready = [], notReady = [], subsets = [];
        foreach (JsonObject pod in pods)
        {
            (Pods.IsReady(pod) ? ready : notReady).Add(new JsonObject
            {
                ["ip"] = pod.Text("status", "podIP"),
                ["nodeName"] = pod.Text("spec", "nodeName"),
                ["targetRef"] = Reference(pod),
            });
        }

        if (ready.Count + notReady.Count > 0)
        {
            JsonObject subset = [];
            if (ready.Count > 0)
            {
                subset["addresses"] = ready;
            }

            if (notReady.Count > 0)
            {
                subset["notReadyAddresses"] = notReady;
            }

            JsonArray ports = Ports(service, pods.FirstOrDefault());
            foreach (JsonObject port in ports.OfType<JsonObject>().Where(port => port.Text("name") == ""))
            {
                port.Remove("name");
            }

            subset["ports"] = ports;
            subsets.Add(subset);
        }

        void Set(JsonObject node)
        {
            node.Remove("subsets");
            if (subsets.Count > 0)
            {
                node["subsets"] = subsets;
            }
        }

        if (Cluster.Get("/endpoints", ns, name) is not null)
        {
            Cluster.Update("/endpoints", ns, name, Set);
        }
        else
        {
            JsonObject fresh = new() { ["metadata"] = new JsonObject { ["name"] = name } };
            if (service.Object("metadata", "labels") is { } labels)
            {
                fresh["metadata"]!["labels"] = labels.DeepClone();
            }

            Set(fresh);
            Cluster.Create("/endpoints", ns, fresh);
        }
    }

    private static JsonObject Reference(JsonObject pod) => new()
    {
        ["kind"] = "Pod",
        ["name"] = Cluster.NameOf(pod),
        ["namespace"] = Cluster.NamespaceOf(pod),
        ["uid"] = pod.Text("metadata", "uid"),
    };
}
