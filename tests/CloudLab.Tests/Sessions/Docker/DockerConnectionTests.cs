using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;
using CloudLab.Tests.Containers;
using Xunit;

namespace CloudLab.Tests.Sessions.Docker;

[Trait("Area", "Containers")]
public sealed class DockerConnectionTests : IDisposable
{
    private readonly DockerWorld world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public void Parameter_beats_variable_beats_context_variable_beats_current_context()
    {
        world.Context("far", "tcp://far:2375");
        world.Context("near", "tcp://near:2375");
        world.UseContext("far");
        Assert.Equal(("tcp://far:2375", "context 'far'"), Host(world.Session()));
        Assert.Equal(("far", $"currentContext of {Path.Combine(world.Config, "config.json")}"), Context(world.Session()));

        world.Variables["DOCKER_CONTEXT"] = "near";
        Assert.Equal(("tcp://near:2375", "context 'near'"), Host(world.Session()));
        Assert.Equal(("near", "environment DOCKER_CONTEXT"), Context(world.Session()));

        world.Variables["DOCKER_HOST"] = "tcp://direct:2375";
        Assert.Equal(("tcp://direct:2375", "environment DOCKER_HOST"), Host(world.Session()));
        Assert.Null(world.Session().Docker.ContextSetting.Value);

        Assert.Equal(("tcp://far:2375", "context 'far'"), Host(world.Session(new() { DockerContext = "far" })));
        Assert.Equal(("tcp://asked:1", "parameter"), Host(world.Session(new() { DockerHost = "tcp://asked:1" })));
    }

    [Fact]
    public void A_context_asked_for_by_parameter_beats_a_host_set_by_Connect_Lab()
    {
        world.Context("near", "tcp://near:2375");
        LabSession connected = world.Session(new() { DockerHost = "tcp://connected:2375" });
        LabSession asked = LabSession.Resolve(new() { DockerContext = "near" }, "parameter", connected);
        Assert.Equal(("tcp://near:2375", "context 'near'"), Host(asked));
    }

    [Fact]
    public void The_default_context_is_the_variable_or_the_platforms_own()
    {
        world.UseContext("default");
        (string? host, string source) = Host(world.Session());
        Assert.Equal("platform default", source);
        Assert.Matches("^(unix|npipe)://", host);

        world.Variables["DOCKER_HOST"] = "tcp://direct:2375";
        Assert.Equal(("tcp://direct:2375", "environment DOCKER_HOST"), Host(world.Session(new() { DockerContext = "default" })));
    }

    [Fact]
    public void A_rootless_engine_is_found_where_there_is_no_other()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || File.Exists("/var/run/docker.sock"), "this machine has the usual socket");
        Assert.Equal(("unix:///var/run/docker.sock", "platform default"), Host(world.Session()));
        world.Variables["XDG_RUNTIME_DIR"] = world.Home;
        File.WriteAllText(Path.Combine(world.Home, "docker.sock"), "");
        Assert.Equal(($"unix://{world.Home}/docker.sock", "platform default"), Host(world.Session()));
    }

    [Fact]
    public void Docker_tools_get_the_same_engine_and_only_one_way_to_it()
    {
        world.Context("near", "tcp://near:2375");
        ProcessStartInfo start = new("docker");
        start.Environment["DOCKER_HOST"] = "tcp://stale:1";
        world.Session(new() { DockerContext = "near" }).Docker.Configure(start);
        Assert.False(start.Environment.ContainsKey("DOCKER_HOST"));
        Assert.Equal("near", start.Environment["DOCKER_CONTEXT"]);
        Assert.Equal(world.Config, start.Environment["DOCKER_CONFIG"]);

        world.Session(new() { DockerHost = "tcp://asked:1" }).Docker.Configure(start);
        Assert.False(start.Environment.ContainsKey("DOCKER_CONTEXT"));
        Assert.Equal("tcp://asked:1", start.Environment["DOCKER_HOST"]);
    }

    [Theory]
    [InlineData("tcp://host", "http://host:2375/")]
    [InlineData("tcp://host:80", "http://host/")]
    [InlineData("host:4243", "http://host:4243/")]
    [InlineData("tcp://host:1/behind/a/proxy", "http://host:1/behind/a/proxy/")]
    [InlineData("https://host", "https://host:2376/")]
    [InlineData("ssh://me@host:22", "ssh://me@host:22/")]
    public void Addresses_are_read_as_the_docker_cli_reads_them(string address, string url) =>
        Assert.Equal(url, world.Session(new() { DockerHost = address }).Docker.Endpoint.Url.AbsoluteUri);

    [Fact]
    public void A_named_pipe_is_known_by_its_last_part()
    {
        DockerEndpoint endpoint = world.Session(new() { DockerHost = "npipe:////./pipe/docker_engine" }).Docker.Endpoint;
        Assert.Equal((DockerTransportKind.Pipe, "docker_engine"), (endpoint.Kind, endpoint.Path));
    }

    [Theory]
    [InlineData("""{"Name":"odd","Endpoints":"x"}""")]
    [InlineData("""{"Name":"odd","Name":"even","Endpoints":{"docker":{"Host":"tcp://a:1"}}}""")]
    [InlineData("")]
    [InlineData("""{"Name":"odd","Endpoints":{"docker":[1]}}""")]
    [InlineData("""{"Name":"odd","Endpoints":{"docker":{"Host":5}}}""")]
    [InlineData("[]")]
    public void A_context_of_another_shape_is_named(string content)
    {
        world.Context("odd", "tcp://h:1");
        string file = Assert.Single(Directory.GetFiles(Path.Combine(world.Config, "contexts", "meta"), "meta.json", SearchOption.AllDirectories));
        File.WriteAllText(file, content);
        LabException e = Assert.Throws<LabException>(() => world.Session(new() { DockerContext = "odd" }).Docker.HostSetting);
        Assert.Equal("DockerConfigInvalid", e.Code);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cert.pem", "cert.pem without key.pem")]
    [InlineData("key.pem", "key.pem without cert.pem")]
    [InlineData(null, "DOCKER_CERT_PATH")]
    public void A_certificate_that_is_not_all_there_is_said_before_anything_is_sent(string? only, string says)
    {
        string folder = Path.Combine(world.Config, "certificates");
        if (only is not null)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, only), "");
        }

        world.Variables["DOCKER_TLS_VERIFY"] = "1";
        world.Variables["DOCKER_CERT_PATH"] = folder;
        LabException e = Assert.Throws<LabException>(() => world.Session(new() { DockerHost = "tcp://127.0.0.1:1" }).Docker.Handler);
        Assert.Equal("DockerTlsInvalid", e.Code);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://host")]
    [InlineData("tcp://")]
    [InlineData("tcp://host:notaport")]
    [InlineData("ssh://")]
    [InlineData("ssh://me:secretword@host")]
    [InlineData("tcp://me:secretword@host:2375")]
    [InlineData("/var/run/docker.sock")]
    [InlineData("unix:/var/run/docker.sock")]
    [InlineData("https://host:2376/?token=secretword")]
    [InlineData(" unix:///var/run/docker.sock")]
    [InlineData("tcp://host:1\n")]
    [InlineData("unix:///a\0b")]
    public void An_address_that_makes_no_sense_is_refused(string address)
    {
        LabException e = Assert.Throws<LabException>(() => world.Session(new() { DockerHost = address }).Docker.HostSetting);
        Assert.Equal("DockerHostInvalid", e.Code);
        Assert.True(e.StopsCommand);
        Assert.DoesNotContain("secretword", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_that_is_not_there_is_named_with_who_asked_for_it()
    {
        world.UseContext("gone");
        LabException e = Assert.Throws<LabException>(() => world.Session().Docker.HostSetting);
        Assert.Equal("DockerContextNotFound", e.Code);
        Assert.Contains("'gone' (currentContext of", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Host_and_context_together_are_refused()
    {
        LabException e = Assert.Throws<LabException>(() => world.Session(new() { DockerHost = "tcp://a:1", DockerContext = "b" }).Docker.HostSetting);
        Assert.Equal("DockerHostAndContext", e.Code);
    }

    [Fact]
    public void A_broken_configuration_says_which_file()
    {
        File.WriteAllText(Path.Combine(world.Config, "config.json"), "{ nonsense");
        LabException e = Assert.Throws<LabException>(() => world.Session().Docker.HostSetting);
        Assert.Equal("DockerConfigInvalid", e.Code);
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);

        // An engine that is named needs no configuration.
        Assert.Equal("tcp://a:1", world.Session(new() { DockerHost = "tcp://a:1" }).Docker.HostSetting.Value);
    }

    [Theory]
    [InlineData("{\"currentContext\": \"a\", \"currentContext\": \"b\"}")]
    [InlineData("[]")]
    public void A_configuration_that_is_json_of_another_shape_says_which_file(string config)
    {
        File.WriteAllText(Path.Combine(world.Config, "config.json"), config);
        Assert.Equal("DockerConfigInvalid", Assert.Throws<LabException>(() => world.Session().Docker.HostSetting).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\uFEFF{\"currentContext\": \"\"}")]
    public void An_empty_configuration_and_one_with_a_byte_order_mark_are_read(string config)
    {
        File.WriteAllText(Path.Combine(world.Config, "config.json"), config);
        Assert.Equal("default", world.Session().Docker.ContextSetting.Value);
    }

    [Fact]
    public void Tls_without_verification_is_the_variable_DOCKER_TLS()
    {
        world.Variables["DOCKER_TLS"] = "1";
        Assert.True(world.Session(new() { DockerHost = "tcp://a:1" }).Docker.Endpoint.Tls!.SkipVerification);
        world.Variables["DOCKER_TLS_VERIFY"] = "1";
        Assert.False(world.Session(new() { DockerHost = "tcp://a:1" }).Docker.Endpoint.Tls!.SkipVerification);
    }

    [Fact]
    public void Contexts_and_builders_are_listed_without_the_broken_ones()
    {
        world.Context("b", "tcp://b:1");
        world.Context("a", "tcp://a:1");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(world.Config, "contexts", "meta", "0123")).FullName, "meta.json"), "nonsense");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(world.Config, "buildx", "instances")).FullName, "farm"), "{}");
        Assert.Equal(["default", "a", "b"], world.Session().Docker.Contexts);
        Assert.Equal(["farm", "default", "a", "b"], world.Session().Docker.Builders);
    }

    [Fact]
    public async Task Tls_with_a_client_certificate_works_and_a_foreign_authority_is_refused()
    {
        using X509Certificate2 authority = Authority("CloudLab test CA");
        using X509Certificate2 server = Issue(authority, "127.0.0.1"), client = Issue(authority, "client");
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        string? seen = null;
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using TcpClient connection = await listener.AcceptTcpClientAsync();
                await using SslStream tls = new(connection.GetStream(), false, (_, certificate, _, _) =>
                {
                    seen = certificate?.Subject;
                    return true;
                });
                try
                {
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = server, ClientCertificateRequired = true });
                    _ = await tls.ReadAsync(new byte[4096]);
                    await tls.WriteAsync(Encoding.ASCII.GetBytes(FakeEngine.Http(200, "[]", "Api-Version: 1.45\r\nConnection: close\r\n")));
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client trusts somebody else.
                }
            }
        });
        world.Variables["DOCKER_HOST"] = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        world.Variables["DOCKER_TLS_VERIFY"] = "1";
        string certificates = world.Variables["DOCKER_CERT_PATH"] = Directory.CreateDirectory(Path.Combine(world.Home, "certs")).FullName;
        await File.WriteAllTextAsync(Path.Combine(certificates, "ca.pem"), authority.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(certificates, "cert.pem"), client.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(certificates, "key.pem"), client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

        Assert.Equal(new Version(1, 45), await new DockerEngine(world.Session().Docker).NegotiateAsync(default));
        Assert.Equal("CN=client", seen);
        Assert.False(await new ImageStore(world.Session()).ListAsync(null, default).GetAsyncEnumerator().MoveNextAsync());

        using X509Certificate2 foreign = Authority("Somebody else");
        await File.WriteAllTextAsync(Path.Combine(certificates, "ca.pem"), foreign.ExportCertificatePem());
        LabException e = await Assert.ThrowsAsync<LabException>(() => new DockerEngine(world.Session().Docker).NegotiateAsync(default));
        Assert.Equal("DockerTlsFailed", e.Code);

        await File.WriteAllTextAsync(Path.Combine(certificates, "key.pem"), "no key");
        e = await Assert.ThrowsAsync<LabException>(() => new DockerEngine(world.Session().Docker).NegotiateAsync(default));
        Assert.Equal("DockerTlsInvalid", e.Code);
    }

    [Fact]
    public async Task An_ssh_address_goes_through_the_docker_clis_dial_stdio()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for ssh is a shell script");
        string body = FakeEngine.Http(200, "OK", "Api-Version: 1.47\r\n").Replace("\r\n", "\\r\\n", StringComparison.Ordinal);
        world.Program("ssh", $"""
            echo "$@" > "{world.Home}/arguments"
            read line
            printf '{body}'
            cat > /dev/null
            """);
        world.Variables["PATH"] = Path.Combine(world.Home, "bin");
        LabSession session = world.Session(new() { DockerHost = "ssh://me@far:2222" });
        Assert.Equal(new Version(1, 47), await new DockerEngine(session.Docker).NegotiateAsync(default));
        Assert.EndsWith("-T -l me -p 2222 -- far docker system dial-stdio", File.ReadAllText(Path.Combine(world.Home, "arguments")).Trim(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("exec 0<&-; sleep 0.3;")]
    public async Task What_ssh_complains_of_is_in_the_error(string before)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for ssh is a shell script");
        world.Program("ssh", before + "echo 'me@far: Permission denied (publickey).' >&2; exit 255");
        world.Variables["PATH"] = Path.Combine(world.Home, "bin");
        LabException e = await Assert.ThrowsAsync<LabException>(
            () => new DockerEngine(world.Session(new() { DockerHost = "ssh://me@far" }).Docker).NegotiateAsync(default));
        Assert.Equal("NoDockerEngine", e.Code);
        Assert.Contains("Permission denied (publickey)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_ssh_on_the_PATH_that_is_what_the_error_says()
    {
        world.Variables["PATH"] = world.Home;
        LabException e = await Assert.ThrowsAsync<LabException>(
            () => new DockerEngine(world.Session(new() { DockerHost = "ssh://me@far" }).Docker).NegotiateAsync(default));
        Assert.Contains("no ssh on the PATH", e.Message, StringComparison.Ordinal);
    }

    private static (string? Value, string Source) Host(LabSession session) => (session.Docker.HostSetting.Value, session.Docker.HostSetting.Source);

    private static (string? Value, string Source) Context(LabSession session) => (session.Docker.ContextSetting.Value, session.Docker.ContextSetting.Source);

    private static X509Certificate2 Authority(string name)
    {
        CertificateRequest request = new("CN=" + name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + name, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }
}
