using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Vpa;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>Says why a HorizontalPodAutoscaler does not scale, or what it does next.</summary>
/// <param name="api">The cluster.</param>
public sealed class HpaReview(KubernetesApi api)
{
    // The controller looks every 15 seconds; one that is this new may not have been seen.
    private static readonly TimeSpan Unseen = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["FailedGetScale"] = "the target or its scale could not be read",
        ["FailedUpdateScale"] = "the replicas of the target could not be changed",
        ["FailedComputeMetricsReplicas"] = "the number of replicas could not be worked out from the metrics",
        ["ScalingDisabled"] = "autoscaling is off, because the target has 0 replicas",
        ["InvalidSelector"] = "the selector of the target's scale cannot be used",
        ["AmbiguousSelector"] = "several autoscalers select the same pods, so none of them scales",
        ["InvalidMetricSourceType"] = "a metric has a type that does not exist",
        ["FailedGetResourceMetric"] = "a metric of CPU or memory could not be read",
        ["FailedGetContainerResourceMetric"] = "a metric of one container could not be read",
        ["FailedGetPodsMetric"] = "a custom metric of the pods could not be read",
        ["FailedGetObjectMetric"] = "a custom metric of an object could not be read",
        ["FailedGetExternalMetric"] = "an external metric could not be read",
        ["TooManyReplicas"] = "the metrics ask for more than maxReplicas",
        ["TooFewReplicas"] = "the metrics ask for less than minReplicas",
        ["ScaleUpLimit"] = "it scales up as fast as the policies allow",
        ["ScaleDownLimit"] = "it scales down as fast as the policies allow",
        ["ScaleUpStabilized"] = "lower recommendations of the window hold back scaling up",
        ["ScaleDownStabilized"] = "higher recommendations of the window hold back scaling down",
        ["SucceededRescale"] = "the replicas were changed",
        ["SucceededGetScale"] = "the replicas were read",
        ["ReadyForNewScale"] = "nothing holds it back",
        ["ValidMetricFound"] = "the metrics were read",
        ["DesiredWithinRange"] = "the replicas are within the bounds",
        ["ScaledToZero"] = "it scaled the target to 0 itself",
        ["NotScaledToZero"] = "it did not scale the target to 0 itself",
    };

    private readonly AutoscalerReader reader = new(api);

    /// <summary>Reviews an autoscaler.</summary>
    /// <param name="autoscaler">The HorizontalPodAutoscaler.</param>
    /// <param name="settings">Settings of the controller.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Findings, the worst first; the last says what it does next, where that can be told.</returns>
    public async Task<IReadOnlyList<LabHpaFinding>> ReviewAsync(LabResource autoscaler, HpaSettings settings, CancellationToken cancellation)
    {
        AutoscalerView view = await reader.ReadAsync(autoscaler.ToObject(), cancellation);
        IReadOnlyList<JsonObject> sets = view.Manifest.Spec.TargetKind == "Deployment" ? await reader.ListAsync("apps/v1", "ReplicaSet", view.Namespace, cancellation) : [];
        IReadOnlyList<JsonObject> verticals = await reader.ListAsync("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", view.Namespace, cancellation);
        return Review(view, sets, verticals, settings);
    }

    /// <summary>Reviews what was read.</summary>
    /// <param name="view">What the controller sees.</param>
    /// <param name="sets">ReplicaSets of the namespace.</param>
    /// <param name="verticals">VerticalPodAutoscalers of the namespace.</param>
    /// <param name="settings">Settings of the controller.</param>
    /// <returns>Findings, the worst first.</returns>
    internal static IReadOnlyList<LabHpaFinding> Review(AutoscalerView view, IReadOnlyList<JsonObject> sets, IReadOnlyList<JsonObject> verticals, HpaSettings settings)
    {
        LabHpaDecision? decision = view.Scale is null ? null : LiveHpa.Decide(view, settings);
        List<LabHpaFinding> found =
        [
            .. OfTarget(view, sets), .. OfPods(view, sets), .. OfMetrics(view), .. OfSpec(view, verticals), .. decision is null ? [] : OfDecision(view, decision, settings),
        ];
        found.AddRange(OfConditions(view, found));
        found = [.. found.OrderByDescending(one => one.Severity)];
        if (decision is not null)
        {
            string step = decision.DesiredReplicas == decision.CurrentReplicas ? "" : $"Goes from {decision.CurrentReplicas} to {HpaWords.Replicas(decision.DesiredReplicas)}: ";
            string further = decision.SettledReplicas == decision.DesiredReplicas ? "" : $" If the metrics stay, it goes on to {decision.SettledReplicas}.";
            found.Add(Found(view, HpaRule.Decision, $"{step}{decision.Reason}{further}", found.Count == 0 ? "Nothing is wrong." : "See the other findings."));
        }

        return found;
    }

    private static LabHpaFinding Found(AutoscalerView view, HpaRule rule, string message, string? action = null, FindingSeverity? severity = null) => new()
    {
        Name = view.Name,
        Namespace = view.Namespace,
        Rule = rule.Id,
        Severity = severity ?? rule.Severity,
        Message = message,
        Action = action ?? rule.Fix,
    };

    private static IEnumerable<LabHpaFinding> OfTarget(AutoscalerView view, IReadOnlyList<JsonObject> sets)
    {
        if (view.ScaleProblem is { } problem)
        {
            bool scalable = !problem.Message.Contains("could not find the requested resource", StringComparison.Ordinal);
            yield return scalable
                ? Found(view, HpaRule.TargetMissing, $"{view.Reference} cannot be read: {problem.Message.TrimEnd('.')}.")
                : Found(view, HpaRule.TargetNotScalable, $"{view.Reference} has no scale.");
            yield break;
        }

        if (view.Selector is null)
        {
            yield return Found(view, HpaRule.SelectorMissing, $"The scale of {view.Reference} has no status.selector.");
        }

        foreach (OtherAutoscaler other in view.Others)
        {
            yield return other.SameTarget
                ? Found(view, HpaRule.SharedTarget, $"The autoscaler {other.Name} scales {view.Reference} too.", $"Put the metrics of {other.Name} and {view.Name} into one autoscaler, and remove the other: the controller takes the highest of several metrics.")
                : Found(view, HpaRule.SharedPods, $"The target of the autoscaler {other.Name} selects {Some(other.SharedPods)} too, by overlapping labels.");
        }

        if (view.SpecReplicas == 0 && view.Manifest.Spec.MinReplicas > 0)
        {
            yield return Found(view, HpaRule.TargetAtZero, $"{view.Reference} has 0 replicas, so the autoscaler pauses.", $"Set-LabScale {view.Reference} -Replicas {view.Manifest.Spec.MinReplicas} -Namespace {view.Namespace} switches it on again.");
        }

        JsonObject target = view.Target!;
        if (view.Manifest.Spec.TargetKind == "Deployment")
        {
            if (target.Object("spec")?.Flag("paused") == true)
            {
                yield return Found(view, HpaRule.RolloutPaused, $"{view.Reference} is paused.", $"Resume-LabRollout {view.Reference} -Namespace {view.Namespace}");
            }

            if (target.Condition("Progressing") is { } progress && progress.Text("status") == "False")
            {
                yield return Found(view, HpaRule.RolloutStuck, $"{view.Reference}: {Sentence(progress.Text("message") ?? progress.Text("reason"))}", $"Debug-LabPod {view.Reference} -Namespace {view.Namespace} says why; Undo-LabRollout goes back.");
            }
        }

        JsonObject? failure = new[] { target }.Concat(sets.Where(set => set.IsOwnedBy(target, controller: true))).Select(one => one.Condition("ReplicaFailure")).FirstOrDefault(one => one?.Text("status") == "True");
        if (failure is not null)
        {
            yield return Found(view, HpaRule.PodsRefused, $"Pods of {view.Reference} are refused: {Sentence(failure.Text("message"))}",
                $"Measure-LabQuota -Namespace {view.Namespace} shows what is left; raise the quota, or lower the requests or maxReplicas.");
        }
    }

    private static IEnumerable<LabHpaFinding> OfPods(AutoscalerView view, IReadOnlyList<JsonObject> sets)
    {
        if (view.Scale is null || view.Selector is null)
        {
            yield break;
        }

        JsonObject[] live = [.. view.Pods.Where(pod => !pod.IsLeaving() && pod.Phase() is not ("Failed" or "Succeeded"))];
        if (view.Pods.Count == 0 && view.SpecReplicas > 0)
        {
            yield return Found(view, HpaRule.NoPods, $"No pod has the labels {view.Selector}.", $"Debug-LabPod {view.Reference} -Namespace {view.Namespace} says why there are none.");
        }

        string[] foreign = [.. live.Where(pod => IsForeign(view, pod, sets)).Select(ObjectMetadata.Name)];
        if (foreign.Length > 0)
        {
            yield return Found(view, HpaRule.ForeignPods, $"The selector {view.Selector} also matches {Some(foreign)} of another owner.");
        }

        JsonObject[] waiting = [.. live.Where(pod => pod.Phase() == "Pending" && pod.Condition("PodScheduled") is { } scheduled && scheduled.Text("status") == "False")];
        if (waiting.Length > 0)
        {
            yield return Found(
                view, HpaRule.PodsPending, $"{Some(waiting.Select(ObjectMetadata.Name))} {(waiting.Length == 1 ? "waits" : "wait")} for a node: {Sentence(waiting[0].Condition("PodScheduled")!.Text("message") ?? "no node was found")}",
                $"Add nodes, or lower the requests; Debug-LabPod {waiting[0].Name()} -Namespace {view.Namespace} has the details.");
        }

        string[] unready = [.. live.Except(waiting).Where(pod => !pod.Holds("Ready")).Select(ObjectMetadata.Name)];
        if (unready.Length > 0)
        {
            yield return Found(view, HpaRule.PodsNotReady, $"{Some(unready)} {(unready.Length == 1 ? "is" : "are")} not ready.", $"Debug-LabPod {unready[0]} -Namespace {view.Namespace} says why.");
        }
    }

    private static IEnumerable<LabHpaFinding> OfMetrics(AutoscalerView view)
    {
        for (int i = 0; i < view.Metrics.Count; i++)
        {
            HpaMetricSpec metric = view.Manifest.Spec.Metrics[i];
            foreach (LabHpaFinding requests in metric.Type is HpaMetricType.Resource or HpaMetricType.ContainerResource ? OfRequests(view, metric) : [])
            {
                yield return requests;
            }

            if (view.Metrics[i].Problem is { } problem)
            {
                // A whole API that is not there, or one metric that it does not have.
                bool down = problem.Code == "MetricsUnavailable" || problem.StatusCode >= 500
                    || problem.Message.Contains("could not find the requested resource", StringComparison.Ordinal) || problem.Message.Contains("page not found", StringComparison.Ordinal);
                string server = metric.Type switch { HpaMetricType.External => "external.metrics.k8s.io", HpaMetricType.Pods or HpaMetricType.Object => "custom.metrics.k8s.io", _ => "metrics.k8s.io" };
                yield return Found(
                    view, down ? HpaRule.MetricsUnavailable : HpaRule.MetricMissing, $"{metric.Key}: {(problem.Message.Contains("page not found", StringComparison.Ordinal) ? $"nothing serves {server}." : Sentence(problem.Message))}",
                    problem.Code == "MetricsUnavailable" ? null
                        : down ? $"Install or repair the adapter that serves {server}: Get-LabResource apiservices shows its state."
                        : null);
                continue;
            }

            if (!metric.IsPerPod)
            {
                if (view.Metrics[i].Items.Count == 0)
                {
                    yield return Found(view, HpaRule.MetricMissing, $"{metric.Key}: the metrics API answers with no value.");
                }

                continue;
            }

            HashSet<string> measured = [.. view.Metrics[i].Items.Select(item => item.Object("describedObject")?.Text("name") ?? item.Name())];
            string[] running = [.. view.Pods.Where(pod => pod.Phase() is "Running" or "Unknown" && !pod.IsLeaving()).Select(ObjectMetadata.Name)];
            string[] without = [.. running.Where(name => !measured.Contains(name))];
            if (without.Length > 0)
            {
                bool all = without.Length == running.Length;
                yield return Found(
                    view, HpaRule.PodsWithoutMetrics, all ? $"{metric.Key}: none of the {running.Length} running pods has a metric." : $"{metric.Key}: {Some(without)} {(without.Length == 1 ? "has" : "have")} no metric.",
                    severity: all ? FindingSeverity.High : null);
            }
        }
    }

    private static IEnumerable<LabHpaFinding> OfRequests(AutoscalerView view, HpaMetricSpec metric)
    {
        List<JsonObject> specs = [.. view.Pods.Select(pod => pod.Object("spec")).OfType<JsonObject>()];
        if (specs.Count == 0 && PodTemplate.Of(view.Target!)?.Object("spec") is { } template)
        {
            specs = [template];
        }

        if (metric.Container is { } wanted && specs.Find(spec => !PodTemplate.Running(spec).Any(container => container.Text("name") == wanted)) is { } lacking)
        {
            string[] names = [.. PodTemplate.Running(lacking).Select(container => container.Text("name") ?? "")];
            yield return Found(view, HpaRule.ContainerMissing, $"The metric {metric.Key} names the container '{wanted}', but the pods have {string.Join(", ", names)}.");
            yield break;
        }

        if (metric.TargetType != HpaTargetType.Utilization || specs.TrueForAll(spec => HpaManifest.TemplateOf(spec).TryRequest(metric.Name, metric.Container, out _)))
        {
            yield break;
        }

        string[] containers =
        [
            .. specs.SelectMany(PodTemplate.Running).Where(container => metric.Container is null || container.Text("name") == metric.Container)
                .Where(container => container.Object("resources")?.Object("requests")?[metric.Name] is null).Select(container => container.Text("name") ?? "").Distinct(),
        ];
        yield return Found(
            view, HpaRule.RequestMissing, $"{(containers.Length == 1 ? "The container" : "The containers")} {string.Join(", ", containers)} of {view.Reference} {(containers.Length == 1 ? "does" : "do")} not request {metric.Name}, so that there is no utilization of {metric.Show(metric.Target)} to hold.",
            $"Give {(containers.Length == 1 ? "it" : "each of them")} resources.requests.{metric.Name}, or scale on averageValue{(containers.Length == 1 && specs.SelectMany(PodTemplate.Running).Select(c => c.Text("name")).Distinct().Count() > 1 ? $", or on a ContainerResource metric of another container" : "")}.");
    }

    private static IEnumerable<LabHpaFinding> OfSpec(AutoscalerView view, IReadOnlyList<JsonObject> verticals)
    {
        HpaSpec spec = view.Manifest.Spec;
        if (spec.MinReplicas == spec.MaxReplicas)
        {
            yield return Found(view, HpaRule.BoundsEqual, $"minReplicas and maxReplicas are both {spec.MinReplicas}, so there is nothing to decide.");
        }

        foreach (JsonObject vertical in verticals)
        {
            JsonObject its = vertical.Object("spec")?.Object("targetRef") ?? [];
            if (its.Text("kind") != spec.TargetKind || its.Text("name") != spec.TargetName || vertical.Object("spec")?.Object("updatePolicy")?.Text("updateMode") == "Off")
            {
                continue;
            }

            VpaManifest policies = VpaManifest.Of([WithKind(vertical)], "");
            foreach (HpaMetricSpec metric in spec.Metrics.Where(metric => metric.TargetType == HpaTargetType.Utilization))
            {
                VpaPolicy? policy = policies.PolicyFor(metric.Container ?? "*");
                if (policy is not { IsOff: true } && (policy?.ControlledResources ?? ["cpu", "memory"]).Contains(metric.Name))
                {
                    yield return Found(view, HpaRule.VerticalConflict, $"The VerticalPodAutoscaler {vertical.Name()} changes requests.{metric.Name} of {view.Reference}, which {metric.Key} is a percentage of.");
                }
            }
        }
    }

    private static IEnumerable<LabHpaFinding> OfDecision(AutoscalerView view, LabHpaDecision decision, HpaSettings settings)
    {
        HpaSpec spec = view.Manifest.Spec;
        int direction = decision.BoundedReplicas - decision.CurrentReplicas;
        foreach ((string name, HpaScalingRules? rules, int sign) in new[] { ("scaleUp", spec.Behavior?.ScaleUp, 1), ("scaleDown", spec.Behavior?.ScaleDown, -1) })
        {
            if (rules?.SelectPolicy == HpaPolicySelect.Disabled)
            {
                bool now = Math.Sign(direction) == sign;
                yield return Found(
                    view, HpaRule.DirectionDisabled,
                    $"spec.behavior.{name}.selectPolicy is Disabled: it never scales {(sign > 0 ? "up" : "down")}{(now ? $", although the metrics ask for {decision.CalculatedReplicas}" : "")}.",
                    $"Set spec.behavior.{name}.selectPolicy to Max or Min, or remove it.", now ? FindingSeverity.High : FindingSeverity.Low);
            }
        }

        bool decides = decision.LimitedBy is not (HpaLimit.Disabled or HpaLimit.FailedMetric);
        if (decides && (decision.CurrentReplicas > spec.MaxReplicas || (decision.CurrentReplicas > 0 && decision.CurrentReplicas < spec.MinReplicas)))
        {
            yield return Found(view, HpaRule.OutOfBounds, $"{HpaWords.Replicas(decision.CurrentReplicas)} of {view.Reference} are outside of {spec.MinReplicas} to {spec.MaxReplicas}.");
        }
        else if (decides && decision.CalculatedReplicas > spec.MaxReplicas)
        {
            yield return Found(view, HpaRule.AtMaximum, $"{decision.Metric} asks for {HpaWords.Replicas(decision.CalculatedReplicas)}; maxReplicas is {spec.MaxReplicas}.");
        }
        else if (decides && decision.CalculatedReplicas < spec.MinReplicas)
        {
            yield return Found(view, HpaRule.AtMinimum, $"{decision.Metric} asks for {HpaWords.Replicas(decision.CalculatedReplicas)}; minReplicas is {spec.MinReplicas}.");
        }

        if (decides && decision.WithinTolerance && !double.IsNaN(decision.Ratio))
        {
            HpaTolerances tolerances = settings.For(spec.Behavior);
            yield return Found(
                view, HpaRule.WithinTolerance,
                $"{decision.Metric} is at {HpaWords.Number(decision.CurrentValue)} of {HpaWords.Number(decision.TargetValue)}, {HpaWords.Number(decision.Ratio)} times the target: between {HpaWords.Number(1 - tolerances.Down)} and {HpaWords.Number(1 + tolerances.Up)} nothing is scaled.");
        }

        switch (decision.LimitedBy)
        {
            case HpaLimit.Stabilization:
                int window = (direction > 0 ? spec.Behavior?.ScaleUp?.StabilizationWindowSeconds : spec.Behavior?.ScaleDown?.StabilizationWindowSeconds) ?? (int)settings.DownscaleStabilization.TotalSeconds;
                string until = (view.LastScale ?? view.Created) is { } since && since.AddSeconds(window) is var end && end > view.Now
                    ? $", until {end.UtcDateTime:HH:mm:ss} UTC at the earliest" : "";
                yield return Found(
                    view, HpaRule.Stabilizing,
                    $"The metrics ask for {HpaWords.Replicas(decision.CalculatedReplicas)}; the window of {window.ToString(CultureInfo.InvariantCulture)} s for scaling {(direction > 0 ? "up" : "down")} still has {(direction > 0 ? "lower" : "higher")} recommendations and holds {decision.DesiredReplicas}{until}.");
                break;
            case HpaLimit.ScaleUpRate or HpaLimit.ScaleDownRate when !LiveHpa.Blocked(spec.Behavior, direction):
                yield return Found(view, HpaRule.RateLimited, $"The metrics ask for {HpaWords.Replicas(decision.CalculatedReplicas)}; one step goes to {decision.DesiredReplicas}.");
                break;
        }
    }

    private static IEnumerable<LabHpaFinding> OfConditions(AutoscalerView view, List<LabHpaFinding> found)
    {
        if (!view.Seen)
        {
            if (view.Created is { } created && view.Now - created > Unseen)
            {
                yield return Found(view, HpaRule.ControllerSilent, $"It was created at {created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC and has no conditions yet.");
            }

            yield break;
        }

        foreach (JsonObject condition in view.Status.Objects("conditions"))
        {
            string type = condition.Text("type") ?? "", status = condition.Text("status") ?? "", reason = condition.Text("reason") ?? "";
            bool hinders = type is "AbleToScale" or "ScalingActive" ? status != "True" : type == "ScalingLimited" && status == "True";
            if (hinders)
            {
                string words = Words.GetValueOrDefault(reason) is { } known ? $", {known}" : "";
                bool limit = type == "ScalingLimited";
                yield return Found(
                    view, HpaRule.ControllerSays, $"{type} is {status} ({reason}){words}: {Sentence(condition.Text("message"))}",
                    found.Count > 0 ? "See the other findings." : null, limit ? FindingSeverity.Low : found.Exists(one => one.Severity >= FindingSeverity.High) ? FindingSeverity.Medium : FindingSeverity.High);
            }
        }
    }

    private static bool IsForeign(AutoscalerView view, JsonObject pod, IReadOnlyList<JsonObject> sets)
    {
        string? uid = view.Target?.Uid();
        JsonObject? owner = pod.Object("metadata")?.Objects("ownerReferences").FirstOrDefault(one => one.Flag("controller"));
        return view.Manifest.Spec.TargetKind switch
        {
            "Deployment" => owner is null || (owner.Text("kind") == "ReplicaSet"
                ? sets.FirstOrDefault(set => set.Uid() == owner.Text("uid")) is { } set && !set.IsOwnedBy(view.Target!, controller: true)
                : true),
            "StatefulSet" or "ReplicaSet" or "ReplicationController" => owner?.Text("uid") != uid,
            // What a custom resource makes of its pods is its own affair.
            _ => false,
        };
    }

    private static JsonObject WithKind(JsonObject item)
    {
        item["kind"] ??= "VerticalPodAutoscaler";
        return item;
    }


    private static string Some(IEnumerable<string> pods)
    {
        string[] all = [.. pods];
        return all.Length <= 3 ? $"{(all.Length == 1 ? "pod" : "pods")} {SomeOf.Names(all)}" : $"{all.Length} pods ({SomeOf.Names(all, 2)})";
    }

    private static string Sentence(string? text) => $"{(text ?? "").Trim().TrimEnd('.')}.";
}
