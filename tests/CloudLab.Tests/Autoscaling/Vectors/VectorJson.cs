using System.Text.Json;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Tests.Autoscaling.Vectors;

/// <summary>Pods, behaviors and numbers as the vector files write them.</summary>
internal static class VectorJson
{
    private static readonly Dictionary<string, long> None = [];

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static int Int(this JsonElement json, string name, int otherwise = 0) => json.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : otherwise;

    public static long Long(this JsonElement json, string name) => json.GetProperty(name).GetInt64();

    public static IEnumerable<JsonElement> List(this JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    public static HpaPod Pod(JsonElement pod)
    {
        bool hasReady = pod.TryGetProperty("ready", out JsonElement ready);
        return new HpaPod
        {
            Name = pod.Text("name"),
            Template = new HpaPodTemplate
            {
                Containers = [.. pod.List("containers").Select(Container)],
                InitContainers = [.. pod.List("initContainers").Select(Container)],
                PodRequests = pod.TryGetProperty("podRequestsMilli", out JsonElement requests) ? Amounts(requests) : null,
            },
            Phase = Enum.Parse<HpaPodPhase>(pod.Text("phase")),
            Ready = hasReady ? ready.Text("status") : null,
            ReadyChangedMs = hasReady ? ready.Long("lastTransitionMs") : 0,
            StartMs = pod.TryGetProperty("startMs", out JsonElement start) ? start.GetInt64() : null,
            Deleted = pod.TryGetProperty("deleted", out JsonElement deleted) && deleted.GetBoolean(),
        };
    }

    public static HpaContainer Container(JsonElement container) => new(
        container.Text("name"),
        container.TryGetProperty("requestsMilli", out JsonElement requests) ? Amounts(requests) : None,
        container.TryGetProperty("restartPolicy", out JsonElement policy) && policy.GetString() == "Always");

    public static HpaBehavior? Behavior(JsonElement json) =>
        json.TryGetProperty("behavior", out JsonElement behavior) ? new(Rules(behavior, "scaleUp"), Rules(behavior, "scaleDown")) : null;

    private static Dictionary<string, long> Amounts(JsonElement json) => json.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt64());

    private static HpaScalingRules? Rules(JsonElement behavior, string direction) => behavior.TryGetProperty(direction, out JsonElement rules)
        ? new HpaScalingRules
        {
            StabilizationWindowSeconds = rules.TryGetProperty("stabilizationWindowSeconds", out JsonElement window) ? window.GetInt32() : null,
            SelectPolicy = rules.TryGetProperty("selectPolicy", out JsonElement select) ? Enum.Parse<HpaPolicySelect>(select.GetString()!) : null,
            Policies = rules.TryGetProperty("policies", out JsonElement policies) && policies.ValueKind == JsonValueKind.Array
                ? [.. policies.EnumerateArray().Select(p => new HpaScalingPolicy(p.Text("type") == "Percent", p.Int("value"), p.Int("periodSeconds")))]
                : null,
            Tolerance = rules.TryGetProperty("tolerance", out JsonElement tolerance) ? Quantity.Parse(tolerance.GetString()!) : null,
        }
        : null;
}
