using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Module;

/// <summary>What the other tests may expect of the runner: PowerShell's own behaviour, and nothing left over from another test.</summary>
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
    public async Task A_value_that_a_common_parameter_does_not_know_ends_the_cmdlet_with_a_record()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSession", new { ErrorAction = "Sometimes" });
        Assert.NotNull(result.TerminatingError);
        Assert.Contains("Sometimes", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_default_lives_in_its_runspace_and_goes_with_it()
    {
        Runspace runspace = TestRunspaces.Rent();
        try
        {
            (await CmdletRunner.RunAsync("Connect-Lab", new { Region = "eu-north-1", SkipCheck = true }, runspace: runspace)).Ok();
            Assert.Equal("eu-north-1", await RegionAsync(runspace));
            Assert.NotEqual("eu-north-1", await RegionAsync(null));
        }
        finally
        {
            TestRunspaces.Return(runspace);
        }

        // Back in the pool it has forgotten.
        Assert.NotEqual("eu-north-1", await RegionAsync(runspace));

        static async Task<string?> RegionAsync(Runspace? runspace) =>
            Assert.Single((await CmdletRunner.RunAsync("Get-LabSession", runspace: runspace)).Ok().OutputOf<LabSession>()).Region.Value;
    }

    [Fact]
    public void A_runspace_that_comes_back_has_no_variables_errors_or_drives_of_whoever_had_it()
    {
        Runspace runspace = TestRunspaces.Rent();
        SessionStateProxy state = runspace.SessionStateProxy;
        int drives = state.Drive.GetAll().Count;
        using (PowerShell shell = PowerShell.Create(runspace))
        {
            shell.AddScript("$left = 1; $ErrorActionPreference = 'Stop'; Write-Error x -ErrorAction Continue").Invoke();
            shell.Commands.Clear();
            LabSession session = LabSession.Resolve(new SessionOptions(), "test");
            shell.AddCommand("New-PSDrive").AddParameter("Name", "left").AddParameter("PSProvider", "LabS3").AddParameter("Root", "")
                .AddParameter("Session", session).Invoke();
        }

        Assert.Equal(drives + 1, state.Drive.GetAll().Count);
        TestRunspaces.Return(runspace);
        Assert.Null(state.GetVariable("left"));
        Assert.Equal(ActionPreference.Continue, state.GetVariable("ErrorActionPreference"));
        Assert.Empty((System.Collections.ArrayList)state.GetVariable("Error"));
        Assert.Equal(drives, state.Drive.GetAll().Count);
    }

    [Fact]
    public async Task Input_is_read_as_the_cmdlet_takes_it_and_Select_Object_ends_an_endless_one()
    {
        int read = 0;
        IEnumerable<object> Endless()
        {
            while (true)
            {
                read++;
                yield return "a";
            }
        }

        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript() }, Endless(), first: 2);
        Assert.Equal(["a", "a"], result.Ok().Output);
        Assert.True(result.Stopped);
        Assert.InRange(read, 2, 3);
    }

    [Fact]
    public async Task Ctrl_C_before_the_start_is_Ctrl_C()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-Pump", new { Script = new PumpScript(Forever: true) }, ctrlC: new CancellationToken(canceled: true));
        Assert.True(result.Stopped);
        Assert.Null(result.TerminatingError);
    }

    [Fact]
    public async Task What_is_missing_ends_the_cmdlet_and_one_input_that_does_not_fit_does_not()
    {
        CmdletResult missing = await CmdletRunner.RunAsync("Test-Pump");
        Assert.Equal("MissingMandatoryParameter", missing.TerminatingError?.FullyQualifiedErrorId.Split(',')[0]);

        CmdletResult one = await CmdletRunner.RunAsync("Test-LabBucket", new { Bucket = "b" }, [new object(), new object()]);
        Assert.Equal(["InputObjectNotBound", "InputObjectNotBound"], one.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Null(one.TerminatingError);
    }

    [Theory]
    [InlineData(ConfirmAnswer.Yes, "ab", 2)]
    [InlineData(ConfirmAnswer.YesToAll, "ab", 1)]
    [InlineData(ConfirmAnswer.No, "", 2)]
    [InlineData(ConfirmAnswer.NoToAll, "", 1)]
    public async Task The_user_answers_as_told(ConfirmAnswer answer, string done, int questions)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-Pump", new { Script = new PumpScript(Ask: true), Confirm = true }, ["a", "b"], answer: answer);
        Assert.Equal(done, string.Concat(result.Ok().Output));
        Assert.Equal(questions, result.Questions.Count);
    }

    [Fact]
    public async Task With_nobody_there_a_question_is_an_error()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript(Ask: true), Confirm = true }, ["a"]);
        Assert.Empty(result.Output);
        Assert.Contains("nobody to ask", string.Concat(result.Errors.Append(result.TerminatingError)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paths_are_those_of_the_location()
    {
        string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, "location [1]")).FullName;
        using Runspace runspace = TestRunspaces.Rent();
        await CmdletRunner.RunAsync("Get-LabSession", runspace: runspace, location: folder);
        Assert.Equal(Path.Combine(folder, "x"), runspace.SessionStateProxy.Path.GetUnresolvedProviderPathFromPSPath("x"));
    }
}
