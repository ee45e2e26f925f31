using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Which type an object of a kind gets: the everyday ones have properties, and with them tables, of their own.</summary>
internal static class ResourceKinds
{
    /// <summary>Makes the object.</summary>
    /// <param name="content">As the server wrote it.</param>
    /// <param name="resource">Its kind; null where it is not known.</param>
    /// <param name="origin">Where it was read.</param>
    /// <param name="happened">What happened to it, in a watch.</param>
    /// <returns>A <see cref="LabResource"/> or one of the types that derive from it.</returns>
    public static LabResource Create(JsonObject content, ApiResource? resource = null, ResourceOrigin origin = default, string? happened = null)
    {
        string apiVersion = content.Text("apiVersion") ?? resource?.ApiVersion ?? "", kind = content.Text("kind") ?? resource?.Kind ?? "";
        string group = ApiResource.GroupOf(apiVersion);
        LabResource made = (group, kind) switch
        {
            ("", "Pod") => new LabPod(content, resource),
            ("apps", "Deployment") => new LabDeployment(content, resource),
            ("", "Service") => new LabService(content, resource),
            ("apps", "ReplicaSet" or "StatefulSet" or "DaemonSet") or ("", "ReplicationController") => new LabReplicaController(content, resource),
            ("batch", "Job") => new LabJob(content, resource),
            ("batch", "CronJob") => new LabCronJob(content, resource),
            ("discovery.k8s.io", "EndpointSlice") => new LabEndpointSlice(content, resource),
            ("networking.k8s.io", "Ingress") => new LabIngress(content, resource),
            ("networking.k8s.io", "NetworkPolicy") => new LabNetworkPolicy(content, resource),
            ("", "ConfigMap" or "Secret") => new LabConfigData(content, resource),
            ("", "Namespace") => new LabKubeNamespace(content, resource),
            ("", "Node") => new LabNode(content, resource),
            ("", "PersistentVolume") => new LabPersistentVolume(content, resource),
            ("", "PersistentVolumeClaim") => new LabVolumeClaim(content, resource),
            ("storage.k8s.io", "StorageClass") => new LabStorageClass(content, resource),
            ("autoscaling", "HorizontalPodAutoscaler") => new LabAutoscaler(content, resource),
            ("policy", "PodDisruptionBudget") => new LabDisruptionBudget(content, resource),
            ("rbac.authorization.k8s.io", "RoleBinding" or "ClusterRoleBinding") => new LabRoleBinding(content, resource),
            ("", "ResourceQuota") => new LabResourceQuota(content, resource),
            ("" or "events.k8s.io", "Event") => new LabEvent(content, resource),
            _ => new LabResource(content, resource),
        };
        (made.Context, made.OneOfSeveral, made.EventType) = (origin.Context, origin.OneOfSeveral, happened);
        return made;
    }
}
