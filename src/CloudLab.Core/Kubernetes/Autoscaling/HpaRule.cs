using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>A rule of the review of HorizontalPodAutoscalers.</summary>
/// <inheritdoc cref="FindingRule(string, FindingSeverity, string, string, string)" path="/param"/>
internal sealed record HpaRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix) : FindingRule(Id, Severity, Title, Help, Fix)
{
    /// <summary>All rules, as docs/hpa-review.md lists them.</summary>
    public static IReadOnlyList<HpaRule> All => field ??=
    [
        TargetMissing, TargetNotScalable, SelectorMissing, SharedTarget, SharedPods, ForeignPods, NoPods, ControllerSilent, ControllerSays,
        TargetAtZero, RequestMissing, ContainerMissing, MetricsUnavailable, MetricMissing, PodsWithoutMetrics, PodsNotReady, PodsPending,
        PodsRefused, RolloutPaused, RolloutStuck, BoundsEqual, AtMaximum, AtMinimum, OutOfBounds, WithinTolerance, Stabilizing, DirectionDisabled,
        RateLimited, VerticalConflict, Decision,
    ];

    public static HpaRule TargetMissing { get; } = new(
        "TargetMissing", FindingSeverity.High, "What the autoscaler scales does not exist.",
        "It does nothing, and says FailedGetScale.",
        "Correct spec.scaleTargetRef (apiVersion, kind, name), or deploy the target.");

    public static HpaRule TargetNotScalable { get; } = new(
        "TargetNotScalable", FindingSeverity.High, "The kind of the target has no scale.",
        "Only objects with the subresource scale can be scaled: Deployments, StatefulSets, ReplicaSets, custom resources that declare it.",
        "Name the Deployment or StatefulSet in spec.scaleTargetRef.");

    public static HpaRule SelectorMissing { get; } = new(
        "SelectorMissing", FindingSeverity.High, "The scale of the target has no selector.",
        "The controller does not know which pods belong to it (InvalidSelector).",
        "Have the custom resource fill in labelSelectorPath of its scale.");

    public static HpaRule SharedTarget { get; } = new(
        "SharedTarget", FindingSeverity.High, "Another autoscaler scales the same object.",
        "The controller then scales neither (AmbiguousSelector).",
        "Put all metrics into one autoscaler, and remove the other.");

    public static HpaRule SharedPods { get; } = new(
        "SharedPods", FindingSeverity.High, "The selector of another autoscaler's target matches the same pods.",
        "The controller then scales neither (AmbiguousSelector).",
        "Give the workloads selectors that do not overlap.");

    public static HpaRule ForeignPods { get; } = new(
        "ForeignPods", FindingSeverity.High, "The selector of the target matches pods of another workload.",
        "What those use counts as if they were replicas of the target.",
        "Add a label to selector and template of the target that only its own pods have; a selector can only be changed by making the object anew.");

    public static HpaRule NoPods { get; } = new(
        "NoPods", FindingSeverity.High, "No pod matches the selector of the target.",
        "Without pods there is nothing to measure.",
        "Find out why there are no pods: Debug-LabPod.");

    public static HpaRule ControllerSilent { get; } = new(
        "ControllerSilent", FindingSeverity.High, "The controller has not looked at the autoscaler.",
        "kube-controller-manager looks every 15 seconds; without it nothing is scaled.",
        "Check that kube-controller-manager runs and its HPA controller is on.");

    public static HpaRule ControllerSays { get; } = new(
        "ControllerSays", FindingSeverity.Medium, "A condition in the status says what hinders the controller.",
        "It is what the controller found when it looked last, up to 15 seconds ago.",
        "Do what the finding says; the condition follows within 15 seconds.");

    public static HpaRule TargetAtZero { get; } = new(
        "TargetAtZero", FindingSeverity.Medium, "The target has 0 replicas.",
        "That switches autoscaling off until somebody scales it up (ScalingDisabled).",
        "Scale the target to 1 or more.");

    public static HpaRule RequestMissing { get; } = new(
        "RequestMissing", FindingSeverity.High, "A container does not request the resource whose utilization is the metric.",
        "Utilization is a percentage of the request. One container without it, a sidecar too, is enough for there to be none.",
        "Give every container the request, or use averageValue, or a ContainerResource metric for one container.");

    public static HpaRule ContainerMissing { get; } = new(
        "ContainerMissing", FindingSeverity.High, "A ContainerResource metric names a container that the pods do not have.",
        "The metric cannot be read.",
        "Correct the name of the container in the metric.");

    public static HpaRule MetricsUnavailable { get; } = new(
        "MetricsUnavailable", FindingSeverity.High, "The metrics API does not answer.",
        "Without metrics the controller decides nothing.",
        "Install or repair what serves it: metrics-server for CPU and memory, an adapter for custom and external metrics.");

    public static HpaRule MetricMissing { get; } = new(
        "MetricMissing", FindingSeverity.High, "The metrics API answers, but does not have the metric.",
        "One metric that fails keeps the controller from scaling down; if all fail, it does nothing.",
        "Correct the name of the metric, the described object and the selector, or have the adapter serve it.");

    public static HpaRule PodsWithoutMetrics { get; } = new(
        "PodsWithoutMetrics", FindingSeverity.Medium, "Pods have no metric.",
        "They count as idle when scaling up, and as at the target when scaling down.",
        "Wait a minute after they started; otherwise check the kubelets that metrics-server cannot reach.");

    public static HpaRule PodsNotReady { get; } = new(
        "PodsNotReady", FindingSeverity.Medium, "Pods are not ready.",
        "They count as idle for CPU when scaling up.",
        "Find out why they are not ready: Debug-LabPod.");

    public static HpaRule PodsPending { get; } = new(
        "PodsPending", FindingSeverity.High, "Pods wait for a node.",
        "More replicas do not help: they wait too.",
        "Add nodes, or lower the requests: Debug-LabPod says what is lacking.");

    public static HpaRule PodsRefused { get; } = new(
        "PodsRefused", FindingSeverity.High, "The API server refuses the pods of the target.",
        "The autoscaler asks for replicas that a quota, a LimitRange or admission does not allow.",
        "Measure-LabQuota -Namespace shows what is left; raise the quota, or lower the requests or maxReplicas.");

    public static HpaRule RolloutPaused { get; } = new(
        "RolloutPaused", FindingSeverity.Low, "The rollout of the Deployment is paused.",
        "It is still scaled, old and new pods in proportion, but a changed template waits.",
        "Resume-LabRollout when the change is complete.");

    public static HpaRule RolloutStuck { get; } = new(
        "RolloutStuck", FindingSeverity.High, "The rollout of the Deployment does not get on.",
        "New pods do not become ready, so scaling up brings nothing.",
        "Debug-LabPod says why; Undo-LabRollout goes back.");

    public static HpaRule BoundsEqual { get; } = new(
        "BoundsEqual", FindingSeverity.Medium, "minReplicas and maxReplicas are the same.",
        "There is nothing to decide.",
        "Raise maxReplicas.");

    public static HpaRule AtMaximum { get; } = new(
        "AtMaximum", FindingSeverity.Medium, "The metrics ask for more than maxReplicas.",
        "The load is not served as the target says (ScalingLimited, TooManyReplicas).",
        "Raise maxReplicas if the cluster has room: Measure-LabCapacity.");

    public static HpaRule AtMinimum { get; } = new(
        "AtMinimum", FindingSeverity.Low, "The metrics ask for less than minReplicas.",
        "That is what a minimum is for (ScalingLimited, TooFewReplicas).",
        "Lower minReplicas if fewer are enough.");

    public static HpaRule OutOfBounds { get; } = new(
        "OutOfBounds", FindingSeverity.Low, "The replicas are outside of minReplicas and maxReplicas.",
        "The controller first brings them back, whatever the metrics say.",
        "Change the bounds if the replicas were meant, not the replicas.");

    public static HpaRule WithinTolerance { get; } = new(
        "WithinTolerance", FindingSeverity.Low, "The metric is close enough to its target.",
        "Within the tolerance, 10 % unless behavior says otherwise, nothing is scaled.",
        "Change the target, or set spec.behavior.scaleUp.tolerance or scaleDown.tolerance.");

    public static HpaRule Stabilizing { get; } = new(
        "Stabilizing", FindingSeverity.Low, "A stabilization window holds the replicas.",
        "The controller follows the highest recommendation of the window when it scales down, the lowest when it scales up.",
        "Wait, or set spec.behavior.scaleDown.stabilizationWindowSeconds (300 if left out) or that of scaleUp.");

    public static HpaRule DirectionDisabled { get; } = new(
        "DirectionDisabled", FindingSeverity.Medium, "selectPolicy Disabled switches off a direction.",
        "It never scales that way.",
        "Set selectPolicy to Max or Min, or remove it.");

    public static HpaRule RateLimited { get; } = new(
        "RateLimited", FindingSeverity.Low, "The policies limit how fast it scales.",
        "It takes several steps (ScalingLimited, ScaleUpLimit or ScaleDownLimit).",
        "Wait, or change spec.behavior.scaleUp.policies or scaleDown.policies.");

    public static HpaRule VerticalConflict { get; } = new(
        "VerticalConflict", FindingSeverity.High, "A VerticalPodAutoscaler changes the requests that the utilization is a percentage of.",
        "Both work against each other.",
        "Take the resource out of controlledResources of the VerticalPodAutoscaler, set its updateMode to Off, or scale on another metric.");

    public static HpaRule Decision { get; } = new(
        "Decision", FindingSeverity.Low, "What the controller does when it looks next.",
        "Measure-HpaReplicas has the numbers.",
        "Nothing.");
}
