using System.Globalization;
using System.Management.Automation;
using CloudLab.Core.Containers.Compose;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;
using Xunit;

namespace CloudLab.Tests.Containers.Compose;

/// <summary>A docker compose that misbehaves: a script in its place.</summary>
[Trait("Area", "Containers")]
public sealed class ComposeProgramTests : IDisposable
{
    private readonly DockerWorld world = new();

    public ComposeProgramTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for compose is a shell script");
        File.WriteAllText(ComposeFile, "services: {web: {image: x}}\n");
    }

    private string ComposeFile => Path.Combine(world.Home, "compose.yaml");

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData("echo 'Usage: docker compose'", "ComposeAnswerInvalid", "install version")]
    [InlineData("echo '[1, 2]'", "ComposeAnswerInvalid", "install version")]
    [InlineData("exit 0", "ComposeAnswerInvalid", "install version")]
    [InlineData("printf '{\"name\": \"x\", \"services\": {'", "ComposeAnswerInvalid", "install version")]
    [InlineData("head -c 4096 /dev/urandom; exit 1", "ComposeFailed", "exit code 1 and said nothing")]
    [InlineData("exit 14", "ComposeFailed", "exit code 14 and said nothing")]
    [InlineData("echo 'unknown flag: --progress' >&2; exit 1", "ComposeTooOld", "install version 2.29")]
    [InlineData("echo 'unsupported --progress value \"json\"' >&2; exit 1", "ComposeTooOld", "install version 2.29")]
    [InlineData("printf 'one went wrong\\n\\ttwo went wrong\\r\\n\\n{not json\\n' >&2; exit 1", "ComposeFailed", "One went wrong")]
    [InlineData("printf '%s' '{\"error\":true,\"message\":\"a\\nb\"}' >&2; exit 1", "ComposeFailed", "A b.")]
    [InlineData("kill -9 $$", "ComposeFailed", "exit code")]
    public async Task What_it_says_instead_of_a_project_is_one_error_in_one_line(string script, string code, string message)
    {
        Compose(script);
        foreach (string cmdlet in new[] { "Get-LabCompose", "Start-LabCompose", "Stop-LabCompose", "Get-LabComposeLog" })
        {
            CmdletResult result = await RunAsync(cmdlet, new { Path = new[] { ComposeFile } });
            ErrorRecord error = result.Error();
            Assert.StartsWith(code + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.ToString());
            Assert.Empty(result.Output);
        }
    }

    [Fact]
    public async Task A_check_that_fails_in_several_lines_is_one_problem()
    {
        Compose("printf 'validating %s: services.web additional properties\\n  not allowed\\n' compose.yaml >&2; exit 15");
        LabComposeTest test = Assert.Single((await RunAsync("Test-LabCompose", new { Path = new[] { ComposeFile } })).Ok().OutputOf<LabComposeTest>());
        Assert.Equal("ComposeFileInvalid", Assert.Single(test.Problems).Id);
        Assert.False(test.Valid);
    }

    [Fact]
    public async Task Without_it_the_error_says_what_to_install()
    {
        Assert.SkipWhen(
            Executables.In(["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"], "docker-compose") is not null, "this machine has compose");
        CmdletResult result = await RunAsync("Start-LabCompose", new { Path = new[] { ComposeFile } });
        Assert.StartsWith("ComposeNotFound,", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("docker-compose", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/sleep 600")]
    [InlineData("/bin/echo Usage: docker")]
    public async Task A_docker_that_does_not_know_it_is_as_none(string script)
    {
        Assert.SkipWhen(
            Executables.In(["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"], "docker-compose") is not null, "this machine has compose");
        world.Program("docker", "exec " + script);
        CmdletResult result = await RunAsync("Start-LabCompose", new { Path = new[] { ComposeFile } });
        Assert.StartsWith("ComposeNotFound,", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Start-LabCompose")]
    [InlineData("Test-LabCompose")]
    public async Task Ctrl_C_ends_it_and_its_children(string cmdlet)
    {
        string child = Path.Combine(world.Home, "child");
        Compose($$"""sleep 600 & echo $! > "{{child}}.part"; mv "{{child}}.part" "{{child}}"; wait""");
        using CancellationTokenSource ctrlC = new();
        Task<CmdletResult> running = CmdletRunner.RunAsync(cmdlet, new { Path = new[] { ComposeFile }, Session = Session() }, ctrlC: ctrlC.Token);
        while (!File.Exists(child))
        {
            Assert.False(running.IsCompleted);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await ctrlC.CancelAsync();
        CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
        int pid = int.Parse(await File.ReadAllTextAsync(child, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.True(ForeignProcess.IsGone(pid), $"process {pid} still runs");
    }

    private Task<CmdletResult> RunAsync(string cmdlet, object parameters)
    {
        Dictionary<string, object?> all = parameters.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(parameters));
        all["Session"] = Session();
        return CmdletRunner.RunAsync(cmdlet, all);
    }

    private void Compose(string script) => world.Program("docker-compose", script, Path.Combine(world.Config, "cli-plugins"));

    private LabSession Session()
    {
        world.Variables["PATH"] = Path.Combine(world.Home, "bin");
        return world.Session(new() { DockerHost = "tcp://127.0.0.1:9" });
    }
}
