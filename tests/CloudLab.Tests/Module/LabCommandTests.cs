using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using Xunit;

namespace CloudLab.Tests.Module;

[Trait("Area", "Module")]
public class LabCommandTests
{
    [Fact]
    public async Task Output_comes_while_the_work_still_runs()
    {
        TaskCompletionSource seen = new();
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-Pump", new { Script = new PumpScript(Until: seen.Task) }, onOutput: _ => seen.TrySetResult());

        Assert.Equal(["before", "after"], result.Ok().Output);
    }

    [Fact]
    public async Task A_producer_waits_when_the_pipeline_is_far_behind()
    {
        PumpScript script = new(Endless: true);
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = script }, first: 3);

        Assert.True(result.Stopped);
        Assert.InRange(script.Produced, 3, 3 + 128 + 1);
        Assert.True(script.Cleaned);
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_work_and_lets_it_clean_up()
    {
        using CancellationTokenSource ctrlC = new();
        PumpScript script = new(Forever: true);
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-Pump", new { Script = script }, ctrlC: ctrlC.Token, onOutput: _ => ctrlC.Cancel());

        Assert.True(result.Stopped);
        Assert.True(script.Cleaned);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task One_bad_input_is_one_error_and_the_others_go_on()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript() }, input: ["a", "bad", "c"]);

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Equal(["a", "c"], result.Output);
        Assert.StartsWith("NoSuchThing", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal("bad", error.TargetObject);
        Assert.Equal("Make it first.", error.ErrorDetails?.RecommendedAction);
    }

    [Fact]
    public async Task What_makes_going_on_pointless_ends_the_command()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript() }, input: ["a", "fatal", "c"]);

        Assert.Equal("NoCredentials", result.TerminatingError?.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(["a"], result.Output);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Inputs_run_at_once_up_to_the_limit(int limit)
    {
        PumpScript script = new(Limit: limit);
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-Pump", new { Script = script }, input: Enumerable.Range(0, 20).Select(n => (object)n.ToString()));

        Assert.Equal(20, result.Ok().Output.Count);
        Assert.Equal(limit, script.MostAtOnce);
    }

    [Fact]
    public async Task A_concurrent_input_that_fails_is_reported_with_the_rest_done()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript(Limit: 3) }, input: ["a", "bad", "c"]);

        Assert.Equal(["a", "c"], result.Output.Order());
        Assert.Equal("bad", Assert.Single(result.Errors).TargetObject);
    }

    [Fact]
    public async Task A_concurrent_input_that_is_fatal_ends_the_command_and_cancels_the_others()
    {
        PumpScript script = new(Limit: 2, Forever: true);
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = script }, input: ["a", "fatal"]);

        Assert.Equal("NoCredentials", result.TerminatingError?.FullyQualifiedErrorId.Split(',')[0]);
        Assert.True(script.Cleaned);
    }

    [Fact]
    public async Task Questions_cross_to_the_pipeline_thread_and_WhatIf_answers_them()
    {
        PumpScript script = new(Ask: true);
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = script, WhatIf = true }, input: ["a"]);

        Assert.Empty(result.Ok().Output);
        Assert.Contains(result.Information, line => line.Contains("Change", StringComparison.Ordinal) && line.Contains("a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_of_the_work_arrive_before_the_command_ends()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Test-Pump", new { Script = new PumpScript() }, input: ["a"]);

        Assert.Contains("working on a", result.Verbose);
        Assert.Contains("careful with a", result.Warnings);
    }
}

/// <summary>What a run of <see cref="TestPumpCommand"/> does, and what was seen of it.</summary>
public sealed record PumpScript(
    Task? Until = null, bool Endless = false, bool Forever = false, int Limit = 1, bool Ask = false)
{
    private int atOnce, mostAtOnce, produced;

    public int Produced => produced;

    public int MostAtOnce => mostAtOnce;

    public bool Cleaned { get; set; }

    public void Count() => Interlocked.Increment(ref produced);

    public void Enter()
    {
        int now = Interlocked.Increment(ref atOnce);
        int most;
        while ((most = Volatile.Read(ref mostAtOnce)) < now)
        {
            Interlocked.CompareExchange(ref mostAtOnce, now, most);
        }
    }

    public void Leave() => Interlocked.Decrement(ref atOnce);
}

/// <summary>A cmdlet for the tests of the pump.</summary>
[Cmdlet("Test", "Pump", SupportsShouldProcess = true)]
public sealed class TestPumpCommand : LabCommand
{
    [Parameter(Mandatory = true)]
    public PumpScript Script { get; set; } = null!;

    [Parameter(ValueFromPipeline = true)]
    public string? InputObject { get; set; }

    protected override int ConcurrentInputs => Script.Limit;

    protected override object? ErrorTarget => InputObject;

    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (InputObject is not { } input)
        {
            await StreamAsync(cancellation);
        }
        else if (Script.Limit > 1)
        {
            await StartAsync(input, token => WorkAsync(input, token));
        }
        else
        {
            await WorkAsync(input, cancellation);
        }
    }

    private async Task StreamAsync(CancellationToken cancellation)
    {
        try
        {
            await WriteAsync("before", cancellation);
            if (Script.Until is { } until)
            {
                await until.WaitAsync(cancellation);
            }

            if (Script.Forever)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            await WriteAllAsync(Numbers(cancellation), cancellation);
            await WriteAsync("after", cancellation);
        }
        finally
        {
            Script.Cleaned = true;
        }
    }

    private async IAsyncEnumerable<int> Numbers([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (int n = 0; Script.Endless; n++)
        {
            await Task.Yield();
            cancellation.ThrowIfCancellationRequested();
            Script.Count();
            yield return n;
        }
    }

    private async Task WorkAsync(string input, CancellationToken cancellation)
    {
        RequestLog.Current.Verbose("working on " + input);
        Reporter.Warning("careful with " + input);
        Script.Enter();
        try
        {
            if (input == "bad")
            {
                throw new LabException(LabErrorKind.NotFound, "NoSuchThing", "There is no such thing.") { Advice = "Make it first." };
            }

            if (input == "fatal")
            {
                throw new LabException(LabErrorKind.AuthenticationFailed, "NoCredentials", "No credentials.");
            }

            if (Script.Forever)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            // Long enough for the next inputs to begin, where they may.
            for (int turn = 0; turn < 100 && Script.MostAtOnce < Script.Limit; turn++)
            {
                await Task.Delay(10, cancellation);
            }

            if (!Script.Ask || await ShouldProcessAsync(input, "Change"))
            {
                await WriteAsync(input, cancellation);
            }
        }
        finally
        {
            Script.Leave();
            Script.Cleaned |= input != "fatal";
        }
    }
}
