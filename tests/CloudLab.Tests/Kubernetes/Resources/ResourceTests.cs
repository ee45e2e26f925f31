using System.Management.Automation;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Resources;

[Trait("Area", "Kubernetes")]
public sealed class ResourcesOnEmulatorTests() : ResourceTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class ResourcesOnRealClusterTests() : ResourceTests(KubeServer.Real)
{
    [Fact]
    public async Task Who_may_not_read_one_kind_reads_the_others()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web + """
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: deployments}
            rules: [{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: deployments}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployments}
            subjects: [{kind: User, name: lab-reader, apiGroup: rbac.authorization.k8s.io}]

            """ })).Ok();
        string config = Write("reader", (await File.ReadAllTextAsync(TestServers.Kubernetes(), Token)).Replace("user: {", "user: {as: lab-reader, ", StringComparison.Ordinal));
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabResource", new { Kind = "all", KubeConfig = config, Namespace }, location: Folder);
        Assert.Equal(["deployments.apps/web"], result.OutputOf<LabResource>().Select(r => r.ToString()));
        Assert.Contains(result.Errors, e => e.FullyQualifiedErrorId.StartsWith("Forbidden", StringComparison.Ordinal) && e.ToString()!.Contains("pods is forbidden", StringComparison.Ordinal));
    }
}

/// <summary>Reading objects: how they are named, watched, tidied up and explained.</summary>
public abstract class ResourceTests(KubeServer server) : KubeTest(server)
{
    protected const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {nodeSelector: {no: such-node}, containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80}]}

        """;

    [Fact]
    public async Task Objects_are_named_as_for_kubectl()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web + Map("a") + Map("b") + Map("c.d") })).Ok();
        Assert.Equal(["configmaps/a"], Texts(await RunAsync("Get-LabResource", new { Kind = "cm/a" })));
        Assert.Equal(["configmaps/a", "configmaps/c.d"], Texts(await RunAsync("Get-LabResource", new { Kind = "cm", Name = new[] { "a", "c*" } })));
        Assert.Equal(["services/web", "configmaps/b"], Texts(await RunAsync("Get-LabResource", new { Kind = "svc", Name = new[] { "web" } }))
            .Concat(Texts(await RunAsync("Get-LabResource", new { Kind = "ConfigMap", Name = "B*" }))));
        Assert.Equal(["deployments.apps/web", "services/web"], Texts(await RunAsync("Get-LabResource", new { Kind = "deploy,svc", Name = "web" })));
        Assert.Equal(["configmaps/a", "configmaps/b"], Texts(await RunAsync("Get-LabResource", new { Kind = "cm" }, input: ["a", "b"])));
        Assert.Equal(["deployments.apps/web"], Texts(await RunAsync("Get-LabResource", null, input: ["deploy/web"])));
        object?[] found = (await RunAsync("Get-LabResource", new { Kind = "cm,deploy", Name = new[] { "a", "web" } })).Output.ToArray()!;
        Assert.Equal(["configmaps/a", "deployments.apps/web"], Texts(await RunAsync("Get-LabResource", null, input: found)).Order());
    }

    [Fact]
    public async Task A_kind_that_two_names_mean_is_listed_once()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("a") + "---\n" + Web + "---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 2}}\n" })).Ok();
        Assert.Single(Texts(await RunAsync("Get-LabResource", new { Kind = "all,hpa" })), name => name == "horizontalpodautoscalers.autoscaling/web");
        Assert.Equal(["deployments.apps/web"], Texts(await RunAsync("Get-LabResource", new { Kind = "deploy,deployments,Deployment", Name = "web" })));

        // Two that ask for other objects of one kind are both answered.
        Assert.Equal(["configmaps/a", "configmaps/kube-root-ca.crt"], Texts(await RunAsync("Get-LabResource", new { Kind = "cm/a,configmap/kube-root-ca.crt" })));
    }

    [Fact]
    public async Task Objects_are_removed_by_name_selector_and_pipeline_and_the_rest_stays()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("a") + Map("b") + Map("c") + Map("d") + "---\n" + Web })).Ok();
        CmdletResult some = await RunAsync("Remove-LabResource", new { Kind = new[] { "cm/a", "cm/none" }, Force = true, PassThru = true });
        Assert.StartsWith("NotFound", Assert.Single(some.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        ManifestResult gone = Assert.Single(some.OutputOf<ManifestResult>());
        Assert.Equal(("ConfigMap", "a", Namespace, ManifestAction.Removed, ""), (gone.Kind, gone.Name, gone.Namespace, gone.Action, gone.Source));

        Assert.StartsWith("SelectionMissing", (await RunAsync("Remove-LabResource", new { Kind = "cm", Force = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        (await RunAsync("Remove-LabResource", new { Kind = "cm", LabelSelector = "watched=yes", Force = true, DryRun = true })).Ok();
        Assert.Equal(3, Texts(await RunAsync("Get-LabResource", new { Kind = "cm", LabelSelector = "watched=yes" })).Length);

        object?[] piped = [.. (await RunAsync("Get-LabResource", new { Kind = "cm", Name = "b" })).Ok().Output];
        Assert.Empty((await RunAsync("Remove-LabResource", new { Force = true, Wait = true, Timeout = 60 }, piped)).Ok().Output);
        Assert.Equal(["configmaps/c", "configmaps/d"], Texts(await RunAsync("Get-LabResource", new { Kind = "cm", LabelSelector = "watched=yes" })));
        (await RunAsync("Remove-LabResource", new { Kind = "cm", LabelSelector = "watched=yes", Force = true, Wait = true, Timeout = 60 })).Ok();

        // All of a kind; the Deployment takes its ReplicaSet with it, and the Service is none of these.
        (await RunAsync("Remove-LabResource", new { Kind = "deploy", All = true, Force = true, Wait = true, Timeout = 60, Cascade = "foreground" })).Ok();
        Assert.Equal(["services/web"], Texts(await RunAsync("Get-LabResource", new { Kind = "deploy,rs,svc" })));
    }

    [Fact]
    public async Task An_object_that_does_not_go_says_what_holds_it()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: [example.com/held]}}\n" })).Ok();
        CmdletResult result = await RunAsync("Remove-LabResource", new { Kind = "cm/held", Force = true, Wait = true, Timeout = 1 });
        (await RunAsync("Edit-LabResource", new { Kind = "cm/held", Patch = "{metadata: {finalizers: null}}" })).Ok();
        Assert.StartsWith("WaitTimeout", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("example.com/held", result.Error().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_one_error_each_and_the_rest_is_there()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("a") })).Ok();
        CmdletResult result = await RunAsync("Get-LabResource", new { Kind = "cm,nokind", Name = new[] { "a", "b", ".." } });
        Assert.Equal(["configmaps/a"], result.OutputOf<LabResource>().Select(r => r.ToString()));
        Assert.Equal(["NameInvalid", "NotFound", "KindNotFound"], result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Contains($"There is no cm 'b' in namespace {Namespace}", result.Errors[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everyday_kinds_have_properties_of_their_own()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web })).Ok();
        LabDeployment deployment = Assert.Single((await RunAsync("Get-LabDeployment", new { Name = "web" })).Ok().OutputOf<LabDeployment>());
        Assert.Equal((1, "app=web", "RollingUpdate"), (deployment.Replicas, deployment.Selector, deployment.Strategy));
        Assert.Equal(["web:1"], deployment.Images);
        LabService service = Assert.Single((await RunAsync("Get-LabService", new { Endpoint = true })).Ok().OutputOf<LabService>(), s => s.Name == "web");
        Assert.Equal(("ClusterIP", "app=web"), (service.Type, service.Selector));
        Assert.Equal(["80/TCP"], service.Ports);
        Assert.NotNull(service.Endpoints);
        LabPod pod = await EventuallyAsync(async () => (await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>().FirstOrDefault());
        Assert.StartsWith("ReplicaSet/web-", pod.Owner, StringComparison.Ordinal);
        Assert.Equal(("web", "web:1", "Container"), (pod.Containers[0].Name, pod.Containers[0].Image, pod.Containers[0].Type));
        Assert.Empty((await RunAsync("Get-LabPod", new { Name = "nothing*" })).Ok().Output);
        Assert.StartsWith("NotFound", (await RunAsync("Get-LabPod", new { Name = "nothing" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_tells_what_happens_until_enough_is_seen()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("a") })).Ok();
        TaskCompletionSource watching = new();
        Task<CmdletResult> watch = RunAsync(
            "Get-LabResource", new { Kind = "cm", LabelSelector = "watched=yes", Watch = true }, first: 4,
            onVerbose: line =>
            {
                if (line.Contains("watch=1", StringComparison.Ordinal))
                {
                    watching.TrySetResult();
                }
            });
        await Task.WhenAny(watching.Task, watch).WaitAsync(TimeSpan.FromSeconds(60), Token);
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("b", "x") })).Ok();
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("b", "other") })).Ok();
        (await RunAsync("Remove-LabManifest", new { Manifest = Map("b"), Force = true })).Ok();
        (await RunAsync("Deploy-LabManifest", new { Manifest = Map("e") })).Ok();
        LabResource[] seen = (await watch.WaitAsync(TimeSpan.FromSeconds(60), Token)).OutputOf<LabResource>();
        Assert.Equal(["Added a", "Added b", "Modified b", "Deleted b"], seen.Select(r => $"{r.EventType} {r.Name}"));
    }

    [Fact]
    public async Task A_neat_object_can_be_deployed_again_and_nothing_changes()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web })).Ok();
        LabResource neat = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "deploy/web", Neat = true })).Ok().OutputOf<LabResource>());
        Assert.Null(neat.Status);
        Assert.Equal(["labels", "name", "namespace"], neat.Metadata.Keys.Cast<string>().Order());
        Assert.False(neat.Spec!.ContainsKey("progressDeadlineSeconds"));
        Assert.DoesNotContain("terminationMessagePath", neat.ToJson(), StringComparison.Ordinal);
        Assert.Contains("\"containerPort\": 80", neat.ToJson(), StringComparison.Ordinal);
        LabResource service = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "svc/web", Neat = true })).Ok().OutputOf<LabResource>());
        Assert.Equal(["selector", "ports"], service.Spec!.Keys.Cast<string>().OrderDescending());
        string yaml = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "deploy/web", Neat = true, AsYaml = true })).Ok().OutputOf<string>());
        Assert.StartsWith("---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n", yaml, StringComparison.Ordinal);
        (await RunAsync("Deploy-LabManifest", new { Manifest = yaml + "\n" })).Ok();
        CmdletResult again = (await RunAsync("Deploy-LabManifest", new { Manifest = neat.ToJson() })).Ok();
        Assert.Equal("Unchanged", again.Output.Select(o => o!.GetType().GetProperty("Action")!.GetValue(o)!.ToString()).Single());
    }

    [Fact]
    public async Task A_subresource_is_read_on_its_own()
    {
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web })).Ok();
        LabResource scale = Assert.Single((await RunAsync("Get-LabResource", new { Kind = "deploy/web", Subresource = "scale" })).Ok().OutputOf<LabResource>());
        Assert.Equal(("Scale", 1L), (scale.Kind, scale.Spec!["replicas"]));
        Assert.StartsWith("NotFound", (await RunAsync("Get-LabResource", new { Kind = "svc/web", Subresource = "scale" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kinds_are_listed_and_their_fields_explained()
    {
        LabKind kind = Assert.Single((await RunAsync("Get-LabKind", new { Kind = "deploy" })).Ok().OutputOf<LabKind>());
        Assert.Equal(("deployments", "apps/v1", "Deployment", true), (kind.Name, kind.ApiVersion, kind.Kind, kind.Namespaced));
        Assert.Contains((await RunAsync("Get-LabKind")).Ok().OutputOf<LabKind>(), k => k.Resource == "clusterroles.rbac.authorization.k8s.io" && !k.Namespaced);
        LabKindField[] fields = (await RunAsync("Get-LabKind", new { Kind = "deploy", Field = "spec.strategy" })).Ok().OutputOf<LabKindField>();
        Assert.Equal(["spec.strategy", "spec.strategy.rollingUpdate", "spec.strategy.type"], fields.Select(f => f.Path).Order(StringComparer.Ordinal));
        fields = (await RunAsync("Get-LabKind", new { Kind = "pods", Field = "spec.containers", Recurse = true })).Ok().OutputOf<LabKindField>();
        Assert.Contains(fields, f => f is { Path: "spec.containers.ports.containerPort", Type: "integer", Required: true });
        Assert.Contains(fields, f => f.Path == "spec.containers.image");
        ErrorRecord error = (await RunAsync("Get-LabKind", new { Kind = "deploy", Field = "spec.replica" })).Error();
        Assert.StartsWith("FieldNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("did you mean 'replicas'?", error.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("KindNotFound", (await RunAsync("Get-LabKind", new { Kind = "deploymint" })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_an_object_are_those_of_what_it_owns_too()
    {
        string owned = Event("owned", "Pod", "{uid}", "Warning", "FailedScheduling", "2030-01-01T00:00:02Z");
        (await RunAsync("Deploy-LabManifest", new { Manifest = Web })).Ok();
        LabPod pod = await EventuallyAsync(async () => (await RunAsync("Get-LabPod", new { LabelSelector = "app=web" })).Ok().OutputOf<LabPod>().FirstOrDefault());
        LabDeployment deployment = Assert.Single((await RunAsync("Get-LabDeployment")).Ok().OutputOf<LabDeployment>());
        (await RunAsync("Deploy-LabManifest", new
        {
            Manifest = owned.Replace("{uid}", $"{pod.Metadata["uid"]}", StringComparison.Ordinal)
                + Event("own", "Deployment", $"{deployment.Metadata["uid"]}", "Normal", "Scaled", "2030-01-01T00:00:01Z")
                + Event("other", "Pod", "someone-else", "Warning", "Other", "2030-01-01T00:00:03Z"),
        })).Ok();
        LabEvent[] events = [.. (await RunAsync("Get-LabEvent", new { Kind = "deploy/web" })).Ok().OutputOf<LabEvent>().Where(e => e.LastSeen!.Value.Year == 2030)];
        Assert.Equal(["Scaled", "FailedScheduling"], events.Select(e => e.Reason));
        events = (await RunAsync("Get-LabEvent", new { Type = "warning", Since = "2030-01-01" })).Ok().OutputOf<LabEvent>();
        Assert.Equal(["FailedScheduling", "Other"], events.Select(e => e.Reason));
        events = (await RunAsync("Get-LabEvent", null, input: [pod])).Ok().OutputOf<LabEvent>();
        Assert.Contains(events, e => e.Reason == "FailedScheduling" && e.Object == "Pod/pod");
        Assert.DoesNotContain(events, e => e.Reason is "Scaled" or "Other");
    }

    [Fact]
    public async Task A_namespace_is_made_with_its_limits_and_removed()
    {
        string name = Namespace + "-x";
        LabResource made = Assert.Single((await RunAsync("New-LabKubeNamespace", new
        {
            Name = name,
            Label = new System.Collections.Hashtable { ["team"] = "movies" },
            Quota = new System.Collections.Hashtable { ["pods"] = 3, ["limits.memory"] = "1Gi" },
            DefaultLimit = new System.Collections.Hashtable { ["memory"] = "64Mi" },
            DefaultRequest = new System.Collections.Hashtable { ["memory"] = "32Mi" },
            PodSecurity = "Baseline",
        })).Ok().OutputOf<LabResource>());
        Assert.Equal(("movies", "baseline"), (made.Labels["team"], made.Labels["pod-security.kubernetes.io/enforce"]));
        LabResource[] parts = (await RunAsync("Get-LabResource", new { Kind = "quota,limits", Namespace = name })).Ok().OutputOf<LabResource>();
        Assert.Equal(["ResourceQuota/quota", "LimitRange/limits"], parts.Select(p => $"{p.Kind}/{p.Name}"));
        Assert.StartsWith("AlreadyExists", (await RunAsync("New-LabKubeNamespace", new { Name = name })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        (await RunAsync("Remove-LabKubeNamespace", new { Name = name, Force = true, Wait = true, Timeout = 60 })).Ok();
        Assert.StartsWith("NotFound", (await RunAsync("Remove-LabKubeNamespace", new { Name = name, Force = true })).Error().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_that_does_not_go_says_what_holds_it()
    {
        string name = Namespace + "-y";
        (await RunAsync("New-LabKubeNamespace", new { Name = name })).Ok();
        string held = $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: held, namespace: {name}, finalizers: [example.com/held]}}}}\n";
        (await RunAsync("Deploy-LabManifest", new { Manifest = held })).Ok();
        CmdletResult result = await RunAsync("Remove-LabKubeNamespace", new { Name = name, Force = true, Wait = true, Timeout = 12 });
        (await RunAsync("Deploy-LabManifest", new { Manifest = held.Replace(", finalizers: [example.com/held]", "", StringComparison.Ordinal) })).Ok();
        Assert.StartsWith("WaitTimeout", result.Error().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("example.com/held", result.Error().ToString(), StringComparison.Ordinal);
        await EventuallyAsync(async () => (await RunAsync("Get-LabResource", new { Kind = "namespaces", Name = name + "*" })).Ok().Output.Count == 0 ? name : null);
    }

    private static string Map(string name, string value = "x") =>
        $"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{watched: 'yes'}}}}\ndata: {{v: {value}}}\n";

    private string Event(string name, string kind, string uid, string type, string reason, string time) => $$"""
        ---
        apiVersion: v1
        kind: Event
        metadata: {name: {{name}}}
        involvedObject: {kind: {{kind}}, name: {{(kind == "Pod" && name == "owned" ? "pod" : "web")}}, namespace: {{Namespace}}, uid: "{{uid}}"}
        type: {{type}}
        reason: {{reason}}
        message: said by a test
        lastTimestamp: "{{time}}"

        """;

    private static string[] Texts(CmdletResult result) => [.. result.Ok().OutputOf<LabResource>().Select(r => r.ToString())];

    private static async Task<T> EventuallyAsync<T>(Func<Task<T?>> look)
        where T : class
    {
        while (true)
        {
            if (await look() is { } found)
            {
                return found;
            }

            await Task.Delay(100, Token);
        }
    }
}
