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

    // 20 % more than 512Mi are 644245094, in the bucket that ends at 664388475; 15 % more are 764046746.
    [Theory]
    [InlineData("web", "512Mi", 1, "764046746")]
    [InlineData("web", "150Mi", 1, "323522422")]
    [InlineData("other", "512Mi", 0, "125Mi")]
    public async Task Memory_that_ran_out_counts_as_a_peak_of_more_than_there_was(string container, string memory, int count, string target)
    {
        foreach (object parameters in new object[]
        {
            new { InputObject = new Hashtable { ["Time"] = 0, ["Container"] = "web", ["Cpu"] = "250m", ["Memory"] = "64Mi" }, Oom = new object[] { new Hashtable { ["Time"] = 60, ["Container"] = container, ["Memory"] = memory } } },
            new { InputObject = $"Time,Container,Cpu,Memory,Oom\n0,web,250m,64Mi,\n60,{container},,,{memory}\n" },
        })
        {
            CmdletResult result = await CmdletRunner.RunAsync("Measure-VpaRequest", parameters);
            VpaRecommendation web = Assert.Single(result.Ok().OutputOf<VpaRecommendation>(), one => one.Container == "web");
            Assert.Equal((count, target), (web.OomCount, web.MemoryTarget));
            Assert.Equal(count > 0, web.MemoryReason!.Contains("It ran out of memory once", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("much", 60, "'much', which is not a number")]
    [InlineData("512Mi", "noon", "'noon' is not a time")]
    [InlineData(null, 60, "has no Memory")]
    public async Task An_event_of_memory_that_cannot_be_used_is_one_error(string? memory, object time, string says)
    {
        CmdletResult result = await CmdletRunner.RunAsync("Measure-VpaRequest", new
        {
            InputObject = new Hashtable { ["Time"] = 0, ["Container"] = "web", ["Cpu"] = "250m", ["Memory"] = "64Mi" },
            Oom = new object[] { new Hashtable { ["Time"] = time, ["Container"] = "web", ["Memory"] = memory } },
        });
        Assert.Contains(says, result.TerminatingError!.ToString(), StringComparison.Ordinal);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_text_column_in_place_of_Container_is_an_error_that_says_its_name()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Measure-VpaRequest", new { InputObject = "Timestamp,Name,CPU,Mem\n0,web,250m,64Mi\n60,db,1,1Gi\n" });
        Assert.StartsWith(
            "The column 'Name' is not understood: the container's column is called Container.", Assert.Single(result.Errors).Exception.Message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("Time,Container,Node,Cpu\n0,web,n1,1\n60,web,n1,1\n", "The column 'Node' is not understood")]
    [InlineData("Time,Cores,Cpu,Threads\n0,1,1,5\n60,2,1,5\n", "The columns 'Cores', 'Threads' are not understood")]
    public async Task Columns_that_are_not_understood_are_one_warning(string text, string expected)
    {
        CmdletResult result = await CmdletRunner.RunAsync("Measure-VpaRequest", new { InputObject = text });
        Assert.Single(result.OutputOf<VpaRecommendation>());
        Assert.StartsWith(expected, Assert.Single(result.Warnings), StringComparison.Ordinal);
    }
}
