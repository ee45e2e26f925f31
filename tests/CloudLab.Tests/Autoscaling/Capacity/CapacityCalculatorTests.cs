using CloudLab.Core.Autoscaling.Capacity;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Capacity;

/// <summary>Placement by hand: kube-scheduler's filters, score and words.</summary>
[Trait("Area", "Autoscaling")]
public sealed class CapacityCalculatorTests
{
    [Fact]
    public void Pods_that_do_not_fit_are_told_in_the_words_of_the_scheduler()
    {
        LabPodPlacement found = Place(Node("a", "cpu: 1, memory: 1Gi") + Node("b", "cpu: 1, memory: 4Gi") + Node("c", "cpu: 4, memory: 1Gi"), Deployment(3, "cpu: 900m, memory: 2Gi"));
        Assert.Equal((false, 3, 1, 0), (found.Fits, found.PodCount, found.PlacedPodCount, found.MorePodCount));
        Assert.Equal("b", found.Nodes);
        Assert.Equal("0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.", found.Message);
    }

    [Fact]
    public void A_pod_goes_to_the_emptiest_node_or_fills_one()
    {
        string nodes = Node("a", "cpu: 2, memory: 4Gi") + Node("b", "cpu: 2, memory: 4Gi");
        Assert.Equal("a x2, b x2", Place(nodes, Deployment(4, "cpu: 500m, memory: 1Gi")).Nodes);
        Assert.Equal("a x4", Place(nodes, Deployment(4, "cpu: 500m, memory: 1Gi"), PodPlacement.MostAllocated).Nodes);
    }

    [Fact]
    public void How_many_more_would_fit()
    {
        LabPodPlacement found = Place(Node("a", "cpu: 2, memory: 4Gi") + Node("b", "cpu: 1, memory: 4Gi, pods: 2"), Deployment(1, "cpu: 300m"));
        // Six on a and two on b, of which one is placed.
        Assert.Equal(7, found.MorePodCount);
        Assert.Equal("Deployment web: the pod fits, and 7 more would.", found.Reason);
    }

    [Fact]
    public void Memory_without_CPU_is_stranded()
    {
        LabNodeCapacity node = Assert.Single(new CapacityCalculator(ManifestObjects.Read(Node("a", "cpu: 1, memory: 8Gi") + Deployment(2, "cpu: 500m, memory: 1Gi"), ""), default).Nodes);
        Assert.Equal(("0", "6Gi", "memory=6Gi"), (node.CpuFree, node.MemoryFree, node.Stranded));
        Assert.Equal("a: 2 pods, 1 of 1 CPU and 2Gi of 8Gi memory requested; memory=6Gi is free but stranded, as none of the pods fits for lack of cpu.", node.Reason);
    }

    [Theory]
    [InlineData("spec: { unschedulable: true }", "", "node(s) were unschedulable")]
    [InlineData("spec: { taints: [{ key: gpu, value: yes, effect: NoSchedule }] }", "", "node(s) had untolerated taint(s)")]
    [InlineData("spec: { taints: [{ key: gpu, value: yes, effect: NoSchedule }] }", "tolerations: [{ key: gpu, value: other, effect: NoSchedule }]", "node(s) had untolerated taint(s)")]
    [InlineData("spec: { taints: [{ key: gpu, value: yes, effect: NoSchedule }] }", "tolerations: [{ key: gpu, operator: Exists }]", null)]
    [InlineData("spec: { taints: [{ key: gpu, value: yes, effect: NoSchedule }] }", "tolerations: [{ operator: Exists }]", null)]
    [InlineData("spec: { taints: [{ key: gpu, value: yes, effect: PreferNoSchedule }] }", "", null)]
    [InlineData("", "nodeSelector: { disk: ssd }", "node(s) didn't match Pod's node affinity/selector")]
    [InlineData("", "nodeSelector: { kubernetes.io/hostname: a }", null)]
    [InlineData("", "affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: In, values: [b] }] }, { matchExpressions: [{ key: zone, operator: DoesNotExist }] }] } } }", null)]
    [InlineData("", "affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: Exists }] }] } } }", "node(s) didn't match Pod's node affinity/selector")]
    public void A_node_is_filtered_out(string node, string pod, string? reason)
    {
        LabPodPlacement found = Place(
            "{ kind: Node, metadata: { name: a }, status: { allocatable: { cpu: 1, memory: 1Gi } }" + (node.Length > 0 ? ", " + node : "") + " }\n---\n",
            "{ kind: Pod, metadata: { name: p }, spec: { containers: [{ name: c }]" + (pod.Length > 0 ? ", " + pod : "") + " } }");
        Assert.Equal(reason is null ? null : $"0/1 nodes are available: 1 {reason}.", found.Message);
    }

    [Fact]
    public void Extended_resources_ports_and_numbers_of_pods_run_out()
    {
        Assert.Equal(
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", Place(Node("a", "cpu: 9, memory: 9Gi, nvidia.com/gpu: 1"), Deployment(2, "nvidia.com/gpu: 1")).Message);
        Assert.Equal("0/1 nodes are available: 1 Too many pods.", Place(Node("a", "cpu: 9, memory: 9Gi, pods: 1"), Deployment(2, "cpu: 1m")).Message);
        Assert.Equal(
            "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
            Place(Node("a", "cpu: 9, memory: 9Gi"), "{ kind: ReplicaSet, metadata: { name: r }, spec: { replicas: 2, template: { spec: { containers: [{ name: c, ports: [{ containerPort: 80, hostPort: 80 }] }] } } } }").Message);
    }

    [Fact]
    public void A_DaemonSet_has_a_pod_on_each_node_that_it_may_go_to_and_pods_that_run_come_first()
    {
        LabPodPlacement[] found = [.. new CapacityCalculator(
            ManifestObjects.Read(
                Node("a", "cpu: 1, memory: 1Gi") + "{ kind: Node, metadata: { name: b }, spec: { unschedulable: true }, status: { allocatable: { cpu: 1, memory: 1Gi } } }\n---\n"
                + "{ kind: DaemonSet, metadata: { name: agent }, spec: { template: { spec: { containers: [{ name: c, resources: { requests: { cpu: 300m } } }] } } } }\n---\n"
                + "{ kind: Pod, metadata: { name: old }, spec: { nodeName: a, containers: [{ name: c, resources: { requests: { cpu: 800m } } }] } }", ""), default).Workloads];
        Assert.Equal(("agent", 2, 1, "b"), (found[0].Name, found[0].PodCount, found[0].PlacedPodCount, found[0].Nodes));
        Assert.Equal("0/2 nodes are available: 1 Insufficient cpu.", found[0].Message);
        Assert.Equal("a", found[1].Nodes);
    }

    [Theory]
    [InlineData("{ kind: Pod, metadata: { name: p }, spec: { containers: [] } }", "NoNode")]
    [InlineData("{ kind: Node, metadata: { name: p } }", "NodeInvalid")]
    [InlineData("{ kind: Node, metadata: { name: p }, status: { allocatable: { cpu: 1, memory: 1Gi } } }", "NoWorkload")]
    [InlineData("{ kind: Node, metadata: { name: p }, status: { allocatable: { cpu: -1, memory: 1Gi } } }", "ManifestInvalid")]
    [InlineData("{ kind: Node, metadata: { name: p }, status: { allocatable: { cpu: 1, memory: 1GB } } }", "ManifestInvalid")]
    public void What_cannot_be_read_is_one_line_that_says_what_to_do(string manifest, string code)
    {
        LabException e = Assert.Throws<LabException>(() => new CapacityCalculator(ManifestObjects.Read(manifest, ""), default));
        Assert.Equal(code, e.Code);
        Assert.DoesNotContain('\n', e.Message);
    }

    private static string Node(string name, string allocatable) => $"{{ kind: Node, metadata: {{ name: {name} }}, status: {{ allocatable: {{ {allocatable} }} }} }}\n---\n";

    private static string Deployment(int replicas, string requests) =>
        $"{{ kind: Deployment, metadata: {{ name: web }}, spec: {{ replicas: {replicas}, template: {{ spec: {{ containers: [{{ name: c, resources: {{ requests: {{ {requests} }} }} }}] }} }} }} }}";

    private static LabPodPlacement Place(string nodes, string workload, PodPlacement placement = default) =>
        Assert.Single(new CapacityCalculator(ManifestObjects.Read(nodes + workload, ""), placement).Workloads);
}
