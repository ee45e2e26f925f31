using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Registries;
using Xunit;

namespace CloudLab.Tests.Containers.Registries;

/// <summary>Credentials as the docker CLI keeps them.</summary>
[Trait("Area", "Containers")]
public sealed class RegistryCredentialsTests : IDisposable
{
    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData("127.0.0.1:5000", """{"auths":{"127.0.0.1:5000":{"auth":"amFuZTpodW50ZXIyOng="}}}""", "jane", "hunter2:x")]
    [InlineData("example.org", """{"auths":{"https://example.org/v1/":{"auth":"amFuZTpodW50ZXIyOng="}}}""", "jane", "hunter2:x")]
    [InlineData("docker.io", """{"auths":{"https://index.docker.io/v1/":{"auth":"amFuZTpodW50ZXIyOng="}}}""", "jane", "hunter2:x")]
    [InlineData("docker.io", """{"auths":{"docker.io":{"auth":"amFuZTpodW50ZXIyOng="}}}""", null, null)]
    [InlineData("example.org", """{"auths":{"example.org":{"username":"jane","password":"pw"}}}""", "jane", "pw")]
    [InlineData("example.org", """{"auths":{"example.org":{}}}""", null, null)]
    [InlineData("example.org", """{"auths":{"example.com":{"auth":"amFuZTpodW50ZXIyOng="}}}""", null, null)]
    [InlineData("example.org", "", null, null)]
    public async Task The_file_gives_them(string registry, string config, string? user, string? password)
    {
        Config(config);
        RegistryLogin? login = await FindAsync(registry);
        Assert.Equal((user, password), (login?.User, login?.Password));
    }

    [Fact]
    public async Task A_helper_for_the_registry_comes_before_the_store_and_both_before_the_file()
    {
        Helper("one", """read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"one\",\"Secret\":\"$server\"}" """);
        Helper("all", """read server; [ "$server" = nowhere.org ] && echo "credentials not found in native keychain" && exit 1; echo "{\"Username\":\"<token>\",\"Secret\":\"t\"}" """);
        Config("""{"auths":{"example.org":{"auth":"amFuZTpodW50ZXIyOng="}},"credsStore":"all","credHelpers":{"example.org":"one"}}""");
        Assert.Equal(("one", "example.org"), ((await FindAsync("example.org"))!.User, (await FindAsync("example.org"))!.Password));
        RegistryLogin hub = (await FindAsync("docker.io"))!;
        Assert.Equal((null, "t", "https://index.docker.io/v1/"), (hub.User, hub.IdentityToken, hub.Server));
        Assert.Null(await FindAsync("nowhere.org"));
    }

    [Theory]
    [InlineData("echo hunter2; exit 1", "exited with code 1")]
    [InlineData("echo hunter2", "did not write JSON")]
    [InlineData(null, "there is no docker-credential-broken on the PATH")]
    public async Task A_helper_that_fails_is_said_without_what_it_wrote(string? script, string why)
    {
        if (script is not null)
        {
            Helper("broken", script);
        }

        Config("""{"credsStore":"broken"}""");
        LabException e = await Assert.ThrowsAsync<LabException>(() => FindAsync("example.org"));
        Assert.Equal("RegistryCredentialsUnreadable", e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("'Connect-LabRegistry example.org'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engine_gets_them_in_a_header()
    {
        string header = RegistryLogin.Header(new RegistryLogin("example.org", "jane", "ü?>~", null, null));
        Assert.DoesNotContain('+', header);
        Assert.DoesNotContain('/', header);
        JsonNode content = JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/'))))!;
        Assert.Equal(("jane", "ü?>~", "example.org"), ((string?)content["username"], (string?)content["password"], (string?)content["serveraddress"]));
        Assert.Equal("e30=", RegistryLogin.Header(null));
    }

    private Task<RegistryLogin?> FindAsync(string registry)
    {
        world.Variables["PATH"] = Path.Combine(world.Home, "bin") + Path.PathSeparator + "/usr/bin" + Path.PathSeparator + "/bin";
        return new RegistryCredentials(world.Session().Docker).FindAsync(registry, CancellationToken.None);
    }

    private void Config(string json) => File.WriteAllText(Path.Combine(world.Config, "config.json"), json);

    private void Helper(string name, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for a helper is a shell script");
        world.Program("docker-credential-" + name, script);
    }
}
