using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Quantities;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

[Trait("Area", "Autoscaling")]
public sealed class HpaReplayVectorTests
{
    [Fact]
    public void Every_step_of_every_scenario_is_the_one_of_the_real_controller()
    {
        using VectorFile file = new("hpa-replay");
        int steps = 0;
        foreach (JsonElement scenario in file.Root.GetProperty("scenarios").EnumerateArray())
        {
            JsonElement flags = scenario.GetProperty("flags");
            HashSet<string?> gates = [.. scenario.List("featureGates").Select(g => g.GetString())];
            HpaSettings settings = new()
            {
                Tolerance = flags.GetProperty("toleranceFlag").GetDouble(),
                CpuInitializationPeriod = TimeSpan.FromSeconds(flags.Int("cpuInitializationPeriodSec")),
                InitialReadinessDelay = TimeSpan.FromSeconds(flags.Int("initialReadinessDelaySec")),
                DownscaleStabilization = TimeSpan.FromSeconds(flags.Int("downscaleStabilizationSec")),
                ConfigurableTolerance = !gates.Contains("HPAConfigurableTolerance=false"),
                ScaleToZero = gates.Contains("HPAScaleToZero=true"),
            };
            HpaController controller = new(Spec(scenario.GetProperty("hpaSpec")), settings);
            Plant plant = new(scenario);
            foreach (JsonElement step in scenario.GetProperty("steps").EnumerateArray())
            {
                steps++;
                if (step.TryGetProperty("spec", out JsonElement spec))
                {
                    controller.Spec = Spec(spec);
                }

                if (step.TryGetProperty("restart", out _))
                {
                    controller.Restart();
                }

                plant.Step = step;
                HpaStep done = controller.Step(step.Long("t"), step.Int("cur"), step.Int("st"), plant);
                file.Compare($"{scenario.Text("id")} at {step.Long("t")}", Real(step), Ours(controller, done));
            }
        }

        Assert.Equal(2380, steps);
        file.AllEqual(2380);
    }

    private static HpaSpec Spec(JsonElement spec) => HpaManifest.SpecOf(
        new JsonObject { ["metadata"] = new JsonObject { ["namespace"] = "ns" }, ["spec"] = JsonNode.Parse(spec.GetRawText()) });

    private static string Real(JsonElement step)
    {
        string Optional(string name) => step.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "";
        return string.Join(" | ",
        [
            $"{step.Int("des")}", Optional("able"), Optional("active"), Optional("lim"), Optional("zero"), Optional("err"),
            .. step.List("ev").Select(e => e.GetString()!),
            .. step.List("now").Select(now => now.ValueKind == JsonValueKind.Array ? string.Join(',', now.EnumerateArray()) : ",,"),
        ]);
    }

    private static string Ours(HpaController controller, HpaStep step) => string.Join(" | ",
    [
        $"{controller.DesiredReplicas}", Show(controller.Able), Show(controller.Active), Show(controller.Limited), Show(controller.ScaledToZero), step.Error ?? "",
        .. step.Events ?? [],
        .. controller.Metrics.ToArray().Select((status, i) =>
        {
            HpaMetricSpec metric = controller.Spec.Metrics[i];
            QuantityFormat format = metric.Type is HpaMetricType.Resource or HpaMetricType.ContainerResource && metric.Name == "memory" ? QuantityFormat.BinarySI : QuantityFormat.DecimalSI;
            string? Amount(long? milli) => milli is { } value ? Quantity.FromMilli(value, format).ToString() : null;
            return $"{status.Utilization},{Amount(status.AverageMilli)},{Amount(status.ValueMilli)}";
        }),
    ]);

    private static string Show(HpaCondition condition) => condition.Status is null ? "" : condition.ToString();

    /// <summary>The pods and metrics that the file gives for a time.</summary>
    private sealed class Plant : IHpaMetricSource
    {
        private readonly JsonElement[] pods;
        private readonly HpaPodTemplate template;

        public Plant(JsonElement scenario)
        {
            pods = [.. scenario.List("pods")];
            template = new() { Containers = [.. scenario.List("containers").Select(VectorJson.Container)] };
        }

        public JsonElement Step { get; set; }

        public HpaReading Read(int index, HpaMetricSpec metric)
        {
            string key = metric.Type switch
            {
                HpaMetricType.Pods => "pods/" + metric.Name,
                HpaMetricType.Object => "object/" + metric.Name,
                HpaMetricType.External => "external/" + metric.Name,
                _ => metric.Key,
            };
            JsonElement read = Step.GetProperty("m").GetProperty(key);
            long time = read.TryGetProperty("ts", out JsonElement ts) ? ts.GetInt64() : 0;
            long window = read.Int("win") * 1000L;
            Dictionary<string, HpaPodMetric> values = read.List("v").ToDictionary(
                v => $"web-{v[0].GetInt32()}", v => new HpaPodMetric(v[1].GetInt64(), time, window));
            long[] outside = [.. read.List("x").Select(x => x.GetInt64())];
            return new HpaPodMetrics([.. Listed(Step.Long("t"))], values).Read(outside, read.TryGetProperty("err", out JsonElement error) ? error.GetString() : null);
        }

        private IEnumerable<HpaPod> Listed(long t)
        {
            foreach (JsonElement pod in pods)
            {
                if (pod.Long("created") > t || (pod.TryGetProperty("gone", out JsonElement gone) && gone.GetInt64() <= t))
                {
                    continue;
                }

                JsonElement[] past = [.. pod.List("ready").Where(r => r[0].GetInt64() <= t)];
                yield return new HpaPod
                {
                    Name = $"web-{pod.Int("n")}",
                    Template = template,
                    Phase = t < pod.Long("running") ? HpaPodPhase.Pending
                        : pod.TryGetProperty("failed", out JsonElement failed) && failed.GetInt64() <= t ? HpaPodPhase.Failed
                        : HpaPodPhase.Running,
                    StartMs = t < pod.Long("start") ? null : pod.Long("start"),
                    Ready = past.Length > 0 ? past[^1][1].GetString() : null,
                    ReadyChangedMs = past.Length > 0 ? past[^1][0].GetInt64() : 0,
                    Deleted = pod.TryGetProperty("deletion", out JsonElement deletion) && deletion.GetInt64() <= t,
                };
            }
        }
    }
}
