using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Hpa;

[Trait("Area", "Autoscaling")]
public sealed class HpaManifestTests
{
    private const string Head = """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: { name: web }
        spec:
          scaleTargetRef: { kind: Deployment, name: web }

        """;

    private const string Cpu = "  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]\n";

    [Fact]
    public void The_API_servers_defaults_are_filled_in()
    {
        HpaSpec spec = HpaManifest.Read(Head + "  maxReplicas: 5\n  behavior: { scaleUp: { stabilizationWindowSeconds: 60 } }", "").Spec;
        HpaMetricSpec metric = Assert.Single(spec.Metrics);
        Assert.Equal((1, "cpu", HpaTargetType.Utilization, 80L), (spec.MinReplicas, metric.Name, metric.TargetType, metric.Target));
        Assert.Equal(60, spec.Behavior!.ScaleUp!.StabilizationWindowSeconds);
        Assert.Equal([new(false, 4, 15), new(true, 100, 15)], spec.Behavior.ScaleUp.Policies!);
        Assert.Equal([new(true, 100, 15)], spec.Behavior.ScaleDown!.Policies!);
        Assert.Null(spec.Behavior.ScaleDown.StabilizationWindowSeconds);
        Assert.Null(HpaManifest.Read(Head + "  maxReplicas: 5", "").Spec.Behavior);
    }

    [Fact]
    public void Version_1_has_its_one_target()
    {
        HpaSpec spec = HpaManifest.Read("""{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":70}}""", "").Spec;
        Assert.Equal(("cpu", 70L), (Assert.Single(spec.Metrics).Name, spec.Metrics[0].Target));
    }

    [Fact]
    public void The_workload_of_the_same_file_gives_requests_limits_and_replicas()
    {
        HpaManifest manifest = HpaManifest.Read(File.ReadAllText(Path.Combine(Module.Repository.Folder, "examples/autoscaling/hpa.yaml")), "hpa.yaml");
        Assert.Equal((2, 1000L), (manifest.Replicas, manifest.Limits!["cpu"]));
        Assert.True(manifest.Template!.TryRequest("cpu", null, out long request));
        Assert.Equal(500, request);
    }

    [Theory]
    [InlineData("  minReplicas: 2\n" + Cpu, "AutoscalerInvalid", "spec.maxReplicas is missing")]
    [InlineData("  maxReplicas: 0\n", "AutoscalerInvalid", "spec.maxReplicas cannot be 0: give 1 or more.")]
    [InlineData("  maxReplicas: '5'\n", "AutoscalerInvalid", "spec.maxReplicas \"5\" is not a whole number")]
    [InlineData("  minReplicas: 7\n  maxReplicas: 5\n", "AutoscalerInvalid", "it is below minReplicas 7")]
    [InlineData("  minReplicas: 0\n  maxReplicas: 5\n" + Cpu, "AutoscalerInvalid", "spec.minReplicas cannot be 0: only an Object or External metric")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: resource }]\n", "AutoscalerInvalid", "'resource' is not a kind of metric")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: Pods }]\n", "AutoscalerInvalid", "spec.metrics[0].pods is missing")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: Resource, resource: { name: cpu, target: { averageUtilization: 0 } } }]\n", "AutoscalerInvalid", "averageUtilization cannot be 0")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: Resource, resource: { name: cpu, target: { averageUtilization: -5 } } }]\n", "AutoscalerInvalid", "averageUtilization cannot be -5")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: Resource, resource: { name: cpu, target: { averageUtilization: 50% } } }]\n", "AutoscalerInvalid", "give percent without the sign")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: Resource, resource: { name: cpu, target: { averageValue: 50% } } }]\n", "AutoscalerInvalid", "a percentage goes into averageUtilization")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: External, external: { metric: { name: q }, target: { value: NaN } } }]\n", "AutoscalerInvalid", "is not a quantity")]
    [InlineData("  maxReplicas: 5\n  metrics: [{ type: External, external: { metric: { name: q }, target: { value: 0 } } }]\n", "AutoscalerInvalid", "cannot be 0: give more than 0")]
    [InlineData("  maxReplicas: 5\n  behavior: { scaleUp: { selectPolicy: Most } }\n", "AutoscalerInvalid", "'Most' is not a choice: write Max, Min or Disabled")]
    [InlineData("  maxReplicas: 5\n  behavior: { scaleDown: { policies: [{ type: Pods, value: 1, periodSeconds: 1801 }] } }\n", "AutoscalerInvalid", "give 1 to 1800")]
    [InlineData("  maxReplicas: 5\n  behavior: { scaleDown: { stabilizationWindowSeconds: 4000 } }\n", "AutoscalerInvalid", "give 0 to 3600")]
    public void What_the_API_server_refuses_is_told_in_one_line(string rest, string code, string part)
    {
        LabException e = Assert.Throws<LabException>(() => HpaManifest.Read(Head + rest, "hpa.yaml"));
        Assert.Equal(code, e.Code);
        Assert.StartsWith("hpa.yaml: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.True(e.StopsCommand);
    }

    [Theory]
    [InlineData("kind: Deployment\nmetadata: { name: web }\n", "NotAnAutoscaler", "has no HorizontalPodAutoscaler but Deployment web")]
    [InlineData("", "NotAnAutoscaler", "but nothing")]
    [InlineData("a: [1\n", "ManifestInvalid", "line")]
    [InlineData("kind: HorizontalPodAutoscaler\n---\nkind: HorizontalPodAutoscaler\n", "SeveralAutoscalers", "has 2 autoscalers")]
    [InlineData("apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\n", "VersionNotServed", "write autoscaling/v2")]
    public void A_file_that_is_no_autoscaler_is_told(string text, string code, string part)
    {
        LabException e = Assert.Throws<LabException>(() => HpaManifest.Read(text, "web.yaml"));
        Assert.Equal(code, e.Code);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
