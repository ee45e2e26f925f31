using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests;
using CloudLab.Tests.Common;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Manifests;

/// <summary>What all rules share: documents, places, comments, reports, parameters.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ManifestReviewTests : IDisposable
{
    private const string Config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";

    private readonly string folder = Directory.CreateTempSubdirectory("lab-review-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: c\n", "SyntaxError 4:1")]
    [InlineData("apiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: c\r\n", "SyntaxError 3:1")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n", "TemplateNotRendered 3:18")]
    [InlineData("a: 1\n", "NotAManifest 1:1")]
    [InlineData("- a\n", "NotAManifest 1:1")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "NotAManifest 1:1")]
    [InlineData(Config + "data:\n  a: x\n  b: w\n  a: z\n", "DuplicateKey 7:3")]
    [InlineData(Config + "---\n" + Config, "DuplicateObject 7:12")]
    [InlineData("# nothing\n---\n# here\n---\n\n", "")]
    [InlineData("# first\n---\n" + Config + "dat: {}\n", "UnknownField 6:1")]
    [InlineData("apiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: c}\r\ndat: {}\r\n", "UnknownField 4:1")]
    [InlineData("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: d}\n  dat: {}\n", "UnknownField 10:3")]
    [InlineData("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n \"metadata\": {\"name\": \"ü\"}, \"dat\": {}}", "InvalidName 2:15; UnknownField 2:29")]
    [InlineData("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n \"metadata\": {\"name\": \"c\"}", "SyntaxError 2:27")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: c, labels: {a: 1}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", "WrongType 3:33")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - &c\n    name: a\n    image: a\n    tty: 1\n  - <<: *c\n    name: b\n", "WrongType 9:5; WrongType 9:5")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}\n", "RequiredField 4:1")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: My_Config}\n", "InvalidName 3:12")]
    [InlineData("apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}\n", "InvalidName 3:12")]
    [InlineData("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: \"system:Mine\"}\n", "")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels: {a: \"with space\", b: \"\", c/d/e: f, -g: h, A.b.c/D_e: I_j}\n", "InvalidName 5:12; InvalidName 5:36; InvalidName 5:46; InvalidName 5:53")]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  annotations: {\"a b\": \"any text\", a/b: \"\"}\n", "InvalidName 5:17")]
    public void Mistakes_are_found_at_their_line_and_column(string text, string expected) =>
        Assert.Equal(expected, string.Join("; ", Review(text).Select(one => $"{one.Rule} {one.Line}:{one.Column}")));

    [Theory]
    [InlineData("extensions/v1beta1", "Ingress", "1.21", "DeprecatedApiVersion", "networking.k8s.io/v1")]
    [InlineData("extensions/v1beta1", "Ingress", "1.22", "RemovedApiVersion", "networking.k8s.io/v1")]
    [InlineData("batch/v1beta1", "CronJob", "1.36", "RemovedApiVersion", "batch/v1")]
    [InlineData("policy/v1beta1", "PodSecurityPolicy", "1.25", "RemovedApiVersion", "pod-security.kubernetes.io/enforce")]
    [InlineData("autoscaling/v2beta2", "HorizontalPodAutoscaler", "v1.26.3+k3s1", "RemovedApiVersion", "autoscaling/v2")]
    [InlineData("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.20", "NoSchema", "CustomResourceDefinition")]
    [InlineData("apps/v1", "Ingress", "1.36", "UnknownKind", "networking.k8s.io/v1")]
    [InlineData("app/v1", "Deployment", "1.36", "UnknownKind", "apps/v1")]
    [InlineData("networking.k8s.i/v1", "Ingress", "1.36", "UnknownKind", "networking.k8s.io/v1")]
    [InlineData("cert-manager.io/v1", "Certificate", "1.36", "NoSchema", "-SchemaPath")]
    [InlineData("networking.k8s.io/v1beta1", "ServiceCIDR", "1.36", "NoSchema", "-SchemaPath")]
    public async Task Api_versions_that_are_gone_name_what_replaces_them(string apiVersion, string kind, string version, string rule, string action)
    {
        LabManifestFinding found = Assert.Single(await FindAsync($"{{\"apiVersion\": \"{apiVersion}\", \"kind\": \"{kind}\", \"metadata\": {{\"name\": \"x\"}}}}", new { KubernetesVersion = version, Rule = new[] { "*Version", "*Kind", "NoSchema" } }));
        Assert.Equal(rule, found.Rule);
        Assert.Contains(action, found.Action, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_replacement_is_known() => Assert.All(
        RemovedApis.All.Where(api => api.Replacement is not null),
        api => Assert.DoesNotContain(Review($"{{apiVersion: {api.Replacement}, kind: {api.Kind}, metadata: {{name: x}}}}"), one => one.Rule is nameof(ManifestRule.UnknownKind) or nameof(ManifestRule.NoSchema)));

    [Theory]
    [InlineData("metadata: {name: c, annotations: {cloudlab/ignore: \"UnknownField, NoSchema\"}}\ndat: {}\n", 0)]
    [InlineData("metadata: {name: c, annotations: {cloudlab/ignore: \"*\"}}\ndat: {}\n", 0)]
    [InlineData("metadata: {name: c, annotations: {cloudlab/ignore: WrongType}}\ndat: {}\n", 1)]
    [InlineData("metadata: {name: c}\ndat: {} # cloudlab: ignore=UnknownField\n", 0)]
    [InlineData("metadata: {name: c}\n# the other: cloudlab: ignore=UnknownField\n\ndat: {}\n", 1)]
    [InlineData("metadata: {name: c}\n# cloudlab: ignore=WrongType, UnknownField\n# why\ndat: {}\ndta: {}\n", 1)]
    public void Annotations_and_comments_switch_rules_off(string rest, int left) => Assert.Equal(left, Review("apiVersion: v1\nkind: ConfigMap\n" + rest).Count);

    [Fact]
    public async Task Schemas_of_files_count_first()
    {
        string definition = Path.Combine(folder, "film.yaml"), document = Path.Combine(folder, "apps.json");
        await File.WriteAllTextAsync(definition, SchemaFaults.Definition.Replace("GROUP", "example.com", StringComparison.Ordinal), Cancellation);
        await File.WriteAllTextAsync(
            document,
            """
            {"openapi": "3.0.0", "components": {"schemas": {
              "io.k8s.api.core.v1.ConfigMap": {"type": "object", "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
                "only": {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Only"}], "default": {}}}, "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "ConfigMap"}]},
              "io.k8s.api.core.v1.Only": {"type": "object", "required": ["here"], "properties": {"here": {"type": "integer", "format": "int32"}}}}}}
            """, Cancellation);
        Assert.Equal(
            ["UnknownField data", "RequiredField only.here", "UnknownField spec.titel"],
            (await FindAsync(Config + "data: {a: b}\nonly: {}\n---\napiVersion: example.com/v1\nkind: Film\nmetadata: {name: f}\nspec: {title: ab, titel: x}\n", new { SchemaPath = new[] { folder }, Rule = new[] { "*Field" } }))
                .Select(one => $"{one.Rule} {one.Path}"));

        CmdletResult none = await CmdletRunner.RunAsync("Test-LabManifest", new { Offline = true, Manifest = Config, SchemaPath = "nowhere" }, location: folder);
        Assert.Equal("ManifestUnreadable", none.TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
        await File.WriteAllTextAsync(definition, Config, Cancellation);
        Assert.Equal(
            "SchemaInvalid", (await CmdletRunner.RunAsync("Test-LabManifest", new { Offline = true, Manifest = Config, SchemaPath = definition }, location: folder)).TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task Files_are_named_in_findings_and_in_both_reports()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "a b.yaml"), Config + "dat: \"<&\"\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "good.yaml"), Config.Replace("{name: c}", "{name: d}", StringComparison.Ordinal), Cancellation);
        CmdletResult result = await CmdletRunner.RunAsync("Test-LabManifest", new { Path = ".", Offline = true, Rule = "UnknownField" }, location: folder);
        LabManifestFinding found = Assert.Single(result.Ok().OutputOf<LabManifestFinding>());
        Assert.Equal((Path.Combine(folder, "a b.yaml"), 4, 1), (found.File, found.Line, found.Column));

        string sarif = Assert.Single((await CmdletRunner.RunAsync("Test-LabManifest", new { Path = ".", Offline = true, Rule = "UnknownField", OutputFormat = "Sarif" }, location: folder)).Ok().OutputOf<string>());
        JsonElement place = JsonDocument.Parse(sarif).RootElement.GetProperty("runs")[0].GetProperty("results")[0].GetProperty("locations")[0].GetProperty("physicalLocation");
        Assert.Equal("a%20b.yaml", place.GetProperty("artifactLocation").GetProperty("uri").GetString());
        Assert.Equal((4, 1), (place.GetProperty("region").GetProperty("startLine").GetInt32(), place.GetProperty("region").GetProperty("startColumn").GetInt32()));

        string junit = Assert.Single((await CmdletRunner.RunAsync("Test-LabManifest", new { Path = ".", Offline = true, Rule = "UnknownField", OutputFormat = "JUnit" }, location: folder)).Ok().OutputOf<string>());
        XElement suites = XDocument.Parse(junit).Root!;
        Assert.Equal(("2", "1"), (suites.Attribute("tests")!.Value, suites.Attribute("failures")!.Value));
        Assert.Equal(["a b.yaml 1", "good.yaml 0"], suites.Elements("testsuite").Select(suite => $"{suite.Attribute("name")!.Value} {suite.Attribute("failures")!.Value}"));
        Assert.Equal("UnknownField", suites.Descendants("failure").Single().Attribute("type")!.Value);
    }

    [Theory]
    [InlineData("RuleUnknown", "Rule", "UnknownFeld")]
    [InlineData("KubernetesVersionInvalid", "KubernetesVersion", "newest")]
    public async Task A_wrong_parameter_ends_the_command(string code, string parameter, string value)
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "Test-LabManifest", new Dictionary<string, object?> { ["Manifest"] = Config, ["Offline"] = true, [parameter] = value }, location: folder);
        Assert.Equal(code, result.TerminatingError!.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public async Task A_file_that_is_missing_is_one_error_and_the_others_are_reviewed()
    {
        string file = Path.Combine(folder, "a.yaml");
        await File.WriteAllTextAsync(file, Config + "dat: {}\n", Cancellation);
        CmdletResult result = await CmdletRunner.RunAsync("Test-LabManifest", new { LiteralPath = new[] { Path.Combine(folder, "none.yaml"), file }, Offline = true }, location: folder);
        Assert.StartsWith("ManifestUnreadable", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(result.OutputOf<LabManifestFinding>(), one => one.Rule == "UnknownField");
    }

    [Fact]
    public async Task Without_a_cluster_the_error_names_Offline()
    {
        string file = Path.Combine(folder, "config");
        await File.WriteAllTextAsync(file, "apiVersion: v1\nkind: Config\n", Cancellation);
        CmdletResult result = await CmdletRunner.RunAsync("Test-LabManifest", new { Manifest = Config, KubeConfig = new[] { file } }, location: folder);
        Assert.Contains("-Offline", result.TerminatingError!.ErrorDetails?.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_secrets_are_not_shown()
    {
        IReadOnlyList<LabManifestFinding> found = Review("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: [hunter2]\ndata: {a: hunter2}\nstringData: {b: 112233}\n");
        Assert.Equal(3, found.Count);
        Assert.All(found, one => Assert.False(JsonSerializer.Serialize(one).Contains("hunter2", StringComparison.Ordinal) || JsonSerializer.Serialize(one).Contains("112233", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_large_manifest_is_read_in_seconds()
    {
        // Ten megabytes; where anything took time in proportion to the square, this would take hours.
        string data = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"  key{i}: {new string('x', 80)}\n"));
        LabManifestFinding found = Assert.Single(Review(Config + "data:\n" + data + "  last: 1\n"));
        Assert.Equal((100_005, 3), (found.Line, found.Column));
    }

    [Theory]
    // As a template engine that is no part of the manifest, kustomize or a person fills it in.
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: {name: \"${APP}\", labels: {app: \"{{uid}}\"}}\nspec: {type: \"${TYPE:-ClusterIP}\", ports: [{port: \"__PORT__\", protocol: <protocol>}]}\n")]
    [InlineData("apiVersion: v1\nkind: Namespace\nmetadata: {name: _}\n")]
    [InlineData("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YOUR_API_TOKEN, b: <base64 of it>}\n")]
    [InlineData("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: PVC_NAME}\nspec: {resources: {requests: {storage: \"${SIZE:=5Gi}\"}}}\n")]
    // Values with spaces in them.
    [InlineData("apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: c}\nspec: {request: \"\", signerName: a/b, usages: [digital signature, client auth]}\n")]
    // Of groups with similar names one may well exist elsewhere.
    [InlineData("apiVersion: xxapiextensions.k8s.io/v1\nkind: Other\nmetadata: {name: c}\n", "NoSchema")]
    public void What_may_be_right_is_no_mistake(string text, string expected = "") => Assert.Equal(expected, string.Join("; ", Review(text).Select(one => one.Rule)));

    [Fact]
    public void Placeholders_do_not_hide_mistakes_beside_them() =>
        Assert.Equal(["WrongType", "InvalidName"], Review("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {a: \"${X}\"}, ports: [{port: \"80\"}]}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: PVC}\n").Select(one => one.Rule));

    [Theory]
    [InlineData("kind: address", "1.2.3.4", 0)]
    [InlineData("", "1.2.3.4", 0)]
    [InlineData("kind: host", "a.example", 0)]
    public void Forms_are_compared_after_the_defaults_were_filled_in(string kind, string value, int findings)
    {
        const string Definition = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: gates.example.com}
            spec:
              group: example.com
              scope: Namespaced
              names: {kind: Gate, plural: gates, singular: gate, listKind: GateList}
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec:
                          type: object
                          properties: {kind: {type: string, default: address}, value: {type: string}}
                          oneOf:
                            - properties: {kind: {enum: [address]}, value: {format: ipv4, pattern: "^[0-9.]+$"}}
                            - properties: {kind: {not: {enum: [address]}}}
            ---

            """;

        Assert.Equal(findings, Review($"{Definition}apiVersion: example.com/v1\nkind: Gate\nmetadata: {{name: g}}\nspec:\n  value: {value}\n  {kind}\n").Count);
    }

    [Fact]
    public async Task Files_of_a_folder_can_be_alternatives_and_other_things()
    {
        await WriteAsync("a.yaml", Config);
        await WriteAsync("b.yaml", Config + "---\n" + Config);
        await WriteAsync("values.yaml", "replicas: 2\nimage: {tag: 1}\n");
        await WriteAsync("package.json", "{\"name\": \"x\", \"version\": \"1\"}");
        await WriteAsync("skaffold.yaml", "apiVersion: skaffold/v4\nkind: Config\nmetadata: {name: s}\n");
        await WriteAsync("kubelet.yaml", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 10\n");
        await WriteAsync("chart.yaml", "{{ if .Values.x }}\na: 1\n---\n{{ end }}\nb: 1\n");
        await WriteAsync("forgotten.yaml", "apiVersion: apps/v1\nmetadata: {name: w}\nspec: {}\n---\nkind: Deployment\nmetadata: {name: w}\n---\nnote: 1\n");
        await WriteAsync("policy.yaml", "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\n");
        LabManifestFinding[] found = await FindInFolderAsync();

        Assert.Equal(
            [
                "b.yaml:3 DuplicateObject Low", "b.yaml:7 DuplicateObject Medium", "chart.yaml:1 TemplateNotRendered High",
                "forgotten.yaml:1 NotAManifest High", "forgotten.yaml:5 NotAManifest High", "forgotten.yaml:8 NotAManifest High",
                "policy.yaml:1 RemovedApiVersion High",
            ],
            found.Select(one => $"{Path.GetFileName(one.File)}:{one.Line} {one.Rule} {one.Severity}"));
        Assert.Equal("Medium", Assert.Single(Review(Config + "---\n" + Config)).Severity.ToString());
        CmdletResult named = await CmdletRunner.RunAsync("Test-LabManifest", new { Path = new[] { "values.yaml" }, Offline = true }, location: folder);
        Assert.Equal("NotAManifest", Assert.Single(named.Ok().OutputOf<LabManifestFinding>()).Rule);
    }

    [Fact]
    public async Task Patches_of_kustomize_are_no_objects_but_their_fields_count()
    {
        await WriteAsync("app/kustomization.yaml", """
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [web.yaml]
            patchesStrategicMerge: [merge.yaml]
            patches:
              - path: patches/delete.yaml
              - path: patches/operations.yaml
                target: {kind: Deployment}
              - patches/old.yaml
            configMapGenerator:
              - {name: c, files: [settings=data/settings.yaml]}
            transformers: [labels]
            """);
        await WriteAsync("app/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n");
        await WriteAsync("app/merge.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replica: 2\n  template: {spec: {containers: [{name: web, $patch: delete}]}}\n");
        await WriteAsync("app/patches/delete.yaml", "$patch: delete\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n");
        await WriteAsync("app/patches/operations.yaml", "- {op: remove, path: /spec/replicas}\n");
        await WriteAsync("app/patches/old.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n");
        await WriteAsync("app/data/settings.yaml", Config + "dat: {}\n");
        await WriteAsync("app/labels/labels.yaml", "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: labels}\n");
        LabManifestFinding[] found = [.. (await FindInFolderAsync()).Where(one => Own.Contains(one.Rule))];

        Assert.Equal(
            ["merge.yaml:5 UnknownField spec.replica", "web.yaml:4 RequiredField spec.template"],
            found.Select(one => $"{Path.GetFileName(one.File)}:{one.Line} {one.Rule} {one.Path}"));
    }

    private async Task WriteAsync(string name, string text)
    {
        string file = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text, Cancellation);
    }

    private async Task<LabManifestFinding[]> FindInFolderAsync() =>
        (await CmdletRunner.RunAsync("Test-LabManifest", new { Path = new[] { folder }, Recurse = true, Offline = true })).Ok().OutputOf<LabManifestFinding>();

    [Fact]
    public Task The_page_of_the_rules_is_what_the_rules_say()
    {
        StringBuilder versions = new("\n## API versions that are deprecated or removed\n\n| API version | kinds | deprecated | removed | replacement |\n|---|---|---|---|---|\n");
        foreach (IGrouping<(string, Version, Version, string?), RemovedApi> group in RemovedApis.All.GroupBy(api => (api.ApiVersion, api.Deprecated, api.Removed, api.Replacement)))
        {
            versions.Append($"| {group.Key.Item1} | {string.Join(", ", group.Select(api => api.Kind))} | {group.Key.Item2} | {group.Key.Item3} | {group.Key.Item4} |\n");
        }

        return RulePage.AssertAsync(
            "manifest-review.md", "Test-LabManifest",
            """
            `Test-LabManifest` reviews Kubernetes manifests with the schemas of a cluster, or with `-Offline` without one. Optional rules are looked for only where `-Rule` names them.
            The annotation `cloudlab/ignore: RuleA, RuleB` of an object or of its pod template switches rules off for the object; the comment `# cloudlab: ignore=RuleA` does so for its
            line, or for the next one where it stands alone; `*` means all rules. The source of this page is `ManifestRule` in `src/CloudLab.Core/Kubernetes/Review/Manifests`.
            """,
            ManifestRule.All, versions.ToString());
    }

    private static IReadOnlyList<LabManifestFinding> Review(string text) => ManifestReview.Review(
        ManifestReader.ReadText(text, review: true),
        new() { Wanted = rule => Own.Contains(rule.Id) });

    // The rules of documents and schemas: what others find in these texts is theirs to test.
    private static readonly HashSet<string> Own =
    [
        "SyntaxError", "TemplateNotRendered", "NotAManifest", "DuplicateKey", "DuplicateObject", "UnknownKind", "NoSchema", "RemovedApiVersion", "DeprecatedApiVersion", "UnknownField", "WrongType",
        "RequiredField", "InvalidValue", "DuplicateItem", "InvalidName",
    ];

    private async Task<LabManifestFinding[]> FindAsync(string manifest, object parameters)
    {
        Dictionary<string, object?> all = parameters.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(parameters));
        (all["Manifest"], all["Offline"]) = (manifest + "\n", true);
        return (await CmdletRunner.RunAsync("Test-LabManifest", all, location: folder)).Ok().OutputOf<LabManifestFinding>();
    }
}
