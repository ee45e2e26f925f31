using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Base of the cmdlets that put containers into a network and take them out.</summary>
public abstract class NetworkMemberCommand : NetworkCommand
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

    /// <summary>What is done, for -WhatIf: <c>Connect to</c>.</summary>
    private protected abstract string Action { get; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        LabDockerNetwork network = await Store.FindAsync(Network, cancellation);
        await ForEachAsync(Container, async container =>
        {
            if (await ShouldProcessAsync(container, $"{Action} network '{network.Name}'"))
            {
                await ChangeAsync(network, container, cancellation);
            }
        });
    }

    /// <summary>Changes one container.</summary>
    /// <param name="network">The network.</param>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is changed.</returns>
    private protected abstract Task ChangeAsync(LabDockerNetwork network, string container, CancellationToken cancellation);
}
