using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes;

/// <summary>TLS and credentials, which only a real API server checks.</summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class RealClusterTests() : KubeTest(KubeServer.Real)
{
    [Fact]
    public async Task Http_2_with_a_client_certificate_and_the_clusters_own_authority()
    {
        ApiCatalog catalog = await Api.CatalogAsync(Token);
        Assert.Equal("deployments.apps", Assert.Single(catalog.Match("deploy")).Name);
        Assert.Contains(catalog.Match("all"), r => r.Name == "pods");
    }

    [Theory]
    [InlineData("kubernetes.default.svc", null)]
    [InlineData("somebody.else", "CertificateNotTrusted")]
    public async Task The_certificate_must_carry_the_servers_name(string name, string? code) =>
        Assert.Equal(code, await TryAsync((cluster, _) => cluster["tls-server-name"] = name));

    [Theory]
    [InlineData(false, "CertificateNotTrusted")]
    [InlineData(true, null)]
    public async Task A_strange_certificate_is_refused_unless_all_are_accepted(bool skip, string? code) => Assert.Equal(code, await TryAsync((cluster, _) =>
    {
        cluster.Remove("certificate-authority-data");
        cluster["insecure-skip-tls-verify"] = skip;
    }));

    [Fact]
    public async Task An_untrusted_certificate_says_what_is_wrong_with_it()
    {
        using ECDsa key = ECDsa.Create();
        using X509Certificate2 other = new CertificateRequest("CN=other", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string data = Convert.ToBase64String(Encoding.ASCII.GetBytes(other.ExportCertificatePem()));
        LabException e = (await FailureAsync((cluster, _) => cluster["certificate-authority-data"] = data))!;
        Assert.Equal("CertificateNotTrusted", e.Code);
        Assert.Contains("not issued by the trusted authority", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_token_is_no_login() => Assert.Equal("Unauthorized", await TryAsync((_, user) =>
    {
        user.Clear();
        user["token"] = "nobody";
    }));

    [Fact]
    public async Task A_service_account_may_do_what_it_may()
    {
        (_, JsonObject answer) = await Api.SendAsync(
            HttpMethod.Post, $"/api/v1/namespaces/{Namespace}/serviceaccounts", """{"metadata":{"name":"viewer"}}"""u8.ToArray(), null, Token);
        Assert.Equal("viewer", answer.Object("metadata")!.Text("name"));
        (_, JsonObject token) = await Api.SendAsync(
            HttpMethod.Post, $"/api/v1/namespaces/{Namespace}/serviceaccounts/viewer/token", "{}"u8.ToArray(), null, Token);
        string file = Write("token", token.Object("status")!.Text("token")!);
        // Known now, but not allowed to list nodes.
        Assert.Equal("Forbidden", await TryAsync((_, user) =>
        {
            user.Clear();
            user["tokenFile"] = file;
        }, "/api/v1/nodes"));
    }

    [Fact]
    public async Task Somebody_else_can_be_acted_as() =>
        Assert.Equal("Forbidden", await TryAsync((_, user) => user["as"] = "nobody-special", "/api/v1/nodes"));

    [Fact]
    public async Task Somebody_else_can_be_in_several_groups() => Assert.Null(await TryAsync(
        (_, user) =>
        {
            user["as"] = "nobody-special";
            // Two names: as one, joined with a comma, they are no group that may do anything.
            user["as-groups"] = new JsonArray("nothing-special", "system:masters");
        },
        "/api/v1/nodes"));

    private async Task<string?> TryAsync(Action<JsonObject, JsonObject> change, string path = "/api/v1/namespaces/default") =>
        (await FailureAsync(change, path))?.Code;

    private async Task<LabException?> FailureAsync(Action<JsonObject, JsonObject> change, string path = "/api/v1/namespaces/default")
    {
        JsonObject config = (JsonObject)Assert.Single(CloudLab.Core.Common.Yaml.SourceReader.Read(await File.ReadAllTextAsync(TestServers.Kubernetes(), Token))).Content!;
        JsonNode context = Named("contexts", (string)config["current-context"]!)["context"]!;
        JsonObject cluster = (JsonObject)Named("clusters", (string)context["cluster"]!)["cluster"]!, user = (JsonObject)Named("users", (string)context["user"]!)["user"]!;

        // As data, wherever it stands: the copy lies in another folder, and the tests replace it.
        Embed(cluster, "certificate-authority");
        Embed(user, "client-certificate");
        Embed(user, "client-key");
        change(cluster, user);
        SessionOptions options = new() { KubeConfig = Write("config", config.ToJsonString()) };
        KubernetesApi api = KubernetesApi.For(LabSession.Resolve(options, "test", null, new LabEnvironment(_ => null, Folder)).Kubernetes);
        try
        {
            await api.GetAsync(path, Token);
            return null;
        }
        catch (LabException e)
        {
            return e;
        }

        JsonNode Named(string list, string name) => config[list]!.AsArray().Single(item => (string)item!["name"]! == name)!;
    }

    private static void Embed(JsonObject owner, string name)
    {
        if ((string?)owner[name] is { } file)
        {
            owner.Remove(name);
            owner[name + "-data"] ??= Convert.ToBase64String(
                File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(TestServers.Kubernetes()))!, file)));
        }
    }
}
