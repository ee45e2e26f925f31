using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>
/// What pods and nodes use, which somebody sets in annotations: <c>emulator.cloudlab/cpu: 250m</c> on a pod is what its first container uses,
/// <c>emulator.cloudlab/NAME.cpu</c> what the container NAME does; on an autoscaler it is the load that its ready pods share; on a node it
/// stands in the place of the sum of its pods. Any name of a metric can stand in the place of <c>cpu</c>. Who has no such annotation has no metrics.
/// </summary>
internal static class UsageMetrics
{
    private const string Prefix = "emulator.cloudlab/";

    /// <summary>What an object's annotations say.</summary>
    /// <returns>Amounts by metric.</returns>
    public static Dictionary<string, string> Of(JsonObject node) => node.Strings("metadata", "annotations")
        .Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[Prefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    /// <summary>One pod's part of a load.</summary>
    public static Dictionary<string, string> Share(Dictionary<string, string> load, int pods) => load.ToDictionary(
        pair => pair.Key,
        pair => Quantity.TryParse(pair.Value, out Quantity whole) && pods > 0 ? Quantity.FromMilli(whole.MilliValue / pods).ToString() : pair.Value,
        StringComparer.Ordinal);

    /// <summary>Usage of the containers of a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="share">Its part of the load on its autoscaler.</param>
    /// <returns>The <c>containers</c> of a PodMetrics; null where nobody set any.</returns>
    public static JsonArray? Containers(JsonObject pod, Dictionary<string, string> share)
    {
        string[] names = [.. pod.Items("spec", "containers").Select(container => container.Text("name") ?? "")];
        JsonObject[] usage = [.. names.Select(_ => new JsonObject())];
        foreach ((string key, string value) in share.Concat(Of(pod)))
        {
            int dot = key.IndexOf('.', StringComparison.Ordinal), which = dot < 0 ? -1 : Array.IndexOf(names, key[..dot]);
            usage[Math.Max(which, 0)][which < 0 ? key : key[(dot + 1)..]] = value;
        }

        return Array.TrueForAll(usage, one => one.Count == 0)
            ? null
            : [.. names.Zip(usage).Where(pair => pair.Second.Count > 0).Select(pair => new JsonObject { ["name"] = pair.First, ["usage"] = pair.Second })];
    }

    /// <summary>The pods that share the load on an autoscaler, each with its part.</summary>
    /// <param name="objects">The cluster.</param>
    /// <param name="ns">A namespace; null for all.</param>
    /// <returns>Amounts by the uid of a pod.</returns>
    public static Dictionary<string, Dictionary<string, string>> Loads(ObjectService objects, string? ns)
    {
        Dictionary<string, Dictionary<string, string>> shares = new(StringComparer.Ordinal);
        foreach (StoredObject stored in objects.Store.List("autoscaling/horizontalpodautoscalers", ns))
        {
            JsonObject scaler = stored.Parse();
            Dictionary<string, string> load = Of(scaler);
            JsonNode? reference = scaler.At("spec", "scaleTargetRef");
            if (load.Count == 0
                || objects.Registry.FindKind(reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "") is not { } kind
                || LabelSelector.FromObject(objects.Store.Get(kind.StorageKey, stored.Namespace, reference.Text("name") ?? "")?.Parse().At("spec", "selector")) is not { } selector)
            {
                continue;
            }

            List<JsonObject> ready = [.. objects.Store.List("/pods", stored.Namespace).Where(pod => selector.Matches(pod.Labels)).Select(pod => pod.Parse()).Where(Pods.IsReady)];
            foreach (JsonObject pod in ready)
            {
                shares[pod.Text("metadata", "uid")!] = Share(load, ready.Count);
            }
        }

        return shares;
    }
}
