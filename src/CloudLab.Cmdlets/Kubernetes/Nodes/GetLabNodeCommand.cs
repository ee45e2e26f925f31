using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Gets the nodes of a cluster.</summary>
/// <remarks>
/// <para>Each node has what kubectl shows of it as properties: State (Ready, NotReady, SchedulingDisabled), Roles, Version, InternalIP, Platform, Taints, Unschedulable; what the machine has and pods
/// may request (CpuAllocatableMillicores, MemoryAllocatableBytes, PodLimit); what its pods request together and may use, and in percent, as kubectl describe node adds it up (CpuRequestMillicores,
/// MemoryLimitPercent, PodCount); and Problems, what is wrong with it in words: pressure, a kubelet that does not report, since when and why.</para>
/// <para>The pods of all namespaces are read for that; Get-LabResource nodes does without. Debug-LabNode says more about one node, Get-LabMetric nodes what is really used.</para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden when you are not allowed to read nodes; NoCluster or ClusterUnreachable, which end the command.
/// Where you may not list pods, a warning says that what they request is left out.</para>
/// </remarks>
/// <example>
/// <para>The nodes, and what is requested on them.</para>
/// <code>Get-LabNode</code>
/// </example>
/// <example>
/// <para>Nodes that have a problem.</para>
/// <code>Get-LabNode | Where-Object Problems | Select-Object Name, Problems</code>
/// </example>
/// <inputtype>Names, or objects with the property Name; of a pod, its node is meant.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabNode")]
[OutputType(typeof(LabNode))]
public sealed class GetLabNodeCommand : KindCommand
{
    private readonly Dictionary<KubernetesApi, NodePods> pods = [];

    /// <inheritdoc cref="NodeCommand.InputObject"/>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    private protected override string FixedKind => "nodes";

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => [new(FixedKind, NodeOfPod.Or(Name, InputObject))];

    /// <inheritdoc/>
    private protected override async Task<LabResource> CompleteAsync(ResourceTarget target, CancellationToken cancellation)
    {
        if (target.Object is LabNode node)
        {
            if (!pods.TryGetValue(target.Api, out NodePods? read))
            {
                pods[target.Api] = read = new NodePods(target.Api);
            }

            bool alone = Name is [var only] && only == node.Name && !MyInvocation.ExpectingInput;
            await read.AllocateAsync(node, alone, cancellation);
        }

        return target.Object;
    }
}
