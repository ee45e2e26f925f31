using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Rollouts;

/// <summary>The same done to two objects, once with kubectl and once with a cmdlet: they end alike.</summary>
[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class KubectlTwinTests() : KubeTest(KubeServer.Real)
{
    [Theory]
    [InlineData("set image deploy/NAME web=nginx:latest", "Set-LabWorkloadImage", "{\"Image\":\"web=nginx:latest\"}")]
    [InlineData("set image deploy/NAME *=nginx:latest", "Set-LabWorkloadImage", "{\"Image\":\"*=nginx:latest\"}")]
    [InlineData("scale deploy/NAME --replicas=3", "Set-LabScale", "{\"Replicas\":3}")]
    [InlineData("scale deploy/NAME --replicas=3 --current-replicas=2", "Set-LabScale", "{\"Replicas\":3,\"CurrentReplicas\":2}")]
    [InlineData("label deploy/NAME tier=front", "Set-LabLabel", "{\"Label\":{\"tier\":\"front\"}}")]
    [InlineData("label deploy/NAME own-", "Set-LabLabel", "{\"Label\":{\"own\":null}}")]
    [InlineData("annotate deploy/NAME note=a", "Set-LabAnnotation", "{\"Annotation\":{\"note\":\"a\"}}")]
    [InlineData("patch deploy/NAME -p {\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"web\",\"env\":[{\"name\":\"A\",\"value\":\"b\"}]}]}}}}", "Edit-LabResource",
        "{\"Patch\":\"{\\\"spec\\\":{\\\"template\\\":{\\\"spec\\\":{\\\"containers\\\":[{\\\"name\\\":\\\"web\\\",\\\"env\\\":[{\\\"name\\\":\\\"A\\\",\\\"value\\\":\\\"b\\\"}]}]}}}}\"}")]
    [InlineData("rollout restart deploy/NAME", "Restart-LabRollout", "{}")]
    [InlineData("rollout pause deploy/NAME", "Suspend-LabRollout", "{}")]
    public async Task One_change(string kubectl, string cmdlet, string parameters)
    {
        await TwinsAsync();
        await KubectlAsync(kubectl);
        (await RunAsync(cmdlet, Parameters(parameters))).Ok();
        await SameAsync();
    }

    [Fact]
    public async Task Undo()
    {
        await TwinsAsync();
        foreach (string name in new[] { "theirs", "ours" })
        {
            await KubectlAsync($"rollout status deploy/{name} --timeout=60s");
            await KubectlAsync($"annotate deploy/{name} kubernetes.io/change-cause=second");
            await KubectlAsync($"set image deploy/{name} web=nginx:latest");
            await KubectlAsync($"rollout status deploy/{name} --timeout=60s");
        }

        await KubectlAsync("rollout undo deploy/theirs");
        (await RunAsync("Undo-LabRollout", new { Kind = "deploy/ours", Wait = true, Timeout = 60 })).Ok();
        await KubectlAsync("rollout status deploy/theirs --timeout=60s");
        await SameAsync();
        // kubectl's history of what the cmdlet did is that of what kubectl did.
        Assert.Equal(await HistoryAsync("theirs"), await HistoryAsync("ours"));

        async Task<string> HistoryAsync(string name) => (await KubectlAsync($"rollout history deploy/{name}")).Replace(name, "NAME", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{.metadata.name}")]
    [InlineData("{.spec.template.spec.containers[*].name}")]
    [InlineData("{.spec.template.spec.containers[-1].command[0:2]}")]
    [InlineData("{.spec.template.spec.containers[?(@.name==\"web\")].image}")]
    [InlineData("{.spec.template.spec.containers[?(@.name!=\"web\")].image}")]
    [InlineData("{.metadata.annotations.example\\.com/dotted}")]
    [InlineData("{.metadata.annotations['example\\.com/dotted']}")]
    [InlineData("{.spec.replicas}")]
    [InlineData("{..image}")]
    [InlineData("{.spec.template.spec.containers[0]['name','image']}")]
    [InlineData("{.spec.selector}")]
    public async Task Paths(string path)
    {
        await TwinsAsync();
        LabResource object_ = (await RunAsync("Get-LabResource", new { Kind = "deploy/ours" })).Ok().OutputOf<LabResource>()[0];
        Assert.Equal(
            await RunKubectlAsync(["get", "deploy", "ours", "-o", "jsonpath=" + path]),
            string.Join(' ', JsonPath.Parse(path).Find(JsonNode.Parse(object_.ToJson())).Select(JsonPath.Print)));
    }

    private async Task TwinsAsync()
    {
        foreach (string name in new[] { "theirs", "ours" })
        {
            (await RunAsync("Deploy-LabManifest", new
            {
                Manifest = """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: NAME, labels: {own: "1"}, annotations: {example.com/dotted: "yes"}}
                    spec:
                      replicas: 2
                      selector: {matchLabels: {app: web}}
                      template:
                        metadata: {labels: {app: web}}
                        spec: {terminationGracePeriodSeconds: 1, containers: [{name: web, image: "busybox:1.36", command: [sleep, "600"]}, {name: side, image: "busybox:1.36", command: [sleep, "600"]}]}

                    """.Replace("app: web", "app: NAME", StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal),
            })).Ok();
        }
    }

    private async Task SameAsync()
    {
        string[] both = await Task.WhenAll(new[] { "theirs", "ours" }.Select(async name =>
        {
            LabResource found = (await RunAsync("Get-LabResource", new { Kind = "deploy/" + name })).Ok().OutputOf<LabResource>()[0];
            JsonNode node = JsonNode.Parse(found.ToJson())!;
            if (node["spec"]!["template"]!["metadata"]!["annotations"] is JsonObject annotations && annotations.ContainsKey("kubectl.kubernetes.io/restartedAt"))
            {
                annotations["kubectl.kubernetes.io/restartedAt"] = "then";
            }

            return $"{node["metadata"]!["labels"]} {node["metadata"]!["annotations"]} {node["spec"]}".Replace(name, "NAME", StringComparison.Ordinal);
        }));
        Assert.Equal(both[0], both[1]);
    }

    private static Dictionary<string, object?> Parameters(string json)
    {
        Dictionary<string, object?> parameters = new() { ["Kind"] = "deploy/ours" };
        foreach ((string name, JsonNode? value) in JsonNode.Parse(json)!.AsObject())
        {
            parameters[name] = value switch
            {
                JsonObject map => map.ToDictionary(pair => pair.Key, pair => (object?)(string?)pair.Value),
                JsonValue number when number.TryGetValue(out int whole) => whole,
                _ => (string?)value,
            };
        }

        return parameters;
    }

    private Task<string> KubectlAsync(string line) => RunKubectlAsync(line.Replace("NAME", "theirs", StringComparison.Ordinal).Split(' '));

    private async Task<string> RunKubectlAsync(string[] arguments)
    {
        ProcessStartInfo start = new(TestServers.Kubectl(), ["--cache-dir=" + Path.Combine(Folder, "cache"), "-n", Namespace, .. arguments]);
        start.Environment["KUBECONFIG"] = TestServers.Kubernetes();
        start.Environment["HOME"] = Folder;
        (int exitCode, string output, string errors) = await ForeignProcess.RunAsync(start);
        Assert.True(exitCode == 0, $"kubectl {string.Join(' ', arguments)}: {exitCode}\n{output}{errors}");
        return output;
    }
}
