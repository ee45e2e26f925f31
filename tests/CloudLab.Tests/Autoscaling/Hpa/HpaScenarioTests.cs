using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Hpa;

/// <summary>Decisions worked out by hand, on samples as people have them.</summary>
[Trait("Area", "Autoscaling")]
public sealed class HpaScenarioTests
{
    private const string CpuHalf = "{ type: Resource, resource: { name: cpu, target: { averageUtilization: 50 } } }";
    private const string Queue = "{ type: External, external: { metric: { name: queue }, target: { averageValue: 10 } } }";

    // 1. Requests 100m, used 120m each: 120 % of the request, 2.4 times 50 %. ceil(5 x 2.4) = 12; a step without a behavior goes to twice 5.
    [Fact]
    public void Twelve_are_wanted_and_ten_allowed_in_one_step()
    {
        HpaDecision decision = Decide(Spec(CpuHalf), Pods(5, "100m"), Used(5, "120m"));
        Assert.Equal((12, 12, 10, HpaLimit.ScaleUpRate), (decision.CalculatedReplicas, decision.BoundedReplicas, decision.DesiredReplicas, decision.LimitedBy));
        Assert.Equal("cpu at 120% is 2.4 times the target of 50%: ceil(5 x 2.4) = 12 replicas. One step goes up to twice the replicas, at least 4: 10.", decision.Reason);
    }

    // 2. A behavior that lets it: 12.
    [Fact]
    public void A_behavior_lifts_the_limit_of_the_step()
    {
        HpaDecision decision = Decide(Spec(CpuHalf, "  behavior: { scaleUp: { policies: [{ type: Percent, value: 900, periodSeconds: 15 }] } }"), Pods(5, "100m"), Used(5, "120m"));
        Assert.Equal((12, HpaLimit.None), (decision.DesiredReplicas, decision.LimitedBy));
    }

    // 3. 110 % of the target is 1.1 = 1 + 0.1: the bound itself is within the tolerance.
    [Fact]
    public void The_bound_of_the_tolerance_is_within()
    {
        HpaDecision decision = Decide(Spec(CpuHalf), Pods(4, "100m"), Used(4, "55m"));
        Assert.Equal((4, true, 1.1), (decision.DesiredReplicas, decision.WithinTolerance, decision.Ratio));
    }

    // 4. A tolerance for scaling up alone: 1.1 is now above 1 + 0.05, so ceil(4 x 1.1) = 5. Down, 0.9 is still within 0.1.
    [Fact]
    public void The_tolerance_of_a_direction_is_its_own()
    {
        string spec = Spec(CpuHalf, "  behavior: { scaleUp: { tolerance: 0.05 } }");
        Assert.Equal(5, Decide(spec, Pods(4, "100m"), Used(4, "55m")).DesiredReplicas);
        Assert.Equal(4, Decide(spec, Pods(4, "100m"), Used(4, "45m")).DesiredReplicas);
    }

    // 5. Two pods use 20m of 100m (ratio 0.4), the third has no metric. Down: it counts with its whole request, (20 + 20 + 100) / 300 = 46 %, ratio 0.92.
    [Fact]
    public void A_pod_without_a_metric_holds_a_scale_down()
    {
        HpaDecision decision = Decide(Spec(CpuHalf), Pods(3, "100m"), Used(2, "20m"));
        Assert.Equal((3, true), (decision.DesiredReplicas, decision.WithinTolerance));
        Assert.Contains("1 pod without a metric counted as at the target or more", decision.Reason, StringComparison.Ordinal);
    }

    // 6. Two metrics: cpu wants ceil(4 x 0.4) = 2, the queue of 65 wants ceil(65 / 10) = 7. The largest wins.
    [Fact]
    public void The_largest_of_several_metrics_wins()
    {
        HpaDecision decision = Decide(Spec($"{CpuHalf}, {Queue}"), Pods(4, "100m"), [.. Used(4, "20m", "cpu"), Json("""{ "name": "queue", "value": 65 }""")]);
        Assert.Equal((7, "queue"), (decision.DesiredReplicas, decision.Metric));
    }

    // 7. The same with a queue that cannot be read: cpu alone would scale down to 2, and a metric that failed forbids that.
    [Fact]
    public void A_metric_that_fails_holds_a_scale_down_but_not_a_scale_up()
    {
        JsonNode failed = Json("""{ "name": "queue", "error": "timed out" }""");
        HpaDecision down = Decide(Spec($"{CpuHalf}, {Queue}"), Pods(4, "100m"), [.. Used(4, "20m", "cpu"), failed]);
        Assert.Equal((4, HpaLimit.FailedMetric), (down.DesiredReplicas, down.LimitedBy));
        Assert.Contains("timed out", down.Reason, StringComparison.Ordinal);
        HpaDecision up = Decide(Spec($"{CpuHalf}, {Queue}"), Pods(4, "100m"), [.. Used(4, "75m", "cpu"), failed]);
        Assert.Equal((6, "cpu"), (up.DesiredReplicas, up.Metric));
    }

    // 8. A sidecar's request of 100m counts with the container's 100m: 100m used of 200m is 50 %. An ordinary init container does not count.
    [Fact]
    public void A_sidecar_among_the_init_containers_counts()
    {
        JsonNode pod = Json("""
            { "metadata": { "name": "p1" }, "status": { "phase": "Running", "startTime": "2026-01-01T00:00:00Z",
              "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:10Z" }] },
              "spec": { "containers": [{ "name": "c", "resources": { "requests": { "cpu": "100m" } } }],
                "initContainers": [{ "name": "s", "restartPolicy": "Always", "resources": { "requests": { "cpu": "100m" } } },
                  { "name": "i", "resources": { "requests": { "cpu": "5" } } }] } }
            """);
        JsonNode metrics = Json("""
            { "kind": "PodMetricsList", "items": [{ "metadata": { "name": "p1" }, "timestamp": "2026-01-01T10:00:00Z", "window": "15s",
              "containers": [{ "name": "c", "usage": { "cpu": "80m" } }, { "name": "s", "usage": { "cpu": "20m" } }] }] }
            """);
        HpaDecision decision = Decide(Spec(CpuHalf), [pod], [metrics]);
        Assert.Equal((1, 50.0, true), (decision.DesiredReplicas, decision.CurrentValue, decision.WithinTolerance));
    }

    // 9. Issue 138505: a rollout has 6 pods of 4 asked for; 60 in the queue is 10 each, so nothing should change, and 1.36 asks for 6.
    [Fact]
    public void The_known_fault_of_a_rollout_is_reproduced_and_told()
    {
        HpaDecision decision = Decide(Spec(Queue), [], [Json("""{ "name": "queue", "value": 60 }""")], 4, 6);
        Assert.Equal(6, decision.DesiredReplicas);
        Assert.Contains("138505", decision.KnownFault, StringComparison.Ordinal);
        Assert.Null(Decide(Spec(Queue), [], [Json("""{ "name": "queue", "value": 60 }""")], 6, 6).KnownFault);
    }

    // 10. Issue 141298: two pods at 20m (0.4) and one that has ended well and has no metric: it counts as a missing one, with its whole request.
    [Fact]
    public void The_known_fault_of_succeeded_pods_is_reproduced_and_told()
    {
        JsonNode[] pods = [.. Pods(2, "100m"), Json("""{ "name": "p3", "phase": "Succeeded", "requests": { "cpu": "100m" } }""")];
        HpaDecision decision = Decide(Spec(CpuHalf), pods, Used(2, "20m"), 2);
        Assert.Equal(2, decision.DesiredReplicas);
        Assert.Contains("141298", decision.KnownFault, StringComparison.Ordinal);
        Assert.Equal(1, Decide(Spec(CpuHalf), [.. Pods(2, "100m")], Used(2, "20m"), 2).DesiredReplicas);
    }

    // With the gate and its own doing, 0 replicas come back: ceil(25 / 10) = 3. Without, 0 is off.
    [Fact]
    public void Zero_comes_back_only_where_the_controller_scaled_there()
    {
        string spec = Spec(Queue).Replace("minReplicas: 1", "minReplicas: 0", StringComparison.Ordinal);
        JsonNode[] queue = [Json("""{ "name": "queue", "value": 25 }""")];
        Assert.Equal(3, Decide(spec, [], queue, 0, 0, new HpaSettings { ScaleToZero = true }).DesiredReplicas);
        Assert.Equal((0, HpaLimit.Disabled), (Decide(spec, [], queue, 0, 0) is var off ? off.DesiredReplicas : -1, off.LimitedBy));
    }

    [Theory]
    [InlineData("""{ "pod": "p1", "value": "120%" }""", "'120%' is a percentage")]
    [InlineData("""{ "pod": "p1", "value": "120MB" }""", "'120MB' is not a quantity")]
    [InlineData("""{ "pod": "p1", "value": "1", "timestamp": "noon" }""", "'noon' is not a time")]
    [InlineData("""{ "pod": "p1", "container": "side", "value": "75m" }""", "a sample of the container side alone")]
    public void A_sample_that_is_wrong_is_told_in_one_line(string sample, string part)
    {
        LabException e = Assert.Throws<LabException>(() => Decide(Spec(CpuHalf), Pods(1, "100m"), [Json(sample)]));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("cpu", "1200", "write 1200m for millicores")]
    [InlineData("memory", "512", "write 512Mi for mebibytes")]
    public void A_sample_that_looks_like_the_wrong_unit_is_doubted(string metric, string value, string part)
    {
        HpaManifest manifest = HpaManifest.Read(Spec($"{{ type: Resource, resource: {{ name: {metric}, target: {{ averageValue: 500 }} }} }}"), "");
        HpaSamples samples = new(manifest, Pods(1, "100m"), [Json($$"""{ "pod": "p1", "value": {{value}} }""")], null);
        Assert.Contains(part, Assert.Single(samples.Doubts), StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_without_the_name_of_their_metric_are_doubted_where_there_are_several()
    {
        HpaManifest manifest = HpaManifest.Read(Spec(CpuHalf + ", { type: ContainerResource, containerResource: { name: memory, container: app, target: { averageValue: 1Gi } } }"), "");
        JsonNode container = Json("""{ "pod": "p1", "metric": "memory", "container": "app", "value": "3Gi" }""");
        HpaSamples samples = new(manifest, Pods(1, "100m"), [Json("""{ "pod": "p1", "value": "90m" }"""), container], null);
        HpaDecision decision = samples.Decide(HpaSettings.Default, 1, 1);
        Assert.Equal(("memory@app", 3), (decision.Metric, decision.CalculatedReplicas));
        Assert.Contains("write metric = 'cpu'", Assert.Single(samples.Doubts), StringComparison.Ordinal);
    }

    private static HpaDecision Decide(string spec, JsonNode[] pods, JsonNode[] metrics, int? replicas = null, int? status = null, HpaSettings? settings = null) =>
        new HpaSamples(HpaManifest.Read(spec, ""), pods, metrics, null).Decide(settings ?? HpaSettings.Default, replicas, status);

    private static string Spec(string metrics, string more = "") =>
        $"kind: HorizontalPodAutoscaler\nspec:\n  minReplicas: 1\n  maxReplicas: 20\n  metrics: [{metrics}]\n{more}\n";

    private static JsonNode[] Pods(int count, string cpu) =>
        [.. Enumerable.Range(1, count).Select(i => Json($$"""{ "name": "p{{i}}", "requests": { "cpu": "{{cpu}}" } }"""))];

    private static JsonNode[] Used(int count, string value, string metric = "") =>
        [.. Enumerable.Range(1, count).Select(i => Json($$"""{ "pod": "p{{i}}", "value": "{{value}}"{{(metric.Length > 0 ? $", \"metric\": \"{metric}\"" : "")}} }"""))];

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;
}
