using Xunit;

namespace CloudLab.Tests.Module;

[Trait("Area", "Module")]
public class CmdletRunnerTests
{
    [Fact]
    public async Task The_shipped_cmdlet_runs_in_PowerShells_engine()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSession");
        Assert.NotEmpty(result.Ok().Output);
    }

    [Fact]
    public async Task An_unknown_parameter_set_value_ends_the_cmdlet_with_a_record()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSession", new { ErrorAction = "Sometimes" });
        Assert.NotNull(result.TerminatingError);
        Assert.Contains("Sometimes", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }
}
