using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about autoscalers, disruption budgets, schedules and amounts.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule HpaRequestMissing { get; } = new(
        "HpaRequestMissing", FindingSeverity.High, "An autoscaler scales by the percentage of a request that a container does not have.",
        "There is nothing to take the percentage of: it reports FailedGetResourceMetric and does not scale.",
        "Give every container and sidecar a request of this resource, or use averageValue.");

    internal static ManifestRule HpaContainerMissing { get; } = new(
        "HpaContainerMissing", FindingSeverity.High, "An autoscaler scales by a container that the pods do not have.",
        "It finds no such container and does not scale.",
        "Correct the name of the container.");

    internal static ManifestRule HpaTargetMissing { get; } = new(
        "HpaTargetMissing", FindingSeverity.High, "The target of an autoscaler is not among the manifests, while a similar workload is.",
        "It reports FailedGetScale and does nothing.",
        "Correct kind and name in scaleTargetRef; it must be in the namespace of the autoscaler.");

    internal static ManifestRule HpaTargetNotScalable { get; } = new(
        "HpaTargetNotScalable", FindingSeverity.High, "The target of an autoscaler is of a kind that has no replicas.",
        "A DaemonSet has one pod a node, and jobs and pods have no scale: it reports FailedGetScale.",
        "Scale a Deployment, a ReplicaSet or a StatefulSet.");

    internal static ManifestRule HpaRange { get; } = new(
        "HpaRange", FindingSeverity.High, "An autoscaler has a range of replicas that the server refuses.",
        "minReplicas must be at most maxReplicas and, unless an Object or External metric is there, at least 1.",
        "Correct minReplicas or maxReplicas.");

    internal static ManifestRule HpaNeverScales { get; } = new(
        "HpaNeverScales", FindingSeverity.Low, "An autoscaler has the same least and largest number of replicas.",
        "It never changes anything.",
        "Raise maxReplicas, or remove the autoscaler and set replicas.");

    internal static ManifestRule ReplicasBesideHpa { get; } = new(
        "ReplicasBesideHpa", FindingSeverity.Medium, "A workload has replicas and an autoscaler.",
        "Each time the manifest is applied the number of pods goes back to replicas, whatever the load.",
        "Remove replicas from the workload.");

    internal static ManifestRule HpaTwice { get; } = new(
        "HpaTwice", FindingSeverity.High, "Two autoscalers scale the same workload.",
        "Both report AmbiguousSelector, and neither scales.",
        "Make one autoscaler with the metrics of both.");

    internal static ManifestRule HpaAndVpa { get; } = new(
        "HpaAndVpa", FindingSeverity.High, "An HPA and a VPA act on the same resource of a workload.",
        "The VPA changes the request of which the HPA takes its percentage: they drive each other.",
        "Set updateMode: \"Off\", take the resource out of controlledResources, or scale by another metric.");

    internal static ManifestRule PdbBlocksDrain { get; } = new(
        "PdbBlocksDrain", FindingSeverity.High, "A disruption budget never lets a pod go.",
        "Nodes cannot be drained, so that an upgrade of the cluster stops there.",
        "Use maxUnavailable: 1, and two replicas or more.");

    internal static ManifestRule PdbSelectsNothing { get; } = new(
        "PdbSelectsNothing", FindingSeverity.Medium, "A disruption budget selects no pods, while a workload that it could be meant for is there.",
        "It protects nothing.",
        "Write the labels of the pod template into the selector.");

    internal static ManifestRule PdbBothFields { get; } = new(
        "PdbBothFields", FindingSeverity.High, "A disruption budget has minAvailable and maxUnavailable.",
        "The server refuses the object.",
        "Keep one of them.");

    internal static ManifestRule PdbTwice { get; } = new(
        "PdbTwice", FindingSeverity.High, "Two disruption budgets select the same pods.",
        "The server refuses to evict such a pod, so that its node cannot be drained.",
        "Remove one of them, or make their selectors differ.");

    internal static ManifestRule CronScheduleInvalid { get; } = new(
        "CronScheduleInvalid", FindingSeverity.High, "The server refuses the schedule, time zone or name of a CronJob.",
        "A CronJob takes five fields, or a word such as @daily; the zone belongs in timeZone.",
        "Write the schedule as the message says; Test-LabSchedule tells more.");

    internal static ManifestRule CronJobNeverFires { get; } = new(
        "CronJobNeverFires", FindingSeverity.High, "A CronJob never runs.",
        "Its schedule is accepted, but no date matches it.",
        "Check the day against the month.");

    internal static ManifestRule CronJobRunsTwice { get; } = new(
        "CronJobRunsTwice", FindingSeverity.Medium, "A CronJob runs twice, or not at all, when the clocks change.",
        "In the zone of timeZone its time occurs twice in autumn, or not at all in spring.",
        "Use an hour that the change of clocks does not touch, or timeZone: Etc/UTC.");

    internal static ManifestRule CronScheduleSurprise { get; } = new(
        "CronScheduleSurprise", FindingSeverity.Medium, "A schedule means something else than it looks like.",
        "A step that is too large, two day fields of which either is enough, or a month without the day.",
        "Write the schedule so that it says what is meant; Show-LabScheduleCalendar shows when it runs.");

    internal static ManifestRule CronJobDeadlineTooShort { get; } = new(
        "CronJobDeadlineTooShort", FindingSeverity.Medium, "A CronJob may start only a few seconds late.",
        "The controller looks every ten seconds: a shorter startingDeadlineSeconds drops runs.",
        "Use 60 or more, or leave startingDeadlineSeconds out.");

    internal static ManifestRule RequestsMissing { get; } = new(
        "RequestsMissing", FindingSeverity.Medium, "A container requests neither CPU nor memory.",
        "The scheduler counts it as nothing, and it is the first to be killed when the node runs out of memory.",
        "Set resources.requests for cpu and memory; Measure-VpaRequest tells how much.");

    internal static ManifestRule MemoryLimitMissing { get; } = new(
        "MemoryLimitMissing", FindingSeverity.Low, "A container has requests, but no limit of memory.",
        "If it leaks it takes the memory of the node, and other pods are killed.",
        "Set resources.limits.memory.");

    internal static ManifestRule LimitsWithoutRequests { get; } = new(
        "LimitsWithoutRequests", FindingSeverity.Low, "A container has a limit without a request.",
        "The request becomes as much as the limit, which reserves more than is usually needed.",
        "Set the request too, even if it is meant to be the same.");

    internal static ManifestRule RequestOverLimit { get; } = new(
        "RequestOverLimit", FindingSeverity.High, "A container requests more than its limit.",
        "The server refuses the pod.",
        "Raise the limit, or lower the request.");

    internal static ManifestRule QuantityUnlikely { get; } = new(
        "QuantityUnlikely", FindingSeverity.High, "An amount is hardly what was meant.",
        "m is a thousandth, also of a byte; a CPU without a unit is a whole core; memory without a unit is bytes.",
        "Write CPU as 500m or 0.5, and memory as 128Mi or 1Gi.");

    internal static ManifestRule QuotaExceeded { get; } = new(
        "QuotaExceeded", FindingSeverity.High, "A ResourceQuota or LimitRange among the manifests does not let all pods start.",
        "The workload is accepted, and some or all of its pods never appear.",
        "Lower requests, limits or replicas, or raise the quota; Measure-LabQuota shows the sums.");

    internal static IReadOnlyList<ManifestRule> Scaling =>
    [
        HpaRequestMissing, HpaContainerMissing, HpaTargetMissing, HpaTargetNotScalable, HpaRange, HpaNeverScales, ReplicasBesideHpa, HpaTwice, HpaAndVpa,
        PdbBlocksDrain, PdbSelectsNothing, PdbBothFields, PdbTwice, CronScheduleInvalid, CronJobNeverFires, CronJobRunsTwice, CronScheduleSurprise,
        CronJobDeadlineTooShort, RequestsMissing, MemoryLimitMissing, LimitsWithoutRequests, RequestOverLimit, QuantityUnlikely, QuotaExceeded,
    ];
}
