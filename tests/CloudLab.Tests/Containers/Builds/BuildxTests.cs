using System.Globalization;
using System.Management.Automation;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Containers.Builds;

/// <summary>Builds with a stand-in for buildx, to see what it is told and how its end is taken.</summary>
[Trait("Area", "Containers")]
public sealed class BuildxTests : IAsyncDisposable
{
    private readonly DockerWorld world = new();
    private readonly FakeEngine engine = FakeEngine.After(FakeEngine.Http(200, "OK"), line =>
        line.Contains("/info", StringComparison.Ordinal) ? FakeEngine.Http(200, """{"DriverStatus":[["Backing Filesystem","extfs"]]}""") : FakeEngine.Http(200, "[]"));

    private string ContextFolder { get; }

    public BuildxTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for buildx is a shell script");
        ContextFolder = Directory.CreateDirectory(Path.Combine(world.Home, "the site")).FullName;
        File.WriteAllText(Path.Combine(ContextFolder, "Dockerfile"), "FROM scratch\n");
    }

    public async ValueTask DisposeAsync()
    {
        await engine.DisposeAsync();
        world.Dispose();
    }

    [Fact]
    public async Task What_PowerShell_took_apart_at_a_comma_reaches_buildx_whole()
    {
        Buildx($$"""
            while [ $# -gt 0 ]; do echo "$1" >> "{{world.Home}}/arguments"; [ "$1" = --metadata-file ] && file=$2; shift; done
            echo '{"containerimage.digest":"sha256:abc"}' > "$file"
            """);
        (await RunAsync(new
        {
            Path = ContextFolder, Session = Session(), Secret = new[] { "id=token", "env=TOKEN", "id=other", "src=a=b.txt" }, Output = new[] { "type=local", "dest=out" },
            CacheFrom = new[] { "type=s3", "use_path_style=true", "movies/site:cache" }, CacheTo = new[] { "type=registry", "ref=r/c", "image-manifest=true" },
        })).Ok();
        string told = ' ' + string.Join(' ', File.ReadAllLines(Path.Combine(world.Home, "arguments"))) + ' ';
        Assert.Contains(" --secret id=token,env=TOKEN --secret id=other,src=a=b.txt ", told, StringComparison.Ordinal);
        Assert.Contains(" --output type=local,dest=out ", told, StringComparison.Ordinal);
        Assert.Contains(" --cache-from type=s3,use_path_style=true --cache-from movies/site:cache ", told, StringComparison.Ordinal);
        Assert.Contains(" --cache-to type=registry,ref=r/c,image-manifest=true ", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_asked_for_reaches_buildx_and_the_metadata_comes_back()
    {
        Buildx($$"""
            while [ $# -gt 0 ]; do echo "$1" >> "{{world.Home}}/arguments"; [ "$1" = --metadata-file ] && file=$2; shift; done
            echo "$DOCKER_HOST" > "{{world.Home}}/host"
            echo '{"containerimage.digest":"sha256:abc","buildx.build.ref":"default/default/x"}' > "$file"
            """);
        CmdletResult result = await RunAsync(new
        {
            Path = ContextFolder, Tag = new[] { "movies/site:1.0", "movies/site:latest" }, Platform = new[] { "linux/aarch64" },
            BuildArg = new System.Collections.Hashtable { ["VERSION"] = 1.5, ["HTTP_PROXY"] = null }, Label = new System.Collections.Hashtable { ["a"] = "b c" },
            Secret = new[] { "id=token,src=token.txt" }, Target = "final", Output = new[] { "type=oci,dest=x.tar" }, NoCache = true, Pull = true,
            CacheFrom = new[] { "type=local,src=c" }, CacheTo = new[] { "type=local,dest=c" }, Provenance = "Max", Load = true, Session = Session(),
            Ssh = new[] { "default" }, Attest = new[] { "type=sbom" }, OutputPath = Path.Combine(world.Home, "y.tar"),
        });
        LabImageBuild build = Assert.Single(result.Ok().OutputOf<LabImageBuild>());
        Assert.Equal(("movies/site:1.0", "sha256:abc", "default/default/x"), (build.Image, build.Digest, build.BuildReference));
        Assert.Equal(["linux/arm64"], build.Platforms.Select(p => p.Platform));
        string told = ' ' + string.Join(' ', File.ReadAllLines(Path.Combine(world.Home, "arguments"))) + ' ';
        foreach (string part in new[]
        {
            " build --progress=rawjson ", $" --file {Path.Combine(ContextFolder, "Dockerfile")} ", " --tag movies/site:1.0 --tag movies/site:latest ",
            " --platform linux/arm64 ", " --build-arg VERSION=1.5 ", " --build-arg HTTP_PROXY ", " --label a=b c ", " --secret id=token,src=token.txt ",
            " --target final ", " --output type=oci,dest=x.tar ", " --no-cache ", " --pull ", " --load ", " --cache-from type=local,src=c ",
            " --cache-to type=local,dest=c ", " --provenance=mode=max ", " --ssh default ", " --attest type=sbom ", $" --output type=oci,\"dest={Path.Combine(world.Home, "y.tar")}\" ",
        })
        {
            Assert.Contains(part, told, StringComparison.Ordinal);
        }

        Assert.EndsWith(" " + ContextFolder + " ", told, StringComparison.Ordinal);
        Assert.Equal(engine.Host, File.ReadAllText(Path.Combine(world.Home, "host")).Trim());
    }

    [Fact]
    public async Task A_Dockerfile_that_is_text_is_there_during_the_build_and_gone_after_it()
    {
        Buildx($$"""
            while [ $# -gt 0 ]; do [ "$1" = --file ] && cp "$2" "{{world.Home}}/seen" && echo "$2" > "{{world.Home}}/where"; shift; done
            """);
        File.Delete(Path.Combine(ContextFolder, "Dockerfile"));
        LabImageBuild build = Assert.Single((await RunAsync(new { Path = ContextFolder, DockerfileText = new[] { "FROM scratch", "COPY a /" }, Session = Session() })).Ok().OutputOf<LabImageBuild>());
        Assert.Null(build.Dockerfile);
        Assert.Equal("FROM scratch\nCOPY a /", await File.ReadAllTextAsync(Path.Combine(world.Home, "seen")));
        string where = (await File.ReadAllTextAsync(Path.Combine(world.Home, "where"))).Trim();
        Assert.Equal("Dockerfile", Path.GetFileName(where));
        Assert.False(Directory.Exists(Path.GetDirectoryName(where)));
    }

    [Fact]
    public async Task A_secret_build_argument_shows_nowhere()
    {
        const string Secret = "hunter2hunter2";
        string log = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"using {Secret}\n"));
        Buildx($$"""
            cat >&2 <<'END'
            {"vertexes":[{"digest":"a","name":"[1/1] RUN login {{Secret}}","started":"x"}]}
            {"logs":[{"vertex":"a","stream":1,"data":"{{log}}"}]}
            {"vertexes":[{"digest":"a","name":"[1/1] RUN login {{Secret}}","completed":"x","error":"process \"login {{Secret}}\" did not complete successfully: exit code: 1"}]}
            Dockerfile:2
            --------------------
               2 | >>> RUN login {{Secret}}
            --------------------
            ERROR: failed to solve: process "login {{Secret}}" did not complete successfully: exit code: 1
            END
            exit 1
            """);
        CmdletResult result = await RunAsync(new { Path = ContextFolder, BuildArg = new System.Collections.Hashtable { ["API_TOKEN"] = Secret }, Session = Session() });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.Contains("RUN login (hidden)", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(result.Verbose, line => line.Contains("--build-arg API_TOKEN=(hidden)", StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, string.Join('\n', [.. result.Verbose, .. result.Warnings, .. result.Information, error.ToString(), .. result.Progress.Select(p => p.StatusDescription)]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_line_of_a_secret_build_argument_shows()
    {
        string log = Convert.ToBase64String("key: firstsecret\nsecondsecret\n"u8);
        Buildx($$"""
            cat >&2 <<'END'
            {"vertexes":[{"digest":"a","name":"[1/1] RUN x","started":"x"}]}
            {"logs":[{"vertex":"a","stream":1,"data":"{{log}}"}]}
            {"vertexes":[{"digest":"a","name":"[1/1] RUN x","completed":"x","error":"exit code: 1"}]}
            ERROR: failed to solve: exit code: 1
            END
            exit 1
            """);
        CmdletResult result = await RunAsync(new { Path = ContextFolder, BuildArg = new System.Collections.Hashtable { ["PRIVATE_KEY"] = "firstsecret\r\nsecondsecret\r\n" }, Session = Session() });
        string told = string.Join('\n', [.. result.Verbose, Assert.Single(result.Errors).ToString()]);
        Assert.Contains("key: (hidden)", told, StringComparison.Ordinal);
        Assert.DoesNotContain("firstsecret", told, StringComparison.Ordinal);
        Assert.DoesNotContain("secondsecret", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_argument_without_a_text_ends_the_command()
    {
        using System.Security.SecureString secure = new();
        foreach (object value in new object[] { new object[] { 1, 2 }, secure, new System.Collections.Hashtable() })
        {
            CmdletResult result = await RunAsync(new { Path = ContextFolder, BuildArg = new System.Collections.Hashtable { ["TOKEN"] = value } });
            Assert.StartsWith("ValueInvalid", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        CmdletResult name = await RunAsync(new { Path = ContextFolder, BuildArg = new System.Collections.Hashtable { ["V=1"] = "x" } });
        Assert.StartsWith("NameInvalid", name.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buildx_that_is_killed_is_an_error_of_this_input_and_the_next_one_is_built()
    {
        Buildx($$"""[ -e "{{world.Home}}/once" ] && exit 0; touch "{{world.Home}}/once"; kill -9 $$""");
        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", new { Session = Session() }, input: [ContextFolder, ContextFolder]);
        Assert.StartsWith("BuildxEnded", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(result.Output);
    }

    [Fact]
    public async Task Ctrl_C_ends_buildx_and_its_children()
    {
        Buildx($$"""sleep 600 & echo $! > "{{world.Home}}/child.part"; mv "{{world.Home}}/child.part" "{{world.Home}}/child"; wait""");
        using CancellationTokenSource ctrlC = new();
        Task<CmdletResult> running = CmdletRunner.RunAsync("Build-LabImage", new { Path = ContextFolder, Session = Session() }, ctrlC: ctrlC.Token);
        string child = Path.Combine(world.Home, "child");
        while (!File.Exists(child))
        {
            Assert.False(running.IsCompleted);
            await Task.Delay(20);
        }

        await ctrlC.CancelAsync();
        CmdletResult result = await running.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(result.Stopped);
        Assert.Empty(result.Errors);
        int pid = int.Parse(File.ReadAllText(child), CultureInfo.InvariantCulture);
        Assert.True(ForeignProcess.IsGone(pid), $"process {pid} still runs");
    }

    [Fact]
    public async Task Progress_shows_the_step_even_while_it_says_nothing_and_is_taken_away()
    {
        // The meter keeps quiet for a second, so the step must last longer than that.
        Buildx("""echo '{"vertexes":[{"digest":"a","name":"[1/2] RUN slow","started":"x"}]}' >&2; sleep 3""");
        CmdletResult result = await RunAsync(new { Path = ContextFolder, Tag = "movies:1", Session = Session() });
        Assert.NotEmpty(result.Ok().Progress);
        Assert.All(result.Progress, p => Assert.Equal("Building movies:1", p.Activity));
        Assert.Equal("[1/2] RUN slow", result.Progress[0].StatusDescription);
        Assert.Equal(ProgressRecordType.Completed, result.Progress[^1].RecordType);
    }

    [Fact]
    public async Task Several_platforms_in_an_image_store_that_keeps_one_are_refused_before_anything_is_built()
    {
        Buildx($$"""touch "{{world.Home}}/started" """);
        CmdletResult result = await RunAsync(new { Path = ContextFolder, Platform = new[] { "linux/amd64", "linux/arm64" }, Session = Session() });
        Assert.StartsWith("ImageStoreSinglePlatform", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(world.Home, "started")));
    }

    [Fact]
    public async Task Without_buildx_the_error_says_what_to_install()
    {
        Assert.SkipWhen(Executables.In(["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"], "docker-buildx") is not null, "this machine has buildx");
        CmdletResult result = await RunAsync(new { Path = ContextFolder, Session = Session() });
        Assert.StartsWith("BuildxNotFound", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("docker-buildx", result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_docker_cli_is_used_where_only_it_knows_buildx()
    {
        world.Program("docker", $$"""
            [ "$1 $2" = "buildx version" ] && echo "github.com/docker/buildx v1" && exit
            echo "$1 $2" > "{{world.Home}}/docker"
            """);
        (await RunAsync(new { Path = ContextFolder, Session = Session() })).Ok();
        Assert.Equal("buildx build", File.ReadAllText(Path.Combine(world.Home, "docker")).Trim());
    }

    [Fact]
    public async Task No_engine_is_found_out_before_buildx_is_started()
    {
        Buildx($$"""touch "{{world.Home}}/started" """);
        CmdletResult result = await RunAsync(new { Path = ContextFolder, DockerHost = "unix://" + Path.Combine(world.Home, "none.sock"), Session = Session() });
        Assert.StartsWith("NoDockerEngine", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(world.Home, "started")));
    }

    [Fact]
    public async Task WhatIf_names_the_image_the_folder_and_the_platforms_and_starts_nothing()
    {
        CmdletResult result = await RunAsync(new
        {
            Path = ContextFolder, Tag = "127.0.0.1:5000/movies/site:1.0", Platform = "arm64", Push = true, WhatIf = true,
            DockerHost = "unix:///none.sock",
        });
        string text = Assert.Single(result.Ok().Information);
        Assert.Contains("127.0.0.1:5000/movies/site:1.0", text, StringComparison.Ordinal);
        Assert.Contains($"Build from '{ContextFolder}' for linux/arm64 and push", text, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_missing_Dockerfile_is_an_error_before_anything_is_started()
    {
        File.Move(Path.Combine(ContextFolder, "Dockerfile"), Path.Combine(ContextFolder, "Containerfile"));
        CmdletResult result = await RunAsync(new { Path = ContextFolder, DockerHost = "unix:///none.sock" });
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("DockerfileNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Contains(Path.Combine(ContextFolder, "Dockerfile"), error.ToString(), StringComparison.Ordinal);
        Assert.Contains("Containerfile: name it with -Dockerfile", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "BuildContextNotFound", "There is no folder")]
    [InlineData("the site/Dockerfile", "BuildContextNotFound", "is a file")]
    public async Task A_context_that_is_no_folder_is_an_error_of_this_input(string path, string code, string message)
    {
        CmdletResult result = await CmdletRunner.RunAsync("Build-LabImage", new { Path = path }, location: world.Home);
        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith(code, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tag", "Movies:1", "TagInvalid")]
    [InlineData("Platform", "linux/foo", "PlatformInvalid")]
    [InlineData("Dockerfile", "-", "DockerfileInvalid")]
    [InlineData("Output", "type=tar,dest=-", "OutputInvalid")]
    [InlineData("Push", true, "TagMissing")]
    public async Task A_parameter_that_makes_no_sense_ends_the_command(string parameter, object value, string code)
    {
        CmdletResult result = await RunAsync(new Dictionary<string, object> { ["Path"] = ContextFolder, [parameter] = value });
        Assert.StartsWith(code, result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, result.TerminatingError.CategoryInfo.Category);
    }

    private static Task<CmdletResult> RunAsync(object parameters) => CmdletRunner.RunAsync("Build-LabImage", parameters);

    private void Buildx(string script) => world.Program("docker-buildx", script, Path.Combine(world.Config, "cli-plugins"));

    private LabSession Session()
    {
        world.Variables["PATH"] = Path.Combine(world.Home, "bin");
        return world.Session(new() { DockerHost = engine.Host });
    }
}
