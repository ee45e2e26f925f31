using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Review.Manifests;

/// <summary>The review without a cluster finds what is wrong, and nothing else.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ManifestSchemaTests
{
    private static readonly HashSet<string> Rules =
        [nameof(ManifestRule.UnknownField), nameof(ManifestRule.WrongType), nameof(ManifestRule.RequiredField), nameof(ManifestRule.InvalidValue), nameof(ManifestRule.DuplicateItem), nameof(ManifestRule.UnknownKind)];

    [Fact]
    public void Each_mistake_is_found_at_its_field_and_nothing_else() => Assert.All(SchemaFaults.Native.Concat(SchemaFaults.Custom), fault =>
    {
        LabManifestFinding[] found = Review(fault.Manifest);
        Assert.True(
            found.Length == 1 && found[0].Rule == fault.Rule && found[0].Path == fault.Path,
            $"{fault.Rule} {fault.Path}: {string.Join("; ", found.Select(finding => $"{finding.Path} {finding}"))}");
        Assert.True(found[0].Message[^1] is '.' or '?', found[0].Message);
        Assert.NotEmpty(found[0].Action);
    });

    [Fact]
    public void What_is_right_gives_no_finding() => Assert.All(SchemaFaults.Good, manifest => Assert.Empty(Review(manifest).Select(finding => $"{finding.Path} {finding}")));

    private static LabManifestFinding[] Review(string manifest) =>
    [
        .. ManifestReview.Review(
            ManifestReader.ReadText((SchemaFaults.Definition + "---\n" + manifest).Replace("GROUP", "example.com", StringComparison.Ordinal), review: true), new() { Wanted = rule => Rules.Contains(rule.Id) }),
    ];
}

[Trait("Area", "Kubernetes")]
public sealed class SchemasOfEmulatorTests() : SchemasOfClusterTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class SchemasOfRealClusterTests() : SchemasOfClusterTests(KubeServer.Real)
{
    [Fact]
    public Task The_server_refuses_what_the_review_finds_and_names_the_same_field() => DefinedAsync(async () =>
    {
        foreach ((string rule, string path, string manifest) in SchemaFaults.Native.Concat(SchemaFaults.Custom))
        {
            CmdletResult result = await RunAsync("Deploy-LabManifest", new { Manifest = Mine(manifest) + "\n", DryRun = true });
            Assert.True(result.Errors.Count == 1, $"The server takes {rule} {path}.");
            string message = result.Errors[0].Exception.Message, field = path[(path.LastIndexOf('.') + 1)..].Split('[')[0];

            // Of quantities the server does not say where they are.
            Assert.True(message.Contains(field, StringComparison.Ordinal) || message.Contains("quantities must match", StringComparison.Ordinal), $"{path}: {message}");
        }
    });

    [Fact]
    public Task The_server_takes_what_the_review_takes() => DefinedAsync(async () =>
    {
        foreach (string manifest in SchemaFaults.Good)
        {
            (await RunAsync("Deploy-LabManifest", new { Manifest = Mine(manifest) + "\n", DryRun = true })).Ok();
        }
    });
}

/// <summary>The review with the schemas of a cluster.</summary>
/// <param name="server">The cluster.</param>
public abstract class SchemasOfClusterTests(KubeServer server) : KubeTest(server)
{
    private string Group => Namespace + ".example.com";

    [Fact]
    public Task The_schemas_of_the_cluster_count_also_those_of_custom_resources() => DefinedAsync(async () =>
    {
        LabManifestFinding[] found = await FindAsync("""
            apiVersion: GROUP/v1
            kind: Film
            metadata: {name: f}
            spec:
              title: ab
              titel: x
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: d}
            spec:
              selector: {matchLabels: {a: b}}
              template:
                spec: {containers: [], replicas: 2}

            """);
        Assert.Equal(["UnknownField spec.titel 6:3", "UnknownField spec.template.spec.replicas 14:28"], found.Select(one => $"{one.Rule} {one.Path} {one.Line}:{one.Column}"));
        Assert.Equal("Move it to spec: its indentation is wrong.", found[1].Action);
    });

    [Fact]
    public async Task A_kind_that_the_cluster_does_not_have_is_unknown()
    {
        LabManifestFinding[] found = await FindAsync("{apiVersion: nowhere.example.com/v1, kind: Film, metadata: {name: f}}\n---\n{apiVersion: apps/v1, kind: Deploymnt, metadata: {name: d}}\n---\n{apiVersion: v1, kind: Deployment, metadata: {name: e}}\n---\n"
            + "{apiVersion: networking.example.io/v1, kind: ServiceEntry, metadata: {name: e}}\n");
        Assert.Equal(["UnknownKind", "UnknownKind", "UnknownKind", "UnknownKind"], found.Select(one => one.Rule));
        Assert.Contains("'Deployment'", found[1].Message, StringComparison.Ordinal);
        Assert.Equal("Write apiVersion: apps/v1.", found[2].Action);
        Assert.Equal("There is no kind ServiceEntry in networking.example.io/v1.", found[3].Message);
    }

    /// <summary>Does something while the cluster has the definition of films, in a group of the test's own.</summary>
    protected async Task DefinedAsync(Func<Task> work)
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Mine(SchemaFaults.Definition), Wait = true })).Ok();
        try
        {
            await work();
        }
        finally
        {
            (await RunAsync("Remove-LabManifest", new { Manifest = Mine(SchemaFaults.Definition), Force = true })).Ok();
        }
    }

    /// <summary>Puts the test's own group into a manifest.</summary>
    protected string Mine(string manifest) => manifest.Replace("GROUP", Group, StringComparison.Ordinal);

    private async Task<LabManifestFinding[]> FindAsync(string manifest) =>
        (await RunAsync("Test-LabManifest", new { Manifest = Mine(manifest), Rule = new[] { "Unknown*", "NoSchema" } })).Ok().OutputOf<LabManifestFinding>();
}
