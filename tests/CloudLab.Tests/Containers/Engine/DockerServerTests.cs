using System.Diagnostics;
using System.Management.Automation;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using CloudLab.Emulator.Http;
using Xunit;

namespace CloudLab.Tests.Containers.Engine;

/// <summary>Builds and lists with a real Docker Engine, buildx and registry.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class DockerServerTests : IAsyncDisposable
{
    private const string Both = "linux/amd64,linux/arm64";

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab build ").FullName;
    private readonly HashSet<string> made = [];
    private readonly string repository = "cloudlab-test/" + Guid.NewGuid().ToString("N");

    private static LabSession Session => LabSession.Resolve(new() { DockerHost = TestServers.Docker() }, "test");

    // The engine was given to the tests: what they made in it goes with them.
    public async ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        if (made.Count > 0)
        {
            await ForeignProcess.RunAsync(new ProcessStartInfo("docker", ["--host", TestServers.Docker(), "image", "rm", "--force", .. made]));
        }
    }

    [Fact]
    public async Task Two_platforms_are_built_pushed_and_found_in_the_registry()
    {
        TestServers.OtherProcessor();
        string image = $"{TestServers.Registry()}/{repository}:1.0";
        Dockerfile("""
            FROM scratch
            ARG TARGETPLATFORM
            COPY ${TARGETPLATFORM}/busybox /bin/busybox
            RUN ["/bin/busybox", "sh", "-c", "/bin/busybox uname -m > /machine; : THIS-RUN"]
            LABEL who=test
            """.Replace("THIS-RUN", repository, StringComparison.Ordinal), busybox: true); // or the image is as old as the engine's cache
        CmdletResult result = await BuildAsync(new { Path = folder, Tag = image, Platform = Both.Split(','), Push = true, Label = new System.Collections.Hashtable { ["a"] = "b" }, Session });
        LabImageBuild build = Assert.Single(result.Ok().OutputOf<LabImageBuild>());
        Assert.Equal((image, true), (build.Image, build.Pushed));
        Assert.Equal(["linux/amd64", "linux/arm64"], build.Platforms.Select(p => p.Platform).Order());
        Assert.Equal(4, build.StepCount);
        Assert.True(build.Duration > TimeSpan.Zero);

        // The registry's own word, over HTTP.
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://{TestServers.Registry()}/v2/{repository}/manifests/1.0");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.oci.image.index.v1+json"));
        using HttpResponseMessage answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        Assert.Equal(build.Digest, answer.Headers.GetValues("Docker-Content-Digest").Single());
        JsonArray manifests = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["manifests"]!.AsArray();
        Assert.Equal(
            build.Platforms.Select(p => (p.Platform, p.Digest)).Order(),
            manifests.Where(m => (string?)m!["platform"]!["os"] != "unknown")
                .Select(m => ($"{m!["platform"]!["os"]}/{m["platform"]!["architecture"]}", (string?)m["digest"])).Order());

        // What was built is what Get-LabImage finds, by the build's own output.
        LabImage found = Assert.Single((await CmdletRunner.RunAsync("Get-LabImage", new { Session }, input: [build])).Ok().OutputOf<LabImage>());
        Assert.Equal((image, build.Digest, "1.0", "b"), (found.Image, found.Digest, found.Tag, found.Labels["a"]));
        Assert.True(found.Size > 1_000_000);
        Assert.InRange(found.Created, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));

        // Again: everything comes from the cache.
        build = Assert.Single((await BuildAsync(new { Path = folder, Tag = image, Platform = Both.Split(','), Session })).Ok().OutputOf<LabImageBuild>());
        Assert.Equal(build.StepCount, build.CachedSteps);
        Assert.Equal((false, true), (build.Pushed, build.Loaded));
    }

    [Fact]
    public async Task A_step_that_fails_on_one_platform_is_named_with_line_exit_code_and_output()
    {
        TestServers.OtherProcessor();
        Dockerfile("""
            FROM scratch
            ARG TARGETPLATFORM
            COPY ${TARGETPLATFORM}/busybox /bin/busybox
            # a comment
            RUN ["/bin/busybox", "sh", "-c", "echo building; [ $(/bin/busybox uname -m) = x86_64 ] || { echo no such thing >&2; exit 42; }"]
            """, busybox: true);
        CmdletResult result = await BuildAsync(new { Path = folder, Platform = Both.Split(','), Session });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("BuildStepFailed", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(folder, error.TargetObject);
        string message = error.ToString();
        Assert.Contains("Step 'RUN [\"/bin/busybox\"", message, StringComparison.Ordinal);
        Assert.Contains("for linux/arm64 (Dockerfile line 5) failed with exit code 42", message, StringComparison.Ordinal);
        Assert.EndsWith("\n  building\n  no such thing", message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("FROM scratch\nCOPPY a b\n", "DockerfileInvalid", "Dockerfile line 2: unknown instruction: COPPY")]
    [InlineData("", "DockerfileInvalid", "Dockerfile is empty")]
    [InlineData("FROM scratch\nCOPY nothere /x\n", "BuildStepFailed", "Step 'COPY nothere /x' (Dockerfile line 2) failed: \"/nothere\" is not in the build context")]
    [InlineData("FROM nosuch.invalid/image:1\n", "BaseImageUnavailable", "'nosuch.invalid/image:1' that Dockerfile line 1 needs")]
    public async Task What_is_wrong_with_the_Dockerfile_is_said_with_its_line(string text, string code, string message)
    {
        Dockerfile(text);
        ErrorRecord error = Assert.Single((await BuildAsync(new { Path = folder, Session })).Errors);
        Assert.StartsWith(code, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stage_that_is_not_there_is_named()
    {
        Dockerfile("FROM scratch AS final\nCOPY Dockerfile /\n");
        ErrorRecord error = Assert.Single((await BuildAsync(new { Path = folder, Target = "finale", Session })).Errors);
        Assert.StartsWith("BuildTargetNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("has no stage 'finale'", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_bad_context_is_one_error_and_the_others_are_built()
    {
        Dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        CmdletResult result = await BuildAsync(new { Session }, [Path.Combine(folder, "missing"), new DirectoryInfo(folder)]);
        Assert.StartsWith("BuildContextNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        LabImageBuild build = Assert.Single(result.OutputOf<LabImageBuild>());
        Assert.Equal(build.Digest, build.Image);
    }

    [Fact]
    public async Task A_Dockerfile_elsewhere_build_arguments_secrets_and_dockerignore_work()
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(folder, "else where")).FullName;
        string context = Directory.CreateDirectory(Path.Combine(folder, "con text")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "My Dockerfile"), """
            FROM scratch
            ARG WHAT
            COPY . /${WHAT}/
            """);
        await File.WriteAllTextAsync(Path.Combine(context, "kept.txt"), "kept");
        await File.WriteAllTextAsync(Path.Combine(context, "left.txt"), "left out");
        await File.WriteAllTextAsync(Path.Combine(context, ".dockerignore"), "left.*\n.dockerignore\n");
        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", new
        {
            Path = "con text", Dockerfile = Path.Combine("else where", "My Dockerfile"), BuildArg = new System.Collections.Hashtable { ["WHAT"] = "here" },
            Output = new[] { "type=local,dest=out put" }, Session,
        }, location: folder);
        LabImageBuild build = Assert.Single(result.Ok().OutputOf<LabImageBuild>());
        Assert.Equal((null, null, false), (build.Image, build.Digest, build.Loaded));
        Assert.Equal(["kept.txt"], Directory.GetFiles(Path.Combine(folder, "out put", "here")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task The_Dockerfiles_own_checks_become_warnings()
    {
        Dockerfile("FROM scratch\nMAINTAINER me\nCOPY Dockerfile /\n");
        CmdletResult result = await BuildAsync(new { Path = folder, Session });
        Assert.Contains(result.Ok().Warnings, w => w.StartsWith("Dockerfile: MaintainerDeprecated", StringComparison.Ordinal));
        Assert.Equal(2, Assert.Single(result.OutputOf<LabImageBuild>()).Warnings.Single(w => w.Message.StartsWith("Maintainer", StringComparison.Ordinal)).Line);
    }

    [Fact]
    public async Task A_registry_that_wants_a_login_is_named_with_what_to_do()
    {
        await using HttpServer registry = HttpServer.Start(0, exchange => exchange.RespondAsync(401, new HttpHeaderList
        {
            { "WWW-Authenticate", "Basic realm=\"test\"" }, { "Content-Type", "application/json" },
        }, Encoding.UTF8.GetBytes("""{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""")));
        Dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        ErrorRecord error = Assert.Single((await BuildAsync(new { Path = folder, Tag = $"127.0.0.1:{registry.Port}/movies:1", Push = true, Session })).Errors);
        Assert.StartsWith("RegistryUnauthorized", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.PermissionDenied, error.CategoryInfo.Category);
        Assert.Contains($"Connect-LabRegistry 127.0.0.1:{registry.Port}", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_an_error_after_the_build()
    {
        Dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        ErrorRecord error = Assert.Single((await BuildAsync(new { Path = folder, Tag = "127.0.0.1:1/movies:1", Push = true, Session })).Errors);
        Assert.StartsWith("RegistryUnreachable", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_builder_that_is_not_there_ends_the_command()
    {
        Dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        CmdletResult result = await BuildAsync(new { Path = folder, Builder = "no-such-builder", Session });
        Assert.StartsWith("BuilderNotFound", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_in_a_running_step_ends_the_build()
    {
        Dockerfile("""
            FROM scratch
            ARG TARGETPLATFORM
            COPY ${TARGETPLATFORM}/busybox /bin/busybox
            RUN ["/bin/busybox", "sh", "-c", "echo started; /bin/busybox sleep 600"]
            """, busybox: true);
        using CancellationTokenSource ctrlC = new();
        CmdletResult result = await CmdletRunner.RunAsync(
            "Build-LabImage", new { Path = folder, NoCache = true, Session }, ctrlC: ctrlC.Token,
            onVerbose: line => { if (line.EndsWith(" started", StringComparison.Ordinal)) { ctrlC.Cancel(); } }).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(result.Stopped);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task Images_are_found_by_repository_tag_pattern_digest_and_id()
    {
        Dockerfile("FROM scratch\nCOPY Dockerfile /\nLABEL id=" + repository + "\n");
        LabImageBuild build = Assert.Single((await BuildAsync(new { Path = folder, Tag = new[] { repository + ":1", repository + ":2" }, Session })).Ok().OutputOf<LabImageBuild>());
        Assert.Equal([repository + ":1", repository + ":2"], await FindAsync(repository));
        Assert.Equal([repository + ":2"], await FindAsync(repository + ":2"));
        Assert.Equal([repository + ":2"], await FindAsync("docker.io/" + repository + ":2"));
        Assert.Equal([repository + ":1", repository + ":2"], await FindAsync(repository[..20] + "*"));
        Assert.Equal([repository + ":1"], await FindAsync("*" + repository[20..] + ":[1]"));
        Assert.Equal([repository + ":1", repository + ":2"], await FindAsync(build.Digest!));
        Assert.Equal([repository + ":1", repository + ":2"], await FindAsync(build.Digest![7..19]));
        Assert.Equal([repository + ":1", repository + ":2"], await FindAsync(repository + "@" + build.Digest));
        Assert.Contains(repository + ":1", await FindAsync(null));
        Assert.Empty(await FindAsync(repository + "-*"));
        Assert.Empty((await CmdletRunner.RunAsync("Get-LabImage", new { Image = repository, Platform = "windows/*", Session })).Ok().Output);

        // A completer gives up after half a second, which a busy machine may need for something else.
        string[] offered = [];
        for (int tries = 0; tries < 60 && offered.Length == 0; tries++)
        {
            offered = [.. new ImageCompleter().CompleteArgument("Get-LabImage", "Image", repository[..25], null!, new Dictionary<string, object> { ["Session"] = Session })
                .Select(offer => offer.CompletionText)];
        }

        Assert.Equal([repository + ":1", repository + ":2"], offered.Order());
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_one_error_and_the_others_come()
    {
        Dockerfile("FROM scratch\nCOPY Dockerfile /\n");
        (await BuildAsync(new { Path = folder, Tag = repository + ":1", Session })).Ok();
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabImage", new { Session }, input: [repository + ":9", repository + ":1", "dead" + "beef00"]);
        Assert.All(result.Errors, e => Assert.StartsWith("ImageNotFound", e.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal([repository + ":9", "deadbeef00"], result.Errors.Select(e => e.TargetObject));
        Assert.Equal([repository + ":1"], result.OutputOf<LabImage>().Select(i => i.Image));
    }

    [Fact]
    public async Task An_engine_behind_ssh_is_reached_through_dial_stdio()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for ssh is a shell script");
        using DockerWorld world = new();

        // ssh as far as this side sees it: drops its own options and runs the command, on this machine.
        world.Program("ssh", $"""
            while [ "$1" != -- ]; do shift; done; shift 2
            DOCKER_HOST={TestServers.Docker()} exec "$@"
            """);
        world.Variables["PATH"] = Path.Combine(world.Home, "bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabImage", new { Session = world.Session(new() { DockerHost = "ssh://somebody@elsewhere" }) });
        result.Ok();
        Assert.Contains(result.Verbose, line => line.Contains("/images/json", StringComparison.Ordinal) && line.Contains("200", StringComparison.Ordinal));
    }

    private async Task<CmdletResult> BuildAsync(object parameters, IEnumerable<object?>? input = null)
    {
        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", parameters, input);

        // What could not be pushed is in the engine all the same.
        made.UnionWith(result.OutputOf<LabImageBuild>().Select(build => build.Image).OfType<string>());
        made.UnionWith(parameters.GetType().GetProperty("Tag")?.GetValue(parameters) switch { string tag => [tag], string[] tags => tags, _ => [] });
        return result;
    }

    private static async Task<string[]> FindAsync(string? image)
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabImage", image is null ? new { Session } : new { Image = image, Session });
        return [.. result.Ok().OutputOf<LabImage>().Select(i => i.Image).Order(StringComparer.Ordinal)];
    }

    private void Dockerfile(string text, bool busybox = false)
    {
        _ = TestServers.Docker();
        File.WriteAllText(Path.Combine(folder, "Dockerfile"), text.ReplaceLineEndings("\n"));
        if (!busybox)
        {
            return;
        }

        foreach (string file in Directory.EnumerateFiles(TestServers.Busybox(), "busybox", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(TestServers.Busybox(), file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
