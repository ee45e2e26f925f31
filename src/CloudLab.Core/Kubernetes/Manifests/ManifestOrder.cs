using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// In which order kinds go: what others need comes first. The kinds of one wave do not need each other, so they go at the
/// same time. After helm's install order (<c>pkg/release/util/kind_sorter.go</c>), with definitions before everything that
/// may use them and webhooks last, so that they do not refuse what is deployed with them.
/// </summary>
internal static class ManifestOrder
{
    /// <summary>The wave of custom resource definitions.</summary>
    public const int Definitions = 1;

    /// <summary>The wave of the kinds that nobody knows beforehand: custom resources.</summary>
    public const int CustomResources = 7;

    private const int Webhooks = 8;

    private static readonly Dictionary<string, int> Waves = new (int Number, string Kinds)[]
    {
        (0, "Namespace PriorityClass StorageClass RuntimeClass IngressClass"),
        (Definitions, "CustomResourceDefinition"),
        (2, "ServiceAccount Secret ConfigMap NetworkPolicy ResourceQuota LimitRange PodDisruptionBudget PersistentVolume ClusterRole Role"),
        (3, "ClusterRoleBinding RoleBinding PersistentVolumeClaim"),
        (4, "Service Endpoints EndpointSlice"),
        (5, "DaemonSet Pod ReplicationController ReplicaSet Deployment StatefulSet Job CronJob"),
        (6, "HorizontalPodAutoscaler Ingress APIService"),
        (Webhooks, "MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding"),
    }.SelectMany(wave => wave.Kinds.Split(' ').Select(kind => (Kind: kind, wave.Number))).ToDictionary(pair => pair.Kind, pair => pair.Number);

    /// <summary>The wave of an item.</summary>
    /// <param name="item">The item.</param>
    /// <returns>0 for what goes first.</returns>
    public static int WaveOf(ManifestItem item) =>
        // A custom resource may be called Service, too.
        ApiResource.IsBuiltIn(item.Group) && Waves.TryGetValue(item.Kind, out int wave) ? wave : CustomResources;
}
