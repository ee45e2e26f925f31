using System.Collections.Concurrent;
using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;
using CloudLab.Emulator.Http;
using Xunit;

namespace CloudLab.Tests.Containers.Registries;

/// <summary>What registries other than registry:2 do, by a fake: tokens, pages, other hosts, answers that make no sense.</summary>
[Trait("Area", "Containers")]
public sealed class RegistryProtocolTests : IAsyncLifetime
{
    private const string Manifest =
        """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"DIGEST","size":SIZE},"layers":[]}""";

    private const string Config = """{"os":"linux","architecture":"amd64"}""";

    private readonly DockerWorld world = new();
    private readonly ConcurrentQueue<string> seen = new();
    private HttpServer registry = null!, other = null!;
    private Func<HttpExchange, Task> answer = _ => Task.CompletedTask, elsewhere = _ => Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        registry = HttpServer.Start(0, exchange => Note("registry", exchange, answer));
        other = HttpServer.Start(0, exchange => Note("other", exchange, elsewhere));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        await other.DisposeAsync();
        world.Dispose();
    }

    [Fact]
    public async Task A_token_is_fetched_for_what_is_to_be_done_and_used_again()
    {
        Login();
        elsewhere = exchange => Json(exchange, 200, """{"token":"abc","expires_in":300}""");
        answer = exchange => exchange.Headers.Get("Authorization") == "Bearer abc"
            ? Json(exchange, 200, """{"tags":["1","2"]}""")
            : Json(exchange, 401, "{}", ("WWW-Authenticate", $"Bearer realm=\"http://127.0.0.1:{other.Port}/token?x=1\",service=\"films\",scope=\"ignored\""));
        Assert.Equal(2, (await RunAsync("Find-LabImageTag", new { Image = Name })).Ok().Output.Count);
        string asked = Assert.Single(seen, line => line.StartsWith("other ", StringComparison.Ordinal));
        Assert.Contains("/token?x=1&service=films&scope=repository%3Afilms%2Fsite%3Apull", asked, StringComparison.Ordinal);
        Assert.Contains("Basic " + Convert.ToBase64String("ann:pw"u8), asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_pages_of_a_list_are_read_and_no_more_than_are_wanted()
    {
        answer = exchange => exchange.Target.Contains("last=p2", StringComparison.Ordinal) ? Json(exchange, 200, """{"tags":["p3"]}""")
            : exchange.Target.Contains("last=p1", StringComparison.Ordinal) ? Json(exchange, 200, """{"tags":["p2"]}""", ("Link", "<tags/list?last=p2>; rel=\"next\""))
            : Json(exchange, 200, """{"tags":["p1"]}""", ("Link", "</v2/films/site/tags/list?n=1000&last=p1>; rel=\"next\""));
        elsewhere = answer;
        Assert.Equal(["p1", "p2"], (await RunAsync("Find-LabImageTag", new { Image = Name })).Ok().OutputOf<LabImageTag>().Select(tag => tag.Tag).Take(2));
    }

    [Fact]
    public async Task Credentials_stay_with_the_registry_when_a_blob_is_elsewhere()
    {
        Login();
        string manifest = ManifestOf(Config);
        answer = exchange => exchange.Headers.Get("Authorization") is null ? Json(exchange, 401, "{}", ("WWW-Authenticate", "Basic realm=\"films\""))
            : exchange.Target.Contains("/blobs/", StringComparison.Ordinal) ? Json(exchange, 307, "", ("Location", $"http://localhost:{other.Port}/blob?sig=hunter2"))
            : Json(exchange, 200, manifest);
        elsewhere = exchange => Json(exchange, 200, Config);
        CmdletResult result = await RunAsync("Get-LabImage", new { Image = Name + ":1", Registry = true, Verbose = true });
        Assert.Equal("linux/amd64", result.Ok().OutputOf<LabImage>().Single().Platforms.Single().Platform);
        Assert.EndsWith("/blob?sig=hunter2 -", Assert.Single(seen, line => line.StartsWith("other ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", string.Join('\n', result.Verbose), StringComparison.Ordinal);

        // Nor may the other host ask for them.
        elsewhere = exchange => Json(exchange, 401, "{}", ("WWW-Authenticate", $"Bearer realm=\"http://127.0.0.1:{other.Port}/steal\""));
        Assert.StartsWith("RegistryUnauthorized", (await RunAsync("Get-LabImage", new { Image = Name + ":1", Registry = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain(seen, line => line.Contains("/steal", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""<html>hello</html>""", "ManifestInvalid")]
    [InlineData("""{"schemaVersion":1}""", "ManifestNotSupported")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"sha256:../../../etc/passwd","size":3},"layers":[]}""", "ManifestInvalid")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"DIGEST","size":-1},"layers":[]}""", "ManifestInvalid")]
    [InlineData("""{"schemaVersion":2,"manifests":[{"digest":"latest","size":3}]}""", "ManifestInvalid")]
    [InlineData("""{"schemaVersion":2,"schemaVersion":2,"layers":[]}""", "ManifestInvalid")]
    public async Task A_manifest_that_makes_no_sense_is_one_error(string manifest, string code)
    {
        answer = exchange => Json(exchange, 200, manifest.Replace("DIGEST", "sha256:" + new string('0', 64), StringComparison.Ordinal));
        ErrorRecord error = (await RunAsync("Get-LabImage", new { Image = Name + ":1", Registry = true })).Error();
        Assert.StartsWith(code + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.ToString());
    }

    [Fact]
    public async Task A_configuration_that_is_another_is_refused()
    {
        string manifest = ManifestOf(Config);
        answer = exchange => Json(exchange, 200, exchange.Target.Contains("/blobs/", StringComparison.Ordinal) ? Config.Replace("amd64", "arm64", StringComparison.Ordinal) : manifest);
        Assert.StartsWith("DigestMismatch", (await RunAsync("Get-LabImage", new { Image = Name + ":1", Registry = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux/arm64", "PlatformNotFound")]
    [InlineData(null, "TagMissing")]
    public async Task What_cannot_be_meant_is_not_copied(string? platform, string code)
    {
        string manifest = ManifestOf(Config);
        answer = exchange => Json(exchange, 200, exchange.Target.Contains("/blobs/", StringComparison.Ordinal) ? Config : manifest);
        string image = platform is null ? $"{Name}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)))}" : Name + ":1";
        CmdletResult result = await RunAsync("Copy-LabImage", new { Image = image, Destination = Name + "-copy", Platform = new[] { platform ?? "linux/amd64" } });
        Assert.StartsWith(code + ",", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain(seen, line => line.Contains(" PUT ", StringComparison.Ordinal) || line.Contains(" POST ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Something_that_is_no_registry_is_said()
    {
        answer = exchange => Json(exchange, 404, "<html>nothing here</html>");
        ErrorRecord error = (await RunAsync("Find-LabImageTag", new { Image = Name })).Error();
        Assert.StartsWith("NotARegistry,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_answers_everything_is_no_registry()
    {
        answer = exchange => exchange.RespondAsync(200, new HttpHeaderList { { "Content-Type", "text/html; charset=utf-8" } }, Encoding.UTF8.GetBytes("<html>log in</html>"));
        Assert.StartsWith("NotARegistry,", (await RunAsync("Find-LabImageTag", new { Image = Name })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_registry_confirms_is_no_copy()
    {
        string manifest = ManifestOf(Config);
        answer = exchange => Json(exchange, 200, exchange.Target.Contains("/blobs/", StringComparison.Ordinal) ? Config : manifest);
        Assert.StartsWith("RegistryFailed,", (await RunAsync("Copy-LabImage", new { Image = Name + ":1", Destination = Name + "-copy:1" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_not_of_the_web_is_not_followed()
    {
        answer = exchange => exchange.Target == "/v2/" ? Json(exchange, 200, "{}") : Json(exchange, 307, "", ("Location", "file:///etc/passwd"));
        Assert.StartsWith("RegistryFailed,", (await RunAsync("Find-LabImageTag", new { Image = Name })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    private string Name => $"127.0.0.1:{registry.Port}/films/site";

    private static string ManifestOf(string config) => Manifest
        .Replace("DIGEST", "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(config))), StringComparison.Ordinal)
        .Replace("SIZE", $"{Encoding.UTF8.GetByteCount(config)}", StringComparison.Ordinal);

    private static Task Json(HttpExchange exchange, int status, string body, params (string Name, string Value)[] headers)
    {
        HttpHeaderList list = new() { { "Content-Type", "application/json" } };
        foreach ((string name, string value) in headers)
        {
            list.Add(name, value);
        }

        return exchange.RespondAsync(status, list, Encoding.UTF8.GetBytes(body));
    }

    private void Login() => File.WriteAllText(
        Path.Combine(world.Config, "config.json"), $$"""{"auths":{"127.0.0.1:{{registry.Port}}":{"auth":"{{Convert.ToBase64String("ann:pw"u8)}}"} } }""");

    private Task Note(string who, HttpExchange exchange, Func<HttpExchange, Task> next)
    {
        seen.Enqueue($"{who} {exchange.Method} {exchange.Target} {exchange.Headers.Get("Authorization") ?? "-"}");
        return next(exchange);
    }

    private Task<CmdletResult> RunAsync(string cmdlet, object parameters) => CmdletRunner.RunAsync(cmdlet, parameters, session: world.Session());
}
