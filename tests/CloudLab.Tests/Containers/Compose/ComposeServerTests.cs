using System.Management.Automation;
using CloudLab.Core.Containers.Compose;
using CloudLab.Tests.Containers.Containers;
using Xunit;

namespace CloudLab.Tests.Containers.Compose;

/// <summary>Compose projects in a real engine, with docker compose itself.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ComposeServerTests : ContainerWorld
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-compose-").FullName;
    private readonly List<string> projects = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public override async ValueTask DisposeAsync()
    {
        foreach (string project in projects)
        {
            await RunAsync("Stop-LabCompose", new { ProjectName = project, Remove = true, Volume = true, Force = true, Timeout = 0 });
        }

        Directory.Delete(folder, recursive: true);
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Five_services_are_up_when_the_wait_is_over()
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              web: {image: "{{await ImageAsync()}}", command: [sh, -c, "echo web up; exec sleep 1000"], depends_on: {api: {condition: service_started}, migrate: {condition: service_completed_successfully} } }
              api: {image: "{{await ImageAsync()}}", command: [sh, -c, "echo api up >&2; exec sleep 1000"], depends_on: {db: {condition: service_healthy} } }
              db: {image: "{{await ImageAsync()}}", command: [sh, -c, "touch /tmp/ready; echo db up; exec sleep 1000"], healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 1s}, volumes: ["data:/data"] }
              migrate: {image: "{{await ImageAsync()}}", command: [echo, migrated], restart: "no", depends_on: {db: {condition: service_healthy} } }
              cache: {image: "{{await ImageAsync()}}", command: [sleep, "1000"], deploy: {replicas: 2} }
            volumes: {data: {} }
            """);
        CmdletResult plan = (await RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, WhatIf = true })).Ok();
        Assert.Empty(plan.Output);
        Assert.Contains(plan.Information, line => line.Contains($"Container {project}-cache-2", StringComparison.Ordinal));
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", $"label=com.docker.compose.project={project}"));

        LabComposeService[] services = (await StartAsync(project, file)).Ok().OutputOf<LabComposeService>();
        Assert.Equal(["api", "cache", "db", "migrate", "web"], services.Select(service => service.Service));
        Assert.Equal([("running", 1), ("running", 2), ("running", 1), ("exited", 0), ("running", 1)], services.Select(service => (service.State, service.Running)));
        Assert.Equal(("healthy", 0), (services[2].Health, services[3].ExitCode));

        LabComposeLogLine[] lines = (await RunAsync("Get-LabComposeLog", new { ProjectName = project })).Ok().OutputOf<LabComposeLogLine>();
        Assert.Equal(["api up", "db up", "migrated", "web up"], lines.Select(line => line.Text).Order());
        Assert.Equal(lines.OrderBy(line => line.Time), lines);
        Assert.Equal("stderr", lines.Single(line => line.Service == "api").Stream);

        // Its output is what the cmdlets for containers take.
        Assert.Equal("web up", (await RunAsync("Get-LabContainerLog", new { }, [services[4]])).Ok().Output.Single()!.ToString());

        CmdletResult ran = (await RunAsync("Invoke-LabContainer", new { Command = new[] { "echo", "hello" } }, [services[1], services[4]])).Ok();
        Assert.Equal(["hello", "hello", "hello"], ran.Output.Select(line => $"{line}"));
        Assert.StartsWith("ContainerNotRunning,", (await RunAsync("Invoke-LabContainer", new { Command = new[] { "true" } }, [services[3]])).Error().FullyQualifiedErrorId, StringComparison.Ordinal);

        LabComposeProject found = Assert.Single((await RunAsync("Get-LabCompose", new { All = true, ProjectName = project })).Ok().OutputOf<LabComposeProject>());
        Assert.Equal(("5 running, 1 exited", 5, 6), (found.Status, found.Running, found.Total));
        LabComposeService[] stopped = (await RunAsync("Stop-LabCompose", new { PassThru = true, Timeout = 0 }, [found])).Ok().OutputOf<LabComposeService>();
        Assert.All(stopped, service => Assert.Equal("exited", service.State));

        (await RunAsync("Stop-LabCompose", new { Remove = true, Volume = true, Force = true, Timeout = 0 }, [found])).Ok();
        Assert.Empty(await DockerAsync("volume", "ls", "-q", "--filter", $"label=com.docker.compose.project={project}"));
        Assert.StartsWith("ComposeProjectNotFound,", (await RunAsync("Get-LabCompose", new { ProjectName = project })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("command: [sh, -c, 'echo cannot migrate; exit 3']", "ComposeServiceFailed", "ended with exit code 3", "cannot migrate")]
    [InlineData("restart: always\n    command: [sh, -c, 'echo crash; exit 4']", "ComposeServiceRestarting", "keeps ending", "crash")]
    [InlineData("command: [sh, -c, 'echo begun; exec sleep 1000']\n    healthcheck: {test: [CMD-SHELL, 'echo no good; exit 1'], interval: 300ms, retries: 2}", "ComposeServiceUnhealthy", "no good", "begun")]
    public async Task A_service_that_fails_is_an_error_with_its_last_lines(string how, string code, string what, string line)
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              ok: {image: "{{await ImageAsync()}}", command: [sleep, "1000"]}
              bad:
                image: "{{await ImageAsync()}}"
                {{how.ReplaceLineEndings("\n    ")}}
            """.Replace("\n        ", "\n    ", StringComparison.Ordinal));
        CmdletResult result = await StartAsync(project, file);
        ErrorRecord error = ErrorOf(result, code);
        Assert.Equal("bad", error.TargetObject);
        Assert.Contains(what, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\n  " + line, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, result.Output.Count);
    }

    [Fact]
    public async Task A_task_that_others_wait_for_is_named_when_it_fails()
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              web: {image: "{{await ImageAsync()}}", command: [sleep, "1000"], depends_on: {migrate: {condition: service_completed_successfully} } }
              migrate: {image: "{{await ImageAsync()}}", command: [sh, -c, "echo no database; exit 5"]}
            """);
        Assert.Contains("no database", ErrorOf(await StartAsync(project, file), "ComposeServiceFailed").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_says_for_what()
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              web: {image: "{{await ImageAsync()}}", command: [sleep, "1000"], healthcheck: {test: [CMD, "false"], interval: 1s, retries: 1000} }
            """);
        CmdletResult result = await RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, Wait = true, Timeout = 0 });
        Assert.Contains($"{project}-web-1 is not healthy yet", ErrorOf(result, "WaitTimeout").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_of_a_profile_is_started_by_name_or_profile_and_stopped_with_the_rest()
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              web: {image: "{{await ImageAsync()}}", command: [sleep, "1000"]}
              debug: {image: "{{await ImageAsync()}}", command: [sleep, "1000"], profiles: [debug]}
            """);
        Assert.Equal(["web"], (await StartAsync(project, file)).Ok().OutputOf<LabComposeService>().Select(service => service.Service));
        CmdletResult named = (await RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, Service = new[] { "debug" }, Wait = true })).Ok();
        Assert.Equal("debug", Assert.Single(named.OutputOf<LabComposeService>()).Service);
        (await RunAsync("Stop-LabCompose", new { Path = new[] { file }, ProjectName = project, Remove = true, Timeout = 0 })).Ok();
        Assert.Empty(await DockerAsync("ps", "-aq", "--filter", $"label=com.docker.compose.project={project}"));
    }

    [Fact]
    public async Task Logs_are_followed_and_a_container_that_starts_later_joins()
    {
        (string project, string file) = await ProjectAsync($$"""
            services:
              first: {image: "{{await ImageAsync()}}", command: [sh, -c, "echo first; exec sleep 1000"]}
              later: {image: "{{await ImageAsync()}}", command: [sh, -c, "echo later; exec sleep 1000"]}
            """);
        (await RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, Service = new[] { "first" } })).Ok();
        TaskCompletionSource seen = new();
        Task<CmdletResult> following = RunAsync("Get-LabComposeLog", new { ProjectName = project, Follow = true }, first: 2, onOutput: _ => seen.TrySetResult());
        await seen.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        (await RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, Service = new[] { "later" } })).Ok();
        Assert.Equal(["first", "later"], (await following.WaitAsync(TimeSpan.FromMinutes(1), Token)).OutputOf<LabComposeLogLine>().Select(line => line.Service));
    }

    [Fact]
    public async Task What_goes_wrong_only_when_it_runs_is_found_before()
    {
        (_, string file) = await ProjectAsync("""
            version: "3"
            services:
              a: {image: "nginx", ports: ["18080:80"], volumes: ["./nosuch:/x"], environment: {P: "${CLOUDLAB_NOT_SET}"}, depends_on: {b: {condition: service_healthy}} }
              b: {image: "x:1", ports: ["18080:81"], restart: always}
              c: {image: "x:1", ports: ["18090:80"], deploy: {replicas: 2}, depends_on: {b: {condition: service_completed_successfully} } }
            configs: {gone: {file: ./gone} }
            """);
        LabComposeTest test = Assert.Single((await RunAsync("Test-LabCompose", new { Path = new[] { file } })).Ok().OutputOf<LabComposeTest>());
        Assert.False(test.Valid);
        Assert.Equal(["a", "b", "c"], test.Services);
        foreach (string id in new[] { "ImageWithoutTag", "PortConflict", "BindSourceMissing", "VariableNotSet", "NoHealthCheck", "OneShotRestarts", "Obsolete" })
        {
            Assert.Contains(test.Problems, problem => problem.Id == id);
        }
    }

    [Fact]
    public async Task What_images_are_built_of_and_health_checks_that_are_off_are_looked_at()
    {
        (_, string file) = await ProjectAsync("""
            services:
              a: {build: ./nosuch}
              b: {build: {context: ., dockerfile: No.Dockerfile}, healthcheck: {disable: true}}
              c: {build: {context: ., dockerfile_inline: "FROM scratch"}, depends_on: {b: {condition: service_healthy}, d: {condition: service_started}}}
              d: {build: "https://example.org/x/y.git"}
            """);
        LabComposeTest test = Assert.Single((await RunAsync("Test-LabCompose", new { Path = new[] { file } })).Ok().OutputOf<LabComposeTest>());
        Assert.Equal([("FileMissing", "a"), ("FileMissing", "b"), ("NoHealthCheck", "c")], test.Problems.Select(problem => (problem.Id, problem.Service!)).Order());
        Assert.False(test.Valid);
        Assert.Contains(test.Problems, problem => problem.Message.EndsWith("No.Dockerfile' does not exist.", StringComparison.Ordinal));
        Assert.All(test.Problems, problem => Assert.Equal("Error", problem.Severity));
    }

    [Fact]
    public async Task Folders_of_another_machine_are_not_looked_for_on_this_one()
    {
        (_, string file) = await ProjectAsync("services:\n  a:\n    image: x:1\n    volumes: [\"./nosuch:/x\"]\n");
        LabComposeTest test = Assert.Single((await CmdletRunner.RunAsync("Test-LabCompose", new { Path = new[] { file }, DockerHost = "ssh://127.0.0.1:1" })).Ok().OutputOf<LabComposeTest>());
        Assert.Empty(test.Problems);
    }

    [Fact]
    public async Task What_compose_refuses_has_its_line()
    {
        (_, string file) = await ProjectAsync("services:\n  a:\n    image: x:1\n    ports: [\"80:80\"]\n    ports: [\"81:81\"]\n");
        LabComposeTest test = Assert.Single((await RunAsync("Test-LabCompose", new { Path = new[] { file } })).Ok().OutputOf<LabComposeTest>());
        LabComposeProblem problem = Assert.Single(test.Problems);
        Assert.Equal(("Error", "ComposeFileInvalid", file, 5), (problem.Severity, problem.Id, problem.File, problem.Line));
    }

    private async Task<(string Project, string File)> ProjectAsync(string yaml)
    {
        string project = Fresh("lab"), file = Path.Combine(folder, "compose.yaml");
        await File.WriteAllTextAsync(file, yaml, Token);
        projects.Add(project);
        return (project, file);
    }

    private static Task<CmdletResult> StartAsync(string project, string file) =>
        RunAsync("Start-LabCompose", new { Path = new[] { file }, ProjectName = project, Wait = true, Timeout = 60 });
}
