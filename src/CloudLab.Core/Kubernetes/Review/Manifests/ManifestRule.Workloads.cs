using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about workloads and their containers.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule SelectorMismatch { get; } = new(
        "SelectorMismatch", FindingSeverity.High, "The selector of a workload does not match the labels of its pod template.",
        "The server refuses the object: the workload would make pods that it does not recognize as its own.",
        "Give the pod template the labels of the selector.");

    internal static ManifestRule BarePod { get; } = new(
        "BarePod", FindingSeverity.Medium, "A pod stands alone.",
        "No controller makes it again when its node fails or is drained, and no change of its image is rolled out.",
        "Put its spec into the template of a Deployment, a StatefulSet, a DaemonSet or a Job.");

    internal static ManifestRule RestartPolicyWrong { get; } = new(
        "RestartPolicyWrong", FindingSeverity.High, "The restart policy is one that this kind does not take.",
        "The server refuses the object: Jobs take OnFailure or Never, other workloads only Always.",
        "Set restartPolicy to OnFailure or Never in a Job, and leave it out elsewhere.");

    internal static ManifestRule RolloutImpossible { get; } = new(
        "RolloutImpossible", FindingSeverity.High, "A rolling update may neither add a pod nor take one away.",
        "The server refuses maxSurge 0 together with maxUnavailable 0.",
        "Set one of them to 1 or more.");

    internal static ManifestRule StatefulSetServiceMissing { get; } = new(
        "StatefulSetServiceMissing", FindingSeverity.Medium, "The Service that a StatefulSet names is not among the manifests, while others are.",
        "Without it the pods have no DNS names of their own.",
        "Add a headless Service of this name, or correct serviceName.");

    internal static ManifestRule StatefulSetServiceNotHeadless { get; } = new(
        "StatefulSetServiceNotHeadless", FindingSeverity.Medium, "The Service that a StatefulSet names has an address of its own.",
        "Only a headless Service gives each pod a DNS name.",
        "Name a Service with clusterIP: None; keep this one for clients that want any of the pods.");

    internal static ManifestRule PreStopTooLong { get; } = new(
        "PreStopTooLong", FindingSeverity.Medium, "A preStop hook sleeps as long as the pod has to end.",
        "The time counts for both: the container is killed before it can end by itself.",
        "Raise terminationGracePeriodSeconds above the sleep and what the program needs, or sleep for less.");

    internal static ManifestRule ClaimSharedByReplicas { get; } = new(
        "ClaimSharedByReplicas", FindingSeverity.Medium, "Several replicas use one claim that only one node can mount.",
        "Replicas that the scheduler puts on another node wait in ContainerCreating.",
        "Use a StatefulSet with volumeClaimTemplates, one replica, or a volume with ReadWriteMany.");

    internal static ManifestRule ImageTagMissing { get; } = new(
        "ImageTagMissing", FindingSeverity.Medium, "An image has neither a tag nor a digest.",
        "latest is used, which is another image tomorrow, and not the same on every node.",
        "Write the tag of a version, or a digest.") { IsSecurity = true };

    internal static ManifestRule ImageTagLatest { get; } = new(
        "ImageTagLatest", FindingSeverity.Medium, "An image is used by the tag latest.",
        "It is another image tomorrow, and a rollback does not go back.",
        "Write the tag of a version, or a digest.") { IsSecurity = true };

    internal static ManifestRule ReadinessProbeMissing { get; } = new(
        "ReadinessProbeMissing", FindingSeverity.Medium, "A container that a Service sends requests to has no readiness probe.",
        "It gets requests before it can answer them, and a rollout goes on though the new version does not work.",
        "Add a readinessProbe that asks what a request needs.");

    internal static ManifestRule LivenessProbeMissing { get; } = new(
        "LivenessProbeMissing", FindingSeverity.Low, "A container has no liveness probe.",
        "If it hangs without ending, nobody starts it again.",
        "Add a livenessProbe that fails only where a restart helps.") { IsOptional = true };

    internal static ManifestRule ProbesIdentical { get; } = new(
        "ProbesIdentical", FindingSeverity.Low, "Liveness and readiness are asked in exactly the same way.",
        "Under load the container is started again at the moment at which it should only get fewer requests.",
        "Give the liveness probe a higher failureThreshold, or ask it something simpler.");

    internal static ManifestRule ProbeTimeout { get; } = new(
        "ProbeTimeout", FindingSeverity.Low, "A probe may take longer than the time until the next one.",
        "The next one waits: the container fails later than periodSeconds and failureThreshold say.",
        "Set timeoutSeconds to at most periodSeconds.");

    internal static ManifestRule ProbeInvalid { get; } = new(
        "ProbeInvalid", FindingSeverity.High, "A probe is one that the server refuses.",
        "A probe asks in exactly one way, and a liveness or startup probe succeeds the first time.",
        "Keep one of exec, httpGet, tcpSocket and grpc, and leave successThreshold at 1.");

    internal static ManifestRule PortNameUnknown { get; } = new(
        "PortNameUnknown", FindingSeverity.High, "A probe or a hook names a port that its container does not declare.",
        "The kubelet cannot find the number, so that it fails each time.",
        "Declare a port of this name in the container, or write the number.");

    internal static ManifestRule CommandInOneString { get; } = new(
        "CommandInOneString", FindingSeverity.High, "A whole command line stands in the first item of command.",
        "No shell takes it apart: a program of that name, spaces and all, is looked for and not found.",
        "Make each word an item of its own, or use [\"sh\", \"-c\", \"…\"].");

    internal static ManifestRule EnvReferenceTooEarly { get; } = new(
        "EnvReferenceTooEarly", FindingSeverity.Medium, "A variable uses another one that is defined after it.",
        "Variables are filled in from top to bottom: the text $(NAME) stays as it is.",
        "Move the other variable above it.");

    internal static ManifestRule VolumeMountUnknown { get; } = new(
        "VolumeMountUnknown", FindingSeverity.High, "A container mounts a volume that the pod does not have.",
        "The server refuses the pod.",
        "Add the volume, or correct the name.");

    internal static ManifestRule VolumeUnused { get; } = new(
        "VolumeUnused", FindingSeverity.Low, "No container mounts a volume.",
        "The pod still waits for it, and does not start without it.",
        "Mount it, or remove it.");

    internal static ManifestRule TopologyKeyUnknown { get; } = new(
        "TopologyKeyUnknown", FindingSeverity.High, "A topology key is not a label that nodes have.",
        "Nodes without the label are left out: the pods do not spread, or are not scheduled.",
        "Correct the key: kubernetes.io/hostname, topology.kubernetes.io/zone or topology.kubernetes.io/region.");

    internal static ManifestRule SpreadSelectsOthers { get; } = new(
        "SpreadSelectsOthers", FindingSeverity.Medium, "A spread constraint does not count the pods that it is for.",
        "Its labelSelector does not match the labels of the template, so that they can all be on one node.",
        "Write the labels of the pod template into the labelSelector.");

    internal static ManifestRule AnnotationIgnored { get; } = new(
        "AnnotationIgnored", FindingSeverity.Medium, "An annotation has no effect any more.",
        "Kubernetes once read it; what it asked for does not happen.",
        "Use the field that replaced it.");

    internal static ManifestRule JobNeverRemoved { get; } = new(
        "JobNeverRemoved", FindingSeverity.Low, "A Job is kept after its end.",
        "It and its pods stay until somebody deletes them.",
        "Set ttlSecondsAfterFinished.") { IsOptional = true };

    internal static ManifestRule RecommendedLabelsMissing { get; } = new(
        "RecommendedLabelsMissing", FindingSeverity.Low, "A workload does not have the label app.kubernetes.io/name.",
        "Tools that group objects by application do not find it.",
        "Add app.kubernetes.io/name, and app.kubernetes.io/instance where there are several.") { IsOptional = true };

    internal static IReadOnlyList<ManifestRule> Workloads =>
    [
        SelectorMismatch, BarePod, RestartPolicyWrong, RolloutImpossible, StatefulSetServiceMissing, StatefulSetServiceNotHeadless, PreStopTooLong,
        ClaimSharedByReplicas, ImageTagMissing, ImageTagLatest, ReadinessProbeMissing, LivenessProbeMissing, ProbesIdentical, ProbeTimeout, ProbeInvalid,
        PortNameUnknown, CommandInOneString, EnvReferenceTooEarly, VolumeMountUnknown, VolumeUnused, TopologyKeyUnknown, SpreadSelectsOthers,
        AnnotationIgnored, JobNeverRemoved, RecommendedLabelsMissing,
    ];
}
