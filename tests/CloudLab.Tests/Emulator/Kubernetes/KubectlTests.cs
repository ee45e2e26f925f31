using System.Diagnostics;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

/// <summary>The emulator under a current kubectl.</summary>
[Trait("Area", "Emulator")]
[Trait("Server", "kubectl")]
public sealed class KubectlTests : IAsyncDisposable
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: web:1
                ports: [{containerPort: 80}]
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          type: NodePort
          selector: {app: web}
          ports: [{port: 80}]
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-kubectl-").FullName;
    private readonly KubernetesCluster cluster = new(new KubernetesOptions { PodStartDelay = TimeSpan.FromMilliseconds(100) });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task It_creates_gets_labels_annotates_patches_and_deletes()
    {
        Assert.Contains("deployments", await KubectlAsync("api-resources"), StringComparison.Ordinal);
        await KubectlAsync("create", "configmap", "a", "--from-literal=x=1");
        await KubectlAsync("label", "configmap", "a", "team=red");
        await KubectlAsync("annotate", "configmap", "a", "note=hello");
        await KubectlAsync("patch", "configmap", "a", "-p", "{\"data\":{\"y\":\"2\"}}");
        Assert.Equal("1 2 red hello", await KubectlAsync("get", "cm", "a", "-o", "jsonpath={.data.x} {.data.y} {.metadata.labels.team} {.metadata.annotations.note}"));
        Assert.Matches(@"(?m)^a\s+2\s+\d+s$", await KubectlAsync("get", "cm", "-l", "team=red"));
        await KubectlAsync("create", "secret", "generic", "s", "--from-literal=p=q");
        Assert.Matches(@"(?m)^s\s+Opaque\s+1\s", await KubectlAsync("get", "secrets"));
        await KubectlAsync("delete", "configmap", "a");
        Assert.Contains("configmaps \"a\" not found", await KubectlAsync(fails: true, "get", "configmap", "a"), StringComparison.Ordinal);
        await KubectlAsync("create", "namespace", "team");
        await KubectlAsync("delete", "namespace", "team", "--timeout=20s");
        Assert.Contains("emulator   Ready", await KubectlAsync("get", "nodes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_applies_diffs_and_applies_again()
    {
        string file = Write("web.yaml", Web);
        Assert.Equal(["deployment.apps/web created", "service/web created"], Lines(await KubectlAsync("apply", "-f", file)));
        Assert.Equal(["deployment.apps/web unchanged", "service/web unchanged"], Lines(await KubectlAsync("apply", "-f", file)));
        await KubectlAsync("rollout", "status", "deployment/web", "--timeout=20s");
        Assert.Empty(await KubectlAsync("diff", "-f", file));
        Write("web.yaml", Web.Replace("web:1", "web:2", StringComparison.Ordinal).Replace("        ports: [{containerPort: 80}]\n", "", StringComparison.Ordinal));
        string diff = await KubectlAsync(fails: true, "diff", "-f", file);
        Assert.Contains("-      - image: web:1", diff, StringComparison.Ordinal);
        Assert.Contains("+      - image: web:2", diff, StringComparison.Ordinal);
        Assert.Equal(["deployment.apps/web configured", "service/web unchanged"], Lines(await KubectlAsync("apply", "-f", file)));
        Assert.Equal("web:2", await KubectlAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}{.spec.template.spec.containers[0].ports}"));
        Write("web.yaml", Web.Replace("replicas", "replicaz", StringComparison.Ordinal));
        Assert.Contains("strict decoding error: unknown field \"spec.replicaz\"", await KubectlAsync(fails: true, "apply", "-f", file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_applies_on_the_server_and_meets_conflicts()
    {
        string file = Write("web.yaml", Web);
        Assert.Equal(["deployment.apps/web serverside-applied", "service/web serverside-applied"], Lines(await KubectlAsync("apply", "--server-side", "-f", file)));
        await KubectlAsync("scale", "deployment", "web", "--replicas=3");
        string refused = await KubectlAsync(fails: true, "apply", "--server-side", "-f", file);
        Assert.Contains("Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas", refused, StringComparison.Ordinal);
        await KubectlAsync("apply", "--server-side", "--force-conflicts", "-f", file);
        Assert.Equal("2", await KubectlAsync("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"));

        // From client-side apply over to the server's.
        Write("map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: b}}");
        await KubectlAsync("apply", "-f", Path.Combine(folder, "map.yaml"));
        Write("map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {c: d}}");
        await KubectlAsync("apply", "--server-side", "-f", Path.Combine(folder, "map.yaml"));
        Assert.Equal("{\"c\":\"d\"}", await KubectlAsync("get", "cm", "m", "-o", "jsonpath={.data}"));
    }

    [Fact]
    public async Task It_rolls_out_back_and_anew()
    {
        await KubectlAsync("create", "deployment", "web", "--image=web:1", "--replicas=2");
        Assert.Contains("successfully rolled out", await KubectlAsync("rollout", "status", "deployment/web", "--timeout=20s"), StringComparison.Ordinal);
        await KubectlAsync("wait", "--for=condition=Available", "deployment/web", "--timeout=20s");
        await KubectlAsync("set", "image", "deployment/web", "web=web:2");
        await KubectlAsync("rollout", "status", "deployment/web", "--timeout=20s");
        await KubectlAsync("rollout", "undo", "deployment/web");
        await KubectlAsync("rollout", "status", "deployment/web", "--timeout=20s");
        Assert.Equal("web:1", await KubectlAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
        Assert.Equal(["2", "3"], Lines(await KubectlAsync("rollout", "history", "deployment/web")).Skip(2).Select(line => line.Split(' ')[0]));
        await KubectlAsync("rollout", "restart", "deployment/web");
        await KubectlAsync("rollout", "status", "deployment/web", "--timeout=20s");
        Assert.Contains("restartedAt", await KubectlAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.metadata.annotations}"), StringComparison.Ordinal);
        string wide = await KubectlAsync("get", "deployment", "web", "-o", "wide");
        Assert.Matches(@"(?m)^web\s+2/2\s+2\s+2\s+\d+s\s+web\s+web:1\s+app=web$", wide);
        Assert.Matches(@"(?m)^web-\w+-\w+\s+1/1\s+Running\s+0\s+\d+s\s+10\.244\.\S+\s+emulator\s", await KubectlAsync("get", "pods", "-o", "wide"));
        Assert.Contains("started web:1", await KubectlAsync("logs", "deployment/web"), StringComparison.Ordinal);
        Assert.Contains("StrategyType:", await KubectlAsync("describe", "deployment", "web"), StringComparison.Ordinal);
        await KubectlAsync("delete", "deployment", "web", "--timeout=20s");
    }

    [Fact]
    public async Task It_watches()
    {
        await KubectlAsync("create", "configmap", "a", "--from-literal=x=1");
        Task<string> watching = RunAsync(["get", "configmaps", "--watch", "-o", "name", "--request-timeout=3s"], fails: null);
        await KubectlAsync("create", "configmap", "b", "--from-literal=x=1");
        Assert.Superset(new HashSet<string> { "configmap/a", "configmap/b" }, Lines(await watching).ToHashSet());
    }

    [Fact]
    public async Task It_sees_a_new_kind()
    {
        string file = Write("crd.yaml", """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: movies.lab.io}
            spec:
              group: lab.io
              scope: Namespaced
              names: {plural: movies, kind: Movie}
              versions:
              - name: v1
                served: true
                storage: true
                schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {title: {type: string}}}}}}
            """);
        await KubectlAsync("apply", "-f", file);
        await KubectlAsync("wait", "--for=condition=Established", "crd/movies.lab.io", "--timeout=20s");
        string movie = Write("movie.yaml", "{apiVersion: lab.io/v1, kind: Movie, metadata: {name: m}, spec: {title: Metropolis}}");
        await KubectlAsync("apply", "-f", movie);
        await KubectlAsync("apply", "--server-side", "-f", movie, "--force-conflicts");
        Assert.Equal("Metropolis", await KubectlAsync("get", "movie", "m", "-o", "jsonpath={.spec.title}"));
        await KubectlAsync("delete", "-f", movie, "-f", file, "--timeout=20s");
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        return path;
    }

    private Task<string> KubectlAsync(params string[] arguments) => RunAsync(arguments, fails: false);

    private Task<string> KubectlAsync(bool fails, params string[] arguments) => RunAsync(arguments, fails);

    private async Task<string> RunAsync(string[] arguments, bool? fails)
    {
        ProcessStartInfo start = new(
            TestServers.Kubectl(), ["--server=" + cluster.Url, "--cache-dir=" + Path.Combine(folder, "cache"), .. arguments]);
        start.Environment["KUBECONFIG"] = Path.Combine(folder, "none");
        start.Environment["HOME"] = folder;
        (int exitCode, string output, string errors) = await ForeignProcess.RunAsync(start);
        string all = $"kubectl {string.Join(' ', arguments)}: {exitCode}\n{output}{errors}";
        Assert.True(fails is null || fails == (exitCode != 0), all);
        return fails == true ? output + errors : output;
    }
}
