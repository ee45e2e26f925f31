using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Takes nodes out of use for new pods: cordons them.</summary>
/// <remarks>
/// <para>The pods that are on the node stay and run; Clear-LabNode moves them away, too. A node that is cordoned already stays so, and -Verbose says it. DaemonSets start their pods on it all
/// the same.</para>
/// <para>Errors: NotFound; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Cordons a node, and takes it into use again.</para>
/// <code>
/// Suspend-LabNode emulator
/// Resume-LabNode emulator
/// </code>
/// </example>
/// <example>
/// <para>Shows what would be cordoned: the nodes of a pool.</para>
/// <code>Suspend-LabNode -LabelSelector kubernetes.io/os=linux -WhatIf</code>
/// </example>
/// <inputtype>Names, or objects with the property Name, such as Get-LabNode writes; of a pod, its node is meant.</inputtype>
[Cmdlet(VerbsLifecycle.Suspend, "LabNode", SupportsShouldProcess = true)]
[OutputType(typeof(LabNode))]
public sealed class SuspendLabNodeCommand : NodeCordonCommand
{
    /// <inheritdoc/>
    private protected override bool Cordons => true;
}
