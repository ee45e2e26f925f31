using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Defaults;

/// <summary>LimitRanges and ResourceQuotas: what they fill in and refuse is decided by the module's own arithmetic.</summary>
internal static class QuotaAdmission
{
    public const string Quotas = "/resourcequotas", Pods = "/pods", Claims = "/persistentvolumeclaims";
    private const string Ranges = "/limitranges";

    /// <summary>Gives the containers of a new pod the requests and limits that its LimitRanges have for them.</summary>
    public static void Fill(ObjectStore store, ResourceKind kind, JsonObject node)
    {
        if (kind.StorageKey != Pods || RangesOf(store, node) is not { } ranges)
        {
            return;
        }

        JsonObject spec = node.Ensure("spec");
        PodShape pod = new(spec, "");
        ranges.Fill(pod);
        foreach ((JsonObject container, PodContainer filled) in spec.Items("containers").Zip(pod.Containers).Concat(spec.Items("initContainers").Zip(pod.InitContainers)))
        {
            Set(container, "requests", filled.Requests);
            Set(container, "limits", filled.Limits);
        }
    }

    /// <summary>Refuses a new object that a LimitRange forbids or a quota has no room for.</summary>
    public static void Check(ObjectStore store, ResourceKind kind, JsonObject node)
    {
        string ns = node.Text("metadata", "namespace") ?? "", name = node.Text("metadata", "name") ?? "";
        List<QuotaState> quotas = StatesOf(store, ns);
        LimitRanges? ranges = RangesOf(store, node);
        if (ns.Length == 0 || (quotas.Count == 0 && ranges is null))
        {
            return;
        }

        QuotaItem item = Item(kind.StorageKey, node);
        List<string> bad = ranges is null ? [] : item.Pod is { } pod ? ranges.Check(pod) : kind.StorageKey == Claims ? ranges.CheckClaim(item.ClaimRequests) : [], refusals = [];
        if (!QuotaCalculator.Admit(quotas, item, name, bad, refusals))
        {
            throw new ApiError(403, "Forbidden", refusals[0]) { Details = new JsonObject { ["name"] = name, ["kind"] = kind.Name } };
        }
    }

    /// <summary>The quotas of a namespace, with what its objects use of each now.</summary>
    public static List<QuotaState> StatesOf(ObjectStore store, string ns)
    {
        List<QuotaState> quotas = ns.Length == 0 ? [] : [.. store.List(Quotas, ns).Select(stored =>
        {
            JsonObject quota = stored.Parse();
            quota.Remove("status");
            return quota;
        }).Where(quota => quota.Object("spec", "hard") is { Count: > 0 }).Select(quota => new QuotaState(quota))];
        foreach (StoredObject stored in quotas.Count == 0 ? [] : store.ListNamespace(ns))
        {
            QuotaItem item = Item(stored.Shelf, stored.Parse());
            foreach (QuotaState quota in quotas.Where(quota => quota.Matches(item)))
            {
                quota.Used.Add(quota.Charge(item));
            }
        }

        return quotas;
    }

    private static QuotaItem Item(string shelf, JsonObject node) => shelf switch
    {
        Pods => QuotaItem.OfPod(new PodShape(node.Ensure("spec"), ""), node.Text("status", "phase") is "Succeeded" or "Failed"),
        Claims => QuotaItem.OfClaim(node["spec"], node["metadata"], "", null),
        _ => QuotaItem.Of(node),
    };

    private static LimitRanges? RangesOf(ObjectStore store, JsonObject node) =>
        store.List(Ranges, node.Text("metadata", "namespace") ?? "") is { Count: > 0 } ranges && node.Text("metadata", "namespace") is { Length: > 0 }
            ? new LimitRanges(ranges.Select(stored => stored.Parse()))
            : null;

    private static void Set(JsonObject container, string field, ResourceList amounts)
    {
        if (amounts.Count > 0)
        {
            JsonObject there = container.Ensure("resources").Ensure(field);
            foreach ((string resource, Quantity amount) in amounts)
            {
                there.Default(resource, amount.ToString());
            }
        }
    }
}
