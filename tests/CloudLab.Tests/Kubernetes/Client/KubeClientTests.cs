using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Client;

/// <summary>
/// From a kubeconfig to what goes over the wire. Much of it is what the KubernetesClient package's own reader of kubeconfig files
/// drops or refuses, so that these fail if it is ever used.
/// </summary>
[Trait("Area", "Kubernetes")]
public sealed class KubeClientTests
{
    private const string Ok = """{"kind":"Namespace"}""";

    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whom_to_act_as_goes_with_every_request_also_the_second_time()
    {
        int requests = 0;
        await using LoopbackCluster cluster = new(head => Interlocked.Increment(ref requests) == 1
            ? LoopbackCluster.Json("", "503 Service Unavailable")
            : head.Contains("watch=1", StringComparison.Ordinal)
                ? LoopbackCluster.Json("""{"type":"ADDED","object":{}}""" + "\n")
                : LoopbackCluster.Json(Ok));
        KubernetesApi api = Api(
            new { server = $"http://127.0.0.1:{cluster.Port}" },
            new JsonObject
            {
                ["token"] = "t",
                ["as"] = "jane",
                ["as-uid"] = "7",
                ["as-groups"] = new JsonArray("g1", "g2"),
                ["as-user-extra"] = new JsonObject { ["example.com/Scope"] = new JsonArray("view", "edit") },
            });
        await api.GetAsync("/api/v1/namespaces/x", Token);
        await api.SendAsync(HttpMethod.Patch, "/api/v1/namespaces/x", "{}"u8.ToArray(), "application/apply-patch+yaml", Token);
        await api.SendAsync(HttpMethod.Delete, "/api/v1/namespaces/x", null, null, Token);
        await foreach (JsonObject happened in api.WatchAsync("/api/v1/namespaces?watch=1", Token))
        {
            Assert.Equal("ADDED", happened.Text("type"));
        }

        Assert.Equal(5, cluster.Heads.Count);
        Assert.All(cluster.Heads, head =>
        {
            Assert.Equal(["jane"], LoopbackCluster.Header(head, "Impersonate-User"));
            Assert.Equal(["7"], LoopbackCluster.Header(head, "Impersonate-Uid"));
            // A line for each: the API server takes a comma as part of a name.
            Assert.Equal(["g1", "g2"], LoopbackCluster.Header(head, "Impersonate-Group"));
            Assert.Equal(["view", "edit"], LoopbackCluster.Header(head, "Impersonate-Extra-example.com%2FScope"));
            Assert.Equal(["Bearer t"], LoopbackCluster.Header(head, "Authorization"));
            Assert.StartsWith("CloudLab/", Assert.Single(LoopbackCluster.Header(head, "User-Agent")), StringComparison.Ordinal);
        });
        Assert.Contains("application/json", LoopbackCluster.Header(cluster.Heads.First(), "Accept"));
    }

    [Theory]
    [InlineData("http", false)]
    [InlineData("http", true)]
    [InlineData("socks5", false)]
    [InlineData("socks5", true)]
    public async Task The_clusters_proxy_is_gone_through(string scheme, bool tls)
    {
        using X509Certificate2 authority = Authority("ca"), server = Issue(authority, "cluster.invalid", "cluster.invalid");
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok), tls ? server : null);
        KubernetesApi api = Api(new JsonObject
        {
            // A name that no resolver has: only the proxy can know it.
            ["server"] = $"{(tls ? "https" : "http")}://cluster.invalid:6443",
            ["proxy-url"] = $"{scheme}://127.0.0.1:{cluster.Port}",
            ["certificate-authority-data"] = Base64(authority.ExportCertificatePem()),
        });
        Assert.Equal("Namespace", (await api.GetAsync("/api/v1/namespaces/x", Token)).Text("kind"));
        if (scheme == "socks5")
        {
            Assert.Equal(["cluster.invalid"], cluster.Destinations);
        }
        else
        {
            Assert.StartsWith(tls ? "CONNECT cluster.invalid:6443 " : "GET http://cluster.invalid:6443/api/v1/namespaces/x ", cluster.Heads.First(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http", "HTTP_PROXY")]
    [InlineData("https", "HTTPS_PROXY")]
    [InlineData("http", null)]
    [InlineData("https", null)]
    public async Task A_dead_proxy_is_called_by_its_name_and_not_the_cluster(string scheme, string? variable)
    {
        JsonObject cluster = new() { ["server"] = $"{scheme}://cluster.invalid:6443" };
        if (variable is null)
        {
            cluster["proxy-url"] = "http://127.0.0.1:1";
        }

        string config = Config(cluster);
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => Api(config, variable is null ? [] : [(variable, "http://127.0.0.1:1")]).GetAsync("/api", Token));
        Assert.Equal((LabErrorKind.ConnectionFailed, "ProxyUnreachable", true), (error.Kind, error.Code, error.StopsCommand));
        string where = variable is null ? $"proxy-url of cluster 'c' of {config}" : "environment " + variable;
        Assert.Equal($"The proxy http://127.0.0.1:1 ({where}) cannot be reached: nothing answers there.", error.Message);
        Assert.Contains(variable is null ? where : "NO_PROXY", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_proxy_in_the_environment_is_another_client()
    {
        await using LoopbackCluster proxy = new(_ => LoopbackCluster.Json(Ok));
        string config = Config(new { server = "http://cluster.invalid:6443" });
        await Assert.ThrowsAsync<LabException>(() => Api(config, ("HTTP_PROXY", "http://127.0.0.1:1")).GetAsync("/api", Token));
        KubernetesApi api = Api(config, ("http_proxy", $"http://127.0.0.1:{proxy.Port}"));
        Assert.Equal("Namespace", (await api.GetAsync("/api/v1/namespaces/x", Token)).Text("kind"));
        Assert.Same(api, Api(config, ("http_proxy", $"http://127.0.0.1:{proxy.Port}")));
    }

    [Fact]
    public async Task A_client_certificate_is_shown_with_its_intermediates_to_a_server_under_another_name()
    {
        using X509Certificate2 authority = Authority("ca"), server = Issue(authority, "inner.name", "inner.name");
        using X509Certificate2 middle = Authority("middle", authority), own = Issue(middle, "me");
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok), server);
        KubernetesApi api = Api(
            new JsonObject
            {
                ["server"] = $"https://127.0.0.1:{cluster.Port}",
                ["certificate-authority"] = "ca.pem",
                ["tls-server-name"] = "inner.name",
            },
            new JsonObject
            {
                ["client-certificate-data"] = Base64(own.ExportCertificatePem() + "\n" + middle.ExportCertificatePem()),
                ["client-key-data"] = Base64(own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            });
        await api.GetAsync("/api", Token);
        Assert.Equal(["CN=me", "CN=middle"], Assert.Single(cluster.Shown));
        Assert.Equal(["inner.name"], cluster.Names);
    }

    [Theory]
    [InlineData(false, false, "CertificateNotTrusted")]
    [InlineData(false, true, null)]
    [InlineData(true, false, null)]
    public async Task A_server_is_trusted_by_its_authority_or_unasked(bool known, bool skip, string? code)
    {
        using X509Certificate2 authority = Authority("ca"), other = Authority("other"), server = Issue(authority, "127.0.0.1", "127.0.0.1");
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok), server);
        KubernetesApi api = Api(new JsonObject
        {
            ["server"] = $"https://127.0.0.1:{cluster.Port}",
            ["certificate-authority-data"] = Base64((known ? authority : other).ExportCertificatePem()),
            ["insecure-skip-tls-verify"] = skip,
        });
        LabException? e = await Record.ExceptionAsync(() => api.GetAsync("/api", Token)) as LabException;
        Assert.Equal(code, e?.Code);
        Assert.Equal(code is null ? 1 : 0, cluster.Heads.Count);
    }

    [Fact]
    public async Task A_user_of_nothing_is_nobody()
    {
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok));
        await Api(new { server = $"http://127.0.0.1:{cluster.Port}" }, []).GetAsync("/api", Token);
        Assert.Empty(LoopbackCluster.Header(Assert.Single(cluster.Heads), "Authorization"));
    }

    [Fact]
    public async Task A_name_and_a_password_are_sent()
    {
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok));
        await Api(new { server = $"http://127.0.0.1:{cluster.Port}" }, new JsonObject { ["username"] = "me", ["password"] = "säcret" }).GetAsync("/api", Token);
        Assert.Equal(["Basic " + Base64("me:säcret")], LoopbackCluster.Header(Assert.Single(cluster.Heads), "Authorization"));
    }

    [Fact]
    public async Task A_token_file_is_read_again_when_its_token_is_refused_and_the_token_is_never_logged()
    {
        File.WriteAllText(Path.Combine(folder, "token"), "first-secret\n");
        await using LoopbackCluster cluster = new(head =>
        {
            if (head.Contains("Bearer second-secret", StringComparison.Ordinal))
            {
                return LoopbackCluster.Json(Ok);
            }

            File.WriteAllText(Path.Combine(folder, "token"), "second-secret\n");
            return LoopbackCluster.Json(ScriptedCluster.Status(401, "Unauthorized", "Unauthorized"), "401 Unauthorized");
        });
        Lines lines = new();
        RequestLog.Current = lines;
        KubernetesApi api = Api(new { server = $"http://127.0.0.1:{cluster.Port}" }, new JsonObject { ["tokenFile"] = "token" });
        await api.GetAsync("/api/v1/namespaces/x", Token);
        await api.GetAsync("/api/v1/namespaces/x", Token);
        Assert.Equal(
            ["Bearer first-secret", "Bearer second-secret", "Bearer second-secret"],
            cluster.Heads.SelectMany(head => LoopbackCluster.Header(head, "Authorization")));
        Assert.Equal(3, lines.Verbose.Count);
        Assert.All(lines.Verbose, line => Assert.StartsWith($"GET http://127.0.0.1:{cluster.Port}/api/v1/namespaces/x -> ", line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines.Verbose, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exec_plugin_runs_once_for_as_long_as_its_token_is_good()
    {
        await using LoopbackCluster cluster = new(_ => LoopbackCluster.Json(Ok));
        KubernetesApi api = Api(
            new { server = $"http://127.0.0.1:{cluster.Port}" },
            Plugin("""{"token":"'"$(cat count)"'","expirationTimestamp":"'"$(cat until)"'"}"""));
        File.WriteAllText(Path.Combine(folder, "until"), "2099-01-01T00:00:00Z");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.GetAsync("/api", Token)));
        Assert.Equal("x", File.ReadAllText(Path.Combine(folder, "count")));
        Assert.All(cluster.Heads, head => Assert.Equal(["Bearer x"], LoopbackCluster.Header(head, "Authorization")));
        // Its arguments arrive as they stand in the file.
        Assert.Equal("get token\n--for=a b\n\n", File.ReadAllText(Path.Combine(folder, "arguments")));

        File.WriteAllText(Path.Combine(folder, "until"), "2001-01-01T00:00:00Z");
        api = Api(new { server = $"http://127.0.0.1:{cluster.Port}" }, Plugin("""{"token":"'"$(cat count)"'","expirationTimestamp":"'"$(cat until)"'"}"""));
        await api.GetAsync("/api", Token);
        await api.GetAsync("/api", Token);
        string[] last = [.. cluster.Heads.TakeLast(2).SelectMany(head => LoopbackCluster.Header(head, "Authorization"))];
        // Stale as it comes: the next request has another one, before any is refused.
        Assert.Equal(2, last.Distinct().Count());
    }

    [Fact]
    public async Task A_certificate_that_an_exec_plugin_replaces_is_shown_on_new_connections()
    {
        using X509Certificate2 authority = Authority("ca"), server = Issue(authority, "127.0.0.1", "127.0.0.1");
        foreach (string name in new[] { "x", "xx" })
        {
            using X509Certificate2 own = Issue(authority, name);
            File.WriteAllText(
                Path.Combine(folder, name),
                new JsonObject
                {
                    ["clientCertificateData"] = own.ExportCertificatePem(),
                    ["clientKeyData"] = own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(),
                }.ToJsonString());
        }

        int requests = 0;
        await using LoopbackCluster cluster = new(
            _ => Interlocked.Increment(ref requests) == 1
                ? LoopbackCluster.Json(ScriptedCluster.Status(401, "Unauthorized", "Unauthorized"), "401 Unauthorized")
                : LoopbackCluster.Json(Ok), server);
        KubernetesApi api = Api(
            new JsonObject { ["server"] = $"https://127.0.0.1:{cluster.Port}", ["certificate-authority-data"] = Base64(authority.ExportCertificatePem()) },
            Plugin("""'"$(cat $(cat count))"'"""));
        await api.GetAsync("/api", Token);
        await api.GetAsync("/api", Token);
        // How many connections there are is the pool's affair: it may open another before the last is back.
        Assert.Equal(["CN=x", "CN=xx"], cluster.Shown.Select(shown => shown[0]).Distinct());
        Assert.Equal(3, requests);
    }

    [Fact]
    public async Task A_list_that_is_cut_in_the_middle_is_asked_for_again()
    {
        int requests = 0;
        string body = """{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","uid":"1"}},{"metadata":{"name":"b","uid":"2"}}]}""";
        await using LoopbackCluster cluster = new(_ => Interlocked.Increment(ref requests) == 1
            ? LoopbackCluster.Json(body, headers: "Connection: close\r\n")[..^40]
            : LoopbackCluster.Json(body));
        ApiResource pods = new() { Group = "", Version = "v1", Kind = "Pod", Plural = "pods", Singular = "pod", Namespaced = true };
        List<string> names = [];
        await foreach (string name in new ResourceStore(Api(new { server = $"http://127.0.0.1:{cluster.Port}" })).NamesAsync(pods, null, Token))
        {
            names.Add(name);
        }

        Assert.Equal(2, cluster.Heads.Count);
        Assert.Equal(["a", "b"], names);
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return issuer is null
            ? request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2))
            : request.Create(issuer, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer, string name, string? server = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + name, key, HashAlgorithmName.SHA256);
        if (server is not null)
        {
            SubjectAlternativeNameBuilder names = new();
            if (IPAddress.TryParse(server, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(server);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 issued = request.Create(issuer, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 own = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    // A plugin that counts its runs in x's and keeps its arguments, a line each.
    private JsonObject Plugin(string status)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("needs a shell script");
        }

        string script = Path.Combine(folder, "plugin.sh");
        File.WriteAllText(script, $$"""
            #!/bin/sh
            cd "$(dirname "$0")"
            printf x >> count
            printf '%s\n' "$@" > arguments
            printf '%s' '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{status}}}'
            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        return new JsonObject
        {
            ["exec"] = new JsonObject
            {
                ["apiVersion"] = "client.authentication.k8s.io/v1",
                ["command"] = "./plugin.sh",
                ["args"] = new JsonArray("get token", "--for=a b", ""),
                ["interactiveMode"] = "Never",
            },
        };
    }

    private KubernetesApi Api(object cluster, JsonObject? user = null, params (string Name, string Value)[] variables) =>
        Api(Config(cluster, user), variables);

    private KubernetesApi Api(string config, params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> all = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        return KubernetesApi.For(
            LabSession.Resolve(new SessionOptions { KubeConfig = config }, "test", null, new LabEnvironment(all.GetValueOrDefault, folder)).Kubernetes);
    }

    private string Config(object cluster, JsonObject? user = null)
    {
        JsonObject config = new()
        {
            ["current-context"] = "c",
            ["clusters"] = new JsonArray(new JsonObject { ["name"] = "c", ["cluster"] = System.Text.Json.JsonSerializer.SerializeToNode(cluster) }),
            ["contexts"] = new JsonArray(new JsonObject { ["name"] = "c", ["context"] = new JsonObject { ["cluster"] = "c", ["user"] = "u" } }),
            ["users"] = new JsonArray(new JsonObject { ["name"] = "u", ["user"] = user ?? [] }),
        };
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, config.ToJsonString());
        return path;
    }

    private sealed class Lines : IReporter
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Verbose { get; } = [];

        void IReporter.Verbose(string message) => Verbose.Enqueue(message);

        public void Warning(string message) => Verbose.Enqueue(message);

        public void Progress(ProgressUpdate update)
        {
        }
    }
}
