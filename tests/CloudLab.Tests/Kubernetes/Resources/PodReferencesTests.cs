using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Resources;

[Trait("Area", "Kubernetes")]
public sealed class PodReferencesTests
{
    /// <summary>Every field is there once; the test fails for one that is forgotten, and for a path that does not lead to the name.</summary>
    [Fact]
    public void A_pod_names_what_it_needs_and_the_paths_lead_there()
    {
        JsonObject spec = (JsonObject)JsonNode.Parse("""
            {
              "serviceAccountName": "robot", "serviceAccount": "robot", "imagePullSecrets": [{"name": "pull"}],
              "initContainers": [{"name": "first", "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keyed", "key": "b"}}}]}],
              "containers": [{"name": "web",
                "env": [{"name": "C", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "c", "optional": true}}}, {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                "envFrom": [{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "every"}}]}],
              "ephemeralContainers": [{"name": "debug", "envFrom": [{"secretRef": {"name": "looked"}}]}],
              "volumes": [
                {"name": "v0", "configMap": {"name": "files", "items": [{"key": "k", "path": "p"}]}},
                {"name": "v1", "secret": {"secretName": "hidden", "optional": true}},
                {"name": "v2", "projected": {"sources": [{"serviceAccountToken": {}}, {"configMap": {"name": "root"}}, {"secret": {"name": "part"}}]}},
                {"name": "v3", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "v4", "ephemeral": {"volumeClaimTemplate": {}}},
                {"name": "v5", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "publish"}}},
                {"name": "v6", "azureFile": {"secretName": "share"}},
                {"name": "v7", "emptyDir": {}}],
              "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "cards"}]
            }
            """)!;

        PodReference[] found = [.. PodReferences.Of(spec, "web-1")];

        Assert.Equal(
            [
                "Secret/keyed Environment first b", "ConfigMap/settings Environment optional web c", "ConfigMap/all Environment web", "Secret/every Environment web", "Secret/looked Environment debug",
                "ConfigMap/files Volume k", "Secret/hidden Volume optional", "ConfigMap/root Volume", "Secret/part Volume", "PersistentVolumeClaim/data Volume",
                "PersistentVolumeClaim/web-1-v4 Volume", "Secret/publish Driver", "Secret/share Driver", "Secret/pull ImagePull", "ServiceAccount/robot Account",
                "ResourceClaimTemplate/cards Volume",
            ],
            found.Select(one => string.Join(' ', new[] { $"{one.Kind}/{one.Name}", $"{one.Use}", one.Optional ? "optional" : null, one.Container, string.Join(',', one.Keys) }.Where(part => !string.IsNullOrEmpty(part)))));
        foreach (PodReference one in found.Where(one => !one.Path.EndsWith(".ephemeral", StringComparison.Ordinal)))
        {
            Assert.Equal(one.Name, JsonPath.Parse($"{{.{one.Path}}}").Find(spec).Single().ToString());
        }

        Assert.DoesNotContain(PodReferences.Of(spec), one => one.Path.EndsWith(".ephemeral", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"matchLabels":{"app":"web"}}""", true)]
    [InlineData("""{"matchLabels":{"app":"web","tier":"back"}}""", false)]
    [InlineData("{}", true)]
    [InlineData("null", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"In","values":["api","web"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}""", false)]
    [InlineData("""{"matchExpressions":[{"key":"none","operator":"NotIn","values":["web"]}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"tier","operator":"Exists"},{"key":"none","operator":"DoesNotExist"}]}""", true)]
    [InlineData("""{"matchExpressions":[{"key":"none","operator":"Exists"}]}""", false)]
    public void A_selector_selects_labels(string selector, bool expected) =>
        Assert.Equal(expected, LabelMatch.BySelector(JsonNode.Parse(selector) as JsonObject, new JsonObject { ["app"] = "web", ["tier"] = "front" }));
}
