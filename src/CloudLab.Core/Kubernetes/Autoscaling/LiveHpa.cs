using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>What the HorizontalPodAutoscalers of a cluster do now: the arithmetic of their controller on what it sees.</summary>
/// <param name="api">The cluster.</param>
public sealed class LiveHpa(KubernetesApi api)
{
    // Between two looks of the controller, unless it was told otherwise.
    private static readonly TimeSpan SyncPeriod = TimeSpan.FromSeconds(15);

    private readonly AutoscalerReader reader = new(api);

    /// <summary>The next step of the controller.</summary>
    /// <param name="autoscaler">The HorizontalPodAutoscaler.</param>
    /// <param name="settings">Settings of the controller.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The decision. Throws <see cref="LabException"/> (<c>TargetMissing</c>) where there is nothing to scale.</returns>
    public async Task<LabHpaDecision> DecideAsync(LabResource autoscaler, HpaSettings settings, CancellationToken cancellation)
    {
        AutoscalerView view = await reader.ReadAsync(autoscaler.ToObject(), cancellation);
        return view.ScaleProblem is { } problem
            ? throw new LabException(
                problem.Kind, "TargetMissing", $"{autoscaler} scales {view.Reference}, whose scale cannot be read: {problem.Message.TrimEnd('.')}. Test-LabHpa {view.Name} says what to do.", problem) { Target = view.Name }
            : Decide(view, settings) with { Context = autoscaler.Context };
    }

    /// <summary>The next step of the controller on what it sees.</summary>
    /// <param name="view">What it sees.</param>
    /// <param name="settings">Its settings.</param>
    /// <returns>The decision.</returns>
    internal static LabHpaDecision Decide(AutoscalerView view, HpaSettings settings)
    {
        HpaSpec spec = view.Manifest.Spec;
        int replicas = view.SpecReplicas;
        string? confused = Confused(view);
        IHpaMetricSource source = new Readings(view);
        HpaDecision now = Step(Remembered(view, new HpaController(spec, settings)), confused);
        int settled = now.LimitedBy == HpaLimit.Disabled || Blocked(spec.Behavior, now.BoundedReplicas - replicas) ? replicas : now.BoundedReplicas;
        return new LabHpaDecision(now)
        {
            Name = view.Name,
            Namespace = view.Namespace,
            Target = view.Reference,
            SettledReplicas = settled,
            LastDesiredReplicas = view.LastDesired,
            LastScaleTime = view.LastScale,
        };

        HpaDecision Step(HpaController controller, string? failure)
        {
            if (settings.ScaleToZero && replicas == 0 && view.Autoscaler.Condition("ScaledToZero")?.Text("status") == "True")
            {
                controller.SetScaledToZero();
            }

            HpaStep step = controller.Step(view.Now.ToUnixTimeMilliseconds(), replicas, view.StatusReplicas, source);
            HpaDecision decision = HpaSamples.Decision(step, controller, settings, view.StatusReplicas, settled: false);
            return failure is null || step.Disabled || replicas > spec.MaxReplicas || replicas < spec.MinReplicas ? decision : decision with
            {
                DesiredReplicas = replicas,
                CalculatedReplicas = replicas,
                BoundedReplicas = replicas,
                LimitedBy = HpaLimit.FailedMetric,
                WithinTolerance = false,
                KnownFault = null,
                Reason = $"No decision, {HpaWords.Stay(replicas)}: {failure}.",
            };
        }
    }

    /// <summary>Whether a direction is switched off.</summary>
    /// <param name="behavior">The behavior.</param>
    /// <param name="direction">More than 0 for up, less than 0 for down.</param>
    /// <returns>True where its policies are disabled.</returns>
    internal static bool Blocked(HpaBehavior? behavior, int direction) =>
        (direction > 0 ? behavior?.ScaleUp : direction < 0 ? behavior?.ScaleDown : null)?.SelectPolicy == HpaPolicySelect.Disabled;

    /// <summary>Why the controller looks at no metric: the pods are not its own alone.</summary>
    /// <param name="view">What it sees.</param>
    /// <returns>The reason in words; null without.</returns>
    internal static string? Confused(AutoscalerView view) =>
        view.Selector is null ? "the scale of the target has no selector"
        : view.Others.Where(other => other.SharedPods.Count > 0).Select(other => other.Name).ToArray() is { Length: > 0 } others
            ? $"its pods are also selected by {(others.Length == 1 ? "the autoscaler" : "the autoscalers")} {string.Join(", ", others)}, and then the controller scales none of them"
            : null;

    // What the controller remembers is in no API; its status and its events tell what matters of it.
    private static HpaController Remembered(AutoscalerView view, HpaController controller)
    {
        if (view.LastDesired is not { } last)
        {
            return controller;
        }

        bool failed = view.Autoscaler.Condition("ScalingActive")?.Text("status") == "False";
        DateTimeOffset looked = view.Now - SyncPeriod;
        DateTimeOffset known = view.LastScale is { } scaled && scaled > looked ? scaled : looked;
        controller.History.Recommendations.Add(new(failed ? view.SpecReplicas : last, known.ToUnixTimeMilliseconds()));
        int? before = null;
        foreach ((DateTimeOffset time, int size) in view.Rescales)
        {
            // Only for the last change of all, and until the controller looks again, does the status have what was before.
            if (before is null && view.Rescales is [_] && view.Status.Number("currentReplicas") is { } was)
            {
                before = (int)was;
            }

            if (before is { } from && from != size)
            {
                HpaScaling.Remember(controller.History, view.Manifest.Spec.Behavior, from, size, time.ToUnixTimeMilliseconds());
            }

            before = size;
        }

        return controller;
    }

    /// <summary>The metrics of each place of the spec, which may have one name with different selectors.</summary>
    private sealed class Readings(AutoscalerView view) : IHpaMetricSource
    {
        private readonly IHpaMetricSource[] each =
        [
            .. view.Metrics.Select((answer, at) => new HpaSamples(
                view.Manifest, view.Pods,
                answer.Error is { } error ? [new JsonObject { ["metric"] = view.Manifest.Spec.Metrics[at].Key, ["error"] = error }] : answer.Items.Select(item => (JsonNode?)item),
                view.Now)),
        ];

        public HpaReading Read(int index, HpaMetricSpec metric) => each[index].Read(index, metric);
    }
}
