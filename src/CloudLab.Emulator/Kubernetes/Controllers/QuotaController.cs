using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Emulator.Kubernetes.Defaults;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Says in each ResourceQuota what is used of it.</summary>
internal sealed class QuotaController(Cluster cluster) : Controller(cluster)
{
    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) =>
        change.Object.Namespace.Length == 0 ? [] : Cluster.List(QuotaAdmission.Quotas, change.Object.Namespace).Select(quota => quota.Key);

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(QuotaAdmission.Quotas, ns, name) is not { } quota
            || QuotaAdmission.StatesOf(Cluster.Objects.Store, ns).Find(one => one.Name == name) is not { } state)
        {
            return null;
        }

        Cluster.SetStatus(QuotaAdmission.Quotas, quota, new JsonObject { ["hard"] = Amounts(state.Hard), ["used"] = Amounts(state.Used) });
        return null;
    }

    private static JsonObject Amounts(ResourceList list) => Json.Map(list.Select(one => KeyValuePair.Create(one.Key, one.Value.ToString())));
}
