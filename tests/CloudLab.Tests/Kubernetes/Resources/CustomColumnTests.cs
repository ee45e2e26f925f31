using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Resources;

[Trait("Area", "Kubernetes")]
public sealed class CustomColumnOnEmulatorTests() : CustomColumnTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class CustomColumnOnRealClusterTests() : CustomColumnTests(KubeServer.Real);

/// <summary>What the definition of a custom kind says is to be shown of it.</summary>
public abstract class CustomColumnTests(KubeServer server) : KubeTest(server)
{
    [Fact]
    public async Task Objects_have_the_columns_of_their_definition()
    {
        // Named by the test: definitions belong to the whole cluster.
        string group = Namespace + ".test";
        string definition = $$$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: films.{{{group}}}}
            spec:
              group: {{{group}}}
              scope: Namespaced
              names: {plural: films, singular: film, kind: Film}
              versions:
              - name: v1
                served: true
                storage: true
                schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                additionalPrinterColumns:
                - {name: Ready, type: string, jsonPath: .spec.ready}
                - {name: Count, type: integer, jsonPath: .spec.count}
                - {name: Wide, type: string, jsonPath: .spec.wide, priority: 1}
                - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}

            """;
        try
        {
            ManifestResult[] results = [.. (await RunAsync("Deploy-LabManifest", new
            {
                Manifest = $"{definition}---\napiVersion: {group}/v1\nkind: FilmList\nitems:\n- {{metadata: {{name: a}}, spec: {{ready: 'True', count: 3, wide: x}}}}\n- {{metadata: {{name: b}}}}\n",
            })).Ok().OutputOf<ManifestResult>()];
            Assert.Equal(["CustomResourceDefinition", "Film", "Film"], results.Select(one => one.Kind));
            LabResource[] films = [.. (await RunAsync("Get-LabResource", new { Kind = $"films.{group}" })).Ok().OutputOf<LabResource>()];
            Assert.Equal(["Ready=True Count=3", ""], films.Select(Columns));
            Assert.Equal(3L, films[0].Columns!["Count"]);
            Assert.Equal("x", films[0].Spec!["wide"]);
            LabResource one = Assert.Single((await RunAsync("Get-LabResource", new { Kind = $"films.{group}", Name = "a" })).Ok().OutputOf<LabResource>());
            Assert.Equal(("Film", "Ready=True Count=3"), (one.Kind, Columns(one)));
            Assert.Null(Assert.Single((await RunAsync("Get-LabResource", new { Kind = "ns/" + Namespace })).Ok().OutputOf<LabResource>()).Columns);
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = definition, Force = true });
        }
    }

    private static string Columns(LabResource film) =>
        string.Join(' ', film.Columns!.Where(column => column.Value is not (null or "")).Select(column => $"{column.Key}={column.Value}"));
}
