using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Takes nodes into use again: uncordons them.</summary>
/// <remarks>
/// <para>New pods are scheduled on the node from then on; those that were moved away do not come back by themselves. A node that is in use already stays so, and -Verbose says it.</para>
/// <para>Errors: NotFound; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Takes a node into use after a drain.</para>
/// <code>
/// Clear-LabNode emulator -Timeout 60
/// Resume-LabNode emulator
/// </code>
/// </example>
/// <example>
/// <para>Takes all cordoned nodes into use.</para>
/// <code>Get-LabNode | Where-Object Unschedulable | Resume-LabNode</code>
/// </example>
/// <inputtype>Names, or objects with the property Name, such as Get-LabNode and Clear-LabNode write.</inputtype>
[Cmdlet(VerbsLifecycle.Resume, "LabNode", SupportsShouldProcess = true)]
[OutputType(typeof(LabNode))]
public sealed class ResumeLabNodeCommand : NodeCordonCommand
{
    /// <inheritdoc/>
    private protected override bool Cordons => false;
}
