using System.Management.Automation;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Takes containers out of a network.</summary>
/// <remarks>
/// <para>The containers may be running.</para>
/// <para>Errors: NetworkNotFound and ContainerNotFound, with the nearest names; NetworkNotConnected when it is not in it.</para>
/// </remarks>
/// <example>
/// <para>Takes a container out of a network.</para>
/// <code>Disconnect-LabDockerNetwork movies -Container web</code>
/// </example>
/// <example>
/// <para>Takes all containers of a team out of a network.</para>
/// <code>Get-LabContainer -Label team=movies | Disconnect-LabDockerNetwork movies</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommunications.Disconnect, "LabDockerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectLabDockerNetworkCommand : NetworkMemberCommand
{
    /// <summary>Even where the engine no longer knows the container.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override string Action => "Disconnect from";

    /// <inheritdoc/>
    private protected override Task ChangeAsync(LabDockerNetwork network, string container, CancellationToken cancellation) =>
        Store.DisconnectAsync(network, container, Force, cancellation);
}
