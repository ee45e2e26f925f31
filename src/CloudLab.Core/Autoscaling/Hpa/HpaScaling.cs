using System.Runtime.InteropServices;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>
/// How a recommendation becomes a number of replicas, exactly as Kubernetes 1.36 does it: stabilization windows, policies, limits. Source of
/// every rule and of its order: kubernetes/kubernetes <c>pkg/controller/podautoscaler/horizontal.go</c>. The reasons and messages are those of the
/// conditions that the controller sets.
/// </summary>
internal static class HpaScaling
{
    /// <summary>Nothing limited the recommendation.</summary>
    public const string WithinRange = "DesiredWithinRange";

    /// <summary>The lowest number of replicas decided.</summary>
    public const string TooFew = "TooFewReplicas";

    /// <summary>The highest number of replicas decided.</summary>
    public const string TooMany = "TooManyReplicas";

    /// <summary>The policies for scaling up decided.</summary>
    public const string UpLimit = "ScaleUpLimit";

    /// <summary>The policies for scaling down decided.</summary>
    public const string DownLimit = "ScaleDownLimit";

    /// <summary>Lower recommendations of the window for scaling up decided.</summary>
    public const string UpStabilized = "ScaleUpStabilized";

    /// <summary>Higher recommendations of the window for scaling down decided.</summary>
    public const string DownStabilized = "ScaleDownStabilized";

    /// <summary>Nothing held the recommendation back.</summary>
    public const string Ready = "ReadyForNewScale";

    private const string ReadyMessage = "recommended size matches current size";
    private const string HigherMessage = "recent recommendations were higher than current one, applying the highest recent recommendation";
    private const string LowerMessage = "recent recommendations were lower than current one, applying the lowest recent recommendation";
    private const string WithinRangeMessage = "the desired count is within the acceptable range";
    private const string TooFewMessage = "the desired replica count is less than the minimum replica count";
    private const string TooManyMessage = "the desired replica count is more than the maximum replica count";
    private const string UpLimitMessage = "the desired replica count is increasing faster than the maximum scale rate";
    private const string DownLimitMessage = "the desired replica count is decreasing faster than the maximum scale rate";

    /// <summary>Normalizes without a behavior: one window for scaling down, and at most twice the replicas or 4.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="desired">Replicas that the metrics ask for.</param>
    /// <param name="min">Lowest number of replicas.</param>
    /// <param name="max">Highest number of replicas.</param>
    /// <param name="windowMs">The controller's window for scaling down.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <param name="stabilized">The number after the window.</param>
    /// <param name="able">Condition AbleToScale.</param>
    /// <param name="limited">Condition ScalingLimited.</param>
    /// <returns>Replicas.</returns>
    public static int Normalize(
        HpaHistory history, int current, int desired, int min, int max, long windowMs, long nowMs,
        out int stabilized, out HpaCondition able, out HpaCondition limited)
    {
        stabilized = Stabilize(history, desired, windowMs, nowMs);
        able = stabilized != desired ? new(true, DownStabilized, HigherMessage) : new(true, Ready, ReadyMessage);
        HpaVerdict verdict = Limit(current, stabilized, min, max);
        limited = new(verdict.Replicas != stabilized, verdict.Reason, verdict.Message);
        return verdict.Replicas;
    }

    /// <summary>Normalizes with a behavior.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="behavior">The behavior, with the API server's defaults.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="desired">Replicas that the metrics ask for.</param>
    /// <param name="min">Lowest number of replicas.</param>
    /// <param name="max">Highest number of replicas.</param>
    /// <param name="downWindowSeconds">The controller's window for scaling down, for a behavior that gives none.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <param name="stabilized">The number after the windows.</param>
    /// <param name="able">Condition AbleToScale.</param>
    /// <param name="limited">Condition ScalingLimited.</param>
    /// <returns>Replicas.</returns>
    public static int Normalize(
        HpaHistory history, HpaBehavior behavior, int current, int desired, int min, int max, int downWindowSeconds, long nowMs,
        out int stabilized, out HpaCondition able, out HpaCondition limited)
    {
        HpaVerdict window = Stabilize(history, behavior, current, desired, downWindowSeconds, nowMs);
        stabilized = window.Replicas;
        able = stabilized != desired ? new(true, window.Reason, window.Message) : new(true, Ready, ReadyMessage);
        HpaVerdict verdict = Limit(history, behavior, current, stabilized, min, max, nowMs);
        limited = new(verdict.Replicas != stabilized, verdict.Reason, verdict.Message);
        return verdict.Replicas;
    }

    /// <summary>The highest recommendation of the window, where the new one takes the place of one that is too old.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="desired">The new recommendation.</param>
    /// <param name="windowMs">The window.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>Replicas.</returns>
    public static int Stabilize(HpaHistory history, int desired, long windowMs, long nowMs)
    {
        int highest = desired, old = -1;
        long cutoff = nowMs - windowMs;
        Span<HpaRecommendation> past = CollectionsMarshal.AsSpan(history.Recommendations);
        for (int i = 0; i < past.Length; i++)
        {
            if (past[i].TimestampMs < cutoff)
            {
                old = i;
            }
            else if (past[i].Replicas > highest)
            {
                highest = past[i].Replicas;
            }
        }

        Store(history.Recommendations, old, new(desired, nowMs));
        return highest;
    }

    /// <summary>The current replicas, moved as little as the recommendations of both windows demand.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="behavior">The behavior, with the API server's defaults.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="desired">The new recommendation.</param>
    /// <param name="downWindowSeconds">The controller's window for scaling down, for a behavior that gives none.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>Replicas, and why not others.</returns>
    public static HpaVerdict Stabilize(HpaHistory history, HpaBehavior behavior, int current, int desired, int downWindowSeconds, long nowMs)
    {
        int up = desired, down = desired, old = -1;
        long upCutoff = nowMs - (behavior.ScaleUp!.StabilizationWindowSeconds!.Value * 1000L);
        long downCutoff = nowMs - ((behavior.ScaleDown!.StabilizationWindowSeconds ?? downWindowSeconds) * 1000L);
        Span<HpaRecommendation> past = CollectionsMarshal.AsSpan(history.Recommendations);
        for (int i = 0; i < past.Length; i++)
        {
            long time = past[i].TimestampMs;
            up = time > upCutoff ? Math.Min(past[i].Replicas, up) : up;
            down = time > downCutoff ? Math.Max(past[i].Replicas, down) : down;
            old = time < upCutoff && time < downCutoff ? i : old;
        }

        int stabilized = Math.Min(Math.Max(current, up), down);
        Store(history.Recommendations, old, new(desired, nowMs));
        return desired >= current ? new(stabilized, UpStabilized, LowerMessage) : new(stabilized, DownStabilized, HigherMessage);
    }

    /// <summary>The limits without a behavior.</summary>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="desired">Replicas wanted.</param>
    /// <param name="min">Lowest number of replicas.</param>
    /// <param name="max">Highest number of replicas.</param>
    /// <returns>Replicas, and what limited them.</returns>
    public static HpaVerdict Limit(int current, int desired, int min, int max)
    {
        double twice = Math.Max(2.0 * current, 4.0);
        int fastest = twice > int.MaxValue ? int.MinValue : (int)twice;
        return desired < min ? new(min, TooFew, TooFewMessage)
            : max > fastest && desired > fastest ? new(fastest, UpLimit, UpLimitMessage)
            : max <= fastest && desired > max ? new(max, TooMany, TooManyMessage)
            : new(desired, WithinRange, WithinRangeMessage);
    }

    /// <summary>The limits with a behavior.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="behavior">The behavior, with the API server's defaults.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="desired">Replicas wanted.</param>
    /// <param name="min">Lowest number of replicas.</param>
    /// <param name="max">Highest number of replicas.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>Replicas, and what limited them.</returns>
    public static HpaVerdict Limit(HpaHistory history, HpaBehavior behavior, int current, int desired, int min, int max, long nowMs)
    {
        if (desired > current)
        {
            int fastest = Math.Max(UpTo(history, behavior.ScaleUp!, current, nowMs), current);
            if (desired > Math.Min(max, fastest))
            {
                return max > fastest ? new(fastest, UpLimit, UpLimitMessage) : new(max, TooMany, TooManyMessage);
            }
        }
        else if (desired < current)
        {
            int fastest = Math.Min(DownTo(history, behavior.ScaleDown!, current, nowMs), current);
            if (desired < Math.Max(min, fastest))
            {
                return min < fastest ? new(fastest, DownLimit, DownLimitMessage) : new(min, TooFew, TooFewMessage);
            }
        }

        return new(desired, WithinRange, WithinRangeMessage);
    }

    /// <summary>How many replicas the policies allow at most.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="rules">Rules for scaling up.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>Replicas.</returns>
    public static int UpTo(HpaHistory history, HpaScalingRules rules, int current, long nowMs)
    {
        if (rules.SelectPolicy == HpaPolicySelect.Disabled)
        {
            return current;
        }

        bool least = rules.SelectPolicy == HpaPolicySelect.Min;
        int result = least ? int.MaxValue : int.MinValue;
        IReadOnlyList<HpaScalingPolicy> policies = rules.Policies ?? [];
        for (int i = 0; i < policies.Count; i++)
        {
            HpaScalingPolicy policy = policies[i];
            int start = AtStart(history, current, policy.PeriodSeconds, nowMs);
            int proposed = policy.IsPercent ? Int32(Math.Ceiling(start * (1 + (policy.Value / 100.0)))) : unchecked(start + policy.Value);
            result = least ? Math.Min(result, proposed) : Math.Max(result, proposed);
        }

        return result;
    }

    /// <summary>How many replicas the policies leave at least.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="rules">Rules for scaling down.</param>
    /// <param name="current">Replicas that are asked for now.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>Replicas.</returns>
    public static int DownTo(HpaHistory history, HpaScalingRules rules, int current, long nowMs)
    {
        if (rules.SelectPolicy == HpaPolicySelect.Disabled)
        {
            return current;
        }

        bool least = rules.SelectPolicy == HpaPolicySelect.Min;
        int result = least ? int.MinValue : int.MaxValue;
        IReadOnlyList<HpaScalingPolicy> policies = rules.Policies ?? [];
        for (int i = 0; i < policies.Count; i++)
        {
            HpaScalingPolicy policy = policies[i];
            int start = AtStart(history, current, policy.PeriodSeconds, nowMs);
            int proposed = policy.IsPercent ? Int32(Math.Truncate(start * (1 - (policy.Value / 100.0)))) : unchecked(start - policy.Value);
            result = least ? Math.Max(result, proposed) : Math.Min(result, proposed);
        }

        return result;
    }

    /// <summary>Remembers a change of replicas, in the place of one that no policy looks at any more.</summary>
    /// <param name="history">What the controller remembers.</param>
    /// <param name="behavior">The behavior, with the API server's defaults; without one nothing is remembered.</param>
    /// <param name="from">Replicas before.</param>
    /// <param name="to">Replicas after.</param>
    /// <param name="nowMs">The controller's time.</param>
    public static void Remember(HpaHistory history, HpaBehavior? behavior, int from, int to, long nowMs)
    {
        if (behavior is null)
        {
            return;
        }

        bool up = to > from;
        List<HpaScaleEvent> list = up ? history.ScaleUps : history.ScaleDowns;
        long cutoff = nowMs - ((up ? behavior.ScaleUp! : behavior.ScaleDown!).LongestPeriod * 1000L);
        int old = -1;
        Span<HpaScaleEvent> past = CollectionsMarshal.AsSpan(list);
        for (int i = 0; i < past.Length; i++)
        {
            if (past[i].TimestampMs < cutoff)
            {
                past[i] = past[i] with { Outdated = true };
            }

            old = past[i].Outdated ? i : old;
        }

        Store(list, old, new(Math.Abs(to - from), nowMs));
    }

    private static int AtStart(HpaHistory history, int current, int periodSeconds, long nowMs) =>
        unchecked(current - Changed(history.ScaleUps, periodSeconds, nowMs) + Changed(history.ScaleDowns, periodSeconds, nowMs));

    private static int Changed(List<HpaScaleEvent> events, int periodSeconds, long nowMs)
    {
        long cutoff = nowMs - (periodSeconds * 1000L);
        int sum = 0;
        foreach (ref readonly HpaScaleEvent change in CollectionsMarshal.AsSpan(events))
        {
            sum = unchecked(sum + (change.TimestampMs > cutoff ? change.Change : 0));
        }

        return sum;
    }

    private static void Store<T>(List<T> list, int place, T item)
    {
        if (place < 0)
        {
            list.Add(item);
        }
        else
        {
            list[place] = item;
        }
    }

    private static int Int32(double number) => number is >= int.MinValue and <= int.MaxValue ? (int)number : int.MinValue;
}
