using System.Management.Automation;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets pods.</summary>
/// <remarks>
/// <para>
/// Each pod has what kubectl shows of it as properties: Ready, State (Running, CrashLoopBackOff, Init:1/2), Restarts, LastRestart, Node, IP, and
/// QosClass, Owner and Containers with the image, state and reason of each. All of its fields are there too: $pod.Spec.NodeName.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; Forbidden when you are not allowed to read it; NoCluster or
/// ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>The pods of a namespace that were restarted.</para>
/// <code>Get-LabPod -Namespace movies | Where-Object Restarts -gt 0</code>
/// </example>
/// <example>
/// <para>The images that run in the cluster, and how often.</para>
/// <code>Get-LabPod -AllNamespaces | ForEach-Object Containers | Group-Object Image -NoElement</code>
/// </example>
/// <inputtype>Names, or objects with the properties Name and Namespace.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabPod")]
[OutputType(typeof(LabPod))]
public sealed class GetLabPodCommand : KindCommand
{
    /// <inheritdoc/>
    private protected override string FixedKind => "pods";
}
