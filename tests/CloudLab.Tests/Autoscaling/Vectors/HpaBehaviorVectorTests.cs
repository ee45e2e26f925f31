using System.Globalization;
using System.Text.Json;
using CloudLab.Core.Autoscaling.Hpa;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

[Trait("Area", "Autoscaling")]
public sealed class HpaBehaviorVectorTests
{
    [Fact]
    public void Windows_policies_and_limits_answer_as_the_real_controller()
    {
        using VectorFile file = new("hpa-behavior");
        foreach (JsonElement c in file.Cases)
        {
            file.Compare(c.Text("id"), Real(c.GetProperty("out")), Ours(c));
        }

        file.AllEqual(449);
    }

    // The parts that the file gives, in the order in which Ours gives them.
    private static string Real(JsonElement answer)
    {
        List<string> parts = [];
        foreach (string name in (string[])["replicas", "reason", "message"])
        {
            if (answer.TryGetProperty(name, out JsonElement value))
            {
                parts.Add(value.ToString());
            }
        }

        parts.AddRange(answer.List("conditions").Select(c => $"{c.Text("type")}/{c.Text("status")}/{c.Text("reason")}/{c.Text("message")}"));
        parts.AddRange(answer.List("recommendationsAfter").Select(r => $"{r.Int("replicas")}@{r.Long("tsMs")}"));
        parts.AddRange(answer.List("scaleUpEventsAfter").Select(Event));
        parts.AddRange(answer.List("scaleDownEventsAfter").Select(Event));
        if (VectorJson.Behavior(answer) is { } behavior)
        {
            parts.Add(Show(behavior));
        }

        return string.Join(", ", parts);
    }

    private static string Event(JsonElement e) => Show(new HpaScaleEvent(e.Int("change"), e.Long("tsMs"), e.TryGetProperty("outdated", out JsonElement old) && old.GetBoolean()));

    private static string Ours(JsonElement c)
    {
        int min = c.Int("minReplicas"), max = c.Int("maxReplicas"), current = c.Int("currentReplicas"), desired = c.Int("desiredReplicas");
        int window = c.Int("downscaleStabilizationSec");
        long now = c.Long("nowMs");
        HpaHistory history = new();
        history.Recommendations.AddRange(c.List("recommendations").Select(r => new HpaRecommendation(r.Int("replicas"), r.Long("tsMs"))));
        history.ScaleUps.AddRange(c.List("scaleUpEvents").Select(ToEvent));
        history.ScaleDowns.AddRange(c.List("scaleDownEvents").Select(ToEvent));
        HpaBehavior? behavior = VectorJson.Behavior(c);
        string Verdict(HpaVerdict verdict) => $"{Show(verdict.Replicas)}, {verdict.Reason}, {verdict.Message}";
        string[] Past() => [.. history.Recommendations.Select(r => $"{r.Replicas}@{r.TimestampMs}")];
        string Conditions(int replicas, HpaCondition able, HpaCondition limited) =>
            string.Join(", ", [Show(replicas), Condition("AbleToScale", able), Condition("ScalingLimited", limited), .. Past()]);
        switch (c.Text("op"))
        {
            case "stabilizeRecommendation":
                return string.Join(", ", [Show(HpaScaling.Stabilize(history, desired, window * 1000L, now)), .. Past()]);
            case "stabilizeRecommendationWithBehaviors":
                return string.Join(", ", [Verdict(HpaScaling.Stabilize(history, behavior!, current, desired, window, now)), .. Past()]);
            case "convertDesiredReplicasWithRules":
                return Verdict(HpaScaling.Limit(current, desired, min, max));
            case "convertDesiredReplicasWithBehaviorRate":
                return Verdict(HpaScaling.Limit(history, behavior!, current, desired, min, max, now));
            case "calculateScaleUpLimitWithScalingRules":
                return Show(HpaScaling.UpTo(history, behavior!.ScaleUp!, current, now));
            case "calculateScaleDownLimitWithBehaviors":
                return Show(HpaScaling.DownTo(history, behavior!.ScaleDown!, current, now));
            case "normalizeDesiredReplicas":
                return Conditions(
                    HpaScaling.Normalize(history, current, desired, min, max, window * 1000L, now, out _, out HpaCondition able, out HpaCondition limited), able, limited);
            case "normalizeDesiredReplicasWithBehaviors":
                return Conditions(
                    HpaScaling.Normalize(history, behavior!, current, desired, min, max, window, now, out _, out HpaCondition able2, out HpaCondition limited2), able2, limited2);
            case "storeScaleEvent":
                HpaScaling.Remember(history, behavior, current, desired, now);
                return string.Join(", ", history.ScaleUps.Concat(history.ScaleDowns).Select(Show));
            case "defaultBehavior":
                return behavior is null ? "" : Show(behavior.WithDefaults());
            default:
                return "an operation that is not known";
        }
    }

    private static HpaScaleEvent ToEvent(JsonElement e) =>
        new(e.Int("change"), e.Long("tsMs"), e.TryGetProperty("outdated", out JsonElement old) && old.GetBoolean());

    private static string Show(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Show(HpaScaleEvent e) => string.Create(CultureInfo.InvariantCulture, $"{e.Change}@{e.TimestampMs}{(e.Outdated ? " old" : "")}");

    private static string Condition(string type, HpaCondition condition) => $"{type}/{condition.Status}/{condition.Reason}/{condition.Message}";

    private static string Show(HpaBehavior behavior) => $"up {Show(behavior.ScaleUp)} down {Show(behavior.ScaleDown)}";

    private static string Show(HpaScalingRules? rules) => rules is null
        ? "-"
        : $"{rules.StabilizationWindowSeconds} {rules.SelectPolicy} {rules.Tolerance} {(rules.Policies is { } policies ? string.Join(' ', policies) : "-")}";
}
