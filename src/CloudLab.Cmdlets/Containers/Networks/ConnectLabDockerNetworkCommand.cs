using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Puts containers into a network.</summary>
/// <remarks>
/// <para>The containers may be running.</para>
/// <para>Errors: NetworkNotFound and ContainerNotFound, with the nearest names; NetworkConnected when it is in it already.</para>
/// </remarks>
/// <example>
/// <para>Puts a container into a network.</para>
/// <code>Connect-LabDockerNetwork movies -Container web</code>
/// </example>
/// <example>
/// <para>Puts all containers of a team into a network.</para>
/// <code>Get-LabContainer -Label team=movies | Connect-LabDockerNetwork movies</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommunications.Connect, "LabDockerNetwork", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class ConnectLabDockerNetworkCommand : NetworkMemberCommand
{
    /// <summary>Further names of the containers in the network.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Alias { get; set; } = [];

    /// <summary>Address in the network; the engine chooses one if omitted.</summary>
    [Parameter]
    [Alias("Ip")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <inheritdoc/>
    private protected override string Action => "Connect to";

    /// <inheritdoc/>
    private protected override Task ChangeAsync(LabDockerNetwork network, string container, CancellationToken cancellation) =>
        Store.ConnectAsync(network, container, Alias, Address, cancellation);
}
