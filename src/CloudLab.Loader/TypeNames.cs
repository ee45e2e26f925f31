using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace CloudLab.Loader;

/// <summary>
/// The short names by which a session may name the module's types: <c>catch [LabException]</c>, <c>-is [LabObject]</c>. PowerShell
/// has one table of them for the process, so they stay until the last session that has the module removes it.
/// </summary>
internal static class TypeNames
{
    // Named one by one: to look through the whole assembly takes a tenth of an import. A test compares with what cmdlets write.
    private static readonly string[] Types =
    [
        "Autoscaling.Capacity.LabNodeCapacity",
        "Autoscaling.Capacity.LabPodPlacement",
        "Autoscaling.Hpa.HpaDecision",
        "Autoscaling.Quota.LabQuotaCheck",
        "Autoscaling.Quota.LabQuotaUsage",
        "Autoscaling.Replay.HpaReplayStep",
        "Autoscaling.Replay.HpaReplaySummary",
        "Autoscaling.Schedules.Calendar.LabScheduleCalendar",
        "Autoscaling.Schedules.Calendar.LabScheduleCollision",
        "Autoscaling.Schedules.Calendar.LabScheduleSpread",
        "Autoscaling.Schedules.LabMissedRun",
        "Autoscaling.Schedules.LabScheduleFinding",
        "Autoscaling.Schedules.LabScheduleTest",
        "Autoscaling.Schedules.LabScheduledRun",
        "Autoscaling.Schedules.MissedRuns",
        "Autoscaling.Vpa.VpaRecommendation",
        "Common.Errors.LabErrorKind",
        "Common.Errors.LabException",
        "Containers.Builders.LabBuilder",
        "Containers.Builders.LabBuilderNode",
        "Containers.Builds.LabBuildStep",
        "Containers.Builds.LabBuildWarning",
        "Containers.Builds.LabImageBuild",
        "Containers.Compose.LabComposeLogLine",
        "Containers.Compose.LabComposeProblem",
        "Containers.Compose.LabComposeProject",
        "Containers.Compose.LabComposeService",
        "Containers.Compose.LabComposeTest",
        "Containers.Containers.LabContainer",
        "Containers.Containers.LabContainerChange",
        "Containers.Containers.LabContainerCommand",
        "Containers.Containers.LabContainerHealthCheck",
        "Containers.Containers.LabContainerLogLine",
        "Containers.Containers.LabContainerMount",
        "Containers.Containers.LabContainerPort",
        "Containers.Containers.LabContainerProcess",
        "Containers.Containers.LabContainerReport",
        "Containers.Containers.LabContainerUsage",
        "Containers.Containers.LabDockerEvent",
        "Containers.Dockerfiles.LabBuildContextItem",
        "Containers.Dockerfiles.LabDockerfileFinding",
        "Containers.Files.LabContainerCopy",
        "Containers.Images.LabImage",
        "Containers.Images.LabImageIndex",
        "Containers.Images.LabImagePlatform",
        "Containers.Images.LabImagePush",
        "Containers.Images.LabImageRemoval",
        "Containers.Isolation.LabCgroup",
        "Containers.Isolation.LabContainerIsolation",
        "Containers.Isolation.LabContainerLayer",
        "Containers.Isolation.LabLinuxNamespace",
        "Containers.Isolation.LabNamespaceCommand",
        "Containers.Isolation.LabNamespaceComparison",
        "Containers.Isolation.LabOverlay",
        "Containers.Isolation.LabOverlayChange",
        "Containers.Layers.LabImageDifference",
        "Containers.Layers.LabImageFile",
        "Containers.Layers.LabImageLayer",
        "Containers.Networks.LabDockerNetwork",
        "Containers.Registries.LabImageCopy",
        "Containers.Registries.LabImageTag",
        "Containers.Registries.LabRegistryLogin",
        "Containers.Usage.LabBuildCacheRemoval",
        "Containers.Usage.LabDockerUsage",
        "Containers.Volumes.LabDockerVolume",
        "Identity.AccessKeys.LabAccessKey",
        "Identity.Attachments.LabPolicy",
        "Identity.Attachments.LabPolicyAttachment",
        "Identity.Attachments.LabPolicyVersion",
        "Identity.Catalogue.LabAction",
        "Identity.Catalogue.LabActionResource",
        "Identity.Instances.LabInstance",
        "Identity.Policies.Comparison.LabPolicyDifference",
        "Identity.Policies.Decisions.LabPolicyDecision",
        "Identity.Policies.Decisions.PolicyMismatch",
        "Identity.Policies.Decisions.PolicyNearMiss",
        "Identity.Policies.Denials.LabAccessDenied",
        "Identity.Policies.LabBucketPolicy",
        "Identity.Policies.PolicyDocument",
        "Identity.Policies.PolicyStatement",
        "Identity.Principals.LabGroup",
        "Identity.Principals.LabGroupMember",
        "Identity.Principals.LabInstanceProfile",
        "Identity.Principals.LabRole",
        "Identity.Principals.LabUser",
        "Identity.Review.LabPolicyFinding",
        "Identity.Review.LabPrincipalAccess",
        "Identity.Sts.LabCallerIdentity",
        "Kubernetes.Access.LabKubeAccess",
        "Kubernetes.Access.LabKubeAccessRule",
        "Kubernetes.Access.LabKubeGrant",
        "Kubernetes.Access.LabKubeGrantWay",
        "Kubernetes.Access.LabKubeIdentity",
        "Kubernetes.Autoscaling.LabHpaDecision",
        "Kubernetes.Autoscaling.LabHpaFinding",
        "Kubernetes.Autoscaling.LabVpaRecommendation",
        "Kubernetes.Client.LabKind",
        "Kubernetes.Client.LabKindField",
        "Kubernetes.Insight.LabResourceNode",
        "Kubernetes.Insight.LabUnusedResource",
        "Kubernetes.Manifests.ManifestComparison",
        "Kubernetes.Manifests.ManifestResult",
        "Kubernetes.Metrics.LabNodeMetric",
        "Kubernetes.Metrics.LabPodMetric",
        "Kubernetes.Nodes.LabNodeDrain",
        "Kubernetes.Nodes.LabNodeFinding",
        "Kubernetes.Nodes.LabNodeReport",
        "Kubernetes.Nodes.LabPodEviction",
        "Kubernetes.Resources.Kinds.LabAutoscaler",
        "Kubernetes.Resources.Kinds.LabConfigData",
        "Kubernetes.Resources.Kinds.LabCronJob",
        "Kubernetes.Resources.Kinds.LabDeployment",
        "Kubernetes.Resources.Kinds.LabDisruptionBudget",
        "Kubernetes.Resources.Kinds.LabEndpointSlice",
        "Kubernetes.Resources.Kinds.LabEvent",
        "Kubernetes.Resources.Kinds.LabIngress",
        "Kubernetes.Resources.Kinds.LabJob",
        "Kubernetes.Resources.Kinds.LabKubeNamespace",
        "Kubernetes.Resources.Kinds.LabNetworkPolicy",
        "Kubernetes.Resources.Kinds.LabNode",
        "Kubernetes.Resources.Kinds.LabPersistentVolume",
        "Kubernetes.Resources.Kinds.LabPod",
        "Kubernetes.Resources.Kinds.LabPodContainer",
        "Kubernetes.Resources.Kinds.LabReplicaController",
        "Kubernetes.Resources.Kinds.LabResourceQuota",
        "Kubernetes.Resources.Kinds.LabRoleBinding",
        "Kubernetes.Resources.Kinds.LabService",
        "Kubernetes.Resources.Kinds.LabStorageClass",
        "Kubernetes.Resources.Kinds.LabVolumeClaim",
        "Kubernetes.Resources.LabResource",
        "Kubernetes.Resources.ManifestChange",
        "Kubernetes.Review.LabDebugContainer",
        "Kubernetes.Review.LabPodFinding",
        "Kubernetes.Review.LabPodReport",
        "Kubernetes.Review.Manifests.LabManifestFinding",
        "Kubernetes.Review.Services.LabServiceEndpoint",
        "Kubernetes.Review.Services.LabServiceFinding",
        "Kubernetes.Review.Services.LabServicePort",
        "Kubernetes.Review.Services.LabServiceRoute",
        "Kubernetes.Rollouts.LabRolloutRevision",
        "Kubernetes.Rollouts.ResourceWaitResult",
        "Kubernetes.Streams.LabPodCommand",
        "Kubernetes.Streams.LabPodCopy",
        "Kubernetes.Streams.LabPodLogLine",
        "Kubernetes.Streams.LabPortForward",
        "Sessions.Docker.LabDockerContext",
        "Sessions.Kubernetes.LabKubeContext",
        "Sessions.LabEnvironment",
        "Sessions.LabSession",
        "Sessions.LabSetting",
        "Sessions.Status.LabStatus",
        "Sessions.Status.LabStatusState",
        "Storage.Buckets.LabBucket",
        "Storage.Buckets.LabBucketUsage",
        "Storage.Buckets.LabPrefixUsage",
        "Storage.Buckets.Settings.LabBucketCorsRule",
        "Storage.Buckets.Settings.LabBucketEncryption",
        "Storage.Buckets.Settings.LabBucketLifecycleRule",
        "Storage.Buckets.Settings.LabBucketPublicAccessBlock",
        "Storage.Buckets.Settings.LabBucketRoutingRule",
        "Storage.Buckets.Settings.LabBucketTags",
        "Storage.Buckets.Settings.LabBucketTransition",
        "Storage.Buckets.Settings.LabBucketVersioning",
        "Storage.Buckets.Settings.LabBucketWebsite",
        "Storage.Listing.LabPrefix",
        "Storage.Objects.LabObject",
        "Storage.Objects.LabObjectMetadata",
        "Storage.Objects.LabObjectRestore",
        "Storage.Objects.LabObjectTag",
        "Storage.Objects.LabObjectUrl",
        "Storage.Objects.LabObjectVersion",
        "Storage.OnCluster.LabTransferFailure",
        "Storage.OnCluster.LabTransferJob",
        "Storage.OnCluster.LabTransferRange",
        "Storage.Sync.LabSyncAction",
        "Storage.Transfers.LabMultipartUpload",
        "Storage.Transfers.LabTransfer",
        "Storage.Transfers.LabUploadPart",
    ];

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Type> Added = new(StringComparer.OrdinalIgnoreCase);
    private static readonly List<WeakReference<Runspace>> Sessions = [];

    // The reference assembly does not have it.
    private static readonly Type? Table = typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators");

    /// <summary>Adds the names, except those that mean something else already.</summary>
    /// <param name="core">The assembly of the types.</param>
    public static void Add(Assembly core)
    {
        lock (Gate)
        {
            Note(Runspace.DefaultRunspace);
            if (Added.Count > 0 || Known() is not { } known)
            {
                return;
            }

            MethodInfo add = Table!.GetMethod("Add", [typeof(string), typeof(Type)])!;
            foreach (string name in Types)
            {
                Type type = core.GetType("CloudLab.Core." + name, throwOnError: true)!;
                if (known.TryAdd(type.Name, type))
                {
                    add.Invoke(null, [type.Name, type]);
                    Added.Add(type.Name, type);
                }
            }
        }
    }

    /// <summary>Removes the names that were added, if no other session has the module.</summary>
    public static void Remove()
    {
        lock (Gate)
        {
            Forget(Runspace.DefaultRunspace);
            if (Sessions.Count > 0 || Known() is not { } known)
            {
                return;
            }

            MethodInfo remove = Table!.GetMethod("Remove", [typeof(string)])!;
            foreach ((string name, Type type) in Added)
            {
                if (known.TryGetValue(name, out Type? now) && now == type)
                {
                    remove.Invoke(null, [name]);
                }
            }

            Added.Clear();
        }
    }

    private static Dictionary<string, Type>? Known() => Table?.GetProperty("Get")?.GetValue(null) is IDictionary<string, Type> table
        ? new Dictionary<string, Type>(table, StringComparer.OrdinalIgnoreCase)
        : null;

    private static void Note(Runspace? session)
    {
        Forget(session);
        if (session is not null)
        {
            Sessions.Add(new WeakReference<Runspace>(session));
        }
    }

    // A session that ends does not remove its modules.
    private static void Forget(Runspace? session) => Sessions.RemoveAll(known => !known.TryGetTarget(out Runspace? other)
        || other == session || other.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Closing or RunspaceState.Broken);
}
