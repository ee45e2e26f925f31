namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>An API version that Kubernetes no longer serves, or will not for long.</summary>
/// <param name="ApiVersion">Group and version.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Deprecated">First version of Kubernetes that warns of it.</param>
/// <param name="Removed">First version without it.</param>
/// <param name="Replacement">API version that replaces it; null where nothing does.</param>
/// <param name="Hint">What changes with it.</param>
internal sealed record RemovedApi(string ApiVersion, string Kind, Version Deprecated, Version Removed, string? Replacement, string Hint);

/// <summary>The API versions that Kubernetes removed (https://kubernetes.io/docs/reference/using-api/deprecation-guide/).</summary>
internal static class RemovedApis
{
    private static readonly Dictionary<(string ApiVersion, string Kind), RemovedApi> Table = new[]
    {
        Of("extensions/v1beta1", 8, 16, "apps/v1", "spec.selector is required there.", "Deployment", "DaemonSet", "ReplicaSet"),
        Of("extensions/v1beta1", 9, 16, "networking.k8s.io/v1", "", "NetworkPolicy"),
        Of("extensions/v1beta1", 11, 16, null, NoPolicy, "PodSecurityPolicy"),
        Of("extensions/v1beta1", 14, 22, "networking.k8s.io/v1", Ingress, "Ingress"),
        Of("apps/v1beta1", 9, 16, "apps/v1", "spec.selector is required there.", "Deployment", "StatefulSet", "ControllerRevision"),
        Of("apps/v1beta2", 9, 16, "apps/v1", "spec.selector is required there.", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"),
        Of("settings.k8s.io/v1alpha1", 19, 20, null, "Set the fields in the pods themselves, or with a mutating webhook.", "PodPreset"),
        Of("batch/v2alpha1", 20, 21, "batch/v1", "", "CronJob"),
        Of("admissionregistration.k8s.io/v1beta1", 16, 22, "admissionregistration.k8s.io/v1", "sideEffects and admissionReviewVersions are required there.", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        Of("apiextensions.k8s.io/v1beta1", 16, 22, "apiextensions.k8s.io/v1", "spec.versions replaces spec.version, and each version needs a schema.", "CustomResourceDefinition"),
        Of("apiregistration.k8s.io/v1beta1", 19, 22, "apiregistration.k8s.io/v1", "", "APIService"),
        Of("authentication.k8s.io/v1beta1", 19, 22, "authentication.k8s.io/v1", "", "TokenReview"),
        Of("authorization.k8s.io/v1beta1", 19, 22, "authorization.k8s.io/v1", "", "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview", "SelfSubjectRulesReview"),
        Of("certificates.k8s.io/v1beta1", 19, 22, "certificates.k8s.io/v1", "signerName is required there.", "CertificateSigningRequest"),
        Of("coordination.k8s.io/v1beta1", 19, 22, "coordination.k8s.io/v1", "", "Lease"),
        Of("networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1", Ingress, "Ingress"),
        Of("networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1", "", "IngressClass"),
        Of("rbac.authorization.k8s.io/v1beta1", 17, 22, "rbac.authorization.k8s.io/v1", "", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        Of("rbac.authorization.k8s.io/v1alpha1", 17, 22, "rbac.authorization.k8s.io/v1", "", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        Of("scheduling.k8s.io/v1beta1", 14, 22, "scheduling.k8s.io/v1", "", "PriorityClass"),
        Of("scheduling.k8s.io/v1alpha1", 14, 22, "scheduling.k8s.io/v1", "", "PriorityClass"),
        Of("storage.k8s.io/v1beta1", 19, 22, "storage.k8s.io/v1", "", "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
        Of("batch/v1beta1", 21, 25, "batch/v1", "", "CronJob"),
        Of("discovery.k8s.io/v1beta1", 21, 25, "discovery.k8s.io/v1", "nodeName and zone replace topology.", "EndpointSlice"),
        Of("events.k8s.io/v1beta1", 19, 25, "events.k8s.io/v1", "type, reason and action are required there.", "Event"),
        Of("autoscaling/v2beta1", 22, 25, "autoscaling/v2", "The target of a metric is an object there.", "HorizontalPodAutoscaler"),
        Of("policy/v1beta1", 21, 25, "policy/v1", "An empty selector selects all pods there.", "PodDisruptionBudget"),
        Of("policy/v1beta1", 21, 25, null, NoPolicy, "PodSecurityPolicy"),
        Of("node.k8s.io/v1beta1", 20, 25, "node.k8s.io/v1", "", "RuntimeClass"),
        Of("autoscaling/v2beta2", 23, 26, "autoscaling/v2", "", "HorizontalPodAutoscaler"),
        Of("flowcontrol.apiserver.k8s.io/v1alpha1", 20, 21, "flowcontrol.apiserver.k8s.io/v1", FlowControl, "FlowSchema", "PriorityLevelConfiguration"),
        Of("flowcontrol.apiserver.k8s.io/v1beta1", 23, 26, "flowcontrol.apiserver.k8s.io/v1", FlowControl, "FlowSchema", "PriorityLevelConfiguration"),
        Of("flowcontrol.apiserver.k8s.io/v1beta2", 26, 29, "flowcontrol.apiserver.k8s.io/v1", FlowControl, "FlowSchema", "PriorityLevelConfiguration"),
        Of("flowcontrol.apiserver.k8s.io/v1beta3", 29, 32, "flowcontrol.apiserver.k8s.io/v1", "", "FlowSchema", "PriorityLevelConfiguration"),
        Of("storage.k8s.io/v1beta1", 24, 27, "storage.k8s.io/v1", "", "CSIStorageCapacity"),
        Of("admissionregistration.k8s.io/v1beta1", 31, 34, "admissionregistration.k8s.io/v1", "", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    }.SelectMany(row => row).ToDictionary(api => (api.ApiVersion, api.Kind));

    private const string NoPolicy = "Pod Security Admission replaces it: label the namespaces with pod-security.kubernetes.io/enforce.";
    private const string Ingress = "backend is service.name and service.port.number there, and pathType is required.";
    private const string FlowControl = "assuredConcurrencyShares is nominalConcurrencyShares there.";

    /// <summary>All of them.</summary>
    public static IEnumerable<RemovedApi> All => Table.Values;

    /// <summary>Finds one.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="kind">The kind.</param>
    /// <returns>It, or null.</returns>
    public static RemovedApi? Find(string apiVersion, string kind) => Table.GetValueOrDefault((apiVersion, kind));

    private static IEnumerable<RemovedApi> Of(string apiVersion, int deprecated, int removed, string? replacement, string hint, params string[] kinds) =>
        kinds.Select(kind => new RemovedApi(apiVersion, kind, new Version(1, deprecated), new Version(1, removed), replacement, hint));
}
