using System.Management.Automation;
using CloudLab.Core.Autoscaling.Hpa;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Hpa;

[Trait("Area", "Autoscaling")]
public sealed class MeasureHpaReplicasTests
{
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
