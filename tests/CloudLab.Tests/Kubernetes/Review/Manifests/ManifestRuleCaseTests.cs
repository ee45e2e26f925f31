using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Manifests;

/// <summary>
/// Manifests with one fault each, and their repaired twins: <c>cases/RULE.yaml</c> or <c>RULE-variant.yaml</c> has exactly one finding, of
/// that rule, on the line that ends with <c># fault</c>; <c>….fixed.yaml</c> has none.
/// </summary>
[Trait("Area", "Kubernetes")]
public sealed class ManifestRuleCaseTests
{
    private const string Mark = "# fault";
    private const string Fixed = ".fixed.yaml";

    private static string Folder => Path.Combine(Repository.Folder, "tests/CloudLab.Tests/Kubernetes/Review/Manifests/cases");

    /// <summary>Names of the cases.</summary>
    public static IEnumerable<TheoryDataRow<string>> Cases => Directory.EnumerateFiles(Folder, "*.yaml").Where(path => !path.EndsWith(Fixed, StringComparison.Ordinal))
        .Order(StringComparer.Ordinal).Select(path => new TheoryDataRow<string>(Path.GetFileNameWithoutExtension(path)));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Faulty_manifest_has_the_one_finding_and_its_twin_none(string name)
    {
        string text = File.ReadAllText(Path.Combine(Folder, name + ".yaml"));
        int line = Array.FindIndex(text.Split('\n'), one => one.Contains(Mark, StringComparison.Ordinal)) + 1;

        LabManifestFinding found = Assert.Single(Review(text, name));

        Assert.Equal((name.Split('-')[0], line), (found.Rule, found.Line));
        Assert.EndsWith(".", found.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", found.Message + found.Action, StringComparison.Ordinal);
        Assert.Empty(Review(File.ReadAllText(Path.Combine(Folder, name + Fixed)), name).Select(one => one.ToString()));
    }

    [Fact]
    public void Every_rule_beyond_the_schema_has_a_case()
    {
        // ConfigMapTooLarge would need a large file; it and the optional ones are tried below.
        HashSet<string> covered = [.. Cases.Select(one => one.Data.Split('-')[0]), "ConfigMapTooLarge"];
        IEnumerable<ManifestRule> rules = [.. ManifestRule.Workloads, .. ManifestRule.Network, .. ManifestRule.Scaling, .. ManifestRule.Config, .. ManifestRule.Security];
        string[] missing = [.. rules.Where(rule => !rule.IsOptional && !covered.Contains(rule.Id)).Select(rule => rule.Id)];

        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("LivenessProbeMissing")]
    [InlineData("JobNeverRemoved")]
    [InlineData("RecommendedLabelsMissing")]
    [InlineData("RunAsNonRootMissing")]
    [InlineData("PrivilegeEscalationNotDenied")]
    [InlineData("RootFileSystemWritable")]
    [InlineData("SecretInManifest")]
    public void Optional_rule_is_looked_for_only_where_it_is_asked_for(string rule)
    {
        const string Text = """
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: web
            spec:
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  containers:
                    - name: web
                      image: registry.example/web:1
                      resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
            ---
            apiVersion: batch/v1
            kind: Job
            metadata:
              name: once
              labels: {app.kubernetes.io/name: once}
            spec:
              template:
                spec:
                  restartPolicy: Never
                  securityContext: {runAsNonRoot: true}
                  containers:
                    - name: once
                      image: registry.example/once:1
                      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}
                      resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: db}
            stringData: {password: hunter2}
            """;

        LabManifestFinding found = Assert.Single(Review(Text, "optional", new ManifestReviewOptions { Wanted = one => one.Id == rule }));

        Assert.Equal(rule, found.Rule);
        Assert.DoesNotContain(Review(Text, "optional"), one => one.Rule == rule);
    }

    [Fact]
    public void ConfigMap_over_a_mebibyte_is_found()
    {
        string Text(int bytes) => $"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: big\ndata:\n  a: {new string('x', bytes)}\n";

        Assert.Equal("ConfigMapTooLarge", Assert.Single(Review(Text((1024 * 1024) + 1), "big")).Rule);
        Assert.Empty(Review(Text(1024 * 1024), "big"));
    }

    [Fact]
    public void Rules_survive_fields_of_any_type()
    {
        JsonNode?[] odd = [null, "text", 7, new JsonArray("a", 1, null), new JsonObject { ["a"] = "b" }, -1.5];
        int changed = 0;
        foreach (string file in Directory.EnumerateFiles(Folder, "*.yaml").Order(StringComparer.Ordinal))
        {
            JsonArray objects = [.. ManifestReader.ReadText(File.ReadAllText(file), file).Select(item => item.ToJson())];
            foreach (Action<JsonNode?> set in Places(objects).Skip(changed % 3).Where((_, i) => i % 3 == 0).ToArray())
            {
                // The places are those of the first reading: each change is seen together with those before it, which makes it odder still.
                set(odd[changed++ % odd.Length]?.DeepClone());
                JsonObject list = new() { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = objects.DeepClone() };
                foreach (LabManifestFinding found in Review(list.ToJsonString(), "odd", new ManifestReviewOptions { Wanted = _ => true }))
                {
                    Assert.NotEmpty(found.Message);
                }
            }
        }

        Assert.True(changed > 1000);
    }

    // Deepest first: what a change cuts off has been tried before.
    private static IEnumerable<Action<JsonNode?>> Places(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (string key in map.Select(pair => pair.Key).ToArray())
                {
                    foreach (Action<JsonNode?> set in Places(map[key]))
                    {
                        yield return set;
                    }

                    if (key is not ("apiVersion" or "kind" or "metadata"))
                    {
                        yield return value => map[key] = value;
                    }
                }

                break;
            case JsonArray list:
                for (int i = 0; i < list.Count; i++)
                {
                    foreach (Action<JsonNode?> set in Places(list[i]))
                    {
                        yield return set;
                    }
                }

                break;
        }
    }

    // Custom resources stand here without their definitions.
    private static IReadOnlyList<LabManifestFinding> Review(string text, string name, ManifestReviewOptions? options = null) =>
        ManifestReview.Review(ManifestReader.ReadText(text, Path.Combine(Folder, name + ".yaml"), review: true), options ?? new ManifestReviewOptions { Wanted = rule => !rule.IsOptional && rule.Id != "NoSchema" });
}
