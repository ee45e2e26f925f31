using System.Globalization;
using System.Text.Json;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Quantities;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vectors;

[Trait("Area", "Autoscaling")]
public sealed class HpaStepVectorTests
{
    [Fact]
    public void Every_step_gives_the_replicas_and_usage_of_the_real_calculator()
    {
        using VectorFile file = new("hpa-step");
        foreach (JsonElement c in file.Cases)
        {
            HpaProposal found = Calculate(c);
            JsonElement real = c.GetProperty("out");
            if (real.TryGetProperty("error", out JsonElement error))
            {
                file.Compare(c.Text("id"), error.GetString(), found.Error ?? $"{found.Replicas}");
                continue;
            }

            bool utilization = c.Text("fn") == "GetResourceReplicas";
            // Soft: a float that fits no integer becomes one as the processor likes.
            bool soft = c.TryGetProperty("platformDefined", out _);
            long usage = real.Long(utilization ? "raw" : "usage");
            file.Compare(
                c.Text("id"),
                Line(null, real.Int("replicas"), real.Int("utilization"), usage),
                Line(found.Error, found.Replicas, utilization ? found.Utilization : 0, soft ? usage : found.Usage));
        }

        file.AllEqual(500);
    }

    private static string Line(string? error, int replicas, int utilization, long usage) =>
        error ?? string.Create(CultureInfo.InvariantCulture, $"{replicas} replicas, {utilization} %, usage {usage}");

    private static HpaProposal Calculate(JsonElement c)
    {
        string function = c.Text("fn");
        string? container = c.TryGetProperty("container", out JsonElement name) ? name.GetString() : null;
        HpaMetricSpec metric = new()
        {
            Type = function switch
            {
                "GetMetricReplicas" => HpaMetricType.Pods,
                "GetObjectMetricReplicas" or "GetObjectPerPodMetricReplicas" => HpaMetricType.Object,
                "GetExternalMetricReplicas" or "GetExternalPerPodMetricReplicas" => HpaMetricType.External,
                _ when container is null => HpaMetricType.Resource,
                _ => HpaMetricType.ContainerResource,
            },
            Name = c.TryGetProperty("resource", out JsonElement resource) ? resource.GetString()! : "qps",
            Container = container,
            TargetType = function switch
            {
                "GetResourceReplicas" => HpaTargetType.Utilization,
                "GetObjectMetricReplicas" or "GetExternalMetricReplicas" => HpaTargetType.Value,
                _ => HpaTargetType.AverageValue,
            },
            Target = c.Long("target"),
            Selector = "&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{},}",
        };
        HpaPod[] pods = [.. c.List("pods").Select(VectorJson.Pod)];
        string? error = c.TryGetProperty("metricsError", out JsonElement text) ? text.GetString() : null;
        Dictionary<string, HpaPodMetric> metrics = c.List("metrics").ToDictionary(
            m => m.Text("pod"), m => new HpaPodMetric(m.Long("value"), m.Long("tsMs"), m.Long("windowSec") * 1000));
        if (error is null && c.TryGetProperty("apiMetrics", out JsonElement served))
        {
            metrics = HpaPodMetrics.Of(served.EnumerateArray().Select(Served), metric.Name, container);
            error = served.GetArrayLength() == 0 ? "no metrics returned from resource metrics API" : null;
        }

        long[] values = [.. c.List("values").Select(v => v.GetInt64())];
        HpaPodMetrics joined = new(pods, metrics);
        int replicas = c.Int("currentReplicas");
        HpaSettings settings = new()
        {
            CpuInitializationPeriod = TimeSpan.FromSeconds(c.Int("cpuInitializationPeriodSec")),
            InitialReadinessDelay = TimeSpan.FromSeconds(c.Int("initialReadinessDelaySec")),
        };
        return HpaReplicaCalculator.Propose(
            metric, joined.Read(values, error), replicas, replicas,
            new(c.GetProperty("toleranceDown").GetDouble(), c.GetProperty("toleranceUp").GetDouble()), settings, "ns", c.Long("nowMs"));
    }

    private static HpaServedMetric Served(JsonElement item) => new(
        item.Text("pod"), item.Long("tsMs"), item.Long("windowSec") * 1000,
        [.. item.List("containers").Select(container => new HpaServedContainer(
            container.Text("name"),
            container.GetProperty("usage").EnumerateObject().ToDictionary(u => u.Name, u => Quantity.Parse(u.Value.GetString()!).MilliValue)))]);
}
