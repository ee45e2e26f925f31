using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Quota;

/// <summary>Admission by hand: what the API server of Kubernetes 1.36 charges and refuses, in its words.</summary>
[Trait("Area", "Autoscaling")]
public sealed class QuotaCalculatorTests
{
    private const string Limits = "\n---\n{ kind: LimitRange, metadata: { name: r }, spec: { limits: [";

    [Fact]
    public void A_workload_gets_as_many_pods_as_there_is_room_for()
    {
        LabQuotaCheck found = Check(Quota("requests.cpu: 2"), Deployment(5, "requests: { cpu: 600m }"));
        Assert.Equal((false, 5, 3), (found.Fits, found.PodCount, found.AcceptedPodCount));
        Assert.Equal(
            ["pods \"web-xxxxx\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=1800m, limited: requests.cpu=2"], found.Refusals);
        Assert.Equal("requests.cpu=600m", found.Charge);
    }

    [Theory]
    [InlineData(1, "100m", "but its pod would be refused: pods ")]
    [InlineData(3, "100m", "but none of its 3 pods is; the first would be refused: pods ")]
    [InlineData(3, "700m", "but only 1 of its 3 pods is; the next would be refused: pods ")]
    [InlineData(3, "1300m", "but only 2 of its 3 pods are; the next would be refused: pods ")]
    public void How_many_pods_are_accepted_is_said_in_plain_words(int pods, string room, string expected) =>
        Assert.Contains(expected, Check(Quota($"requests.cpu: {room}"), Deployment(pods, "requests: { cpu: 600m }")).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_quota_on_compute_asks_each_container_to_say_it()
    {
        LabQuotaCheck found = Check(
            Quota("limits.cpu: 2, requests.memory: 2Gi, requests.ephemeral-storage: 1Gi"),
            Pod("containers: [{ name: b, resources: { limits: { cpu: 1 } } }, { name: a }], initContainers: [{ name: i, resources: { requests: { memory: 1Mi } } }]"));
        Assert.Equal(["pods \"p\" is forbidden: failed quota: q: must specify limits.cpu for: a,i; requests.memory for: a,b"], found.Refusals);
    }

    [Fact]
    public void A_LimitRange_fills_in_what_the_quota_asks_for()
    {
        LabQuotaCheck found = Check(
            Quota("limits.cpu: 2, requests.cpu: 1") + Limits + "{ type: Container, default: { cpu: 500m }, defaultRequest: { cpu: 100m } }] } }", Deployment(1, ""));
        Assert.True(found.Fits, found.Reason);
        Assert.Equal("limits.cpu=500m,requests.cpu=100m", found.Charge);
        Assert.Equal(["cpu limit 500m for container c from LimitRange r", "cpu request 100m for container c from LimitRange r"], found.Defaults);
        Assert.Equal(3, found.MorePodCount);
    }

    // A limit that the workload gives becomes its request, before the LimitRange's default request is looked at.
    [Fact]
    public void A_limit_alone_becomes_the_request() => Assert.Equal(
        "requests.cpu=300m",
        Check(Quota("requests.cpu: 1") + Limits + "{ type: Container, defaultRequest: { cpu: 100m } }] } }", Deployment(1, "limits: { cpu: 300m }")).Charge);

    // max without default: the default is the maximum, and the default request too.
    [Fact]
    public void A_maximum_is_the_default_too() => Assert.Equal(
        "limits.cpu=2,requests.cpu=2",
        Check(Quota("limits.cpu: 4, requests.cpu: 4") + Limits + "{ type: Container, max: { cpu: 2 } }] } }", Deployment(1, "")).Charge);

    [Fact]
    public void A_default_limit_below_the_request_makes_the_pod_invalid() => Assert.Equal(
        ["Pod \"web-xxxxx\" is invalid: spec.containers[0].resources.requests: Invalid value: \"700m\": must be less than or equal to cpu limit of 500m"],
        Check("{ kind: LimitRange, metadata: { name: r }, spec: { limits: [{ type: Container, default: { cpu: 500m } }] } }", Deployment(1, "requests: { cpu: 700m }")).Refusals);

    [Theory]
    [InlineData("{ type: Container, min: { cpu: 200m } }", "requests: { cpu: 100m }, limits: { cpu: 1 }", "minimum cpu usage per Container is 200m, but request is 100m")]
    [InlineData("{ type: Container, max: { cpu: 1 } }", "limits: { cpu: 2 }", "maximum cpu usage per Container is 1, but limit is 2")]
    [InlineData("{ type: Container, maxLimitRequestRatio: { memory: 2 } }", "requests: { memory: 100Mi }, limits: { memory: 300Mi }", "memory max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    [InlineData("{ type: Pod, max: { memory: 1Gi } }", "requests: { cpu: 1 }", "maximum memory usage per Pod is 1Gi.  No limit is specified")]
    [InlineData("{ type: Pod, min: { cpu: 2 }, max: { cpu: 3 } }", "limits: { cpu: 4 }, requests: { cpu: 1 }", "[minimum cpu usage per Pod is 2, but request is 1, maximum cpu usage per Pod is 3, but limit is 4]")]
    public void A_LimitRange_refuses_in_the_words_of_the_server(string item, string resources, string refusal) => Assert.Equal(
        [$"pods \"web-xxxxx\" is forbidden: {refusal}"],
        Check("{ kind: LimitRange, metadata: { name: r }, spec: { limits: [" + item + "] } }", Deployment(1, resources)).Refusals);

    // Sidecars run beside containers; an init container counts with the sidecars before it, if that is more.
    [Theory]
    [InlineData("containers: [{ name: c, resources: { requests: { cpu: 1 } } }], initContainers: [{ name: i, resources: { requests: { cpu: 3 } } }]", "3")]
    [InlineData("containers: [{ name: c, resources: { requests: { cpu: 1 } } }], initContainers: [{ name: s, restartPolicy: Always, resources: { requests: { cpu: 2 } } }, { name: i, resources: { requests: { cpu: 2 } } }]", "4")]
    [InlineData("containers: [{ name: c, resources: { requests: { cpu: 1 } } }], initContainers: [{ name: i, resources: { requests: { cpu: 2 } } }, { name: s, restartPolicy: Always, resources: { requests: { cpu: 2 } } }]", "3")]
    [InlineData("containers: [{ name: c, resources: { requests: { cpu: 1 } } }], overhead: { cpu: 250m }", "1250m")]
    [InlineData("containers: [{ name: c, resources: { requests: { cpu: 1 } } }, { name: d }], resources: { requests: { cpu: 1500m } }", "1500m")]
    public void A_pod_is_charged_for_what_it_needs_at_most(string spec, string cpu) => Assert.Equal($"requests.cpu={cpu}", Check(Quota("requests.cpu: 10"), Pod(spec)).Charge);

    [Theory]
    [InlineData("scopes: [BestEffort]", "containers: [{ name: c }]", true)]
    [InlineData("scopes: [BestEffort]", "containers: [{ name: c, resources: { requests: { cpu: 1m } } }]", false)]
    [InlineData("scopes: [NotBestEffort]", "containers: [{ name: c, resources: { limits: { memory: 1Mi } } }]", true)]
    [InlineData("scopes: [Terminating]", "containers: [{ name: c }], activeDeadlineSeconds: 60", true)]
    [InlineData("scopes: [NotTerminating]", "containers: [{ name: c }], activeDeadlineSeconds: 60", false)]
    [InlineData("scopes: [NotTerminating, BestEffort]", "containers: [{ name: c }]", true)]
    [InlineData("scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: In, values: [high] }] }", "containers: [{ name: c }], priorityClassName: high", true)]
    [InlineData("scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: In, values: [high] }] }", "containers: [{ name: c }]", false)]
    [InlineData("scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: NotIn, values: [high] }] }", "containers: [{ name: c }]", true)]
    [InlineData("scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: Exists }] }", "containers: [{ name: c }]", false)]
    public void A_scope_chooses_pods(string scopes, string spec, bool counted)
    {
        LabQuotaCheck found = Check($"{{ kind: ResourceQuota, metadata: {{ name: q }}, spec: {{ hard: {{ pods: 0 }}, {scopes} }} }}", Pod(spec));
        Assert.Equal(!counted, found.Fits);
    }

    [Theory]
    [InlineData("services.loadbalancers: 0", "{ kind: Service, metadata: { name: s }, spec: { type: LoadBalancer, ports: [{ port: 80 }] } }", "services \"s\" is forbidden: exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0")]
    [InlineData("services.nodeports: 1", "{ kind: Service, metadata: { name: s }, spec: { type: NodePort, ports: [{ port: 80 }, { port: 81 }] } }", "services \"s\" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1")]
    [InlineData("services.nodeports: 0", "{ kind: Service, metadata: { name: s }, spec: { type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] } }", null)]
    [InlineData("count/ingresses.networking.k8s.io: 0", "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: s } }", "ingresses.networking.k8s.io \"s\" is forbidden: exceeded quota: q, requested: count/ingresses.networking.k8s.io=1, used: count/ingresses.networking.k8s.io=0, limited: count/ingresses.networking.k8s.io=0")]
    [InlineData("configmaps: 0", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: s } }", "configmaps \"s\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=0, limited: configmaps=0")]
    [InlineData("gold.storageclass.storage.k8s.io/requests.storage: 10Gi", "{ kind: PersistentVolumeClaim, metadata: { name: s }, spec: { storageClassName: gold, resources: { requests: { storage: 11Gi } } } }", "persistentvolumeclaims \"s\" is forbidden: exceeded quota: q, requested: gold.storageclass.storage.k8s.io/requests.storage=11Gi, used: gold.storageclass.storage.k8s.io/requests.storage=0, limited: gold.storageclass.storage.k8s.io/requests.storage=10Gi")]
    [InlineData("gold.storageclass.storage.k8s.io/requests.storage: 10Gi", "{ kind: PersistentVolumeClaim, metadata: { name: s }, spec: { storageClassName: silver, resources: { requests: { storage: 11Gi } } } }", null)]
    [InlineData("requests.nvidia.com/gpu: 1", "{ kind: Pod, metadata: { name: s }, spec: { containers: [{ name: c, resources: { limits: { nvidia.com/gpu: 2 } } }] } }", "pods \"s\" is forbidden: exceeded quota: q, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=1")]
    public void Objects_claims_and_extended_resources_are_counted(string hard, string manifest, string? refusal) =>
        Assert.Equal(refusal is null ? [] : [refusal], Check(Quota(hard), manifest).Refusals);

    [Fact]
    public void The_claims_of_a_StatefulSet_count_with_its_pods()
    {
        LabQuotaCheck found = Check(
            Quota("requests.storage: 25Gi"),
            "{ kind: StatefulSet, metadata: { name: db }, spec: { replicas: 3, template: { spec: { containers: [{ name: c }] } }, volumeClaimTemplates: [{ metadata: { name: data }, spec: { resources: { requests: { storage: 10Gi } } } }] } }");
        Assert.Equal((3, 2), (found.PodCount, found.AcceptedPodCount));
        Assert.Contains("exceeded quota: q, requested: requests.storage=10Gi, used: requests.storage=20Gi, limited: requests.storage=25Gi", Assert.Single(found.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_used_comes_from_the_status_or_from_what_exists()
    {
        const string status = "{ kind: ResourceQuota, metadata: { name: q }, spec: { hard: { requests.cpu: 2 } }, status: { used: { requests.cpu: 1500m } } }";
        Assert.Equal(0, Check(status, Deployment(1, "requests: { cpu: 600m }")).AcceptedPodCount);
        QuotaCalculator counted = new(
            ManifestObjects.Read(Quota("requests.cpu: 2, pods: 3"), ""),
            ManifestObjects.Read(Pod("containers: [{ name: c, resources: { requests: { cpu: 500m } } }]") + "\n---\n{ kind: Pod, metadata: { name: done }, spec: { containers: [] }, status: { phase: Succeeded } }", ""), null, 1);
        Assert.Equal(["1 of 3 pods used, 2 left", "500m of 2 requests.cpu used, 1500m left"], counted.Usage.Select(row => $"{row}"[3..]));
    }

    [Fact]
    public void A_rollout_that_has_no_room_is_foretold()
    {
        LabQuotaCheck found = Check(Quota("pods: 4"), Deployment(4, ""));
        Assert.True(found.Fits);
        Assert.Contains("A rollout needs room for 1 more (maxSurge), but there is room for 0", found.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: ConfigMap", "NoQuota")]
    [InlineData("{ kind: ResourceQuota, metadata: { name: q }, spec: {} }", "QuotaInvalid")]
    [InlineData("{ kind: ResourceQuota, metadata: { name: q }, spec: { hard: { pods: -1 } } }", "ManifestInvalid")]
    [InlineData("{ kind: ResourceQuota, metadata: { name: q }, spec: { hard: { requests.memory: 1GB } } }", "ManifestInvalid")]
    [InlineData("{ kind: ResourceQuota, metadata: { name: q }, spec: { hard: { pods: 1 }, scopes: [Best] } }", "QuotaInvalid")]
    [InlineData("{ kind: LimitRange, metadata: { name: q }, spec: { limits: [{ type: Box }] } }", "LimitRangeInvalid")]
    public void What_cannot_be_read_is_one_line_that_says_what_to_do(string manifest, string code)
    {
        LabException e = Assert.Throws<LabException>(() => new QuotaCalculator(ManifestObjects.Read(manifest, ""), [], null, 1));
        Assert.Equal(code, e.Code);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Contains(":", e.Message, StringComparison.Ordinal);
    }

    private static string Quota(string hard) => $"{{ kind: ResourceQuota, metadata: {{ name: q }}, spec: {{ hard: {{ {hard} }} }} }}";

    private static string Pod(string spec) => $"{{ kind: Pod, metadata: {{ name: p }}, spec: {{ {spec} }} }}";

    private static string Deployment(int replicas, string resources) =>
        $"{{ apiVersion: apps/v1, kind: Deployment, metadata: {{ name: web }}, spec: {{ replicas: {replicas}, template: {{ spec: {{ containers: [{{ name: c, resources: {{ {resources} }} }}] }} }} }} }}";

    private static LabQuotaCheck Check(string rules, string workload) =>
        Assert.Single(new QuotaCalculator(ManifestObjects.Read(rules + "\n---\n" + workload, ""), [], null, 1).Checks);
}
