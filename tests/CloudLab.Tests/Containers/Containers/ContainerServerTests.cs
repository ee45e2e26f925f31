using System.Management.Automation;
using System.Net.Sockets;
using CloudLab.Core.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Containers;

/// <summary>Makes, lists, stops and removes containers in a real Docker Engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ContainerServerTests : ContainerWorld
{
    [Fact]
    public async Task A_container_runs_with_all_that_was_asked_for()
    {
        string name = Fresh("web");
        int port = FreePort();
        LabContainer web = await StartAsync(
            new
            {
                Name = name,
                Publish = new[] { $"127.0.0.1:{port}:8000", "9000" },
                Environment = new System.Collections.Hashtable { ["MODE"] = "test", ["COUNT"] = 3 },
                Memory = "64m",
                Cpu = 0.5,
                WorkingDirectory = "/tmp",
                Hostname = "movies",
                AddHost = "db:10.0.0.5",
                RestartPolicy = "on-failure:2",
                Init = true,
                User = "0:0",
            },
            "sh", "-c", "echo $MODE $COUNT $(pwd) $(hostname) $(grep -c 10.0.0.5 /etc/hosts); sleep 1000");
        Assert.Equal((name, "running", await ImageAsync()), (web.Name, web.State, web.Image));
        Assert.Contains(new LabContainerPort("127.0.0.1", port, 8000, "tcp"), web.Ports);
        Assert.Contains(web.Ports, p => p.ContainerPort == 9000 && p.HostPort > 0);
        Assert.Equal(["bridge"], web.Networks);
        Assert.InRange(web.Created, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal("67108864 500000000 on-failure 2 true", await DockerAsync(
            "inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.HostConfig.Init}}", name));
        await WaitForLogAsync(name, "test 3 /tmp movies 1");

        // Found by name, id, beginning of the id, wildcard, label, state and image.
        foreach (string by in new[] { name, web.Id, web.ShortId, name[..^2] + "*" })
        {
            Assert.Equal(web.Id, Assert.Single((await RunAsync("Get-LabContainer", new { Name = by })).Ok().OutputOf<LabContainer>()).Id);
        }

        Assert.Equal(web.Id, Assert.Single((await RunAsync("Get-LabContainer", new { Label, State = "running", Image = await ImageAsync() })).Ok().OutputOf<LabContainer>()).Id);
        Assert.Empty((await RunAsync("Get-LabContainer", new { Label, State = "exited" })).Ok().Output);

        // Its own output goes through the pipeline.
        LabContainer paused = Assert.Single((await RunAsync("Suspend-LabContainer", new { PassThru = true }, [web])).Ok().OutputOf<LabContainer>());
        Assert.Equal("paused", paused.State);
        Assert.Equal("running", Assert.Single((await RunAsync("Resume-LabContainer", new { PassThru = true }, [paused])).Ok().OutputOf<LabContainer>()).State);
        LabContainer stopped = Assert.Single((await RunAsync("Stop-LabContainer", new { PassThru = true, Timeout = 1 }, [web])).Ok().OutputOf<LabContainer>());
        Assert.Equal("exited", stopped.State);
        Assert.NotNull(stopped.ExitCode);
        Assert.Empty((await RunAsync("Get-LabContainer", new { Label })).Ok().Output);
        LabContainer again = Assert.Single((await RunAsync("Start-LabContainer", new { }, [stopped])).Ok().OutputOf<LabContainer>());
        Assert.Equal((web.Id, "running"), (again.Id, again.State));
        Assert.Equal(web.Id, Assert.Single((await RunAsync("Start-LabContainer", new { Name = name })).Ok().OutputOf<LabContainer>()).Id);
        Assert.Equal("running", Assert.Single((await RunAsync("Restart-LabContainer", new { PassThru = true, Timeout = 0 }, [web])).Ok().OutputOf<LabContainer>()).State);

        ErrorRecord error = ErrorOf(await RunAsync("Remove-LabContainer", new { Name = name, Confirm = false }), "ContainerRunning");
        Assert.Equal((ErrorCategory.InvalidOperation, (object)name), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Contains("-Force", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        (await RunAsync("Remove-LabContainer", new { Name = name, Force = true, WhatIf = true })).Ok();
        Assert.Single((await RunAsync("Get-LabContainer", new { Name = name })).Ok().Output);
        (await RunAsync("Remove-LabContainer", new { Name = name, Force = true })).Ok();
        ErrorOf(await RunAsync("Get-LabContainer", new { Name = name }), "ContainerNotFound");
    }

    [Fact]
    public async Task A_name_that_is_not_there_comes_with_the_nearest_one_and_the_rest_go_on()
    {
        string name = Fresh("web");
        LabContainer web = await StartAsync(new { Name = name }, "sleep", "1000");
        CmdletResult result = await RunAsync("Get-LabContainer", new { Name = new[] { name + "x", name } });
        Assert.Contains($"Similar: '{name}'", ErrorOf(result, "ContainerNotFound").ToString(), StringComparison.Ordinal);
        Assert.Equal(web.Id, Assert.Single(result.OutputOf<LabContainer>()).Id);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_said_so()
    {
        string name = Fresh("web");
        await StartAsync(new { Name = name }, "sleep", "1000");
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Name = name }, "sleep", "1000"), "ContainerNameTaken");
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
        Assert.Equal(name, error.TargetObject);
    }

    [Fact]
    public async Task A_port_that_a_container_has_is_said_so_and_the_second_container_is_not_left_behind()
    {
        string first = Fresh("first"), second = Fresh("second");
        int port = FreePort();
        await StartAsync(new { Name = first, Publish = $"{port}:80" }, "sleep", "1000");
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Name = second, Publish = $"{port}:80" }, "sleep", "1000"), "PortTaken");
        Assert.Contains($"port {port}", error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"by the container '{first}'", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(second, error.TargetObject);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + second));
    }

    [Fact]
    public async Task A_port_that_a_process_has_is_said_so()
    {
        using TcpListener listener = new(System.Net.IPAddress.Any, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        string name = Fresh("web");
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Name = name, Publish = $"{port}:80" }, "sleep", "1000"), "PortTaken");
        Assert.Contains($"by the process ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"({Environment.ProcessId})", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + name));
    }

    [Fact]
    public async Task An_image_that_is_nowhere_is_said_so_with_the_nearest_name()
    {
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Image = "cloudlab-test/busybux:containers", Pull = "Never" }), "ImageNotFound");
        Assert.Contains("'cloudlab-test/busybox:containers'", error.ToString(), StringComparison.Ordinal);
        error = ErrorOf(await TryStartAsync(new { Image = $"{TestServers.Registry()}/cloudlab-test/none:1" }), "ImageNotFound");
        Assert.Contains("cannot be pulled", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_the_engine_lacks_is_pulled()
    {
        string image = $"{TestServers.Registry()}/cloudlab-test/pulled-{Guid.NewGuid():N}:1";
        await DockerAsync("tag", await ImageAsync(), image);
        await DockerAsync("push", "-q", image);
        await DockerAsync("image", "rm", image);
        try
        {
            ErrorOf(await TryStartAsync(new { Image = image, Pull = "Never" }, "true"), "ImageNotFound");
            Assert.Equal(image, (await StartAsync(new { Image = image }, "sleep", "1000")).Image);
        }
        finally
        {
            await DisposeAsync();
            await DockerAsync("image", "rm", image);
        }
    }

    [Fact]
    public async Task An_image_of_another_platform_is_said_so()
    {
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Platform = "linux/s390x", Name = Fresh("other") }, "true"), "ContainerPlatformMismatch");
        Assert.Contains("linux/s390x", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Get-LabImage", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_is_not_in_the_image_is_said_so_and_nothing_stays()
    {
        string name = Fresh("none");
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Name = name }, "nosuchprogram", "x"), "ContainerCommandNotFound");
        Assert.Contains("'nosuchprogram'", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + name));
    }

    [Fact]
    public async Task A_network_that_is_not_there_is_said_so_and_nothing_stays()
    {
        string name = Fresh("none");
        ErrorRecord error = ErrorOf(await TryStartAsync(new { Name = name, Network = "nosuchnetwork" }, "true"), "NetworkNotFound");
        Assert.Equal("nosuchnetwork", error.TargetObject);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + name));
    }

    [Theory]
    [InlineData("Publish", "a:b", "PortInvalid")]
    [InlineData("Publish", "70000:80", "PortInvalid")]
    [InlineData("Publish", "8000-8002:80-81", "PortInvalid")]
    [InlineData("Volume", "data:relative", "VolumeInvalid")]
    [InlineData("Memory", "lots", "SizeInvalid")]
    [InlineData("RestartPolicy", "sometimes", "RestartPolicyInvalid")]
    [InlineData("Platform", "linux/foo", "PlatformInvalid")]
    [InlineData("EnvironmentFile", "/nosuch.env", "EnvironmentFileUnreadable")]
    public async Task Nonsense_is_refused_before_anything_is_sent(string parameter, string value, string code)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Start-LabContainer", new Dictionary<string, object?> { ["Image"] = "x", [parameter] = value, ["DockerHost"] = "unix:///nosuch.sock" });
        Assert.NotNull(result.TerminatingError);
        ErrorOf(result, code);
    }

    [Fact]
    public async Task Output_comes_as_lines_with_the_exit_code_as_an_error_and_nothing_stays()
    {
        string name = Fresh("job");
        CmdletResult result = await TryStartAsync(new { Name = name, Remove = true, Wait = true }, "sh", "-c", "echo one; echo two >&2; printf three; exit 7");
        Assert.Equal(["one", "three"], result.OutputOf<string>());
        Assert.Contains("two", result.Information);
        ErrorRecord error = ErrorOf(result, "ContainerFailed");
        Assert.Contains("exit code 7", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\n  two", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + name));
    }

    [Fact]
    public async Task Ctrl_C_leaves_nothing_running_that_was_to_be_removed()
    {
        string name = Fresh("job");
        using CancellationTokenSource ctrlC = new();
        CmdletResult result = await RunAsync(
            "Start-LabContainer",
            new { Image = await ImageAsync(), Name = name, Remove = true, Wait = true, Command = new[] { "sh", "-c", "echo up; exec sleep 1000" }, Label = new System.Collections.Hashtable { ["cloudlab-test"] = Label.Split('=')[1] } },
            ctrlC: ctrlC.Token, onOutput: _ => ctrlC.Cancel());
        Assert.True(result.Stopped);
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", "name=" + name));
    }

    [Fact]
    public async Task Variables_come_from_a_file_and_from_the_environment()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "# a comment\nFROM_FILE=a b=c\n\nMODE=file\n");
            CmdletResult result = await TryStartAsync(
                new { Remove = true, Wait = true, EnvironmentFile = file, Environment = new System.Collections.Hashtable { ["MODE"] = "given" } },
                "sh", "-c", "echo $FROM_FILE/$MODE");
            Assert.Equal(["a b=c/given"], result.Ok().OutputOf<string>());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Waits_for_the_end_with_the_exit_code()
    {
        LabContainer job = await StartAsync(null, "sh", "-c", "sleep 1; exit 3");
        LabContainer ended = Assert.Single((await RunAsync("Wait-LabContainer", new { }, [job])).Ok().OutputOf<LabContainer>());
        Assert.Equal(("exited", 3), (ended.State, ended.ExitCode));
    }

    [Fact]
    public async Task Waits_for_a_port_and_for_health()
    {
        int port = FreePort();
        LabContainer web = await StartAsync(
            new { Publish = $"127.0.0.1:{port}:8000", HealthCommand = "test -e /tmp/up", HealthInterval = 1 },
            "sh", "-c", "sleep 2; touch /tmp/up; httpd -f -p 8000");
        Assert.Equal("starting", web.Health);
        CmdletResult timeout = await RunAsync("Wait-LabContainer", new { Port = port, Timeout = 0 }, [web]);
        Assert.Contains("Last seen: 127.0.0.1:", ErrorOf(timeout, "WaitTimeout").ToString(), StringComparison.Ordinal);
        Assert.Equal(web.Id, Assert.Single((await RunAsync("Wait-LabContainer", new { Port = 8000 }, [web])).Ok().OutputOf<LabContainer>()).Id);
        using HttpClient http = new();
        Assert.Equal(404, (int)(await http.GetAsync($"http://127.0.0.1:{port}/none")).StatusCode);
        Assert.Equal("healthy", Assert.Single((await RunAsync("Wait-LabContainer", new { Healthy = true }, [web])).Ok().OutputOf<LabContainer>()).Health);
    }

    [Fact]
    public async Task A_container_that_dies_while_waited_for_says_its_last_lines()
    {
        LabContainer web = await StartAsync(null, "sh", "-c", "echo no configuration >&2; exit 78");
        ErrorRecord error = ErrorOf(await RunAsync("Wait-LabContainer", new { Port = 8000 }, [web]), "ContainerEnded");
        Assert.Contains("exit code 78", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\n  no configuration", error.ToString(), StringComparison.Ordinal);
        LabContainer busy = await StartAsync(null, "sleep", "1000");
        ErrorOf(await RunAsync("Wait-LabContainer", new { Healthy = true }, [busy]), "ContainerHasNoHealthCheck");
    }

    [Fact]
    public async Task A_report_says_why_it_died()
    {
        LabContainer[] dead =
        [
            await StartAsync(null, "sh", "-c", "echo boom; exit 3"),
            await StartAsync(null, "sh", "-c", "kill -9 $$"),
            await StartAsync(null, "true"),
            await StartAsync(new { Memory = "8m" }, "sh", "-c", "x=a; while true; do x=$x$x; done"),
        ];
        (await RunAsync("Wait-LabContainer", new { Timeout = 60 }, dead)).Ok();
        LabContainerReport[] reports = [.. (await RunAsync("Get-LabContainerReport", new { }, dead)).Ok().OutputOf<LabContainerReport>().OrderBy(r => Array.FindIndex(dead, d => d.Id == r.Id))];
        Assert.Equal((3, "boom"), (reports[0].ExitCode, Assert.Single(reports[0].LastLines).Text));
        Assert.Equal("It ended with exit code 3.", reports[0].Cause);
        Assert.Equal("It ended by itself, successfully.", reports[2].Cause);
        Assert.True(reports[3].OutOfMemory, reports[3].Cause);
        Assert.Equal("It was killed for using more than its memory limit of 8 MiB.", reports[3].Cause);
        Assert.Equal((137, "SIGKILL"), (reports[3].ExitCode, reports[3].Signal));
        Assert.True(reports[0].Started < reports[0].Finished);
    }

    private static async Task WaitForLogAsync(string name, string text)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        while (!(await DockerAsync("logs", name)).Contains(text, StringComparison.Ordinal))
        {
            await Task.Delay(100, limit.Token);
        }
    }
}
