using CloudLab.Core.Kubernetes.Insight;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Insight;

[Trait("Area", "Kubernetes")]
public sealed class FindLabUnusedOnEmulatorTests() : FindLabUnusedTests(KubeServer.Emulator);

[Trait("Area", "Kubernetes")]
[Trait("Server", "kubernetes")]
public sealed class FindLabUnusedOnRealClusterTests() : FindLabUnusedTests(KubeServer.Real)
{
    [Fact]
    public async Task What_cannot_be_read_is_not_judged()
    {
        await DeployAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: spare}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: reader}
            rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}, {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: nobodys}
            rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: reader}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
            subjects: [{kind: User, name: lab-reader, apiGroup: rbac.authorization.k8s.io}]

            """);
        string config = Write("reader", (await File.ReadAllTextAsync(TestServers.Kubernetes(), Token)).Replace("user: {", "user: {as: lab-reader, ", StringComparison.Ordinal));
        CmdletResult result = (await CmdletRunner.RunAsync("Find-LabUnused", new { Kind = new[] { "configmaps", "roles" }, KubeConfig = config, Namespace }, location: Folder)).Ok();
        Assert.Equal(["Role/nobodys"], result.OutputOf<LabUnusedResource>().Select(one => $"{one.Kind}/{one.Name}"));
        Assert.Contains(result.Warnings, warning => warning.StartsWith("configmaps are not judged: ", StringComparison.Ordinal) && warning.Contains("pods", StringComparison.Ordinal));
    }
}

/// <summary>Everything twice: once used in the way of its kind, once not.</summary>
/// <param name="server">Where to run.</param>
public abstract class FindLabUnusedTests(KubeServer server) : KubeTest(server)
{
    private const string Pods = """
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              serviceAccountName: used-account
              imagePullSecrets: [{name: used-pull}]
              containers:
              - name: web
                image: busybox:1.36
                args: ["--config=$(NAMESPACE)/used-argument"]
                env: [{name: A, valueFrom: {secretKeyRef: {name: used-variable, key: a, optional: true}}}]
                envFrom: [{configMapRef: {name: used-from, optional: true}}]
              volumes:
              - {name: a, configMap: {name: used-volume, optional: true}}
              - {name: b, projected: {sources: [{secret: {name: used-projected, optional: true}}]}}
              - {name: c, persistentVolumeClaim: {claimName: used-claim}}
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly}
        spec:
          suspend: true
          schedule: "0 3 * * *"
          jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "busybox:1.36", envFrom: [{configMapRef: {name: used-cron}}]}]}}}}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db}
        spec:
          replicas: 0
          serviceName: used-db
          selector: {matchLabels: {app: db}}
          template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: "busybox:1.36"}]}}
          volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: used-account}
        imagePullSecrets: [{name: used-account-pull}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: used-ingress}
        spec:
          tls: [{hosts: [a.example], secretName: used-tls}]
          rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: used-service, port: {number: 80}}}}]}}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: spare-ingress}
        spec:
          rules: [{host: b.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: nope, port: {number: 80}}}}]}}]

        """;

    [Fact]
    public async Task What_nothing_uses_is_found_and_nothing_else()
    {
        string maps = string.Concat(new[] { "used-argument", "used-from", "used-volume", "used-cron", "used-by-role", "spare" }.Select(name => $"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"));
        string secrets = string.Concat(new[] { "used-variable", "used-projected", "used-pull", "used-account-pull", "used-tls", "spare" }.Select(name => $"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, annotations: {{kubectl.kubernetes.io/last-applied-configuration: hush}}}}\nstringData: {{a: hush}}\n"))
            + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: sh.helm.release.v1.web.v1}\ntype: helm.sh/release.v1\nstringData: {release: a}\n"
            + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: used-by-members, labels: {applyset.kubernetes.io/id: applyset-a-v1}}\n"
            + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: used-by-label, labels: {grafana_dashboard: \"1\"}}\n";
        string claims = string.Concat(new[] { "used-claim", "data-db-0", "spare" }.Select(name =>
            $"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}}}\nspec: {{accessModes: [ReadWriteOnce], storageClassName: none-at-all, resources: {{requests: {{storage: 1Gi}}}}}}\n"));
        string services = string.Concat(new[] { ("used-service", "{app: nothing}"), ("used-web", "{app: web}"), ("used-db", "{app: nothing}"), ("spare", "{app: nothing}") }.Select(pair =>
            $"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {pair.Item1}}}\nspec: {{selector: {pair.Item2}, ports: [{{port: 80}}]}}\n"));
        await DeployAsync(Pods + maps + secrets + claims + services + """
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: spare}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: used-role}
            rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [used-by-role], verbs: [get]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: spare}
            rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: used-binding}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: used-role}
            subjects: [{kind: ServiceAccount, name: used-account}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: spare-role}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nope}
            subjects: [{kind: ServiceAccount, name: used-account}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: spare-subject}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: used-role}
            subjects: [{kind: ServiceAccount, name: nope}]
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: used-budget}
            spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
            ---
            apiVersion: policy/v1
            kind: PodDisruptionBudget
            metadata: {name: spare}
            spec: {minAvailable: 1, selector: {matchLabels: {app: nothing}}}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: used-scaler}
            spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: spare}
            spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nope}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: used-policy}
            spec: {podSelector: {}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: spare}
            spec: {podSelector: {matchLabels: {app: nothing}}}
            ---
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: {name: spare}
            spec: {replicas: 0, selector: {matchLabels: {app: old}}, template: {metadata: {labels: {app: old}}, spec: {containers: [{name: a, image: "busybox:1.36"}]}}}

            """);
        CmdletResult result = (await RunAsync("Find-LabUnused")).Ok();
        Assert.Empty(result.Warnings);
        LabUnusedResource[] found = result.OutputOf<LabUnusedResource>();
        Assert.Equal(
            [
                "ConfigMap/spare", "HorizontalPodAutoscaler/spare", "Ingress/spare-ingress", "NetworkPolicy/spare", "PersistentVolumeClaim/spare", "PodDisruptionBudget/spare", "ReplicaSet/spare",
                "Role/spare", "RoleBinding/spare-role", "RoleBinding/spare-subject", "Secret/spare", "Service/spare", "ServiceAccount/spare",
            ],
            found.Select(one => $"{one.Kind}/{one.Name}").Order(StringComparer.Ordinal));
        Assert.DoesNotContain("hush", System.Text.Json.JsonSerializer.Serialize(found.Select(one => one.ToObject())), StringComparison.Ordinal);
        Assert.All(found, one => Assert.True(one.Reason.Length > 10 && one.Namespace == Namespace && one.Data is null));

        Assert.Equal(["ConfigMap"], (await RunAsync("Find-LabUnused", new { Kind = "cm" })).Ok().OutputOf<LabUnusedResource>().Select(one => one.Kind));
        Assert.Empty((await RunAsync("Find-LabUnused", new { OlderThan = TimeSpan.FromHours(1) })).Ok().Output);

        // The output removes what it names.
        await RunAsync("Remove-LabManifest", new { Force = true, Wait = true, Timeout = 60 }, found);
        Assert.DoesNotContain((await RunAsync("Find-LabUnused")).Ok().OutputOf<LabUnusedResource>(), one => one.Name.StartsWith("spare", StringComparison.Ordinal) && one.Kind != "PersistentVolumeClaim");
    }

    [Fact]
    public async Task A_job_that_ended_is_waste_after_its_time()
    {
        await DeployAsync("apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: \"busybox:1.36\", imagePullPolicy: IfNotPresent, command: [\"true\"]}]}}}\n");
        (await RunAsync("Wait-LabResource", new { Name = "job/once", For = "Complete", Timeout = 60 })).Ok();
        Assert.Empty((await RunAsync("Find-LabUnused", new { Kind = "jobs" })).Ok().Output);
        LabUnusedResource found = Assert.Single((await RunAsync("Find-LabUnused", new { Kind = "jobs", OlderThan = TimeSpan.Zero })).Ok().OutputOf<LabUnusedResource>());
        Assert.StartsWith("it ended ", found.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_namespace_has_is_judged_where_it_is_named()
    {
        string Name(string name) => $"{Namespace}-{name}";
        string Volume(string name, string more) => $"---\n{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {Name(name)}}}, spec: {{capacity: {{storage: 1Gi}}, accessModes: [ReadWriteOnce], storageClassName: none, hostPath: {{path: /tmp/{Name(name)}}}{more}}}}}\n";
        string Role(string name, string more = "") => $"---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {Name(name)}, labels: {{part: {Name(name)}}}}}, {more}rules: []}}\n";
        string Binding(string kind, string name, string role, string account) =>
            $"---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: {Name(name)}}}, roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {Name(role)}}}, subjects: [{{kind: ServiceAccount, name: {account}, namespace: {Namespace}}}]}}\n";
        string manifest = Volume("free", "") + Volume("kept", $", claimRef: {{name: later, namespace: {Namespace}}}")
            + Volume("left", $", persistentVolumeReclaimPolicy: Retain, claimRef: {{name: gone, namespace: {Namespace}, uid: 6f1c2f6e-0000-4000-8000-000000000000}}")
            + Role("free") + Role("bound") + Role("used") + Role("part") + Role("whole", $"aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{part: {Name("part")}}}}}]}}, ")
            + Binding("ClusterRoleBinding", "good", "bound", "default") + Binding("ClusterRoleBinding", "nobody", "bound", "nobody") + Binding("ClusterRoleBinding", "norole", "norole", "default")
            + Binding("RoleBinding", "local", "used", "default") + Binding("ClusterRoleBinding", "all", "whole", "default");
        try
        {
            await DeployAsync(manifest);
            string[] found = [];
            for (int i = 0; i < 100 && found.Length < 2; i++, await Task.Delay(100, Token))
            {
                found = await FoundAsync("persistentvolumes");
            }

            Assert.Equal(["free: no claim has it", $"left: its claim {Namespace}/gone is gone, and its policy is Retain; it has 1Gi and perhaps data"], found);
            Assert.Equal(["free: no ClusterRoleBinding and no RoleBinding grants it, and no other ClusterRole includes it"], await FoundAsync("clusterroles"));
            Assert.Equal([$"nobody: none of its subjects exists: {Namespace}/nobody", $"norole: its ClusterRole '{Name("norole")}' does not exist"], await FoundAsync("clusterrolebindings"));
            Assert.DoesNotContain((await RunAsync("Find-LabUnused")).Ok().OutputOf<LabUnusedResource>(), one => one.Namespace is null);
            LabUnusedResource[] all = (await RunAsync("Find-LabUnused", new { AllNamespaces = true })).Ok().OutputOf<LabUnusedResource>();
            Assert.Contains(all, one => one.Name == Name("left"));
            Assert.DoesNotContain(all, one => one.Kind == "ClusterRole");
        }
        finally
        {
            await RunAsync("Remove-LabManifest", new { Manifest = manifest, Force = true });
        }

        async Task<string[]> FoundAsync(string kind) =>
        [
            .. (await RunAsync("Find-LabUnused", new { Kind = kind })).Ok().OutputOf<LabUnusedResource>()
                .Where(one => one.Name.StartsWith(Namespace, StringComparison.Ordinal)).Select(one => $"{one.Name[(Namespace.Length + 1)..]}: {one.Reason}").Order(StringComparer.Ordinal),
        ];
    }

    [Fact]
    public async Task A_kind_of_which_it_cannot_be_told_says_which_can()
    {
        CmdletResult result = await RunAsync("Find-LabUnused", new { Kind = "nodes" });
        System.Management.Automation.ErrorRecord error = result.TerminatingError ?? Assert.Single(result.Errors);
        Assert.StartsWith("KindNotSupported", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("configmaps", error.ToString(), StringComparison.Ordinal);
    }

    private protected async Task DeployAsync(string manifest) => (await RunAsync("Deploy-LabManifest", new { Manifest = manifest })).Ok();
}
