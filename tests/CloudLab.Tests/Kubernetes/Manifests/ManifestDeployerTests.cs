using System.Net;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Manifests;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests;

/// <summary>What a deployment makes of a cluster that is busy, or that does not show everything.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ManifestDeployerTests
{
    private const string Applied = """{"manager":"cloudlab","operation":"Apply","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:spec":{}}}""";

    [Theory]
    // A controller wrote the status in between.
    [InlineData(1, 1, "2026-01-01T00:00:00Z", "web", ManifestAction.Unchanged)]
    [InlineData(1, 2, "2026-01-01T00:00:00Z", "web", ManifestAction.Configured)]
    [InlineData(1, 1, "2026-01-01T00:00:09Z", "web", ManifestAction.Configured)]
    [InlineData(1, 1, "2026-01-01T00:00:00Z", "db", ManifestAction.Configured)]
    public async Task What_controllers_write_is_no_change_of_the_manifest(int generation, int after, string time, string label, ManifestAction action)
    {
        ScriptedCluster cluster = new();
        string Live(int version, int counted, string at, string tier = "web") => $$"""
            {"metadata": {"name":"web","resourceVersion":"{{version}}","generation":{{counted}},"labels":{"tier":"{{tier}}"},
             "managedFields":[{{Applied.Replace("2026-01-01T00:00:00Z", at, StringComparison.Ordinal)}}]}, "spec": {"content": "{{counted}} {{at}}"} }
            """;
        Assert.Equal(action, await DeployAsync(cluster, label, request =>
            request.Method == HttpMethod.Patch ? Of(Live(8, after, time, label)) : Of(Live(7, generation, "2026-01-01T00:00:00Z"))));
    }

    [Fact]
    public async Task Who_may_not_read_an_object_may_still_apply_it() =>
        Assert.Equal(ManifestAction.Configured, await DeployAsync(new(), "web", request => request.Method == HttpMethod.Patch
            ? Of("""{"metadata":{"name":"web","resourceVersion":"8"}}""")
            : new HttpResponseMessage(HttpStatusCode.Forbidden) { Content = new StringContent(ScriptedCluster.Status(403, "Forbidden", "cannot get")) }));

    private static async Task<ManifestAction> DeployAsync(ScriptedCluster cluster, string label, Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        for (int i = 0; i < 4; i++)
        {
            cluster.Answer(request => request.RequestUri!.AbsolutePath switch
            {
                "/api" => Of("""{"kind":"APIGroupDiscoveryList","items":[]}"""),
                "/apis" => Of("""
                    {"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[
                      {"resource":"deployments","responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"]}]}]}]}
                    """),
                _ => answer(request),
            });
        }

        ManifestItem[] items = [.. ManifestReader.ReadText($"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, labels: {{tier: {label}}}}}}}")];
        List<ManifestOutcome> outcomes = [];
        await foreach (ManifestOutcome outcome in new ManifestDeployer(cluster.Api(), new ManifestOptions { DefaultNamespace = "default" }, NullReporter.Instance)
            .DeployAsync(items, TestContext.Current.CancellationToken))
        {
            outcomes.Add(outcome);
        }

        return Assert.Single(outcomes).Result!.Action;
    }

    private static HttpResponseMessage Of(string body) => new(HttpStatusCode.OK) { Content = new StringContent(body) };
}
