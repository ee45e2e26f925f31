using System.Management.Automation;
using CloudLab.Core.Autoscaling.Hpa;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Hpa;

[Trait("Area", "Autoscaling")]
public sealed class MeasureHpaReplicasTests
{
    private const string Hpa = """
        kind: HorizontalPodAutoscaler
        metadata: { name: web }
        spec: { maxReplicas: 9, scaleTargetRef: { kind: Deployment, name: web }, metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }] }
        """;

    [Fact]
    public async Task Metrics_without_pods_ask_for_the_pods()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas", new { Manifest = Hpa, Metric = new object[] { new System.Collections.Hashtable { ["pod"] = "web-1", ["value"] = "450m" } } });
        Assert.Single(result.OutputOf<HpaDecision>());
        Assert.Equal(
            "cpu was measured, but no pods are known: give the pods with -Pod, as in -Pod @{ name = 'web-1'; requests = @{ cpu = '500m' } }.", Assert.Single(result.Warnings));
    }

    [Theory]
    [InlineData("p.png", "PlotNotSvg", "name the file p.svg.")]
    [InlineData("nodir/p.svg", "PlotNotWritten", "there is no folder")]
    public async Task A_chart_that_cannot_be_written_is_refused_before_the_steps(string file, string code, string part)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas",
            new { Manifest = Hpa, InputObject = "Time,cpu\n0,1\n15,1\n", Request = new System.Collections.Hashtable { ["cpu"] = "500m" }, PlotPath = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "..", file) });
        Assert.Equal(code, result.TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Contains(part, result.TerminatingError.Exception.Message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_column_of_text_is_left_out_with_one_warning()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas",
            new { Manifest = Hpa, InputObject = "Time,Note,cpu\n0,calm,1\n15,busy,1\n", Request = new System.Collections.Hashtable { ["cpu"] = "500m" } });
        Assert.Empty(result.Errors);
        Assert.Equal(2, result.Output.Count);
        Assert.Equal("The column 'Note' is text and left out: a load is numbers.", Assert.Single(result.Warnings));
    }

    [Fact]
    public async Task Five_replicas_at_120_against_50_give_12()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas", new { CurrentReplicas = 5, CurrentValue = 120, TargetValue = 50 });
        Assert.Equal(12, Assert.Single(result.Ok().OutputOf<HpaDecision>()).DesiredReplicas);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public async Task A_wrong_target_stops_the_command_in_one_line(string target)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas", new { CurrentReplicas = 5, CurrentValue = 120, TargetValue = target });
        Assert.Equal("InvalidTargetValue", result.TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(ErrorCategory.InvalidArgument, result.TerminatingError.CategoryInfo.Category);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_wrong_input_is_its_own_error_and_the_others_go_on()
    {
        object[] inputs = [new { CurrentReplicas = 1 }, new { CurrentReplicas = -1 }, new { CurrentReplicas = 2 }];
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-HpaReplicas", new { CurrentValue = 120, TargetValue = 50 }, input: inputs.Select(i => new PSObject(i)));
        Assert.Equal([3, 5], result.OutputOf<HpaDecision>().Select(d => d.DesiredReplicas));
        Assert.StartsWith("InvalidCurrentReplicas", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Null(result.TerminatingError);
    }
}
