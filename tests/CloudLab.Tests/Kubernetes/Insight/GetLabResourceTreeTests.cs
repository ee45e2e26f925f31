using CloudLab.Core.Kubernetes.Insight;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Insight;

[Trait("Area", "Kubernetes")]
public sealed class GetLabResourceTreeOnEmulatorTests() : GetLabResourceTreeTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class GetLabResourceTreeOnRealClusterTests() : GetLabResourceTreeTests(KubeServer.Real)
{
    [Fact]
    public async Task Kinds_that_may_not_be_listed_are_named()
    {
        await DeployAsync(Web + """
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: deployments}
            rules: [{apiGroups: [apps], resources: [deployments, replicasets], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: deployments}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployments}
            subjects: [{kind: User, name: lab-reader, apiGroup: rbac.authorization.k8s.io}]

            """);
        await TreeAsync("deploy/web", false, 4);
        string config = Write("reader", (await File.ReadAllTextAsync(TestServers.Kubernetes(), Token)).Replace("user: {", "user: {as: lab-reader, ", StringComparison.Ordinal));
        CmdletResult result = (await CmdletRunner.RunAsync("Get-LabResourceTree", new { Name = "web", Kind = "deploy", KubeConfig = config, Namespace }, location: Folder)).Ok();
        Assert.Equal(["Deployment", "ReplicaSet"], result.OutputOf<LabResourceNode>().Select(node => node.Kind));
        Assert.Contains(result.Warnings, warning => warning.Contains("you are not allowed to list", StringComparison.Ordinal));
    }
}

/// <summary>What owns what, drawn.</summary>
/// <param name="server">Where to run.</param>
public abstract class GetLabResourceTreeTests(KubeServer server) : KubeTest(server)
{
    private protected const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: web, image: "busybox:1.36", imagePullPolicy: IfNotPresent, command: [httpd, -f, -p, "8080"]}]

        """;

    [Fact]
    public async Task A_deployment_is_drawn_down_to_its_pods_and_from_a_pod_upward()
    {
        await DeployAsync(Web);
        (await RunAsync("Wait-LabRollout", new { Name = "web", Kind = "deploy", Timeout = 60 })).Ok();
        LabResourceNode[] tree = await TreeAsync("deploy/web", false, 4);
        string set = tree[1].Name;
        Assert.Equal(["Deployment/web", $"└─ReplicaSet/{set}", $"  ├─Pod/{tree[2].Name}", $"  └─Pod/{tree[3].Name}"], tree.Select(node => node.Tree));
        Assert.Equal([(0, null), (1, "Deployment/web"), (2, $"ReplicaSet/{set}"), (2, $"ReplicaSet/{set}")], tree.Select(node => (node.Depth, node.Owner)));
        Assert.All(tree, node => Assert.Equal(("Ready", null), (node.Health, node.Message)));
        Assert.Equal(["2/2", "2/2", "1/1", "1/1"], tree.Select(node => node.Ready));

        Assert.Equal(tree.Select(node => node.Tree), (await TreeAsync($"pod/{tree[3].Name}", true, 4)).Select(node => node.Tree));
        Assert.Equal([$"Pod/{tree[3].Name}"], (await TreeAsync($"pod/{tree[3].Name}", false, 1)).Select(node => node.Tree));
        LabResourceNode[] containers = (await RunAsync("Get-LabResourceTree", new { Kind = "deploy", Name = "web", Container = true })).Ok().OutputOf<LabResourceNode>();
        Assert.Equal("  │ └─Container/web", containers[3].Tree);
        Assert.Equal("Running", containers[3].State);

        // The nodes are objects like any other.
        Assert.Equal("web", Assert.Single((await RunAsync("Get-LabResource", input: [tree[0]])).Ok().OutputOf<LabResource>()).Name);
    }

    [Fact]
    public async Task A_pod_that_does_not_get_ready_says_why()
    {
        await DeployAsync(Web.Replace("busybox:1.36", "busybox:nonexistent", StringComparison.Ordinal).Replace("replicas: 2", "replicas: 1", StringComparison.Ordinal));
        while (true)
        {
            LabResourceNode[] tree = await TreeAsync("deploy/web", false, 3);
            if (tree[2].Message?.Contains("mage", StringComparison.Ordinal) == true)
            {
                Assert.Equal(("Waiting", "Waiting"), (tree[2].Health, tree[0].Health));
                break;
            }

            await Task.Delay(200, Token);
        }
    }

    /// <summary>A custom resource that owns a ConfigMap and one of its own kind, which owns a Secret.</summary>
    [Fact]
    public async Task Custom_resources_are_followed_and_data_of_secrets_is_left_out()
    {
        string group = Namespace + ".example";
        string crd = $$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: films.{{group}}}
            spec:
              group: {{group}}
              names: {kind: Film, plural: films, singular: film}
              scope: Namespaced
              versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }]

            """;
        (await RunAsync("Deploy-LabManifest", new { Manifest = crd, Wait = true, Timeout = 60 })).Ok();
        try
        {
            string Film(string name, string? uid) => $"apiVersion: {group}/v1\nkind: Film\nmetadata: {{name: {name}{(uid is null ? "" : $", ownerReferences: [{{apiVersion: {group}/v1, kind: Film, name: top, uid: {uid}}}]")}}}\nspec: {{}}\n";
            await DeployAsync(Film("top", null));
            string top = await UidAsync($"films.{group}", "top");
            await DeployAsync(Film("second", top));
            string second = await UidAsync($"films.{group}", "second");
            await DeployAsync($$"""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: settings, ownerReferences: [{apiVersion: {{group}}/v1, kind: Film, name: top, uid: {{top}}}]}
                data: {a: b}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: hidden, ownerReferences: [{apiVersion: {{group}}/v1, kind: Film, name: second, uid: {{second}}}]}
                stringData: {a: b}

                """);
            LabResourceNode[] tree = (await RunAsync("Get-LabResourceTree", new { Kind = "secrets", Name = "hidden", Root = true })).Ok().OutputOf<LabResourceNode>();
            Assert.Equal(["Film/top", "├─ConfigMap/settings", "└─Film/second", "  └─Secret/hidden"], tree.Select(node => node.Tree));
            Assert.Null(tree[3].Data);
            Assert.Equal(("v1", "Secret"), (tree[3].ApiVersion, tree[3].Kind));
            LabResourceNode alone = Assert.Single((await RunAsync("Get-LabResourceTree", new { Kind = "secrets", Name = "hidden" })).Ok().OutputOf<LabResourceNode>());
            Assert.Null(alone.Data);
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = crd, Force = true });
        }
    }

    [Fact]
    public async Task An_owner_that_does_not_exist_is_named()
    {
        await DeployAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: orphan
              finalizers: [cloudlab.test/keep]
              ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: gone, uid: 6c1c1d0e-0000-4000-8000-000000000000}]

            """);
        try
        {
            LabResourceNode node = Assert.Single(await TreeAsync("cm/orphan", true, 1));
            Assert.Equal(["Deployment/gone"], node.MissingOwners);
            Assert.StartsWith("its owner Deployment/gone does not exist, so it is being removed", node.Message, StringComparison.Ordinal);
        }
        finally
        {
            await Api.SendAsync(
                HttpMethod.Patch, $"/api/v1/namespaces/{Namespace}/configmaps/orphan", "{\"metadata\":{\"finalizers\":null}}"u8.ToArray(), "application/merge-patch+json", Token);
        }
    }

    private protected async Task DeployAsync(string manifest) => (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();

    private protected async Task<LabResourceNode[]> TreeAsync(string name, bool root, int count)
    {
        while (true)
        {
            LabResourceNode[] tree = (await RunAsync("Get-LabResourceTree", new { Name = name, Root = root })).Ok().OutputOf<LabResourceNode>();
            if (tree.Length == count)
            {
                return tree;
            }

            await Task.Delay(100, Token);
        }
    }

    private async Task<string> UidAsync(string kind, string name) =>
        (string)Assert.Single((await RunAsync("Get-LabResource", new { Kind = kind, Name = name })).Ok().OutputOf<LabResource>()).Metadata["uid"]!;
}
