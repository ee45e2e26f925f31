using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes;
using Xunit;

namespace CloudLab.Tests.Emulator.Kubernetes;

/// <summary>What decides how many pods there are: quotas and LimitRanges, autoscalers, schedules; and the events that tell of it.</summary>
[Trait("Area", "Emulator")]
public sealed class KubernetesScalingTests : IAsyncDisposable
{
    private const string Core = "/api/v1/namespaces/default", Apps = "/apis/apps/v1/namespaces/default", Batch = "/apis/batch/v1/namespaces/default",
        Autoscaling = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";

    private readonly KubernetesCluster cluster = new();

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    [Fact]
    public async Task A_quota_refuses_the_pod_that_is_too_many_and_the_deployment_and_an_event_say_so()
    {
        await cluster.OkAsync("POST", Core + "/resourcequotas", KubernetesCluster.Node("""{"metadata":{"name":"small"},"spec":{"hard":{"pods":"2","count/configmaps":"2"}}}"""));
        await cluster.OkAsync("POST", Apps + "/deployments", KubernetesCluster.Deployment("web", replicas: 3));
        JsonObject deployment = await cluster.UntilAsync(Apps + "/deployments/web", node => Condition(node, "ReplicaFailure") is not null && (int?)node["status"]!["readyReplicas"] == 2);
        Assert.Contains("exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2", (string?)Condition(deployment, "ReplicaFailure")!["message"]);
        await cluster.UntilAsync(Core + "/resourcequotas/small", node => (string?)node["status"]?["used"]?["pods"] == "2");
        JsonNode told = await EventAsync("FailedCreate");
        Assert.Equal("ReplicaSet", (string?)told["involvedObject"]!["kind"]);

        // kube-root-ca.crt is the first.
        await cluster.OkAsync("POST", Core + "/configmaps", KubernetesCluster.ConfigMap("one"));
        JsonObject refused = await cluster.RefusedAsync(403, "POST", Core + "/configmaps", KubernetesCluster.ConfigMap("two"));
        Assert.Equal("configmaps \"two\" is forbidden: exceeded quota: small, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2", (string?)refused["message"]);

        await cluster.OkAsync("DELETE", Core + "/resourcequotas/small");
        await cluster.UntilAsync(Apps + "/deployments/web", node => (int?)node["status"]!["readyReplicas"] == 3 && Condition(node, "ReplicaFailure") is null);
    }

    [Fact]
    public async Task A_limit_range_fills_in_and_refuses()
    {
        await cluster.OkAsync("POST", Core + "/limitranges", KubernetesCluster.Node(
            """{"metadata":{"name":"usual"},"spec":{"limits":[{"type":"Container","default":{"cpu":"500m"},"defaultRequest":{"cpu":"100m"},"max":{"cpu":"1"}}]}}"""));
        JsonObject pod = await cluster.OkAsync("POST", Core + "/pods", KubernetesCluster.Node("""{"metadata":{"name":"a"},"spec":{"containers":[{"name":"web","image":"web:1"}]}}"""));
        JsonNode resources = pod["spec"]!["containers"]![0]!["resources"]!;
        Assert.Equal("100m", (string?)resources["requests"]!["cpu"]);
        Assert.Equal("500m", (string?)resources["limits"]!["cpu"]);
        Assert.Equal("Burstable", (string?)pod["status"]!["qosClass"]);
        JsonObject refused = await cluster.RefusedAsync(403, "POST", Core + "/pods", KubernetesCluster.Node(
            """{"metadata":{"name":"b"},"spec":{"containers":[{"name":"web","image":"web:1","resources":{"limits":{"cpu":"2"}}}]}}"""));
        Assert.Contains("maximum cpu usage per Container is 1, but limit is 2", (string?)refused["message"]);
    }

    [Fact]
    public async Task An_autoscaler_follows_the_load_that_is_set_on_it()
    {
        JsonObject web = KubernetesCluster.Deployment("web");
        web["spec"]!["template"]!["spec"]!["containers"]![0]!["resources"] = KubernetesCluster.Node("""{"requests":{"cpu":"100m"}}""");
        await cluster.OkAsync("POST", Apps + "/deployments", web);
        await cluster.OkAsync("POST", Autoscaling, KubernetesCluster.Node(
            """
            {"metadata":{"name":"web","annotations":{"emulator.cloudlab/cpu":"200m"}},"spec":{"minReplicas":1,"maxReplicas":10,
            "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
            "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}]} }
            """));
        await cluster.UntilAsync(Apps + "/deployments/web", node => (int?)node["status"]!["readyReplicas"] == 4);
        JsonObject scaler = await cluster.UntilAsync(Autoscaling + "/web", node => (int?)node["status"]!["currentMetrics"]?[0]!["resource"]!["current"]!["averageUtilization"] == 50);
        Assert.Equal("ValidMetricFound", (string?)Condition(scaler, "ScalingActive")!["reason"]);
        Assert.Contains("New size: 4", (string?)(await EventAsync("SuccessfulRescale"))["message"]);

        await cluster.OkAsync("PATCH", Autoscaling + "/web", KubernetesCluster.Node("""{"metadata":{"annotations":{"emulator.cloudlab/cpu":"5"}}}"""), KubernetesCluster.Merge);
        await cluster.UntilAsync(Apps + "/deployments/web", node => (int?)node["spec"]!["replicas"] > 4);
    }

    [Fact]
    public async Task A_cron_job_starts_jobs_keeps_its_history_short_and_tells_when_it_ran()
    {
        await cluster.OkAsync("POST", Batch + "/cronjobs", KubernetesCluster.Node(
            """
            {"metadata":{"name":"tick"},"spec":{"schedule":"@every 1s","successfulJobsHistoryLimit":1,"jobTemplate":{"spec":{"template":{"spec":
            {"restartPolicy":"Never","containers":[{"name":"run","image":"run:1"}]} } } } } }
            """));
        JsonObject cron = await cluster.UntilAsync(Batch + "/cronjobs/tick", node => node["status"]?["lastSuccessfulTime"] is not null);
        Assert.NotNull(cron["status"]!["lastScheduleTime"]);
        JsonNode first = (await EventAsync("SuccessfulCreate", "CronJob"))["message"]!;
        Assert.StartsWith("Created job tick-", (string?)first, StringComparison.Ordinal);
        await cluster.UntilAsync(Batch + "/jobs", node => node["items"]!.AsArray().Count <= 1);
        await cluster.OkAsync("PATCH", Batch + "/cronjobs/tick", KubernetesCluster.Node("""{"spec":{"suspend":true,"successfulJobsHistoryLimit":0}}"""), KubernetesCluster.Merge);
        await cluster.UntilAsync(Batch + "/jobs", node => node["items"]!.AsArray().Count == 0);
    }

    private async Task<JsonNode> EventAsync(string reason, string? kind = null)
    {
        bool Is(JsonNode? e) => (string?)e!["reason"] == reason && (kind is null || (string?)e["involvedObject"]!["kind"] == kind);
        return (await cluster.UntilAsync($"{Core}/events", node => node["items"]!.AsArray().Any(Is)))["items"]!.AsArray().First(Is)!;
    }

    private static JsonNode? Condition(JsonObject node, string type) =>
        node["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == type && (string?)c["status"] == "True");
}
