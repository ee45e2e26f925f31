using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Namespaces;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Contexts;

/// <summary>Removes a Kubernetes namespace and everything in it.</summary>
/// <remarks>
/// <para>
/// The cluster removes the objects of the namespace first, which can take minutes. With -Wait the command ends when the namespace is gone; while it
/// waits, and when the time is up, it says which kinds are left and which finalizers hold them.
/// </para>
/// <para>Errors: NotFound when there is no such namespace; Forbidden, also for namespaces that the cluster needs itself; WaitTimeout with what is left.
/// NoCluster and ClusterUnreachable end the command.</para>
/// </remarks>
/// <example>
/// <para>Creates a namespace, and removes it again.</para>
/// <code>New-LabKubeNamespace scratch | Remove-LabKubeNamespace -Wait -Force</code>
/// </example>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>Get-LabResource namespaces -LabelSelector team=movies | Remove-LabKubeNamespace -WhatIf</code>
/// </example>
/// <inputtype>Names of namespaces, or objects with the property Name.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabKubeNamespace", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabKubeNamespaceCommand : KubeCommand
{
    /// <summary>Names of the namespaces.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Waits until the namespace is gone.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait, in seconds or as a time span.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async name =>
    {
        if (await ShouldProcessAsync($"{name} on {Api.Address}", "Remove namespace and everything in it", Force))
        {
            await new NamespaceStore(Api).RemoveAsync(name, Wait ? Timeout : null, Reporter, cancellation);
        }
    });
}
