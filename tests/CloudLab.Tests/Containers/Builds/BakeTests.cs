using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Containers.Builds;
using CloudLab.Tests.Containers.Images;
using Xunit;

namespace CloudLab.Tests.Containers.Builds;

/// <summary>Bake files, built by a real engine.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class BakeTests : IAsyncDisposable
{
    private readonly ImageLab lab = new();

    private string BakeFile => lab.File("docker-bake.hcl");

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task Each_target_is_one_result_with_its_own_tags_platforms_digest_and_steps()
    {
        await WriteAsync();
        LabImageBuild[] builds = (await BakeAsync(new { Bake = BakeFile, Variable = new Hashtable { ["TAG"] = "2.0" } })).Ok().OutputOf<LabImageBuild>();
        Assert.Equal(["api", "site"], builds.Select(build => build.Target).Order());
        LabImageBuild site = builds.Single(build => build.Target == "site"), api = builds.Single(build => build.Target == "api");
        Assert.Equal((Name("site:2.0"), true, false), (site.Image, site.Loaded, site.Pushed));
        Assert.Equal(["COPY a.txt /", "COPY b.txt /"], site.Steps.Select(step => step.Instruction).Order());
        Assert.Equal(2, api.StepCount);
        Assert.NotEqual(site.Digest, api.Digest);
        Assert.Equal(Name("api:2.0"), api.Image);
        Assert.True(site.Duration > TimeSpan.Zero);
        Assert.Equal("linux/amd64", site.Platforms.Single().Platform);
        Assert.Null(site.Dockerfile);
        Assert.Equal(Path.Combine(lab.Folder, "own.Dockerfile"), api.Dockerfile);
        Assert.Equal(site.Digest, await ImageLab.DockerAsync("image", "inspect", "--format", "{{.Id}}", Name("site:2.0")));

        // Again, and only one: from the cache, and the same image.
        LabImageBuild again = Assert.Single((await BakeAsync(new { Bake = BakeFile, Target = "site", Variable = new Hashtable { ["TAG"] = "2.0" } })).Ok().OutputOf<LabImageBuild>());
        Assert.Equal((2, 2), (again.StepCount, again.CachedSteps));
    }

    [Fact]
    public async Task A_target_that_fails_is_one_error_and_the_others_are_built()
    {
        await WriteAsync();
        CmdletResult result = await BakeAsync(new { Bake = BakeFile, Target = new[] { "bad", "default", "on-bad" } });
        Assert.Equal(["bad", "on-bad"], result.Errors.Select(error => $"{error.TargetObject}").Order());
        Assert.Contains("Step 'COPY nothere /x' (bad: Dockerfile line 2) failed: \"/nothere\" is not in the build context", result.Errors.Single(error => "bad".Equals(error.TargetObject)).ToString(), StringComparison.Ordinal);

        // Whichever of the two buildx comes to first.
        Assert.Contains(
            result.Errors.Single(error => "on-bad".Equals(error.TargetObject)).FullyQualifiedErrorId.Split(',')[0], new[] { "BuildStepFailed", "BakeTargetNotBuilt" });
        Assert.Equal(["api", "site"], result.OutputOf<LabImageBuild>().Select(build => build.Target).Order());
    }

    [Fact]
    public async Task WhatIf_names_targets_and_tags_and_builds_nothing()
    {
        await WriteAsync();
        CmdletResult result = await BakeAsync(new { Bake = BakeFile, Set = new[] { "api.platform=linux/arm64" }, WhatIf = true });
        Assert.Equal(2, result.Ok().Information.Count);
        Assert.Contains(result.Information, line => line.Contains("Build the target site of", StringComparison.Ordinal) && line.Contains(Name("site:1.0"), StringComparison.Ordinal));
        Assert.Contains(result.Information, line => line.Contains("Build the target api of", StringComparison.Ordinal) && line.Contains("for linux/arm64", StringComparison.Ordinal));
        Assert.Empty(result.Output);
        Assert.Empty((await lab.RunAsync("Get-LabImage", new { Image = lab.Repository + "*" })).Ok().Output);
    }

    [Fact]
    public async Task Overrides_push_and_compose_files_work()
    {
        await WriteAsync();
        await File.WriteAllTextAsync(lab.File("compose.yaml"), $$"""
            services:
              web: { build: { context: ., dockerfile_inline: "FROM scratch\nCOPY a.txt /web\n" }, image: "{{lab.Pushed("web")}}" }
              other: { image: "nothing" }
            """);
        LabImageBuild web = Assert.Single((await BakeAsync(new { Bake = "compose.yaml", Set = new[] { "web.labels.who=me" }, Push = true })).Ok().OutputOf<LabImageBuild>());
        lab.Name(lab.Pushed("web"));
        Assert.Equal((lab.Pushed("web"), true), (web.Image, web.Pushed));
        Assert.Equal("linux/amd64", Assert.Single(web.Platforms).Platform);
        (await lab.RunAsync("Receive-LabImage", new { Image = lab.Pushed("web") })).Ok();
        Assert.Equal("me", await ImageLab.DockerAsync("image", "inspect", "--format", "{{.Config.Labels.who}}", lab.Pushed("web")));
    }

    [Fact]
    public async Task What_is_wrong_with_a_bake_file_is_said_with_its_line_and_the_names_that_there_are()
    {
        await WriteAsync();
        await File.WriteAllTextAsync(lab.File("broken.hcl"), "target \"x\" {\n  tags = [\n");
        foreach ((object parameters, string code, string message) in new (object, string, string)[]
        {
            (new { Bake = "none.hcl" }, "BakeFileNotFound", "There is no bake file"),
            (new { Bake = "." }, "BakeFileNotFound", "is a folder"),
            (new { Bake = "broken.hcl" }, "BakeFileInvalid", "broken.hcl line "),
            (new { Bake = BakeFile, Target = "sit" }, "BakeTargetNotFound", "has no target or group 'sit'. It has "),
            (new { Bake = BakeFile, Target = "untagged", Push = true }, "TagMissing", "'untagged'"),
        })
        {
            CmdletResult result = await BakeAsync(parameters);
            ErrorRecord error = result.Error();
            Assert.StartsWith(code + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
            Assert.Empty(result.Output);
        }

        ErrorRecord several = (await lab.RunAsync("Build-LabImage", new { Path = lab.Folder, Target = new[] { "a", "b" }, DockerfileText = "FROM scratch" })).TerminatingError!;
        Assert.StartsWith("TargetInvalid,", several.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_outside_of_the_folder_is_read_only_if_it_is_allowed()
    {
        string outside = Directory.CreateDirectory(lab.File("outside")).FullName, inside = Directory.CreateDirectory(lab.File("inside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "a.txt"), lab.Repository);
        await File.WriteAllTextAsync(Path.Combine(inside, "docker-bake.hcl"), $$"""
            target "default" {
              context = "{{outside}}"
              dockerfile-inline = "FROM scratch\nCOPY a.txt /\n"
              tags = ["{{Name("outside:1")}}"]
              entitlements = ["network.host"]
            }
            """);
        CmdletResult refused = await BakeAsync(new { Path = inside, Bake = "docker-bake.hcl" });
        Assert.SkipWhen(refused.Output.Count > 0, "this buildx is too old to ask");
        ErrorRecord error = refused.Error();
        Assert.StartsWith("BakePrivilegesNeeded,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("-Allow 'network.host', 'fs.read=../outside'", error.ToString(), StringComparison.Ordinal);
        Assert.Empty((await lab.RunAsync("Get-LabImage", new { Image = lab.Repository + "*" })).Ok().Output);
        LabImageBuild build = Assert.Single((await BakeAsync(new { Path = inside, Bake = "docker-bake.hcl", Allow = new[] { "network.host", "fs.read=" + outside } })).Ok().OutputOf<LabImageBuild>());
        Assert.Equal(outside, build.ContextPath);
    }

    [Fact]
    public async Task A_secret_variable_shows_nowhere()
    {
        await WriteAsync();
        const string Secret = "hunter2hunter2";
        CmdletResult result = await BakeAsync(new { Bake = BakeFile, Target = "secret", Variable = new Hashtable { ["API_TOKEN"] = Secret }, Set = new[] { "secret.args.OTHER_TOKEN=" + Secret } });
        LabImageBuild build = Assert.Single(result.Ok().OutputOf<LabImageBuild>());
        lab.Name(build.Digest!);
        Assert.Contains(result.Verbose, line => line.Contains("secret.args.OTHER_TOKEN=(hidden)", StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, string.Join('\n', [.. result.Verbose, .. result.Warnings, .. build.Steps.Select(step => step.Instruction)]), StringComparison.Ordinal);
    }

    private string Name(string name) => lab.Name($"{lab.Repository}/{name}");

    private Task<CmdletResult> BakeAsync(object parameters) => lab.RunAsync("Build-LabImage", parameters);

    private async Task WriteAsync()
    {
        Name("site:1.0");
        Name("api:1.0");
        await File.WriteAllTextAsync(lab.File("a.txt"), lab.Repository);
        await File.WriteAllTextAsync(lab.File("b.txt"), "b");
        await File.WriteAllTextAsync(lab.File("own.Dockerfile"), "FROM scratch\nCOPY a.txt /api\nCOPY b.txt /more\n");
        await File.WriteAllTextAsync(BakeFile, $$$"""
            variable "TAG" { default = "1.0" }
            variable "API_TOKEN" { default = "" }
            group "default" { targets = ["site", "api"] }
            target "base" { dockerfile-inline = "FROM scratch\nCOPY a.txt /\n" }
            target "common" { platforms = ["linux/amd64"] }
            target "site" {
              inherits = ["common"]
              dockerfile-inline = "FROM scratch\nCOPY a.txt /\nCOPY b.txt /\n"
              tags = ["{{{lab.Repository}}}/site:${TAG}"]
            }
            target "api" {
              contexts = { base = "target:base" }
              dockerfile = "own.Dockerfile"
              tags = ["{{{lab.Repository}}}/api:${TAG}"]
            }
            target "bad" { dockerfile-inline = "FROM scratch\nCOPY nothere /x\n" }
            target "on-bad" {
              contexts = { lower = "target:bad" }
              dockerfile-inline = "FROM lower\nCOPY a.txt /\n"
            }
            target "untagged" { dockerfile-inline = "FROM scratch\nCOPY a.txt /\n" }
            target "secret" {
              dockerfile-inline = "FROM scratch\nARG API_TOKEN\nARG OTHER_TOKEN\nCOPY a.txt /$API_TOKEN\n"
              args = { API_TOKEN = API_TOKEN }
            }
            """);
    }
}
