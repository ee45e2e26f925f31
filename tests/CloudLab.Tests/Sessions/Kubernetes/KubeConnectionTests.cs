using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Sessions.Kubernetes;

[Trait("Area", "Sessions")]
public sealed class KubeConnectionTests
{
    private const string Two = """
        apiVersion: v1
        kind: Config
        current-context: second
        clusters:
        - {name: one, cluster: {server: "https://one.example:6443"}}
        - {name: two, cluster: {server: "http://127.0.0.1:8001", namespace: wrong-place}}
        contexts:
        - {name: first, context: {cluster: one, user: me, namespace: films}}
        - {name: second, context: {cluster: two, user: me}}
        - {name: broken, context: {cluster: nowhere, user: me}}
        users:
        - {name: me, user: {token: secret-token}}
        """;

    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;
    private readonly Dictionary<string, string> variables = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("token: \"bad-one\\nbad-two\"", "The token of user 'me'")]
    [InlineData("token: \"bad-one bad-two\"", "The token of user 'me'")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}", "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1")]
    public void A_user_that_cannot_be_used_is_told_without_the_secret(string user, string says)
    {
        KubeConnection connection = Connect(new SessionOptions { KubeConfig = Write("c", Two.Replace("token: secret-token", user, StringComparison.Ordinal)) });
        LabException e = Assert.Throws<LabException>(() => connection.Endpoint());
        Assert.Equal("KubeConfigInvalid", e.Code);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("bad-", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_the_servers_address_is_refused_and_not_shown()
    {
        KubeConnection connection = Connect(new SessionOptions { KubeConfig = Write("c", Two.Replace("http://127.0.0.1:8001", "https://u:pass-word@127.0.0.1:8001", StringComparison.Ordinal)) });
        LabException e = Assert.Throws<LabException>(() => connection.Endpoint());
        Assert.Equal("KubeServerInvalid", e.Code);
        Assert.DoesNotContain("pass-word", e.Message + connection.ServerSetting, StringComparison.Ordinal);
    }

    [Fact]
    public void The_current_context_says_where()
    {
        KubeConnection connection = Connect(new SessionOptions { KubeConfig = Write("c", Two) });
        Assert.Equal("second", connection.Context);
        Assert.Equal("http://127.0.0.1:8001", connection.ServerSetting.Value);
        Assert.Equal(("default", "default"), (connection.Namespace, connection.NamespaceSetting.Source));
        Assert.Equal(["broken", "first", "second"], connection.Contexts);
    }

    [Fact]
    public void A_context_asked_for_brings_its_namespace_and_each_value_knows_its_source()
    {
        KubeConnection connection = Connect(new SessionOptions { KubeConfig = Write("c", Two), KubeContext = "first" });
        Assert.Equal("films", connection.Namespace);
        Assert.Equal("context 'first'", connection.NamespaceSetting.Source);
        Assert.Equal("test", connection.ContextSetting.Source);
        Assert.Contains("cluster 'one'", connection.ServerSetting.Source, StringComparison.Ordinal);
        Assert.Equal("me", connection.UserSetting.Value);
        Assert.Equal("mine", Connect(new SessionOptions { KubeConfig = Write("c", Two), KubeContext = "first", Namespace = "mine" }).Namespace);
    }

    [Fact]
    public void Of_several_files_the_first_to_name_something_has_the_only_say()
    {
        string first = Write("a", """
            current-context: second
            clusters: [{name: two, cluster: {server: "https://mine:1", tls-server-name: inner}}]
            """);
        variables["KUBECONFIG"] = string.Join(Path.PathSeparator, Path.Combine(folder, "missing"), first, Write("b", Two), "");
        KubeConnection connection = Connect(new SessionOptions());
        KubeEndpoint endpoint = connection.Endpoint();
        Assert.Equal(("https://mine:1/", "inner"), (endpoint.Server.AbsoluteUri, endpoint.ServerName));
        Assert.Equal("environment KUBECONFIG", connection.ConfigSetting.Source);
        Assert.Contains(first, connection.ContextSetting.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_anything_named_the_home_folder_is_looked_at()
    {
        Directory.CreateDirectory(Path.Combine(folder, ".kube"));
        Write(".kube/config", Two);
        Assert.Equal("second", Connect(new SessionOptions()).Context);
    }

    [Fact]
    public void No_cluster_is_one_line_that_says_what_to_do()
    {
        LabException e = Assert.Throws<LabException>(() => Connect(new SessionOptions()).Endpoint());
        Assert.Equal(("NoCluster", LabErrorKind.ConnectionFailed, true), (e.Code, e.Kind, e.StopsCommand));
        Assert.Contains("-KubeConfig", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "does not exist")]
    [InlineData(true, "has no current-context")]
    public void No_cluster_in_the_file_of_KUBECONFIG_says_whether_the_file_is_there(bool there, string says)
    {
        variables["KUBECONFIG"] = there ? Write("empty", "kind: Config\n") : Path.Combine(folder, "missing");
        LabException e = Assert.Throws<LabException>(() => Connect(new SessionOptions()).Endpoint());
        Assert.Contains($"{variables["KUBECONFIG"]} (environment KUBECONFIG) {says}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nope", "KubeContextNotFound", "broken, first, second")]
    [InlineData("broken", "KubeClusterNotFound", "nowhere")]
    public void A_wrong_context_says_which_ones_there_are(string context, string code, string says)
    {
        LabException e = Assert.Throws<LabException>(() => Connect(new SessionOptions { KubeConfig = Write("c", Two), KubeContext = context }).Endpoint());
        Assert.Equal(code, e.Code);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_asked_for_by_name_must_be_there_and_be_right()
    {
        Assert.Equal("KubeConfigNotFound", Fails(Path.Combine(folder, "none")).Code);
        LabException e = Fails(Write("bad", "clusters:\n- name: x\n   cluster: {}\n"));
        Assert.Equal("KubeConfigInvalid", e.Code);
        Assert.Contains("line 3", e.Message, StringComparison.Ordinal);

        LabException Fails(string path) => Assert.Throws<LabException>(() => Connect(new SessionOptions { KubeConfig = path }).Context);
    }

    [Fact]
    public async Task Paths_are_relative_to_the_file_they_stand_in()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        Write("sub/me.crt", certificate.ExportCertificatePem());
        Write("sub/me.key", key.ExportPkcs8PrivateKeyPem());
        string config = Write("sub/config", """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x", certificate-authority: me.crt}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            users: [{name: u, user: {client-certificate: me.crt, client-key: ./me.key, as: other, as-groups: [g1]}}]
            """);
        KubeEndpoint endpoint = Connect(new SessionOptions { KubeConfig = config }).Endpoint();
        Assert.Equal("CN=me", Assert.Single(endpoint.Authorities!).Subject);
        KubeIdentity identity = await endpoint.Credentials.CurrentAsync(null, Token);
        Assert.Equal("CN=me", identity.Certificate!.Context.TargetCertificate.Subject);
        Assert.Equal(["Impersonate-User=other", "Impersonate-Group=g1"], endpoint.Credentials.Impersonation.Select(h => $"{h.Key}={h.Value}"));
    }

    [Theory]
    [InlineData("as", "\"a\\nb\"")]
    [InlineData("as-groups", "[ok, \"a\\rb\"]")]
    [InlineData("as-user-extra", "{scopes: [\"a\\0b\"]}")]
    public void A_name_that_no_header_can_hold_is_refused_before_anything_goes_out_as_somebody_else(string key, string value)
    {
        string config = Write("config", $$"""
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x"} }]
            contexts: [{name: c, context: {cluster: c, user: u} }]
            users: [{name: u, user: { {{key}}: {{value}} } }]
            """);
        LabException e = Assert.Throws<LabException>(() => Connect(new SessionOptions { KubeConfig = config }).Endpoint());
        Assert.Equal("KubeConfigInvalid", e.Code);
        Assert.Contains("'u'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exec_plugin_is_asked_again_only_when_its_token_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("needs a shell script");
            return;
        }

        string script = Write("plugin.sh", """
            #!/bin/sh
            n=$(cat "$COUNT" 2>/dev/null || echo 0); n=$((n+1)); echo $n > "$COUNT"
            case "$KUBERNETES_EXEC_INFO" in *'"server":"https://x'*) ;; *) echo "no cluster info" >&2; exit 3;; esac
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t'$n'-'$1'"}}'
            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        string config = Write("config", $$$"""
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x"}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: ./plugin.sh
                  args: [arg]
                  env:
                  - name: COUNT
                    value: {{{folder}}}/count
                  provideClusterInfo: true
                  interactiveMode: IfAvailable
            """);
        KubeCredentials credentials = Connect(new SessionOptions { KubeConfig = config }).Endpoint().Credentials;
        KubeIdentity first = await credentials.CurrentAsync(null, Token);
        Assert.Equal("t1-arg", first.Header!.Parameter);
        Assert.Same(first, await credentials.CurrentAsync(null, Token));
        Assert.Equal("t2-arg", (await credentials.CurrentAsync(first, Token)).Header!.Parameter);
    }

    [Fact]
    public async Task An_exec_plugin_that_is_missing_says_how_to_install_it()
    {
        string config = Write("config", """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x"}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin-here, installHint: "Get it from\n the shop"}}}]
            """);
        LabException e = await Assert.ThrowsAsync<LabException>(async () =>
            await Connect(new SessionOptions { KubeConfig = config }).Endpoint().Credentials.CurrentAsync(null, Token));
        Assert.Equal(("ExecPluginFailed", true), (e.Code, e.StopsCommand));
        Assert.Contains("Get it from the shop", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"apiVersion\":\"V\",\"status\":{\"token\":5}}")]
    [InlineData("{\"apiVersion\":\"V\",\"status\":{\"token\":\"a-secret\",\"token\":\"a-secret\"}}")]
    [InlineData("{\"apiVersion\":\"V\",\"status\":[\"a-secret\"]}")]
    [InlineData("[\"a-secret\"]")]
    public async Task An_exec_plugin_that_answers_something_else_gave_no_credentials(string answer)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The plugin is a shell script.");
            return;
        }

        string script = Write("odd.sh", $"#!/bin/sh\necho '{answer.Replace("V", "client.authentication.k8s.io/v1", StringComparison.Ordinal)}'\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        string config = Write("config", """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x"}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./odd.sh, interactiveMode: Never}}}]
            """);
        LabException e = await Assert.ThrowsAsync<LabException>(async () =>
            await Connect(new SessionOptions { KubeConfig = config }).Endpoint().Credentials.CurrentAsync(null, Token));
        Assert.Equal("ExecPluginFailed", e.Code);
        Assert.DoesNotContain("a-secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_pod_the_service_account_is_used()
    {
        Write("token", "abc\n");
        Write("namespace", "films");
        variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
        variables["KUBERNETES_SERVICE_PORT"] = "443";
        KubeInCluster pod = KubeInCluster.Find(new LabEnvironment(n => variables.GetValueOrDefault(n), folder), folder)!;
        Assert.Equal(("https://[fd00::1]/", "films"), (pod.Server.AbsoluteUri, pod.Namespace));
        Assert.Equal("abc", (await new KubeCredentials(tokenFile: pod.TokenFile).CurrentAsync(null, Token)).Header!.Parameter);
    }

    [Fact]
    public void Another_proxy_authority_or_environment_of_the_plugin_is_another_client()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=ca", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string authority = Write("ca.crt", certificate.ExportCertificatePem());
        KubeInCluster pod = new(new Uri("https://10.0.0.1"), Write("token", "abc"), authority, null);
        string two = Write("two", Two), config = Write("exec", """
            current-context: c
            clusters: [{name: c, cluster: {server: "https://x"}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}]
            """);
        string ofPod = Pod(), ofPlugin = Plugin(), ofToken = Static();
        Assert.Equal((ofPod, ofPlugin, ofToken), (Pod(), Plugin(), Static()));
        foreach (string variable in new[] { "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy" })
        {
            variables[variable] = "http://proxy-secret.test:1";
            Assert.NotEqual(ofPod, Pod());
            Assert.NotEqual(ofPlugin, Plugin());
            Assert.NotEqual(ofToken, Static());
            Assert.DoesNotContain("proxy-secret", Pod(), StringComparison.Ordinal);
            variables.Remove(variable);
        }

        variables["AWS_PROFILE"] = "other";
        Assert.Equal((ofPod, ofToken), (Pod(), Static()));
        Assert.NotEqual(ofPlugin, Plugin());
        File.SetLastWriteTimeUtc(authority, DateTime.UtcNow.AddHours(-1));
        Assert.NotEqual(ofPod, Pod());
        Assert.Equal(folder, Connect(new SessionOptions()).OfPod(pod).Environment.Home);

        string Pod() => Connect(new SessionOptions()).OfPod(pod).Key;
        string Plugin() => Connect(new SessionOptions { KubeConfig = config }).Endpoint().Key;
        string Static() => Connect(new SessionOptions { KubeConfig = two }).Endpoint().Key;
    }

    [Fact]
    public void A_file_that_is_named_with_a_tilde_or_by_a_session_is_read_anew_when_it_changes()
    {
        string file = Write("c", Two);
        variables["KUBECONFIG"] = "~/c";
        LabSession session = LabSession.Resolve(new SessionOptions(), "test", null, Variables);
        LabSession given = LabSession.Resolve(new SessionOptions { KubeConfig = file }, "test", null, new LabEnvironment(_ => null, folder));
        Assert.Equal("second", session.Kubernetes.Context);
        Assert.Same(session, session.Refreshed());
        Assert.Same(given, given.Refreshed());
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        Assert.NotSame(session, session.Refreshed());
        Assert.NotSame(given, given.Refreshed());
    }

    [Fact]
    public void What_was_not_there_is_looked_for_again()
    {
        LabSession session = LabSession.Resolve(
            new SessionOptions { KubeConfig = Path.Combine(folder, "late"), DockerContext = "late" }, "test", null, Variables);
        Assert.Equal("KubeConfigNotFound", Assert.Throws<LabException>(() => session.Kubernetes.Context).Code);
        Assert.Equal("DockerContextNotFound", Assert.Throws<LabException>(() => session.Docker.Handler).Code);
        Write("late", Two);
        string id = Convert.ToHexStringLower(SHA256.HashData("late"u8));
        Directory.CreateDirectory(Path.Combine(folder, ".docker", "contexts", "meta", id));
        Write($".docker/contexts/meta/{id}/meta.json", """{"Name":"late","Endpoints":{"docker":{"Host":"tcp://127.0.0.1:1"}}}""");
        Assert.Equal("second", session.Kubernetes.Context);
        Assert.NotNull(session.Docker.Handler);
    }

    [Theory]
    [InlineData("REQUEST_METHOD")]
    [InlineData("XDG_RUNTIME_DIR")]
    [InlineData("BUILDX_CONFIG")]
    [InlineData("no_proxy")]
    public void A_variable_that_decides_something_makes_another_session(string variable)
    {
        LabSession session = LabSession.Resolve(new SessionOptions(), "test", null, Variables);
        variables[variable] = "x";
        Assert.NotSame(session, session.Refreshed());
    }

    [Fact]
    public void Secrets_are_not_in_what_is_shown()
    {
        KubeConnection connection = Connect(new SessionOptions { KubeConfig = Write("c", Two) });
        KubeEndpoint endpoint = connection.Endpoint();
        string shown = $"{connection.ServerSetting}{connection.UserSetting}{connection.ContextSetting}{endpoint}{endpoint.Key}";
        Assert.DoesNotContain("secret-token", shown, StringComparison.Ordinal);
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private LabEnvironment Variables => new(name => variables.GetValueOrDefault(name), folder);

    private KubeConnection Connect(SessionOptions options) => LabSession.Resolve(options, "test", null, Variables).Kubernetes;
}
