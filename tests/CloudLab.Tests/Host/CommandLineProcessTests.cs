using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Xunit;

namespace CloudLab.Tests.Host;

/// <summary><c>cloudlab</c> as a process: exit codes, pipes, signals.</summary>
[Trait("Area", "Host")]
public class CommandLineProcessTests
{
    private static readonly string Host = Path.Combine(Module.Repository.Folder, "out", "bin", "cloudlab.dll");

    [Fact]
    public async Task Objects_come_as_JSON_lines_and_the_exit_code_is_0()
    {
        Outcome run = await RunAsync("Measure-HpaReplicas 5 120 50");
        Assert.Equal("", run.Errors);
        Assert.Equal(12, JsonDocument.Parse(run.Output).RootElement.GetProperty("DesiredReplicas").GetInt32());
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task A_bad_item_is_exit_code_1_and_the_others_are_done()
    {
        Outcome run = await RunAsync(
            "Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 50", "{\"CurrentValue\":-1}\n{\"CurrentValue\":50}\n");
        Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("Measure-HpaReplicas: ", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Code);
    }

    [Theory]
    [InlineData("Measure-HpaReplicas -Nope 5", "no parameter -Nope")]
    [InlineData("Measure-HpaReplicas five 120 50", "five")]
    [InlineData("Get-Nothing", "no cmdlet Get-Nothing")]
    [InlineData("help Get-Nothing", "no cmdlet Get-Nothing")]
    [InlineData("Start-LabEmulator", "cloudlab emulator")]
    [InlineData("Wait-LabObject movies k -Until {$_.Size}", "-Until: A script needs PowerShell")]
    [InlineData("emulator --port x", "--port")]
    [InlineData("emulator --nope x", "--nope")]
    public async Task A_command_line_that_makes_no_sense_is_exit_code_2(string args, string says)
    {
        Outcome run = await RunAsync(args);
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(2, run.Code);
    }

    [Fact]
    public async Task Output_of_one_is_input_of_the_next()
    {
        Outcome first = await RunAsync("Measure-HpaReplicas 5 120 50");
        Outcome second = await RunAsync("Measure-HpaReplicas -CurrentReplicas 10", first.Output);
        Assert.Equal(24, JsonDocument.Parse(second.Output).RootElement.GetProperty("DesiredReplicas").GetInt32());
    }

    [Fact]
    public async Task No_input_is_nothing_to_do_where_input_was_needed_and_none_where_it_was_not()
    {
        Outcome needed = await RunAsync("Measure-HpaReplicas -CurrentReplicas 5", "");
        Assert.Equal(("", "", 0), (needed.Output, needed.Errors, needed.Code));
        Outcome complete = await RunAsync("Measure-HpaReplicas 5 120 50", "");
        Assert.NotEqual("", complete.Output);
    }

    [Fact]
    public async Task Without_any_input_what_is_missing_is_said()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no /dev/null to read from.");
        using Process process = Process.Start(new ProcessStartInfo(
            "sh", ["-c", $"exec dotnet '{Host}' Measure-HpaReplicas -CurrentReplicas 5 < /dev/null"]) { RedirectStandardError = true })!;
        Assert.Contains(
            "Missing -CurrentValue and -TargetValue",
            await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await WaitAsync(process);
        Assert.Equal(2, process.ExitCode);
    }

    [Fact]
    public async Task Input_that_is_no_JSON_is_said_with_its_line()
    {
        Outcome run = await RunAsync("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", "{\"CurrentValue\":1}\n{\"CurrentValue\":}\n");
        Assert.Contains("Line 2", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, run.Code);
    }

    [Fact]
    public async Task When_nobody_reads_any_more_the_command_ends_quietly()
    {
        using Running running = new(Start("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", input: true));
        Process process = running.Process;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync("{\"CurrentValue\":1}");
        await process.StandardInput.FlushAsync();
        Assert.StartsWith("{", await process.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        process.StandardOutput.Close();
        try
        {
            // It must end by itself, with its own input still open.
            while (!process.HasExited)
            {
                await process.StandardInput.WriteLineAsync("{\"CurrentValue\":2}");
                await process.StandardInput.FlushAsync();
            }
        }
        catch (IOException)
        {
            // It has ended.
        }

        await WaitAsync(process);
        Assert.Equal("", await errors);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task SIGTERM_ends_a_command_that_waits_for_input()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        using Running running = new(Start("Measure-HpaReplicas -CurrentReplicas 5 -TargetValue 1", input: true));
        Process process = running.Process;
        await process.StandardInput.WriteLineAsync("{\"CurrentValue\":1}");
        await process.StandardInput.FlushAsync();
        await process.StandardOutput.ReadLineAsync();
        Assert.Equal(0, Kill(process.Id, 15));
        await WaitAsync(process);
        Assert.Equal(143, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
    }

    [Fact]
    public async Task The_emulator_prints_what_to_set_and_runs_until_told_to_stop()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        using Running running = new(Start("emulator", input: false));
        Process process = running.Process;
        Dictionary<string, string> set = [];
        while (await process.StandardOutput.ReadLineAsync() is { } line && line != "# ready")
        {
            string[] pair = line["export ".Length..].Split('=', 2);
            set[pair[0]] = pair[1].Trim('\'');
        }

        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(new Uri(set["AWS_ENDPOINT_URL"] + "/"), TestContext.Current.CancellationToken);
        Assert.False(answer.IsSuccessStatusCode, "an unsigned request is refused");
        Assert.True(File.Exists(set["KUBECONFIG"]));
        Kill(process.Id, 15);
        await WaitAsync(process);
        Assert.Equal(0, process.ExitCode);
        Assert.False(File.Exists(set["KUBECONFIG"]));
    }

    [Fact]
    public async Task Help_lists_the_cmdlets_and_shows_one()
    {
        Outcome list = await RunAsync("");
        Assert.Contains("Get-LabSession", list.Output, StringComparison.Ordinal);
        Outcome page = await RunAsync("help measure-hpareplicas");
        Assert.Equal("", page.Errors);
        Assert.Contains("-CurrentReplicas <int>", page.Output, StringComparison.Ordinal);
        Assert.Contains("EXAMPLES", page.Output, StringComparison.Ordinal);
        Assert.Equal(page.Output, (await RunAsync("Measure-HpaReplicas -?")).Output);
    }

    private static async Task<Outcome> RunAsync(string args, string? input = null)
    {
        using Running running = new(Start(args, input is not null));
        Process process = running.Process;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        await WaitAsync(process);
        return new Outcome(await output, await errors, process.ExitCode);
    }

    private static Process Start(string args, bool input)
    {
        ProcessStartInfo start = new("dotnet", [Host, .. args.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        Process process = Process.Start(start)!;
        if (!input)
        {
            process.StandardInput.Close();
        }

        return process;
    }

    private static async Task WaitAsync(Process process)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    /// <summary>Ends with the test, whatever the test found.</summary>
    private sealed class Running(Process process) : IDisposable
    {
        public Process Process { get; } = process;

        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }

    private sealed record Outcome(string Output, string Errors, int Code);
}
