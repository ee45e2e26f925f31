using System.Net;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Sessions;

/// <summary>Proxies that the environment names: the same rules for every client, and a dead one is called by its name.</summary>
[Trait("Area", "Sessions")]
public sealed class ProxyTests
{
    private const string Dead = "http://127.0.0.1:1";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://s3.example.test/", "", true)]
    [InlineData("http://s3.example.test/", "*", false)]
    [InlineData("http://s3.example.test/", "example.test", false)]
    [InlineData("http://s3.example.test/", ".example.test", false)]
    [InlineData("http://s3.example.test/", "*.example.test", false)]
    [InlineData("http://example.test/", ".example.test", true)]
    [InlineData("http://s3.example.test/", "other.test, s3.example.test", false)]
    [InlineData("http://s3.example.test/", "xample.test", true)]
    [InlineData("http://s3.example.test:9000/", "s3.example.test:9000", false)]
    [InlineData("http://s3.example.test:9001/", "s3.example.test:9000", true)]
    [InlineData("http://10.1.2.3:9000/", "10.0.0.0/8", false)]
    [InlineData("http://10.1.2.3:9000/", "10.9.9.9/8", false)]
    [InlineData("http://11.1.2.3:9000/", "10.0.0.0/8", true)]
    [InlineData("http://192.168.7.1/", "192.168.4.0/22", false)]
    [InlineData("http://192.168.8.1/", "192.168.4.0/22", true)]
    [InlineData("http://192.168.8.1/", "192.168.8.1", false)]
    [InlineData("http://[fd00::7]:9000/", "fd00::/8", false)]
    [InlineData("http://[fd00::7]:9000/", "[fd00::7]:9000", false)]
    [InlineData("http://127.0.0.1:9000/", "", false)]
    [InlineData("http://localhost:9000/", "", false)]
    public void The_proxy_of_an_address(string url, string exempt, bool goesThrough)
    {
        foreach ((string proxy, string no) in new[] { ("HTTP_PROXY", "NO_PROXY"), ("http_proxy", "no_proxy"), ("ALL_PROXY", "NO_PROXY") })
        {
            using SocketsHttpHandler handler = new();
            EnvironmentProxy.Use(handler, Environment((proxy, Dead), (no, exempt)));
            Assert.Equal(goesThrough ? new Uri(Dead) : null, handler.Proxy!.GetProxy(new Uri(url)));
            Assert.Equal(!goesThrough, handler.Proxy.IsBypassed(new Uri(url)));
        }
    }

    [Fact]
    public void A_proxys_user_and_password_stand_in_its_url_and_each_scheme_has_its_own()
    {
        using SocketsHttpHandler handler = new();
        EnvironmentProxy.Use(handler, Environment(("HTTP_PROXY", "one.test:1"), ("HTTPS_PROXY", "http://me:a%40b@two.test:2")));
        Assert.Equal(new Uri("http://one.test:1"), handler.Proxy!.GetProxy(new Uri("http://x.test")));
        Uri other = handler.Proxy.GetProxy(new Uri("https://x.test"))!;
        NetworkCredential credential = handler.Proxy.Credentials!.GetCredential(other, "Basic")!;
        Assert.Equal(("two.test", "me", "a@b"), (other.Host, credential.UserName, credential.Password));
    }

    [Theory]
    [InlineData("HTTP_PROXY", false, false)]
    [InlineData("HTTP_PROXY", true, false)]
    [InlineData("http_proxy", false, true)]
    [InlineData("http_proxy", true, false)]
    [InlineData("all_proxy", true, true)]
    public void The_header_of_a_web_request_is_no_proxy_whatever_the_case_of_names_means(string variable, bool ignoresCase, bool counts)
    {
        Dictionary<string, string> all = new(ignoresCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
        {
            [variable] = "http://evil.test:1", ["REQUEST_METHOD"] = "GET",
        };
        using SocketsHttpHandler handler = new();
        EnvironmentProxy.Use(handler, new LabEnvironment(all.GetValueOrDefault, TestEnvironment.Folder));
        Assert.Equal(counts ? new Uri("http://evil.test:1") : null, handler.UseProxy ? handler.Proxy?.GetProxy(new Uri("http://s3.example.test")) : null);
    }

    [Fact]
    public void Without_a_proxy_in_the_environment_there_is_none_and_nonsense_is_refused()
    {
        using SocketsHttpHandler handler = new();
        EnvironmentProxy.Use(handler, Environment());
        Assert.False(handler.UseProxy);
        Assert.Equal("ProxyInvalid", Assert.Throws<LabException>(() => EnvironmentProxy.Use(handler, Environment(("HTTPS_PROXY", "ftp://x")))).Code);
    }

    [Fact]
    public async Task S3_says_that_the_proxy_is_dead_and_not_the_server()
    {
        LabException error = await Assert.ThrowsAsync<LabException>(() => BucketsAsync(Session("http://s3.example.test:9000", ("HTTP_PROXY", Dead))));
        Assert.Equal((LabErrorKind.ConnectionFailed, "ProxyUnreachable", true), (error.Kind, error.Code, error.StopsCommand));
        Assert.Equal("The proxy http://127.0.0.1:1 (environment HTTP_PROXY) cannot be reached: nothing answers there.", error.Message);
        Assert.Contains("NO_PROXY", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sts_and_iam_say_so_too()
    {
        LabSession session = Session("https://iam.example.test", ("HTTPS_PROXY", Dead));
        LabException sts = await Assert.ThrowsAsync<LabException>(() => new CallerStore(new IdentityClient(session)).GetIdentityAsync(Cancellation));
        Assert.Equal(("ProxyUnreachable", true), (sts.Code, sts.Message.Contains("HTTPS_PROXY", StringComparison.Ordinal)));
        LabException iam = await Assert.ThrowsAsync<LabException>(() => new IdentityClient(session).IamAsync("GetRole", "Role 'x'", "x", Cancellation, ("RoleName", "x")));
        Assert.Equal("ProxyUnreachable", iam.Code);
    }

    [Fact]
    public async Task A_server_that_NO_PROXY_names_is_asked_itself()
    {
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => BucketsAsync(Session("http://s3.invalid:9000", ("HTTP_PROXY", Dead), ("NO_PROXY", "*"))));
        Assert.Equal("HostNotFound", error.Code);
        Assert.Contains("s3.invalid", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://s3.example.test:9000", "HTTP_PROXY")]
    [InlineData("https://s3.example.test", "HTTPS_PROXY")]
    public async Task A_proxy_that_wants_a_password_is_named(string endpoint, string variable)
    {
        await using CannedServer proxy = new("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => BucketsAsync(Session(endpoint, (variable, $"http://127.0.0.1:{proxy.Port}"))));
        Assert.Equal("ProxyAuthenticationRequired", error.Code);
    }

    private static async Task BucketsAsync(LabSession session)
    {
        await foreach (LabBucket _ in new BucketStore(new StorageClient(session)).ListAsync(cancellation: Cancellation))
        {
        }
    }

    private static LabSession Session(string endpoint, params (string, string)[] variables) => LabSession.Resolve(
        new SessionOptions { EndpointUrl = new Uri(endpoint), Keys = new AwsKeys("AKIATEST", "secret-of-the-test"), Region = "us-east-1" }, "test", null, Environment(variables));

    private static LabEnvironment Environment(params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> all = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        return new LabEnvironment(all.GetValueOrDefault, TestEnvironment.Folder);
    }
}
