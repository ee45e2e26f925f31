using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
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
public sealed class DisconnectLabDockerNetworkCommand : NetworkCommand
{
    /// <summary>Name or id of the network.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    public string Network { get; set; } = "";

    /// <summary>Names or ids of the containers.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Container { get; set; } = [];

    /// <summary>Even where the engine no longer knows the container.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        LabDockerNetwork network = await Store.FindAsync(Network, cancellation);
        foreach (string container in Container)
        {
            try
            {
                if (await ShouldProcessAsync(container, $"Disconnect from network '{network.Name}'"))
                {
                    await Store.DisconnectAsync(network, container, Force, cancellation);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                WriteProblem(e, container);
            }
        }
    }
}
