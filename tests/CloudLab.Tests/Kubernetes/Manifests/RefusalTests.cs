using System.Management.Automation;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

/// <summary>What a real API server refuses, and why: webhooks, quotas, pod security, roles, sizes.</summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class RefusalTests() : KubeTest(KubeServer.Real)
{
    private const string Pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: 'busybox:1.36'}]}}\n";

    [Fact]
    public async Task A_webhook_that_denies_has_its_say_and_one_that_is_down_is_named()
    {
        using X509Certificate2 certificate = OwnCertificate();
        LoopbackCluster hook = null!;
        hook = new LoopbackCluster(_ => LoopbackCluster.Json(Denied(hook.Bodies.Last())), certificate);
        string name = Namespace + ".hook.test";
        try
        {
            await using (hook)
            {
                (await RunAsync("Deploy-LabManifest", new { Manifest = $$$"""
                    apiVersion: admissionregistration.k8s.io/v1
                    kind: ValidatingWebhookConfiguration
                    metadata: {name: {{{name}}}}
                    webhooks:
                    - name: {{{name}}}
                      clientConfig: {url: "https://127.0.0.1:{{{hook.Port}}}/", caBundle: {{{Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()))}}}}
                      namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{{Namespace}}}}}
                      rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
                      failurePolicy: Fail
                      sideEffects: None
                      timeoutSeconds: 5
                      admissionReviewVersions: [v1]

                    """ })).Ok();
                ErrorRecord denied = await RefusedAsync();
                Assert.Contains("no cats in here", denied.ToString(), StringComparison.Ordinal);
                Assert.Contains("A policy of the cluster", denied.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
            }

            // Two of three are no business of the webhook.
            CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = $"{Map("a")}---\n{{apiVersion: v1, kind: Secret, metadata: {{name: s}}}}\n---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: t}}}}\n" });
            Assert.Equal(["s", "t"], result.OutputOf<ManifestResult>().Select(one => one.Name).Order());
            ErrorRecord down = Assert.Single(result.Errors);
            Assert.StartsWith("InternalError,", down.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Contains(name, down.ToString(), StringComparison.Ordinal);
            Assert.Contains("does not answer", down.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = $"{{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {{name: {name}}}}}\n", Force = true });
        }

        // The API server hears of a new webhook a moment later.
        async Task<ErrorRecord> RefusedAsync()
        {
            for (int i = 0; ; i++)
            {
                CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = Map($"try{i}") });
                if (result.Errors.Count > 0)
                {
                    return Assert.Single(result.Errors);
                }
            }
        }

        static string Denied(string review) => new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview",
            ["response"] = new JsonObject
            {
                ["uid"] = (string)JsonNode.Parse(review)!["request"]!["uid"]!, ["allowed"] = false, ["status"] = new JsonObject { ["message"] = "no cats in here" },
            },
        }.ToJsonString();
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_named()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: '0'}}}\n" })).Ok();
        (await RunAsync("Wait-LabResource", new { Kind = "quota/small", For = "jsonpath={.status.hard.pods}=0", Timeout = 60 })).Ok();
        ErrorRecord error = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Pod })).Errors);
        Assert.Contains("exceeded quota: small", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("raise the quota", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pod_security_says_what_to_set_and_made_manifests_pass_it()
    {
        (await RunAsync("Set-LabLabel", new { Kind = "ns/" + Namespace, Label = new Dictionary<string, object> { ["pod-security.kubernetes.io/enforce"] = "restricted" } })).Ok();
        ErrorRecord error = Assert.Single((await RunAsync("Deploy-LabManifest", new { Manifest = Pod })).Errors);
        Assert.Contains("runAsNonRoot", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("security context", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        CmdletResult made = (await CmdletRunner.RunAsync("New-LabManifest", new { Kind = "Job", Name = "made", Image = "busybox:1.36" })).Ok();
        Assert.Equal("made", Assert.Single((await RunAsync("Deploy-LabManifest", null, made.Output)).Ok().OutputOf<ManifestResult>()).Name);
        (await RunAsync("Wait-LabResource", new { Kind = "pods", LabelSelector = "job-name=made", For = "Exists", Timeout = 60 })).Ok();
    }

    [Theory]
    [InlineData("Deploy-LabManifest", "cannot patch resource \"configmaps\"")]
    [InlineData("Compare-LabManifest", "cannot patch resource \"configmaps\"")]
    [InlineData("Remove-LabManifest", "cannot delete resource \"configmaps\"")]
    [InlineData("Get-LabResource", "cannot list resource \"pods\" in API group \"\" at the cluster scope")]
    [InlineData("Get-LabPodLog", "cannot get resource \"pods\"")]
    [InlineData("Wait-LabResource", "cannot list resource \"pods\"")]
    [InlineData("Wait-LabRollout", "cannot get resource \"deployments\"")]
    [InlineData("Invoke-LabPod", "cannot get resource \"pods\"")]
    [InlineData("Set-LabScale", "cannot get resource \"deployments\"")]
    [InlineData("Debug-LabPod", "cannot get resource \"deployments\"")]
    [InlineData("New-LabKubeNamespace", "cannot create resource \"namespaces\"")]
    public async Task Who_may_nothing_hears_what_is_not_allowed(string cmdlet, string says)
    {
        await Api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{Namespace}/serviceaccounts", """{"metadata":{"name":"nobody"}}"""u8.ToArray(), null, Token);
        (_, JsonObject token) = await Api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{Namespace}/serviceaccounts/nobody/token", "{}"u8.ToArray(), null, Token);
        JsonObject config = (JsonObject)Assert.Single(Core.Common.Yaml.SourceReader.Read(await File.ReadAllTextAsync(TestServers.Kubernetes(), Token))).Content!;
        foreach (JsonNode? user in config["users"]!.AsArray())
        {
            user!["user"] = new JsonObject { ["token"] = token.Object("status")!.Text("token") };
        }

        LabSession session = LabSession.Resolve(
            new SessionOptions { KubeConfig = Write("nobody", config.ToJsonString()), Namespace = Namespace }, "test", null, new LabEnvironment(_ => null, Folder));
        Dictionary<string, object?> parameters = cmdlet switch
        {
            "Deploy-LabManifest" or "Compare-LabManifest" => new() { ["Manifest"] = Map("a") },
            "Remove-LabManifest" => new() { ["Manifest"] = Map("a"), ["Force"] = true },
            "Get-LabResource" => new() { ["Kind"] = "pods", ["AllNamespaces"] = true },
            "Get-LabPodLog" => new() { ["Name"] = "web" },
            "Wait-LabResource" => new() { ["Kind"] = "pod/web", ["Timeout"] = 5 },
            "Wait-LabRollout" => new() { ["Kind"] = "deploy/web", ["Timeout"] = 5 },
            "Invoke-LabPod" => new() { ["Name"] = "web", ["Command"] = new[] { "id" } },
            "Set-LabScale" => new() { ["Kind"] = "deploy/web", ["Replicas"] = 2 },
            "Debug-LabPod" => new() { ["Name"] = "deploy/web" },
            _ => new() { ["Name"] = Namespace + "-more" },
        };
        CmdletResult result = await CmdletRunner.RunAsync(cmdlet, parameters, location: Folder, session: session);
        ErrorRecord error = result.TerminatingError ?? Assert.Single(result.Errors);
        Assert.StartsWith("Forbidden,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("role", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Ten_megabytes_of_objects_go_and_one_that_is_too_large_is_refused_alone()
    {
        const int count = 25;
        string many = string.Join("---\n", Enumerable.Range(0, count).Select(i => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m{i}}}, data: {{a: {new string('x', 400_000)}}}}}\n"));
        ManifestResult[] created = [.. (await RunAsync("Deploy-LabManifest", new { Manifest = many })).Ok().OutputOf<ManifestResult>()];
        Assert.Equal(count, created.Count(one => one.Action == ManifestAction.Created));
        Assert.All((await RunAsync("Compare-LabManifest", new { Manifest = many })).Ok().OutputOf<ManifestComparison>(), one => Assert.Equal(ComparisonStatus.Unchanged, one.Status));
        (await RunAsync("Remove-LabManifest", new { Manifest = many, Force = true })).Ok();

        CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = $"{Map("small")}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: large}}, data: {{a: {new string('x', 1_600_000)}}}}}\n" });
        Assert.Equal("small", Assert.Single(result.OutputOf<ManifestResult>()).Name);
        Assert.Contains("Too long", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    private static string Map(string name) => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n";

    private static X509Certificate2 OwnCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=hook", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
