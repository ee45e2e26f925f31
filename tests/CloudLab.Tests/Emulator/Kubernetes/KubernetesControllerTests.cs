using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

[Trait("Area", "Emulator")]
public sealed class KubernetesControllerTests : IAsyncDisposable
{
    private const string Core = "/api/v1/namespaces/default", Apps = "/apis/apps/v1/namespaces/default", Batch = "/apis/batch/v1/namespaces/default";

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task A_deployment_gets_a_set_and_ready_pods_and_a_deleted_pod_is_replaced()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 3));
        JsonObject done = await RolledOutAsync("web", 3);
        Assert.Equal("NewReplicaSetAvailable", Reason(done, "Progressing"));
        Assert.Equal("MinimumReplicasAvailable", Reason(done, "Available"));
        Assert.Equal("1", (string?)done["metadata"]!["annotations"]!["deployment.kubernetes.io/revision"]);
        JsonNode set = Assert.Single(await ItemsAsync(Apps + "/replicasets"))!;
        string hash = (string)set["metadata"]!["labels"]!["pod-template-hash"]!;
        JsonNode pod = (await ItemsAsync(Core + "/pods"))[0]!;
        Assert.Equal(hash, (string?)pod["metadata"]!["labels"]!["pod-template-hash"]);
        Assert.Equal("emulator", (string?)pod["spec"]!["nodeName"]);
        string name = (string)pod["metadata"]!["name"]!;
        await cluster.OkAsync("DELETE", $"{Core}/pods/{name}");
        await cluster.UntilAsync($"{Core}/pods/{name}", node => (int?)node["code"] == 404);
        await RolledOutAsync("web", 3);
        Assert.Equal(3, (await ItemsAsync(Core + "/pods")).Count);
    }

    [Fact]
    public async Task A_rollout_keeps_within_surge_and_unavailability_and_can_be_undone()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 4));
        await RolledOutAsync("web", 4);
        JsonObject list = await cluster.OkAsync("GET", Core + "/pods");
        string version = (string)list["metadata"]!["resourceVersion"]!;
        List<string> before = [.. list["items"]!.AsArray().Select(pod => (string)pod!["metadata"]!["name"]!)];
        await SetImageAsync("web", "web:2");
        await RolledOutAsync("web", 4);
        HashSet<string> there = [.. before], ready = [.. before];
        int most = 4, fewest = 4;
        foreach (JsonObject e in await cluster.WatchAsync($"{Core}/pods?watch=1&resourceVersion={version}&timeoutSeconds=1", 9999))
        {
            string name = (string)e["object"]!["metadata"]!["name"]!;
            bool isGoing = (string?)e["type"] == "DELETED" || e["object"]!["metadata"]!["deletionTimestamp"] is not null;
            bool isReady = !isGoing && e["object"]!["status"]!["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True") == true;
            _ = isGoing ? there.Remove(name) : there.Add(name);
            _ = isReady ? ready.Add(name) : ready.Remove(name);
            most = Math.Max(most, there.Count);
            fewest = Math.Min(fewest, ready.Count);
        }

        Assert.InRange(most, 4, 5);
        Assert.InRange(fewest, 3, 4);
        Assert.Empty(there.Intersect(before));
        Assert.Equal(2, (await ItemsAsync(Apps + "/replicasets")).Count);

        await SetImageAsync("web", "web:1");
        JsonObject undone = await RolledOutAsync("web", 4);
        Assert.Equal("3", (string?)undone["metadata"]!["annotations"]!["deployment.kubernetes.io/revision"]);
        Assert.Equal(2, (await ItemsAsync(Apps + "/replicasets")).Count);
    }

    [Fact]
    public async Task A_wrong_image_stops_the_rollout_and_leaves_the_old_pods()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 4));
        await RolledOutAsync("web", 4);
        await cluster.OkAsync("PATCH", Apps + "/deployments/web", KubernetesCluster.Node("""{"spec":{"progressDeadlineSeconds":1}}"""), KubernetesCluster.Merge);
        await SetImageAsync("web", "registry.local/nonexistent:1");
        await cluster.UntilAsync(
            Apps + "/deployments/web", node => Reason(node, "Progressing") == "ProgressDeadlineExceeded" && (int?)node["status"]!["availableReplicas"] == 3);
        JsonArray pods = await ItemsAsync(Core + "/pods?fieldSelector=status.phase%3DPending");
        Assert.NotEmpty(pods);
        Assert.All(pods, pod => Assert.Equal("ImagePullBackOff", (string?)pod!["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["reason"]));
        await SetImageAsync("web", "web:2");
        await RolledOutAsync("web", 4);
    }

    [Fact]
    public async Task Scaling_and_deleting_take_pods_along()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 1));
        await RolledOutAsync("web", 1);
        await cluster.OkAsync("PATCH", Apps + "/deployments/web/scale", KubernetesCluster.Node("""{"spec":{"replicas":3}}"""), KubernetesCluster.Merge);
        await RolledOutAsync("web", 3);
        Assert.Equal("app=web", (string?)(await cluster.OkAsync("GET", Apps + "/deployments/web/scale"))["status"]!["selector"]);
        await cluster.OkAsync("DELETE", Apps + "/deployments/web");
        await cluster.UntilAsync(Core + "/pods", list => list["items"]!.AsArray().Count == 0);
        Assert.Empty(await ItemsAsync(Apps + "/replicasets"));
    }

    [Fact]
    public async Task A_service_points_to_the_ready_pods()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 2));
        await cluster.OkAsync("POST", Core + "/services", KubernetesCluster.Node(
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]}}"""));
        JsonObject endpoints = await cluster.UntilAsync(Core + "/endpoints/web", node => node["subsets"]?[0]?["addresses"]?.AsArray().Count == 2);
        Assert.Equal(8080, (int?)endpoints["subsets"]![0]!["ports"]![0]!["port"]);
        JsonNode slice = Assert.Single(await ItemsAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb"))!;
        Assert.Equal(2, slice["endpoints"]!.AsArray().Count);
        await cluster.OkAsync("DELETE", Core + "/services/web");
        await cluster.UntilAsync(Core + "/endpoints/web", node => (int?)node["code"] == 404);
    }

    [Fact]
    public async Task A_stateful_set_counts_its_pods_and_claims_its_volumes()
    {
        await cluster.OkAsync("POST", Apps + "/statefulsets", KubernetesCluster.Node("""
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"serviceName":"db","replicas":3,"selector":{"matchLabels":{"app":"db"}},
            "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"db","image":"db:1"}]}},
            "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
            """));
        await cluster.UntilAsync(Apps + "/statefulsets/db", node => (int?)node["status"]?["readyReplicas"] == 3);
        Assert.Equal(["db-0", "db-1", "db-2"], (await ItemsAsync(Core + "/pods")).Select(pod => (string)pod!["metadata"]!["name"]!));
        await cluster.UntilAsync(Core + "/persistentvolumeclaims/data-db-2", node => (string?)node["status"]?["phase"] == "Bound");
        await cluster.OkAsync("PATCH", Apps + "/statefulsets/db", KubernetesCluster.Node("""{"spec":{"template":{"spec":{"containers":[{"name":"db","image":"db:2"}]}}}}"""), KubernetesCluster.Strategic);
        JsonObject done = await cluster.UntilAsync(Apps + "/statefulsets/db", node => (int?)node["status"]!["updatedReplicas"] == 3 && (int?)node["status"]!["readyReplicas"] == 3
            && (int?)node["status"]!["observedGeneration"] == 2 && (string?)node["status"]!["currentRevision"] == (string?)node["status"]!["updateRevision"]);
        Assert.Equal(2, (await ItemsAsync(Apps + "/controllerrevisions")).Count);
        Assert.Equal(3, (int?)done["status"]!["currentReplicas"]);
    }

    [Fact]
    public async Task A_stateful_set_mounts_the_volumes_it_claims()
    {
        await cluster.OkAsync("POST", Apps + "/statefulsets", StatefulSet("data"));
        await cluster.UntilAsync(Apps + "/statefulsets/db", node => (int?)node["status"]?["readyReplicas"] == 1);
        JsonObject pod = await cluster.OkAsync("GET", Core + "/pods/db-0");
        Assert.Equal("data-db-0", (string?)Assert.Single(pod["spec"]!["volumes"]!.AsArray(), volume => (string?)volume!["name"] == "data")!["persistentVolumeClaim"]!["claimName"]);
        JsonObject claim = await cluster.OkAsync("GET", Core + "/persistentvolumeclaims/data-db-0");
        Assert.Equal("standard", (string?)claim["spec"]!["storageClassName"]);

        JsonObject other = StatefulSet("elsewhere");
        other["metadata"]!["name"] = "db2";
        JsonObject refused = await cluster.RefusedAsync(422, "POST", Apps + "/statefulsets", other);
        Assert.Contains("volumeMounts[0].name: Not found: \"elsewhere\"", (string?)refused["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"storageClassName\":\"fast\"")]
    [InlineData("\"storageClassName\":\"\"")]
    [InlineData("\"volumeName\":\"nowhere\"")]
    public async Task A_claim_that_nothing_fits_stays_pending_and_its_pod_with_it(string asked)
    {
        await cluster.OkAsync("POST", Core + "/persistentvolumeclaims", Claim("data", asked));
        await cluster.OkAsync("POST", Core + "/pods", KubernetesCluster.Node("""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"p","image":"p:1"}],
            "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data"}}]}}
            """));
        JsonObject pod = await cluster.UntilAsync(Core + "/pods/p", node => Reason(node, "PodScheduled") == "Unschedulable");
        Assert.Contains("unbound immediate PersistentVolumeClaims", pod["status"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("Pending", (string?)(await cluster.OkAsync("GET", Core + "/persistentvolumeclaims/data"))["status"]!["phase"]);
        Assert.Empty(await ItemsAsync("/api/v1/persistentvolumes"));
    }

    [Fact]
    public async Task A_pending_claim_is_bound_when_its_class_or_a_fitting_volume_comes()
    {
        await cluster.OkAsync("POST", Core + "/persistentvolumeclaims", Claim("later", "\"storageClassName\":\"fast\""));
        await cluster.OkAsync("POST", Core + "/persistentvolumeclaims", Claim("by-hand", "\"storageClassName\":\"\""));
        await cluster.OkAsync("POST", "/api/v1/persistentvolumes", Volume("small", "1Mi"));
        await cluster.OkAsync("POST", "/api/v1/persistentvolumes", Volume("big", "2Gi"));
        await cluster.OkAsync("POST", "/apis/storage.k8s.io/v1/storageclasses", KubernetesCluster.Node(
            """{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"fast"},"provisioner":"example.com/fast"}"""));
        await cluster.UntilAsync(Core + "/persistentvolumeclaims/later", node => (string?)node["status"]?["phase"] == "Bound");
        JsonObject bound = await cluster.UntilAsync(Core + "/persistentvolumeclaims/by-hand", node => (string?)node["status"]?["phase"] == "Bound");
        Assert.Equal(("big", "2Gi"), ((string?)bound["spec"]!["volumeName"], (string?)bound["status"]!["capacity"]!["storage"]));
    }

    [Fact]
    public async Task A_dry_run_into_a_namespace_that_is_not_there_is_refused()
    {
        JsonObject map = KubernetesCluster.ConfigMap("m", ("a", "1"));
        JsonObject created = await cluster.RefusedAsync(404, "POST", "/api/v1/namespaces/nowhere/configmaps?dryRun=All", map);
        JsonObject applied = await cluster.RefusedAsync(404, "PATCH", "/api/v1/namespaces/nowhere/configmaps/m?dryRun=All&fieldManager=t", map, KubernetesCluster.Apply);
        Assert.Equal("namespaces \"nowhere\" not found", (string?)created["message"]);
        Assert.Equal("namespaces \"nowhere\" not found", (string?)applied["message"]);
    }

    [Fact]
    public async Task A_daemon_set_runs_on_the_node()
    {
        await cluster.OkAsync("POST", Apps + "/daemonsets", KubernetesCluster.Node("""
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"app":"d"}},
            "template":{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"d","image":"d:1"}]}}}}
            """));
        await cluster.UntilAsync(Apps + "/daemonsets/d", node => (int?)node["status"]?["numberReady"] == 1 && (int?)node["status"]!["desiredNumberScheduled"] == 1);
    }

    [Theory]
    [InlineData("work:1", "Complete")]
    [InlineData("crash:1", "Failed")]
    public async Task A_job_ends(string image, string condition)
    {
        await cluster.OkAsync("POST", Batch + "/jobs", KubernetesCluster.Node($$$"""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"backoffLimit":1,"completions":2,"template":{"spec":{"restartPolicy":"Never",
            "containers":[{"name":"j","image":"{{{image}}}"}] } } } }
            """));
        JsonObject done = await cluster.UntilAsync(Batch + "/jobs/j", node => Reason(node, condition) is not null);
        Assert.Equal(2, (int?)done["status"]![condition == "Complete" ? "succeeded" : "failed"]);
    }

    [Fact]
    public async Task A_crashing_pod_backs_off()
    {
        await cluster.OkAsync("POST", Core + "/pods", KubernetesCluster.Node(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"p","image":"crash"}]}}"""));
        await cluster.UntilAsync(Core + "/pods/p", node => (string?)node["status"]?["containerStatuses"]?[0]?["state"]?["waiting"]?["reason"] == "CrashLoopBackOff");
    }

    [Fact]
    public async Task A_disruption_budget_refuses_an_eviction()
    {
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 2));
        await RolledOutAsync("web", 2);
        await cluster.OkAsync("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", KubernetesCluster.Node(
            """{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"web"}}}}"""));
        await cluster.UntilAsync("/apis/policy/v1/namespaces/default/poddisruptionbudgets/b", node => (int?)node["status"]?["currentHealthy"] == 2);
        string pod = (string)(await ItemsAsync(Core + "/pods"))[0]!["metadata"]!["name"]!;
        JsonObject eviction = KubernetesCluster.Node($$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{pod}}}"}}""");
        await cluster.RefusedAsync(429, "POST", $"{Core}/pods/{pod}/eviction", eviction);
        await cluster.OkAsync("PATCH", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b", KubernetesCluster.Node("""{"spec":{"minAvailable":1}}"""), KubernetesCluster.Merge);
        await cluster.UntilAsync("/apis/policy/v1/namespaces/default/poddisruptionbudgets/b", node => (int?)node["status"]?["disruptionsAllowed"] == 1);
        await cluster.OkAsync("POST", $"{Core}/pods/{pod}/eviction", eviction);
        await cluster.UntilAsync($"{Core}/pods/{pod}", node => (int?)node["code"] == 404);
    }

    [Fact]
    public async Task Controllers_go_on_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("cloudlab-kube-").FullName;
        try
        {
            await using (KubernetesCluster first = new(new KubernetesOptions { DataPath = folder, PodStartDelay = TimeSpan.FromHours(1) }))
            {
                await first.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 2));
                await first.UntilAsync(Core + "/pods", list => list["items"]!.AsArray().Count == 2);
            }

            await using KubernetesCluster second = new(new KubernetesOptions { DataPath = folder, PodStartDelay = TimeSpan.Zero });
            await second.UntilAsync(Apps + "/deployments/web", node => (int?)node["status"]?["availableReplicas"] == 2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static JsonObject StatefulSet(string mounted) => KubernetesCluster.Node($$$"""
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"serviceName":"db","replicas":1,"selector":{"matchLabels":{"app":"db"}},
        "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"db","image":"db:1","volumeMounts":[{"name":"{{{mounted}}}","mountPath":"/data"}]}]}},
        "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} } } }] } }
        """);

    private static JsonObject Claim(string name, string asked) => KubernetesCluster.Node($$$"""
        {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"{{{name}}}"},"spec":{ {{{asked}}},"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} } } }
        """);

    private static JsonObject Volume(string name, string size) => KubernetesCluster.Node($$$"""
        {"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"{{{name}}}"},"spec":{"capacity":{"storage":"{{{size}}}"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/x"} } }
        """);

    private static string? Reason(JsonObject node, string type) =>
        (string?)node["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == type)?["reason"];

    private Task<JsonObject> SetImageAsync(string name, string image) => cluster.OkAsync("PATCH", $"{Apps}/deployments/{name}",
        KubernetesCluster.Node($$$"""{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"{{{image}}}"}] } } } }"""), KubernetesCluster.Strategic);

    private Task<JsonObject> RolledOutAsync(string name, int count) => cluster.UntilAsync($"{Apps}/deployments/{name}", node =>
        node["status"]?["observedGeneration"] is { } seen && (int?)seen == (int?)node["metadata"]!["generation"] && (int?)node["status"]!["updatedReplicas"] == count
        && (int?)node["status"]!["availableReplicas"] == count && (int?)node["status"]!["replicas"] == count);

    private async Task<JsonArray> ItemsAsync(string path) => (await cluster.OkAsync("GET", path))["items"]!.AsArray();
}
