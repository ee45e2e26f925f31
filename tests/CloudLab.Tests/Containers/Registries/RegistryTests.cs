using System.Management.Automation;
using System.Security;
using System.Text.Json.Nodes;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Containers.Registries;

/// <summary>Registries without an engine, against registry:2.</summary>
[Trait("Area", "Containers")]
[Trait("Server", "docker")]
public sealed class RegistryTests : IDisposable
{
    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task An_image_of_two_platforms_is_the_same_in_another_registry()
    {
        await using RegistryServer one = await RegistryServer.StartAsync(), two = await RegistryServer.StartAsync();
        string digest = await one.PutIndexAsync("films/site", "1.0", ("linux/amd64", [1 << 20, 300]), ("linux/arm64", [700_000]));
        LabImageCopy copy = (await RunAsync("Copy-LabImage", new { Image = $"{one.Host}/films/site:1.0", Destination = $"{two.Host}/archive/site" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal((digest, $"{two.Host}/archive/site:1.0", 0, 0), (copy.Digest, copy.Image, copy.MountedBlobs, copy.ExistingBlobs));
        Assert.Equal(["linux/amd64", "linux/arm64"], copy.Platforms);
        Assert.True(copy.Size > 1 << 20);

        LabImage[] both = [await FindAsync($"{one.Host}/films/site:1.0"), await FindAsync($"{two.Host}/archive/site:1.0")];
        Assert.Equal(digest, both[1].Digest);
        Assert.Equal(both[0].Platforms, both[1].Platforms);
        Assert.Equal(("films", new DateTimeOffset(2026, 11, 1, 10, 0, 0, TimeSpan.Zero)), (both[1].Labels["team"], both[1].Created));

        LabImageCopy again = (await RunAsync("Copy-LabImage", new { Image = $"{one.Host}/films/site:1.0", Destination = $"{two.Host}/archive/site:1.0" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal((0, 0L, copy.CopiedBlobs), (again.CopiedBlobs, again.Size, again.ExistingBlobs));
        LabImageCopy mounted = (await RunAsync("Copy-LabImage", new { Image = $"{two.Host}/archive/site:1.0", Destination = $"{two.Host}/live/site:1.0" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal((copy.CopiedBlobs, 0, digest), (mounted.MountedBlobs, mounted.CopiedBlobs, mounted.Digest));
        Assert.Equal(0, two.OpenUploads());
    }

    [Fact]
    public async Task Chosen_platforms_alone_are_copied()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await server.PutIndexAsync("films/site", "1.0", ("linux/amd64", [5000]), ("linux/arm64", [6000]), ("linux/s390x", [7000]));
        string source = $"{server.Host}/films/site:1.0";
        LabImageCopy two = (await RunAsync("Copy-LabImage", new { Image = source, Destination = $"{server.Host}/two:1", Platform = new[] { "linux/amd64", "aarch64" } })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(["linux/amd64", "linux/arm64"], two.Platforms);
        Assert.Equal(["linux/amd64", "linux/arm64"], (await FindAsync($"{server.Host}/two:1")).Platforms.Select(p => p.Platform));
        LabImageCopy one = (await RunAsync("Copy-LabImage", new { Image = source, Destination = $"{server.Host}/one:1", Platform = new[] { "linux/arm64" } })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(["linux/arm64"], one.Platforms);
        Assert.Equal(one.Digest, (await FindAsync($"{server.Host}/films/site:1.0")).Platforms.Single(p => p.Platform == "linux/arm64").Digest);
        ErrorRecord error = (await RunAsync("Copy-LabImage", new { Image = source, Destination = $"{server.Host}/none:1", Platform = new[] { "linux/riscv64" } })).Error();
        Assert.StartsWith("PlatformNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("only for linux/amd64, linux/arm64, linux/s390x", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saved_to_a_folder_and_back_it_is_the_same()
    {
        await using RegistryServer one = await RegistryServer.StartAsync(), two = await RegistryServer.StartAsync();
        string digest = await one.PutIndexAsync("films/site", "1.0", ("linux/amd64", [400_000, 20]), ("linux/arm64", [30]));
        string other = await one.PutImageAsync("films/site", "2.0", "linux/amd64", 20, 40);
        string folder = Path.Combine(world.Home, "site oci");
        LabImageCopy saved = (await RunAsync("Save-LabImage", new { Image = new[] { $"{one.Host}/films/site:1.0", $"{one.Host}/films/site:2.0" }, Path = folder })).Ok().OutputOf<LabImageCopy>()[1];
        Assert.Equal((other, 2), (saved.Digest, saved.ExistingBlobs));

        // What skopeo and crane look for.
        JsonNode index = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "index.json")))!;
        Assert.Equal(["1.0", "2.0"], index["manifests"]!.AsArray().Select(entry => (string?)entry!["annotations"]!["org.opencontainers.image.ref.name"]));
        Assert.Equal("""{"imageLayoutVersion":"1.0.0"}""", await File.ReadAllTextAsync(Path.Combine(folder, "oci-layout")));

        LabImageCopy back = (await RunAsync("Copy-LabImage", new { Path = folder, Tag = "1.0", Destination = $"{two.Host}/back/site" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal((digest, $"{two.Host}/back/site:1.0"), (back.Digest, back.Image));
        ErrorRecord which = (await RunAsync("Copy-LabImage", new { Path = folder, Destination = $"{two.Host}/back/site" })).Error();
        Assert.Contains("There are 2 images", which.ToString(), StringComparison.Ordinal);
        string blob = Directory.EnumerateFiles(Path.Combine(folder, "blobs", "sha256")).MaxBy(file => new FileInfo(file).Length)!;
        byte[] content = await File.ReadAllBytesAsync(blob);
        content[399_000] ^= 1;
        await File.WriteAllBytesAsync(blob, content);
        ErrorRecord damaged = (await RunAsync("Copy-LabImage", new { Path = folder, Tag = "1.0", Destination = $"{two.Host}/other/site:1" })).Error();
        Assert.StartsWith("DigestMismatch", damaged.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("RepositoryNotFound", (await RunAsync("Find-LabImageTag", new { Image = $"{two.Host}/other/site" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);

        // Saving again mends it.
        LabImageCopy mended = (await RunAsync("Save-LabImage", new { Image = $"{one.Host}/films/site:1.0", Path = folder })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(1, mended.CopiedBlobs);
        (await RunAsync("Copy-LabImage", new { Path = folder, Tag = "1.0", Destination = $"{two.Host}/other/site:1" })).Ok();
    }

    [Theory]
    [InlineData("ResetInRequest", 300_000)]
    [InlineData("Status", 503)]
    [InlineData("LoseAnswer", 0)]
    public async Task An_upload_that_breaks_goes_on(string kind, int number)
    {
        await using RegistryServer one = await RegistryServer.StartAsync(), two = await RegistryServer.StartAsync();
        await using FaultProxy proxy = new(two.Url);
        string digest = await one.PutImageAsync("films/site", "1.0", "linux/amd64", 3_000_000);
        proxy.Times(2, request => request.Method == "PATCH", new Fault(Enum.Parse<FaultKind>(kind), number));
        LabImageCopy copy = (await RunAsync("Copy-LabImage", new { Image = $"{one.Host}/films/site:1.0", Destination = $"{proxy.Url.Authority}/films/site:1.0" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(digest, copy.Digest);
        Assert.True(proxy.Seen.Count(request => request.Method == "PATCH") >= 2);
        Assert.Equal(digest, (await FindAsync($"{two.Host}/films/site:1.0")).Digest);
    }

    [Theory]
    [InlineData("ResetAnswer", 1_000_000)]
    [InlineData("TruncateAnswer", 2_000_000)]
    public async Task A_download_that_breaks_goes_on_where_it_broke(string kind, int number)
    {
        await using RegistryServer one = await RegistryServer.StartAsync(), two = await RegistryServer.StartAsync();
        await using FaultProxy proxy = new(one.Url);
        string digest = await one.PutImageAsync("films/site", "1.0", "linux/amd64", 3_000_000);
        proxy.Plan = request => request is { Method: "GET", Range: null } && request.Target.Contains("/blobs/", StringComparison.Ordinal) ? new Fault(Enum.Parse<FaultKind>(kind), number) : Fault.None;
        LabImageCopy copy = (await RunAsync("Copy-LabImage", new { Image = $"{proxy.Url.Authority}/films/site:1.0", Destination = $"{two.Host}/films/site:1.0" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(digest, copy.Digest);
        Assert.Contains(proxy.Seen, request => request.Range is { } range && range.StartsWith("bytes=", StringComparison.Ordinal) && range != "bytes=0-");
    }

    [Fact]
    public async Task A_changed_byte_is_no_copy()
    {
        await using RegistryServer one = await RegistryServer.StartAsync(), two = await RegistryServer.StartAsync();
        await using FaultProxy proxy = new(one.Url);
        await one.PutImageAsync("films/site", "1.0", "linux/amd64", 900_000);
        proxy.Plan = request => request.Method == "GET" && request.Target.Contains("/blobs/", StringComparison.Ordinal) ? new Fault(FaultKind.FlipAnswer, 50) : Fault.None;
        ErrorRecord error = (await RunAsync("Copy-LabImage", new { Image = $"{proxy.Url.Authority}/films/site:1.0", Destination = $"{two.Host}/films/site:1.0", ThrottleLimit = 1 })).Error();
        Assert.StartsWith("DigestMismatch", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("ImageNotFound", (await RunAsync("Get-LabImage", new { Image = $"{two.Host}/films/site:1.0", Registry = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(0, two.OpenUploads());
    }

    [Fact]
    public async Task Too_many_requests_are_waited_out()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await using FaultProxy proxy = new(server.Url);
        await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        proxy.Times(3, request => request.Target.Contains("/tags/", StringComparison.Ordinal), new Fault(FaultKind.Status, 429));
        Assert.Equal("1.0", (await RunAsync("Find-LabImageTag", new { Image = $"{proxy.Url.Authority}/films/site" })).Ok().OutputOf<LabImageTag>().Single().Tag);
        Assert.Equal(4, proxy.Seen.Count(request => request.Target.Contains("/tags/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Tags_are_listed_to_the_end_and_removed_one_by_one()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        string digest = await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        foreach (string tag in new[] { "1.1", "latest" })
        {
            await server.PutImageAsync("films/site", tag, "linux/amd64", 10);
        }

        LabImageTag[] tags = (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site:whatever", Tag = new[] { "1.*" }, Digest = true })).Ok().OutputOf<LabImageTag>();
        Array.Sort(tags, (one, other) => string.CompareOrdinal(one.Tag, other.Tag));
        Assert.Equal([("1.0", digest), ("1.1", digest)], tags.Select(tag => (tag.Tag, tag.Digest)));
        Assert.Equal($"{server.Host}/films/site:1.0", tags[0].Image);
        Assert.Contains("Remove tag", Assert.Single((await RunAsync("Remove-LabImageTag", new { tags[0].Image, WhatIf = true })).Ok().Information), StringComparison.Ordinal);
        (await RunAsync("Remove-LabImageTag", new { tags[0].Image, Force = true })).Ok();
        Assert.Equal(["1.1", "latest"], (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Ok().OutputOf<LabImageTag>().Select(tag => tag.Tag).Order());
        Assert.Equal(digest, (await FindAsync($"{server.Host}/films/site:1.1")).Digest);
        (await RunAsync("Remove-LabImageTag", new { Image = $"{server.Host}/films/site@{digest}", Force = true })).Ok();
        Assert.Empty((await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Ok().Output);
        Assert.StartsWith("ImageNotFound", (await RunAsync("Remove-LabImageTag", new { Image = $"{server.Host}/films/site:1.1", Force = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_whose_answer_gets_lost_is_done()
    {
        await using RegistryServer server = await RegistryServer.StartAsync();
        await using FaultProxy proxy = new(server.Url);
        string digest = await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        await server.PutImageAsync("films/site", "1.1", "linux/amd64", 10);
        proxy.Times(1, request => request.Method == "DELETE" && request.Target.Contains("sha256:", StringComparison.Ordinal), new Fault(FaultKind.LoseAnswer));
        (await RunAsync("Remove-LabImageTag", new { Image = $"{proxy.Url.Authority}/films/site:1.0", Force = true })).Ok();
        Assert.Equal("1.1", (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Ok().OutputOf<LabImageTag>().Single().Tag);
        Assert.Equal(digest, (await FindAsync($"{server.Host}/films/site:1.1")).Digest);
    }

    [Fact]
    public async Task A_registry_that_removes_nothing_keeps_the_tag()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(delete: false);
        string digest = await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        ErrorRecord error = (await RunAsync("Remove-LabImageTag", new { Image = $"{server.Host}/films/site:1.0", Force = true })).Error();
        Assert.StartsWith("RemovalNotSupported", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(digest, (await FindAsync($"{server.Host}/films/site:1.0")).Digest);
    }

    [Fact]
    public async Task A_password_is_tried_before_it_is_stored_and_forgotten_on_request()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(auth: true);
        await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        string config = Path.Combine(world.Config, "config.json");
        await File.WriteAllTextAsync(config, """{"currentContext":"lab"}""");
        ErrorRecord stranger = (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Error();
        Assert.StartsWith("RegistryUnauthorized", stranger.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"'Connect-LabRegistry {server.Host}'", stranger.ToString(), StringComparison.Ordinal);

        ErrorRecord wrong = (await RunAsync("Connect-LabRegistry", new { Registry = server.Host, Credential = Credential("wrong-pw") })).Error();
        Assert.StartsWith("RegistryUnauthorized", wrong.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-pw", wrong.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("auths", await File.ReadAllTextAsync(config), StringComparison.Ordinal);

        LabRegistryLogin login = (await RunAsync("Connect-LabRegistry", new { Registry = $"http://{server.Host}/v2/", Credential = Credential(RegistryServer.Password) })).Ok().OutputOf<LabRegistryLogin>().Single();
        Assert.Equal((server.Host, RegistryServer.User, "config.json"), (login.Registry, login.User, login.Store));
        Assert.Contains("\"lab\"", await File.ReadAllTextAsync(config), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(config));
        }

        Assert.Equal("1.0", (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Ok().OutputOf<LabImageTag>().Single().Tag);
        LabImageCopy copy = (await RunAsync("Copy-LabImage", new { Image = $"{server.Host}/films/site:1.0", Destination = $"{server.Host}/copy/site:1.0" })).Ok().OutputOf<LabImageCopy>().Single();
        Assert.Equal(2, copy.MountedBlobs);
        (await RunAsync("Disconnect-LabRegistry", new { Registry = server.Host })).Ok();
        Assert.StartsWith("RegistryUnauthorized", (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("RegistryNotConnected", (await RunAsync("Disconnect-LabRegistry", new { Registry = server.Host })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_helper_keeps_it()
    {
        await using RegistryServer server = await RegistryServer.StartAsync(auth: true);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for a helper is a shell script");
        string kept = Path.Combine(world.Home, "kept");
        world.Program("docker-credential-box", $"""
            case $1 in
              store) cat > '{kept}' ;;
              get) [ -e '{kept}' ] && cat '{kept}' || (echo "credentials not found in native keychain"; exit 1) ;;
              erase) cat > /dev/null; rm -f '{kept}' ;;
            esac
            """);
        world.Variables["PATH"] = Path.Combine(world.Home, "bin") + ":/usr/bin:/bin";
        await File.WriteAllTextAsync(Path.Combine(world.Config, "config.json"), """{"credsStore":"box"}""");
        Assert.Equal("box", (await RunAsync("Connect-LabRegistry", new { Registry = server.Host, Credential = Credential(RegistryServer.Password) })).Ok().OutputOf<LabRegistryLogin>().Single().Store);
        Assert.DoesNotContain(RegistryServer.Password, await File.ReadAllTextAsync(Path.Combine(world.Config, "config.json")), StringComparison.Ordinal);
        await server.PutImageAsync("films/site", "1.0", "linux/amd64", 10);
        (await RunAsync("Find-LabImageTag", new { Image = $"{server.Host}/films/site" })).Ok();
        (await RunAsync("Disconnect-LabRegistry", new { Registry = server.Host })).Ok();
        Assert.False(File.Exists(kept));
    }

    [Theory]
    [InlineData("127.0.0.1:1/x", "RegistryUnreachable")]
    [InlineData("127.0.0.1:1/X", "ImageNameInvalid")]
    [InlineData("127.0.0.1:5000", "ImageNameInvalid")]
    public async Task What_is_wrong_with_a_name_is_said(string image, string code) =>
        Assert.StartsWith(code, (await RunAsync("Find-LabImageTag", new { Image = image })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);

    private static PSCredential Credential(string password)
    {
        SecureString secret = new();
        foreach (char c in password)
        {
            secret.AppendChar(c);
        }

        return new PSCredential(RegistryServer.User, secret);
    }

    private async Task<LabImage> FindAsync(string image) => (await RunAsync("Get-LabImage", new { Image = image, Registry = true })).Ok().OutputOf<LabImage>().Single();

    private Task<CmdletResult> RunAsync(string cmdlet, object parameters) => CmdletRunner.RunAsync(cmdlet, parameters, session: world.Session());
}
