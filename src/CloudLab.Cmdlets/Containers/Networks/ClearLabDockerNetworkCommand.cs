using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Removes the networks that no container uses.</summary>
/// <remarks>
/// <para>Containers that are not running count as users, too. The engine's own networks stay. -WhatIf names each network; the removed ones are written.</para>
/// <para>Errors: NetworkInUse when a container has taken one meanwhile.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>Clear-LabDockerNetwork -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes the unused networks with a label.</para>
/// <code>Clear-LabDockerNetwork -Label team=movies -Force</code>
/// </example>
[Cmdlet(VerbsCommon.Clear, "LabDockerNetwork", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabDockerNetwork))]
public sealed class ClearLabDockerNetworkCommand : NetworkCommand
{
    /// <summary>Only networks with these labels: <c>team</c> or <c>team=movies</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerLabelCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) => await ForEachAsync(
        await Store.UnusedAsync(Label, cancellation),
        async network =>
        {
            if (await ShouldProcessAsync(network.Name, "Remove network", Force))
            {
                await Store.RemoveAsync(network, cancellation);
                await WriteAsync(network, cancellation);
            }
        },
        network => network.Name);
}
