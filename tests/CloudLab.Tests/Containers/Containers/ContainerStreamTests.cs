using System.Management.Automation;
using System.Text;
using CloudLab.Core.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Containers;

/// <summary>Logs and commands of containers in a real Docker Engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ContainerStreamTests : ContainerWorld
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Long_lines_are_whole_again(bool terminal)
    {
        // 16 KiB is where the engine divides; exactly as much, one more, and several times as much.
        string name = Fresh("log");
        await DockerAsync(
            ["run", "-d", .. terminal ? ["-t"] : Array.Empty<string>(), "--label", Label, "--name", name, await ImageAsync(), "sh", "-c",
             "echo short; for n in 16383 16384 16385 40000 32768; do head -c $n /dev/zero | tr '\\0' a; echo; done; echo end"]);
        await DockerAsync("wait", name);
        LabContainerLogLine[] lines = (await RunAsync("Get-LabContainerLog", new { Name = name })).Ok().OutputOf<LabContainerLogLine>();
        Assert.Equal([5, 16383, 16384, 16385, 40000, 32768, 3], lines.Select(line => line.Text.Length));
        Assert.All(lines[1..6], line => Assert.DoesNotContain(line.Text, c => c != 'a'));
        Assert.All(lines, line => Assert.Equal((name, "stdout", TimeSpan.Zero), (line.Container, line.Stream, line.Time.Offset)));
        Assert.Equal(lines.OrderBy(line => line.Time).Select(line => line.Text), lines.Select(line => line.Text));
    }

    [Fact]
    public async Task A_log_is_read_from_its_end_and_from_a_time()
    {
        LabContainer job = await StartAsync(null, "sh", "-c", "for i in 1 2 3 4 5; do echo $i; done; echo e >&2");
        (await RunAsync("Wait-LabContainer", new { }, [job])).Ok();
        LabContainerLogLine[] all = (await RunAsync("Get-LabContainerLog", new { }, [job])).Ok().OutputOf<LabContainerLogLine>();
        Assert.Equal(["1", "2", "3", "4", "5"], all.Where(line => line.Stream == "stdout").Select(line => line.Text));
        Assert.Equal("e", Assert.Single(all, line => line.Stream == "stderr").Text);
        Assert.Equal(2, (await RunAsync("Get-LabContainerLog", new { Tail = 2 }, [job])).Ok().Output.Count);
        Assert.Empty((await RunAsync("Get-LabContainerLog", new { Until = all.Min(line => line.Time).AddTicks(-1) }, [job])).Ok().Output);
        Assert.Equal(6, (await RunAsync("Get-LabContainerLog", new { Since = "10m" }, [job])).Ok().Output.Count);
        Assert.Empty((await RunAsync("Get-LabContainerLog", new { Since = DateTimeOffset.UtcNow.AddMinutes(1) }, [job])).Ok().Output);
    }

    [Fact]
    public async Task Several_logs_are_followed_at_once_until_enough_is_seen()
    {
        LabContainer[] both =
        [
            await StartAsync(null, "sh", "-c", "while true; do echo a; sleep 0.2; done"),
            await StartAsync(null, "sh", "-c", "while true; do echo b; sleep 0.2; done"),
        ];
        CmdletResult result = await RunAsync("Get-LabContainerLog", new { Follow = true }, both, first: 30);
        Assert.Equal(["a", "b"], result.OutputOf<LabContainerLogLine>().Select(line => line.Text).Distinct().Order());
    }

    [Fact]
    public async Task Following_ends_with_the_container()
    {
        LabContainer job = await StartAsync(null, "sh", "-c", "echo one; sleep 1; echo two");
        Assert.Equal(["one", "two"], (await RunAsync("Get-LabContainerLog", new { Follow = true }, [job])).Ok().OutputOf<LabContainerLogLine>().Select(line => line.Text));
    }

    [Fact]
    public async Task A_command_gives_lines_and_errors_apart()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        CmdletResult result = await RunAsync("Invoke-LabContainer", new
        {
            box.Name, Command = new[] { "sh", "-c", "echo $MODE; pwd; echo oops >&2; printf 'ä\\r\\nlast'" }, WorkingDirectory = "/tmp", Environment = new System.Collections.Hashtable { ["MODE"] = "test" },
        });
        Assert.Equal(["test", "/tmp", "ä", "last"], result.Ok().OutputOf<string>());
        Assert.Equal(["oops"], result.Information.Distinct());

        result = await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "sh", "-c", "echo x; echo gone >&2; exit 4" } });
        ErrorRecord error = ErrorOf(result, "ContainerCommandFailed");
        Assert.Contains("exit code 4", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\n  gone", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["x"], result.OutputOf<string>());

        LabContainerCommand whole = Assert.Single((await RunAsync("Invoke-LabContainer", new { Command = new[] { "sh", "-c", "echo x; echo gone >&2; exit 4" }, AsObject = true }, [box])).Ok().OutputOf<LabContainerCommand>());
        Assert.Equal((4, "x", "gone"), (whole.ExitCode, Assert.Single(whole.Output), Assert.Single(whole.ErrorOutput)));
        Assert.Equal(127, (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "nosuch" }, AsObject = true })).OutputOf<LabContainerCommand>().FirstOrDefault()?.ExitCode);
    }

    [Fact]
    public async Task Input_goes_in_and_ends()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        Assert.Equal(["a", "b", "c"], (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "sort" } }, ["c", "a", "b"])).Ok().OutputOf<string>());
        byte[] bytes = Encoding.UTF8.GetBytes(new string('x', 3_000_000));
        Assert.Equal(["3000000"], (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "wc", "-c" } }, [bytes])).Ok().OutputOf<string>());

        // What reads only the beginning is no error.
        Assert.Equal(["1"], (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "head", "-n", "1" } }, Enumerable.Range(1, 20000).Select(i => (object?)$"{i}"))).Ok().OutputOf<string>());
        Assert.Equal(["0"], (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "wc", "-c" } }, [])).Ok().OutputOf<string>());

        // Many lines arrive whole and in their order, also where the command answers meanwhile; one that reads none of them ends as it would.
        object?[] lines = [.. Enumerable.Range(1, 50000).Select(i => (object?)$"{i}")];
        Assert.Equal(lines, (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "cat" } }, lines)).Ok().OutputOf<string>());
        (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "true" } }, lines)).Ok();
        Assert.Contains("exit code 3", ErrorOf(await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "sh", "-c", "exit 3" } }, lines), "ContainerCommandFailed").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_may_be_empty_and_a_command_may_not()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        Assert.Equal(["[][b]"], (await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "printf", "[%s]", "", "b" } })).Ok().OutputOf<string>());
        Assert.NotNull((await RunAsync("Invoke-LabContainer", new { box.Name, Command = Array.Empty<string>() })).TerminatingError);
    }

    [Fact]
    public async Task A_container_that_does_not_run_takes_no_commands()
    {
        LabContainer job = await StartAsync(null, "true");
        (await RunAsync("Wait-LabContainer", new { }, [job])).Ok();
        ErrorOf(await RunAsync("Invoke-LabContainer", new { job.Name, Command = new[] { "true" } }), "ContainerNotRunning");
        ErrorOf(await RunAsync("Invoke-LabContainer", new { Name = job.Name + "x", Command = new[] { "true" } }), "ContainerNotFound");
    }

    [Fact]
    public async Task Ctrl_C_ends_a_command_that_says_nothing()
    {
        LabContainer box = await StartAsync(null, "sleep", "1000");
        using CancellationTokenSource ctrlC = new();
        CmdletResult result = await RunAsync("Invoke-LabContainer", new { box.Name, Command = new[] { "sh", "-c", "echo up; sleep 1000" } }, ctrlC: ctrlC.Token, onOutput: _ => ctrlC.Cancel());
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
    }
}
