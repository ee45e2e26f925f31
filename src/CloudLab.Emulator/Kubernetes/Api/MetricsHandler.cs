using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Controllers;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>
/// Answers for <c>metrics.k8s.io</c> as metrics-server does, with what somebody set (<see cref="UsageMetrics"/>). It is there as long as its
/// APIService is; where that is not available, it is down.
/// </summary>
internal sealed class MetricsHandler(ObjectService objects)
{
    private const string Window = "15s";

    public Task HandleAsync(ApiRequest request, string[] path)
    {
        if (objects.Store.Get(ResourceRegistry.ServiceShelf, "", ResourceRegistry.MetricsService)?.Parse() is not { } service)
        {
            throw ApiError.NoSuchResource();
        }

        if (service.Items("status", "conditions").Any(condition => condition.Text("type") == "Available" && condition.Text("status") != "True"))
        {
            return Answer.TextAsync(request, 503, "service unavailable\n");
        }

        if (request.Method is not ("GET" or "HEAD"))
        {
            throw ApiError.NotAllowed();
        }

        return path switch
        {
            ["nodes"] => ListAsync(request, "NodeMetrics", Nodes()),
            ["nodes", string name] => OneAsync(request, "nodes", name, Nodes()),
            ["pods"] => ListAsync(request, "PodMetrics", PodsOf(null)),
            ["namespaces", string ns, "pods"] => ListAsync(request, "PodMetrics", PodsOf(ns)),
            ["namespaces", string ns, "pods", string name] => OneAsync(request, "pods", name, PodsOf(ns), ns + "/"),
            _ => throw ApiError.NoSuchResource(),
        };
    }

    private static Task ListAsync(ApiRequest request, string kind, IEnumerable<JsonObject> items)
    {
        LabelSelector labels = LabelSelector.Parse(request.Query("labelSelector"));
        return Answer.JsonAsync(request, 200, new JsonObject
        {
            ["kind"] = kind + "List",
            ["apiVersion"] = ResourceRegistry.MetricsVersion,
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. items.Where(item => labels.Matches(item.Strings("metadata", "labels")))]),
        });
    }

    private static Task OneAsync(ApiRequest request, string resource, string name, IEnumerable<JsonObject> items, string place = "")
    {
        JsonObject found = items.FirstOrDefault(item => item.Text("metadata", "name") == name) ?? throw ApiError.NotFound("metrics.k8s.io", resource, place + name);
        found["kind"] = resource == "pods" ? "PodMetrics" : "NodeMetrics";
        found["apiVersion"] = ResourceRegistry.MetricsVersion;
        found.PutFirst("kind", "apiVersion");
        return Answer.JsonAsync(request, 200, found);
    }

    private static JsonObject Measured(JsonObject about)
    {
        JsonObject metadata = new() { ["name"] = about.Text("metadata", "name") };
        if (about.Text("metadata", "namespace") is { } ns)
        {
            metadata["namespace"] = ns;
        }

        metadata["creationTimestamp"] = Json.Now();
        if (about.At("metadata", "labels") is { } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        return new JsonObject { ["metadata"] = metadata, ["timestamp"] = Json.Now(), ["window"] = Window };
    }

    private IEnumerable<JsonObject> PodsOf(string? ns) => Measured(ns).Select(pair => pair.Metrics);

    private List<(JsonObject Pod, JsonObject Metrics)> Measured(string? ns)
    {
        Dictionary<string, Dictionary<string, string>> loads = UsageMetrics.Loads(objects, ns);
        List<(JsonObject Pod, JsonObject Metrics)> found = [];
        foreach (StoredObject stored in objects.Store.List("/pods", ns))
        {
            JsonObject pod = stored.Parse();
            if (pod.Text("status", "phase") == "Running"
                && UsageMetrics.Containers(pod, loads.GetValueOrDefault(pod.Text("metadata", "uid")!) ?? []) is { } containers)
            {
                JsonObject metrics = Measured(pod);
                metrics["containers"] = containers;
                found.Add((pod, metrics));
            }
        }

        return found;
    }

    private IEnumerable<JsonObject> Nodes()
    {
        List<(JsonObject Pod, JsonObject Metrics)> pods = Measured(ns: null);
        foreach (JsonObject node in objects.Store.List("/nodes").Select(stored => stored.Parse()))
        {
            Dictionary<string, string> usage = UsageMetrics.Of(node);
            foreach (IGrouping<string, KeyValuePair<string, string>> metric in
                from pair in pods
                where pair.Pod.Text("spec", "nodeName") == node.Text("metadata", "name")
                from container in pair.Metrics.Items("containers")
                from used in container.Strings("usage")
                group used by used.Key)
            {
                usage.TryAdd(metric.Key, metric.Aggregate(default(Quantity), (sum, used) => Quantity.TryParse(used.Value, out Quantity amount) ? sum + amount : sum).ToString());
            }

            if (usage.Count > 0)
            {
                JsonObject metrics = Measured(node);
                metrics["usage"] = Json.Map(usage);
                yield return metrics;
            }
        }
    }
}
