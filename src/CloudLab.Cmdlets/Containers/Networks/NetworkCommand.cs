using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Networks;

namespace CloudLab.Cmdlets.Containers.Networks;

/// <summary>Base of the cmdlets that name networks.</summary>
public abstract class NetworkCommand : DockerCommand
{
    /// <summary>The networks of the session's engine.</summary>
    private protected NetworkStore Store { get; private set; } = null!;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        Store = new NetworkStore(Lab);
        return Task.CompletedTask;
    }

    /// <summary>Finds networks by name or wildcard, and reports those that are not there.</summary>
    /// <param name="names">Names.</param>
    /// <param name="work">What to do with each.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all are done.</returns>
    private protected Task ForEachAsync(string[] names, Func<LabDockerNetwork, Task> work, CancellationToken cancellation) => ForEachMeantAsync(
        names, name => Store.FindAsync(name, cancellation), () => Store.ListAsync(cancellation), network => network.Name, work);
}
