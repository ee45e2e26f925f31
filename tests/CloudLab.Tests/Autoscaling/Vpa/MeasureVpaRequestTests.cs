using System.Collections;
using CloudLab.Core.Autoscaling.Vpa;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Vpa;

[Trait("Area", "Autoscaling")]
public sealed class MeasureVpaRequestTests
{
    // One sample of 250m lies in the bucket that ends at 258.4m; 15 % more are 296m. One moment gives no confidence.
    [Fact]
    public async Task One_sample_gives_a_target_and_bounds_as_wide_as_they_get()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-VpaRequest", new { InputObject = new Hashtable { ["Time"] = 0, ["Container"] = "web", ["Cpu"] = "250m", ["Memory"] = "64Mi" } });
        VpaRecommendation found = Assert.Single(result.Ok().OutputOf<VpaRecommendation>());
        Assert.Equal(("web", "296m", "25m", "100G"), (found.Container, found.CpuTarget, found.CpuLowerBound, found.CpuUpperBound));
        Assert.Equal((1, 0d, TimeSpan.Zero), (found.SampleCount, found.Confidence, found.History));
    }

    [Fact]
    public async Task Usage_below_zero_is_an_error_and_gives_nothing()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Measure-VpaRequest", new { InputObject = new Hashtable { ["Time"] = 0, ["Cpu"] = -1 } });
        Assert.Equal("SampleInvalid", Assert.Single(result.Errors).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Empty(result.Output);
    }
}
