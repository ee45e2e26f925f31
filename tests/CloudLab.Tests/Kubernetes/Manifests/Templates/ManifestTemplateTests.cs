using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Manifests.Templates;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Manifests.Templates;

/// <summary>New-LabManifest and ConvertFrom-LabManifest, without a cluster.</summary>
[Trait("Area", "Kubernetes")]
public sealed class ManifestTemplateTests
{
    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>A template of every kind, with much of what it takes.</summary>
    public static IEnumerable<ManifestTemplate> All(string ns)
    {
        (string Name, object Value)[] pod = [("Image", "busybox:1.36"), ("Command", new[] { "sleep", "60" }), ("Env", Map(("A", "1"))), ("EnvFrom", new[] { "configmap/conf" }), ("Mount", Map(("/etc/x", "secret/cred"), ("/cache", "emptydir")))];
        yield return Of("Namespace", ("PodSecurity", "baseline")) with { Name = ns };
        yield return Of("ConfigMap", ("Data", Map(("a", "1")))) with { Name = "conf" };
        yield return Of("Secret", ("Data", Map(("a", "1"))), ("Immutable", true)) with { Name = "cred" };
        yield return Of("ServiceAccount");
        yield return Of("ResourceQuota", ("Hard", Map(("pods", "50"))));
        yield return Of("LimitRange", ("Default", Map(("memory", "256Mi"))), ("Minimum", Map(("cpu", "1m"))));
        yield return Of("NetworkPolicy", ("From", new[] { "app=web,tier=x", "namespace/y", "10.0.0.0/8" }), ("Port", new[] { "80" }));
        yield return Of("PersistentVolumeClaim", ("Size", "1Gi"), ("StorageClass", "none-such"));
        yield return Of("Role", ("Verb", new[] { "GET" }), ("Resource", new[] { "pods/log", "deployments.apps/scale" }));
        yield return Of("RoleBinding", ("Role", "clusterrole/view"), ("Subject", new[] { "user/a", "group/b", "sa/c" }));
        yield return Of("Service", ("Port", new[] { "80", "metrics=9090" }), ("TargetPort", "http"), ("Type", "ClusterIP"));
        yield return Of("Ingress", ("HostName", "a.example.com"), ("TlsSecret", "cert"), ("UrlPath", "/a"), ("Port", new[] { "http" }));
        yield return Of("Deployment", [.. pod, ("Replicas", 1), ("Port", new[] { "http=8080", "9090" }), ("HealthPath", "/healthz"), ("CpuLimit", "1")]);
        yield return Of("StatefulSet", [.. pod, ("Size", "1Gi"), ("MountPath", "/db"), ("Replicas", 0)]);
        yield return Of("DaemonSet", [.. pod, ("AllowRoot", true), ("Writable", true)]);
        yield return Of("Job", [.. pod, ("Completions", 2), ("TimeToLive", 60), ("Deadline", 60)]);
        yield return Of("CronJob", [.. pod, ("Schedule", "0 2 * * *"), ("TimeZone", "Europe/Paris"), ("Suspend", true)]);
        yield return Of("HorizontalPodAutoscaler", ("Target", "sts/db"), ("MemoryPercent", 70));

        ManifestTemplate Of(string kind, params (string Name, object Value)[] values) =>
            new() { Kind = kind, Name = kind.ToLowerInvariant(), Namespace = ns, Values = values.ToDictionary(value => value.Name, value => value.Value) };
    }

    [Fact]
    public void A_workload_is_hardened_and_probed()
    {
        JsonObject spec = ((JsonObject)JsonNode.Parse(All("x").Single(template => template.Kind == "Deployment").Build().ToJson())!).Object("spec")!.Object("template")!.Object("spec")!;
        Assert.Equal("""{"runAsNonRoot":true,"runAsUser":65532,"runAsGroup":65532,"fsGroup":65532,"seccompProfile":{"type":"RuntimeDefault"}}""", spec["securityContext"]!.ToJsonString());
        JsonObject container = spec.Objects("containers").Single();
        Assert.Equal("""{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}""", container["securityContext"]!.ToJsonString());
        Assert.Equal("""{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":5}""", container["readinessProbe"]!.ToJsonString());
        Assert.Equal("""{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"128Mi","cpu":"1"}}""", container["resources"]!.ToJsonString());
    }

    [Fact]
    public async Task The_object_can_be_changed_and_a_secret_is_given_as_text()
    {
        LabResource made = Assert.Single((await CmdletRunner.RunAsync("New-LabManifest", new { Kind = "deployment", Name = "web", Image = "web:1" })).Ok().OutputOf<LabResource>());
        made.Spec!["replicas"] = 5;
        Assert.Equal(5, (long)made.ToObject()["spec"]!["replicas"]!);
        LabResource secret = Assert.Single((await CmdletRunner.RunAsync("New-LabManifest", new { Kind = "Secret", Name = "s", Data = new Dictionary<string, object> { ["p"] = "geheim" } })).Ok().OutputOf<LabResource>());
        Assert.Equal("Z2VoZWlt", secret.Data!["p"]);
    }

    [Theory]
    [InlineData("Service", "Schedule", "x", "ParameterNotForKind", "-Schedule is for CronJob, not for Service, which takes -Headless")]
    [InlineData("Service", null, null, "ParameterMissing", "-Port 80")]
    [InlineData("Deployment", null, null, "ParameterMissing", "-Image")]
    [InlineData("RoleBinding", "Role", "x/y", "ParameterMissing", "-Subject")]
    [InlineData("HorizontalPodAutoscaler", "Target", "pod/x", "ValueInvalid", "deployment/<name>")]
    [InlineData("CronJob", "Schedule", "0 0 * * 7", "ValueInvalid", "-Schedule '0 0 * * 7' would be refused: end of range (7) above maximum (6): 7. ")]
    [InlineData("Deployment", "Cpu", "0.5x", "ValueInvalid", "-Cpu '0.5x' is no quantity")]
    [InlineData("Deployment", "MemoryLimit", "-1Mi", "ValueInvalid", "-MemoryLimit '-1Mi' is no quantity")]
    public async Task What_does_not_fit_says_what_does(string kind, string? parameter, string? value, string code, string says)
    {
        Dictionary<string, object?> parameters = new() { ["Kind"] = kind, ["Name"] = "x" };
        if (parameter is not null)
        {
            parameters[parameter] = value;
        }

        CmdletResult result = await CmdletRunner.RunAsync("New-LabManifest", parameters);
        Assert.StartsWith(code, result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, result.TerminatingError.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(52, true)]
    [InlineData(53, false)]
    public void The_name_of_a_cron_job_leaves_room_for_those_of_its_jobs(int length, bool taken)
    {
        ManifestTemplate template = new() { Kind = "CronJob", Name = new string('a', length), Values = new Dictionary<string, object> { ["Image"] = "x:1", ["Schedule"] = "@daily" } };
        LabException? e = Record.Exception(template.Build) as LabException;
        Assert.Equal(taken ? null : "ValueInvalid", e?.Code);
    }

    [Fact]
    public void Amounts_by_name_are_checked_too()
    {
        ManifestTemplate template = new() { Kind = "ResourceQuota", Name = "q", Values = new Dictionary<string, object> { ["Hard"] = Map(("pods", "20"), ("requests.cpu", "4 cores")) } };
        Assert.Contains("-Hard requests.cpu '4 cores'", Assert.Throws<LabException>(template.Build).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Env_files_are_read_as_kubectl_reads_them()
    {
        string file = Path.Combine(folder, ".env");
        File.WriteAllText(file, "A=1\r\n  B= two  \n#c=d\n\n\t# e\nC=\"quoted\" # stays\nD='x=y'\nFROM_ENV\nE=\nx.y-z=1", Encoding.UTF8);
        Assert.Equal(
            ["A=1", "B= two  ", "C=\"quoted\" # stays", "D='x=y'", "FROM_ENV=value", "E=", "x.y-z=1"],
            EnvFile.Read(file, new LabEnvironment(name => name == "FROM_ENV" ? "value" : null)).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Theory]
    [InlineData("A=1\n1B=2", "line 2: '1B' is not a name")]
    [InlineData("B =2", "line 1: 'B ' is not a name")]
    [InlineData("export A=1", "line 1: 'export A' is not a name")]
    [InlineData("A=1\n\nA=2", "line 3: the key 'A' occurs twice")]
    public void A_bad_env_file_names_the_line(string text, string says)
    {
        string file = Path.Combine(folder, "bad.env");
        File.WriteAllText(file, text);
        LabException e = Assert.Throws<LabException>(() => EnvFile.Read(file, new LabEnvironment(_ => null)));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_become_data_and_bytes_binary_data()
    {
        File.WriteAllText(Path.Combine(folder, "a.txt"), "text");
        File.WriteAllBytes(Path.Combine(folder, "b"), [0xFF, 0xFE, 0]);
        LabResource made = Assert.Single((await CmdletRunner.RunAsync(
            "New-LabManifest", new { Kind = "ConfigMap", Name = "x", FromFile = new[] { ".", "key=a.txt" } }, location: folder)).Ok().OutputOf<LabResource>());
        Assert.Equal("""{"a.txt":"text","key":"text"}""", made.ToObject()["data"]!.ToJsonString());
        Assert.Equal("""{"b":"//4A"}""", made.ToObject()["binaryData"]!.ToJsonString());
    }

    [Fact]
    public async Task A_manifest_becomes_objects_and_each_mistake_an_error()
    {
        CmdletResult result = await CmdletRunner.RunAsync(
            "ConvertFrom-LabManifest", new { Manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nb: [\n---\n{apiVersion: v1, kind: Pod, metadata: {name: c}}\n" });
        Assert.Equal(["a", "c"], result.OutputOf<LabResource>().Select(resource => resource.Name));
        Assert.StartsWith("ManifestSyntax", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kustomization_folder_needs_kubectl_and_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program in place of kubectl is a shell script.");
        File.WriteAllText(Path.Combine(folder, "kustomization.yaml"), "resources: [a.yaml]\n");
        string fake = Path.Combine(folder, "kubectl");
        File.WriteAllText(fake, "#!/bin/sh\n[ \"$1\" = kustomize ] || exit 9\n[ -f \"$2/fail\" ] && { echo 'error: no a.yaml' >&2; exit 1; }\nprintf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: built}\\n'\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(fake, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        LabEnvironment with = new(name => name == "KUBECTL" ? fake : null);
        Assert.Contains("name: built", await Kustomize.BuildAsync(folder, with, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(folder, Kustomize.FolderOf(Path.Combine(folder, "kustomization.yaml")));
        File.WriteAllText(Path.Combine(folder, "fail"), "");
        LabException failed = await Assert.ThrowsAsync<LabException>(() => Kustomize.BuildAsync(folder, with, TestContext.Current.CancellationToken));
        Assert.Equal("KustomizeFailed", failed.Code);
        Assert.Contains("error: no a.yaml", failed.Message, StringComparison.Ordinal);
        LabException missing = await Assert.ThrowsAsync<LabException>(() => Kustomize.BuildAsync(folder, new LabEnvironment(_ => null), TestContext.Current.CancellationToken));
        Assert.Equal("KubectlNotFound", missing.Code);
    }

    private static Dictionary<string, string> Map(params (string Key, string Value)[] pairs) => pairs.ToDictionary(pair => pair.Key, pair => pair.Value);
}
