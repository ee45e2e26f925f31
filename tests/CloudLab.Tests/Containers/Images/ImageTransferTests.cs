using System.Management.Automation;
using System.Text;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using CloudLab.Emulator.Http;
using Xunit;

namespace CloudLab.Tests.Containers.Images;

/// <summary>Tags, pushes and pulls with a real engine and registry.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class ImageTransferTests : IAsyncLifetime
{
    private readonly ImageLab lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => lab.DisposeAsync();

    [Fact]
    public async Task An_image_is_tagged_pushed_removed_and_pulled_again()
    {
        TestServers.OtherProcessor();
        LabImageBuild build = await lab.BuildAsync(lab.Repository + ":1", "FROM scratch\nCOPY Dockerfile /", null, "linux/amd64", "linux/arm64");
        string name = lab.Name(lab.Pushed("1"));
        LabImage tagged = (await lab.RunAsync("Add-LabImageTag", new { Tag = name, PassThru = true }, [build])).Ok().OutputOf<LabImage>().Single();
        Assert.Equal((name, build.Digest), (tagged.Image, tagged.Digest));

        LabImagePush push = (await lab.RunAsync("Push-LabImage", input: [tagged])).Ok().OutputOf<LabImagePush>().Single();
        Assert.Equal((name, build.Digest, TestServers.Registry()), (push.Image, push.Digest, push.Registry));
        Assert.True(push.PushedLayers > 0);
        LabImagePush again = (await lab.RunAsync("Push-LabImage", input: [push])).Ok().OutputOf<LabImagePush>().Single();
        Assert.Equal((0, push.Digest), (again.PushedLayers, again.Digest));
        Assert.True(again.ExistingLayers > 0);

        (await lab.RunAsync("Remove-LabImage", new { Image = new[] { name, lab.Repository + ":1" }, Force = true })).Ok();
        Assert.StartsWith("ImageNotFound", Assert.Single((await lab.RunAsync("Get-LabImage", new { Image = name })).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        LabImage pulled = (await lab.RunAsync("Receive-LabImage", new { Image = name })).Ok().OutputOf<LabImage>().Single();
        Assert.Equal((name, build.Digest), (pulled.Image, pulled.Digest));
        LabImage byDigest = (await lab.RunAsync("Receive-LabImage", new { Image = lab.Name($"{TestServers.Registry()}/{lab.Repository}@{build.Digest}"), Platform = "arm64" })).Ok().OutputOf<LabImage>().First();
        Assert.Equal(build.Digest, byDigest.Id);
        Assert.True(byDigest.Platforms.Single(p => p.Platform == "linux/arm64").Available);
    }

    [Fact]
    public async Task What_is_wrong_with_one_name_is_one_error_and_the_others_are_pulled()
    {
        await lab.BuildAsync(lab.Pushed("1"), "FROM scratch\nCOPY Dockerfile /");
        (await lab.RunAsync("Push-LabImage", new { Image = lab.Pushed("1") })).Ok();
        CmdletResult result = await lab.RunAsync("Receive-LabImage", input: [lab.Pushed("9"), "Movies/Site:1", "127.0.0.1:1/x:1", "a@sha256:12", lab.Pushed("1")]);
        Dictionary<object, string> errors = result.Errors.ToDictionary(e => e.TargetObject, e => e.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal("ImageNotFound", errors[lab.Pushed("9")]);
        Assert.Equal("ImageNameInvalid", errors["Movies/Site:1"]);
        Assert.Equal("RegistryUnreachable", errors["127.0.0.1:1/x:1"]);
        Assert.Equal("ImageNameInvalid", errors["a@sha256:12"]);
        Assert.Contains("movies/site:1", result.Errors.Single(e => e.TargetObject is "Movies/Site:1").ToString(), StringComparison.Ordinal);
        Assert.Equal([lab.Pushed("1")], result.OutputOf<LabImage>().Select(i => i.Image));
    }

    [Fact]
    public async Task A_platform_that_the_image_does_not_have_is_said()
    {
        await lab.BuildAsync(lab.Pushed("1"), "FROM scratch\nCOPY Dockerfile /");
        (await lab.RunAsync("Push-LabImage", new { Image = lab.Pushed("1") })).Ok();
        ErrorRecord error = Assert.Single((await lab.RunAsync("Receive-LabImage", new { Image = lab.Pushed("1"), Platform = "windows/amd64" })).Errors);
        Assert.StartsWith("PlatformNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_named_with_those_that_are_like_it()
    {
        await lab.BuildAsync(lab.Repository + ":1.0", "FROM scratch\nCOPY Dockerfile /");
        foreach (string cmdlet in new[] { "Push-LabImage", "Remove-LabImage", "Get-LabImage", "Get-LabImageLayer", "Get-LabImagePlatform" })
        {
            ErrorRecord error = Assert.Single((await lab.RunAsync(cmdlet, new { Image = lab.Repository + ":1.1", Confirm = false }.Without(cmdlet.StartsWith("Get", StringComparison.Ordinal)))).Errors);
            Assert.StartsWith("ImageNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains($"Existing tags: {lab.Repository}:1.0", error.ToString(), StringComparison.Ordinal);
        }

        ErrorRecord typo = Assert.Single((await lab.RunAsync("Get-LabImage", new { Image = lab.Repository[..^1] + "x:1.0" })).Errors);
        Assert.Contains($"Similar: '{lab.Repository}:1.0'", typo.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Movies:1", "lower case")]
    [InlineData("movies@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a digest cannot be assigned")]
    [InlineData("movies:", "write")]
    public async Task A_name_that_no_image_can_have_is_refused(string tag, string why)
    {
        CmdletResult result = await lab.RunAsync("Add-LabImageTag", new { Image = "whatever:1", Tag = tag });
        Assert.StartsWith("TagInvalid", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(why, result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_gets_the_credentials_of_docker_login_and_who_has_none_is_told_how_to_log_in()
    {
        const string Wanted = "Basic amFuZTpodW50ZXIyIQ==";
        await using HttpServer registry = HttpServer.Start(0, exchange => exchange.Headers.Get("Authorization") == Wanted
            ? exchange.RespondAsync(404, Json(), Encoding.UTF8.GetBytes("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""))
            : exchange.RespondAsync(401, Json("Basic realm=\"test\""), Encoding.UTF8.GetBytes("""{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""")));
        string host = $"127.0.0.1:{registry.Port}";
        using DockerWorld world = new();
        LabSession session = world.Session(new() { DockerHost = TestServers.Docker() });
        ErrorRecord refused = Assert.Single((await CmdletRunner.RunAsync("Receive-LabImage", new { Image = host + "/movies:1", Session = session })).Errors);
        Assert.StartsWith("RegistryUnauthorized", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.PermissionDenied, refused.CategoryInfo.Category);
        Assert.Contains($"Connect-LabRegistry {host}", refused.ToString(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(world.Config, "config.json"), $$"""{"auths":{"{{host}}":{"auth":"amFuZTpodW50ZXIyIQ=="} } }""");
        CmdletResult result = await CmdletRunner.RunAsync("Receive-LabImage", new { Image = host + "/movies:1", Session = world.Session(new() { DockerHost = TestServers.Docker() }) });
        Assert.StartsWith("ImageNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", string.Join('\n', result.Verbose), StringComparison.Ordinal);

        // The same for a push.
        string name = lab.Name(host + "/" + lab.Repository + ":1");
        await lab.BuildAsync(name, "FROM scratch\nCOPY Dockerfile /");
        ErrorRecord push = Assert.Single((await lab.RunAsync("Push-LabImage", new { Image = name })).Errors);
        Assert.StartsWith("RegistryUnauthorized", push.FullyQualifiedErrorId, StringComparison.Ordinal);

        static HttpHeaderList Json(string? challenge = null)
        {
            HttpHeaderList headers = new() { { "Content-Type", "application/json" } };
            if (challenge is not null)
            {
                headers.Add("WWW-Authenticate", challenge);
            }

            return headers;
        }
    }

    [Fact]
    public async Task Images_of_several_platforms_are_joined_to_one()
    {
        TestServers.OtherProcessor();
        foreach (string platform in new[] { "amd64", "arm64" })
        {
            await lab.BuildAsync(lab.Pushed(platform), "FROM scratch\nCOPY Dockerfile /", null, "linux/" + platform);
            (await lab.RunAsync("Push-LabImage", new { Image = lab.Pushed(platform) })).Ok();
        }

        LabImageIndex index = (await lab.RunAsync("Join-LabImage", new { Tag = lab.Pushed("both") }, [lab.Pushed("amd64"), lab.Pushed("arm64")])).Ok().OutputOf<LabImageIndex>().Single();
        Assert.Equal(["linux/amd64", "linux/arm64"], index.Platforms.Select(p => p.Platform).Order());
        LabImage pulled = (await lab.RunAsync("Receive-LabImage", new { Image = lab.Name(lab.Pushed("both")) })).Ok().OutputOf<LabImage>().Single();
        Assert.Equal(index.Digest, pulled.Digest);

        CmdletResult missing = await lab.RunAsync("Join-LabImage", new { Image = new[] { lab.Pushed("amd64"), lab.Pushed("riscv") }, Tag = lab.Pushed("more") });
        ErrorRecord error = Assert.Single(missing.Errors);
        Assert.StartsWith("ImageNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(lab.Pushed("riscv"), error.TargetObject);
    }
}

/// <summary>Leaves a common parameter out of an anonymous object.</summary>
internal static class ParameterExtensions
{
    public static object Without(this object parameters, bool confirm) =>
        confirm ? new { Image = parameters.GetType().GetProperty("Image")!.GetValue(parameters) } : parameters;
}
