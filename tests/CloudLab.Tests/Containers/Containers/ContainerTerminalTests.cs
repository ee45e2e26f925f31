using CloudLab.Core.Containers.Containers;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Containers.Containers;

/// <summary>Commands that get the terminal of this side, in containers of a real Docker Engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ContainerTerminalTests : ContainerWorld
{
    private const string CtrlC = "\x03", CtrlP = "\x10", CtrlQ = "\x11";

    private static readonly string Module = Path.Combine(Repository.Folder, "out", "CloudLab", "CloudLab.psd1");

    // What a process in a container leaves here, a script beside it waits for.
    private readonly string shared = Directory.CreateTempSubdirectory("cloudlab-terminal-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(shared, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_shell_has_the_size_of_the_terminal_every_key_and_an_exit_code()
    {
        LabContainer box = await BoxAsync();
        string shown = await RunAsync(
            $"stty rows 33 cols 99; {When("seen", "stty rows 40 cols 132 < /dev/tty")} & {Pwsh($"Invoke-LabContainer {box.Name} -Interactive; \"last $LASTEXITCODE\"; \"errors $($Error.Count)\"")}",
            ("# ", "stty size\r"), ("33 99\r\n", "touch /shared/seen; until [ \"$(stty size)\" = '40 132' ]; do sleep 0.1; done; echo res''ized\r"),
            ("resized", "sh -c \"echo ru''nning; exec sleep 1000\"\r"), ("running", CtrlC), ("# ", "echo $((6 * 7))\r"), ("42", "exit 7\r"));
        Assert.Contains("last 7", shown, StringComparison.Ordinal);
        Assert.Contains("errors 0", shown, StringComparison.Ordinal);
        Assert.Contains("echo on", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_P_Ctrl_Q_leaves_a_command_that_runs_on()
    {
        LabContainer box = await BoxAsync();
        string shown = await RunAsync(
            Pwsh($"Get-LabContainer {box.Name} | Invoke-LabContainer -Interactive -Command sh, -c, \"stty raw -echo; echo up; head -c 2 | od -An -tx1; exec sleep 999\"; \"last $LASTEXITCODE\""),
            ("up", CtrlP + "x"), ("10 78", CtrlP + CtrlQ));
        Assert.Contains("last 0", shown, StringComparison.Ordinal);
        Assert.Contains("echo on", shown, StringComparison.Ordinal);
        Assert.Contains("sleep 999", await DockerAsync("top", box.Name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_terminal_is_as_before_when_the_container_is_killed()
    {
        LabContainer box = await BoxAsync();
        string shown = await RunAsync(
            $"{When("up", $"docker --host {TestServers.Docker()} kill {box.Name}")} & {Pwsh($"Invoke-LabContainer {box.Name} -Interactive -Command sh, -c, \"touch /shared/up; sleep 999\"; \"last $LASTEXITCODE\"")}");
        Assert.Contains("last 137", shown, StringComparison.Ordinal);
        Assert.Contains("echo on", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task The_terminal_is_as_before_when_a_signal_ends_the_command(string signal)
    {
        LabContainer box = await BoxAsync();
        string shown = await RunAsync(
            $"{When("up", $"kill -{signal} $(cat {shared}/pid)")} & {Pwsh($"$PID > {shared}/pid; Invoke-LabContainer {box.Name} -Interactive -Command sh, -c, \"touch /shared/up; exec sleep 999\"; \"last $LASTEXITCODE\"")}");
        Assert.DoesNotContain("last", shown, StringComparison.Ordinal);
        Assert.Contains("echo on", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_terminal_there_is_one_line_that_says_so()
    {
        LabContainer box = await BoxAsync();
        Assert.Contains("needs a terminal", ErrorOf(await RunAsync("Invoke-LabContainer", new { box.Name, Interactive = true }), "TerminalMissing").ToString(), StringComparison.Ordinal);
        string shown = await RunAsync(Pwsh($"Invoke-LabContainer {box.Name} -Interactive") + " < /dev/null");
        Assert.Contains("-Interactive needs a terminal, and standard input is redirected", shown, StringComparison.Ordinal);
        Assert.Contains("code 1", shown, StringComparison.Ordinal);
    }

    private static Task<string> RunAsync(string command, params (string Question, string Answer)[] answers) => TerminalProcess.RunAsync(
        command, new Dictionary<string, string> { ["DOCKER_HOST"] = TestServers.Docker(), ["TERM"] = "xterm" }, answers);

    private static string Pwsh(string script) =>
        $"{(Environment.GetEnvironmentVariable("PWSH") is { Length: > 0 } named ? named : "pwsh")} -NoProfile -Command 'Import-Module \"{Module}\"; {script}'";

    private string When(string file, string then) => $"(until [ -e {shared}/{file} ]; do sleep 0.1; done; {then})";

    private Task<LabContainer> BoxAsync() => StartAsync(new { Volume = new[] { shared + ":/shared" } }, "sleep", "1000");
}
