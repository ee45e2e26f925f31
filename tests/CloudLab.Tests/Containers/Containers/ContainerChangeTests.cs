using System.Management.Automation;
using System.Text.Json;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Networks;
using CloudLab.Core.Containers.Volumes;
using Xunit;

namespace CloudLab.Tests.Containers.Containers;

/// <summary>Containers made anew, measured, watched and connected, in a real Docker Engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ContainerChangeTests : ContainerWorld
{
    [Fact]
    public async Task A_changed_container_keeps_everything_else()
    {
        string name = Fresh("web"), volume = Fresh("data");
        int port = FreePort(), next = FreePort();
        List<string> volumes = [volume];
        try
        {
            LabContainer web = await StartAsync(
                new { Name = name, Publish = $"127.0.0.1:{port}:80", Volume = new[] { volume + ":/data", "/nameless" }, Environment = new System.Collections.Hashtable { ["A"] = "1", ["B"] = "2" }, Memory = "64m" },
                "sh", "-c", "echo $A$B$C; [ -e /nameless/kept ] && echo kept; touch /nameless/kept; exec sleep 1000");
            volumes.AddRange(web.Mounts.Select(mount => mount.Source).Where(source => source != volume));
            Assert.Empty((await RunAsync("Set-LabContainer", new { Publish = $"127.0.0.1:{next}:80", WhatIf = true }, [web])).Ok().Output);
            LabContainer changed = Assert.Single((await RunAsync(
                "Set-LabContainer",
                new { Publish = $"127.0.0.1:{next}:80", Environment = new System.Collections.Hashtable { ["B"] = null, ["C"] = "3" }, Label = new System.Collections.Hashtable { ["extra"] = "x" }, PassThru = true },
                [web])).Ok().OutputOf<LabContainer>());
            Assert.NotEqual(web.Id, changed.Id);
            Assert.Equal((name, "running", "x"), (changed.Name, changed.State, changed.Labels["extra"]));
            Assert.Equal(new LabContainerPort("127.0.0.1", next, 80, "tcp"), Assert.Single(changed.Ports));
            Assert.Equal(["/data", "/nameless"], changed.Mounts.Select(m => m.Destination).Order());
            Assert.Equal(web.Mounts.Select(m => m.Source).Order(), changed.Mounts.Select(m => m.Source).Order());
            Assert.Equal("67108864", await DockerAsync("inspect", "-f", "{{.HostConfig.Memory}}", name));
            Assert.Equal("13\nkept", await LogAsync(name, "kept"));
            Assert.Equal(name, await DockerAsync("ps", "-a", "--filter", "label=" + Label, "--format", "{{.Names}}"));

            // What is so already is no reason to make it anew.
            foreach (object nothing in new object[]
            {
                new { Name = name, Publish = $"127.0.0.1:{next}:80", PassThru = true }, new { Name = name, Unpublish = new[] { 9999 }, PassThru = true },
                new { Name = name, Environment = new System.Collections.Hashtable { ["C"] = "3", ["NONE"] = null }, PassThru = true },
            })
            {
                Assert.Equal(changed.Id, Assert.Single((await RunAsync("Set-LabContainer", nothing)).Ok().OutputOf<LabContainer>()).Id);
            }

            Assert.StartsWith("NothingToChange,", (await RunAsync("Set-LabContainer", new { Name = name })).TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);

            // Limits change while it runs.
            LabContainer same = Assert.Single((await RunAsync("Set-LabContainer", new { Name = name, Memory = "32m", RestartPolicy = "on-failure:4", PassThru = true })).Ok().OutputOf<LabContainer>());
            Assert.Equal(changed.Id, same.Id);
            Assert.Equal("33554432 4", await DockerAsync("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}", name));
        }
        finally
        {
            await DisposeAsync();
            await DockerAsync(["volume", "rm", "-f", .. volumes]);
        }
    }

    [Fact]
    public async Task The_old_container_comes_back_when_the_change_fails()
    {
        string name = Fresh("web"), other = Fresh("other");
        int port = FreePort(), taken = FreePort();
        await StartAsync(new { Name = other, Publish = $"{taken}:80" }, "sleep", "1000");
        LabContainer web = await StartAsync(new { Name = name, Publish = $"{port}:80" }, "sh", "-c", "trap exit TERM; sleep 1000 & wait");
        CmdletResult failed = await RunAsync("Set-LabContainer", new { Name = name, Publish = $"{taken}:80" });
        Assert.Contains("in use", Assert.Single(failed.Errors).ToString(), StringComparison.Ordinal);
        ErrorRecord error = ErrorOf(failed, "PortTaken");
        Assert.Contains("the old one runs again", error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"'{other}'", error.ToString(), StringComparison.Ordinal);
        LabContainer now = Assert.Single((await RunAsync("Get-LabContainer", new { Name = name })).Ok().OutputOf<LabContainer>());
        Assert.Equal((web.Id, "running"), (now.Id, now.State));
        Assert.Equal(2, (await DockerAsync("ps", "-a", "--filter", "label=" + Label, "--format", "{{.Names}}")).Split('\n').Length);
        ErrorOf(await RunAsync("Set-LabContainer", new { Name = name, Image = "cloudlab-test/nosuch:1" }), "ImageNotFound");
        Assert.Equal(web.Id, Assert.Single((await RunAsync("Get-LabContainer", new { Name = name })).Ok().OutputOf<LabContainer>()).Id);
    }

    [Theory]
    [InlineData("driver failed programming external connectivity on endpoint web (db97): Bind for :::39509 failed: port is already allocated", "39509")]
    [InlineData("driver failed programming external connectivity on endpoint web (db97): Bind for 0.0.0.0:42135 failed: port is already allocated", "42135")]
    [InlineData("driver failed programming external connectivity on endpoint web (db97): Bind for ::1:8080 failed: port is already allocated", "8080")]
    [InlineData("failed to bind host port for 0.0.0.0:43861:172.17.0.4:80/tcp: address already in use", "43861")]
    [InlineData("failed to bind host port 127.0.0.1:43861/tcp: address already in use", "43861")]
    [InlineData("failed to bind host port for [::1]:43861:172.17.0.4:80/tcp: address already in use", "43861")]
    [InlineData("Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use", "80")]
    [InlineData("network web:80 not found", null)]
    public void A_taken_port_is_read_from_the_engines_words(string said, string? port) => Assert.Equal(port, ContainerFaults.TakenPort(said));

    [Fact]
    public async Task Usage_processes_and_changes_are_those_of_the_docker_cli()
    {
        LabContainer busy = await StartAsync(new { Memory = "64m" }, "sh", "-c", "echo x > /made; rm /bin/vi; while :; do :; done");
        LabContainerUsage usage = Assert.Single((await RunAsync("Measure-LabContainer", new { }, [busy])).Ok().OutputOf<LabContainerUsage>());
        Assert.Equal((busy.Name, 64L << 20, 1L), (usage.Name, usage.MemoryLimit, usage.Processes));
        Assert.InRange(usage.CpuPercent, 1, 200);
        Assert.InRange(usage.Memory, 1, 64L << 20);
        Assert.Equal(usage.Memory * 100.0 / usage.MemoryLimit, usage.MemoryPercent, 6);
        Assert.Equal(2, (await RunAsync("Measure-LabContainer", new { Follow = true }, [busy], first: 2)).OutputOf<LabContainerUsage>().Length);

        LabContainerProcess process = Assert.Single((await RunAsync("Get-LabContainerProcess", new { }, [busy])).Ok().OutputOf<LabContainerProcess>());
        Assert.StartsWith("sh -c echo x", process.Command, StringComparison.Ordinal);
        Assert.Equal(await DockerAsync("inspect", "-f", "{{.State.Pid}}", busy.Name), $"{process.ProcessId}");

        LabContainerChange[] changes = (await RunAsync("Get-LabContainerChange", new { }, [busy])).Ok().OutputOf<LabContainerChange>();
        Assert.Contains(changes, c => c is { Change: "Added", Path: "/made" });
        Assert.Contains(changes, c => c is { Change: "Deleted", Path: "/bin/vi" });
        (await RunAsync("Stop-LabContainer", new { Force = true }, [busy])).Ok();
        ErrorOf(await RunAsync("Measure-LabContainer", new { busy.Name }), "ContainerNotRunning");
        ErrorOf(await RunAsync("Get-LabContainerProcess", new { busy.Name }), "ContainerNotRunning");
    }

    [Fact]
    public async Task A_container_that_is_restarted_for_ever_is_told_and_does_not_hide_the_others()
    {
        LabContainer crashing = await StartAsync(new { RestartPolicy = "always" }, "false"), sound = await StartAsync(null, "sleep", "1000");

        // The engine doubles the time between two restarts: from the seventh on the pause is longer than this test.
        while (await DockerAsync("inspect", "-f", "{{if ge .RestartCount 7}}{{.State.Status}}{{end}}", crashing.Name) != "restarting")
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        // Only root of Linux may look at a container from outside.
        string[] looking = ["Measure-LabContainer", "Get-LabContainerProcess", .. OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? ["Get-LabContainerIsolation"] : Array.Empty<string>()];
        foreach (string cmdlet in (string[])[.. looking, "Suspend-LabContainer", "Invoke-LabContainer", "Connect-LabContainer"])
        {
            CmdletResult alone = await RunAsync(cmdlet, cmdlet == "Invoke-LabContainer" ? new { crashing.Name, Command = new[] { "true" } } : new { crashing.Name });
            ErrorRecord error = alone.Error();
            Assert.StartsWith("ContainerRestarting,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains($"'{crashing.Name}' is not running at the moment", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(crashing.Id, error.ToString(), StringComparison.Ordinal);
            Assert.Contains("Get-LabContainerReport " + crashing.Name, error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        }

        foreach (string cmdlet in looking)
        {
            CmdletResult several = await RunAsync(cmdlet, new { ErrorAction = ActionPreference.Stop }, [crashing, sound]);
            Assert.Equal(sound.Name, $"{PSObject.AsPSObject(several.Ok().Output.Single()).Properties[cmdlet == "Get-LabContainerProcess" ? "Container" : "Name"].Value}");
            Assert.Contains($"Get-LabContainerReport {crashing.Name} says why", Assert.Single(several.Warnings), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("v1", """{"read":"2026-01-01T00:00:01Z","cpu_stats":{"cpu_usage":{"total_usage":300,"percpu_usage":[1,2]},"system_cpu_usage":2000},"precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1000},"memory_stats":{"usage":1000,"limit":4000,"stats":{"total_inactive_file":200,"inactive_file":999}}}""", 40, 800, 20)]
    [InlineData("v2", """{"read":"2026-01-01T00:00:01Z","cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":2000,"online_cpus":4},"precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1000},"memory_stats":{"usage":1000,"limit":4000,"stats":{"inactive_file":400}}}""", 80, 600, 15)]
    [InlineData("more cache than use", """{"cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":1000},"precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1000},"memory_stats":{"usage":100,"limit":0,"stats":{"inactive_file":400}}}""", 0, 100, 0)]
    [InlineData("ended", """{"cpu_stats":{},"memory_stats":{}}""", 0, 0, 0)]
    [InlineData("no limit", """{"cpu_stats":{},"memory_stats":{"usage":10,"limit":18446744073709551615}}""", 0, 10, 0)]
    public void The_arithmetic_is_that_of_the_cli_and_never_gives_nan(string what, string json, double cpu, long memory, double percent)
    {
        LabContainerUsage usage = LabContainerUsage.Read(what, "1", JsonDocument.Parse(json).RootElement);
        Assert.Equal((cpu, memory, percent), (usage.CpuPercent, usage.Memory, Math.Round(usage.MemoryPercent, 6)));
    }

    [Fact]
    public async Task Events_are_seen_as_objects()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow.AddSeconds(-1);
        LabContainer job = await StartAsync(null, "sh", "-c", "exit 9");
        (await RunAsync("Wait-LabContainer", new { }, [job])).Ok();
        LabDockerEvent died = Assert.Single((await RunAsync("Watch-LabContainer", new { job.Name, Action = "die", Since = before }, first: 1)).OutputOf<LabDockerEvent>());
        Assert.Equal(("container", "die", job.Name, (int?)9, job.Id), (died.Type, died.Action, died.Name, died.ExitCode, died.Id));
        Assert.InRange(died.Time, before, DateTimeOffset.UtcNow.AddSeconds(5));
        Assert.Contains("start", (await RunAsync("Watch-LabContainer", new { Label, Since = before, Until = "0s" })).Ok().OutputOf<LabDockerEvent>().Select(e => e.Action));
    }

    [Fact]
    public async Task Input_reaches_a_container_that_takes_it()
    {
        LabContainer box = await StartAsync(new { Interactive = true }, "sort");
        Assert.Equal(["a", "b"], (await RunAsync("Connect-LabContainer", new { box.Name }, ["b", "a"])).Ok().OutputOf<string>());
        LabContainer deaf = await StartAsync(null, "sleep", "1000");
        ErrorOf(await RunAsync("Connect-LabContainer", new { deaf.Name }, ["x"]), "ContainerTakesNoInput");
        LabContainer chatty = await StartAsync(null, "sh", "-c", "while true; do echo up; sleep 0.1; done");
        Assert.Equal(["up", "up"], (await RunAsync("Connect-LabContainer", new { chatty.Name }, first: 2)).OutputOf<string>());
        Assert.Equal("running", Assert.Single((await RunAsync("Get-LabContainer", new { chatty.Name })).Ok().OutputOf<LabContainer>()).State);
    }

    [Fact]
    public async Task Networks_are_made_used_and_removed()
    {
        string name = Fresh("net");
        LabDockerNetwork network = Assert.Single((await RunAsync("New-LabDockerNetwork", new { Name = name, Label = new System.Collections.Hashtable { ["cloudlab-test"] = Label.Split('=')[1] } })).Ok().OutputOf<LabDockerNetwork>());
        try
        {
            Assert.Equal((name, "bridge"), (network.Name, network.Driver));
            ErrorOf(await RunAsync("New-LabDockerNetwork", new { Name = name }), "NetworkNameTaken");
            ErrorOf(await RunAsync("New-LabDockerNetwork", new { Name = name + "2", Subnet = network.Subnets[0] }), "SubnetTaken");
            LabContainer web = await StartAsync(new { Network = name, NetworkAlias = "site" }, "sleep", "1000");
            LabContainer late = await StartAsync(null, "sleep", "1000");
            (await RunAsync("Connect-LabDockerNetwork", new { Network = name, Alias = "db" }, [late])).Ok();
            Assert.Equal(["0"], (await RunAsync("Invoke-LabContainer", new { web.Name, Command = new[] { "sh", "-c", "ping -c 1 -W 2 db >/dev/null; echo $?" } })).Ok().OutputOf<string>());
            network = Assert.Single((await RunAsync("Get-LabDockerNetwork", new { Name = name })).Ok().OutputOf<LabDockerNetwork>());
            Assert.Equal(new[] { web.Name, late.Name }.Order(StringComparer.Ordinal), network.Containers);
            ErrorOf(await RunAsync("Remove-LabDockerNetwork", new { Name = name, Force = true }), "NetworkInUse");
            (await RunAsync("Disconnect-LabDockerNetwork", new { Network = name, Container = late.Name })).Ok();
            ErrorOf(await RunAsync("Disconnect-LabDockerNetwork", new { Network = name, Container = late.Name }), "NetworkNotConnected");
            await DisposeAsync();
            Assert.Equal(name, Assert.Single((await RunAsync("Clear-LabDockerNetwork", new { Label, Force = true })).Ok().OutputOf<LabDockerNetwork>()).Name);
            ErrorOf(await RunAsync("Get-LabDockerNetwork", new { Name = name }), "NetworkNotFound");
        }
        finally
        {
            await DisposeAsync();
            await ForeignProcess.RunAsync(new System.Diagnostics.ProcessStartInfo("docker", ["--host", TestServers.Docker(), "network", "rm", name]));
        }
    }

    [Fact]
    public async Task Volumes_are_made_used_and_removed()
    {
        string name = Fresh("vol");
        LabDockerVolume volume = Assert.Single((await RunAsync("New-LabDockerVolume", new { Name = name, Label = new System.Collections.Hashtable { ["cloudlab-test"] = Label.Split('=')[1] } })).Ok().OutputOf<LabDockerVolume>());
        Assert.Equal((name, "local", false), (volume.Name, volume.Driver, volume.Anonymous));
        ErrorOf(await RunAsync("New-LabDockerVolume", new { Name = name }), "VolumeNameTaken");
        LabContainer web = await StartAsync(new { Volume = name + ":/data:ro" }, "sleep", "1000");
        Assert.Equal(new LabContainerMount("volume", name, "/data", true), Assert.Single(web.Mounts));
        Assert.Equal([web.Name], Assert.Single((await RunAsync("Get-LabDockerVolume", new { Name = name })).Ok().OutputOf<LabDockerVolume>()).Containers);
        ErrorRecord error = ErrorOf(await RunAsync("Remove-LabDockerVolume", new { Name = name, Force = true }), "VolumeInUse");
        Assert.Contains(web.Name, error.ToString(), StringComparison.Ordinal);
        await DisposeAsync();
        Assert.Empty((await RunAsync("Clear-LabDockerVolume", new { Label, Force = true })).Ok().Output);
        Assert.Empty((await RunAsync("Clear-LabDockerVolume", new { Label, All = true, WhatIf = true })).Ok().Output);
        Assert.Equal(name, Assert.Single((await RunAsync("Clear-LabDockerVolume", new { Label, All = true, Force = true })).Ok().OutputOf<LabDockerVolume>()).Name);
        ErrorOf(await RunAsync("Get-LabDockerVolume", new { Name = name }), "VolumeNotFound");
    }

    private static async Task<string> LogAsync(string name, string end)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        string log;
        while (!(log = await DockerAsync("logs", name)).EndsWith(end, StringComparison.Ordinal))
        {
            await Task.Delay(100, limit.Token);
        }

        return log;
    }
}
