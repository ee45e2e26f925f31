using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Removes networks.</summary>
/// <remarks>
/// <para>A network that a container uses is an error.</para>
/// <para>Errors: NetworkNotFound, with the nearest names; NetworkInUse, with the containers that use it.</para>
/// </remarks>
/// <example>
/// <para>Removes a network without asking.</para>
/// <code>Remove-LabDockerNetwork movies -Force</code>
/// </example>
/// <example>
/// <para>Shows which networks would be removed.</para>
/// <code>Remove-LabDockerNetwork movies-* -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Networks.LabDockerNetwork, or System.String: name of a network.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabDockerNetwork", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabDockerNetworkCommand : NetworkCommand
{
    /// <summary>Names of networks; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Network")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async each =>
    {
        if (await ShouldProcessAsync(each.Name, "Remove network", Force))
        {
            await Store.RemoveAsync(each, cancellation);
        }
    }, cancellation);
}
