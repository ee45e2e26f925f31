using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Volumes;

namespace CloudLab.Cmdlets.Containers.Volumes;

/// <summary>Base of the cmdlets that name volumes.</summary>
public abstract class VolumeCommand : DockerCommand
{
    /// <summary>The volumes of the session's engine.</summary>
    private protected VolumeStore Store { get; private set; } = null!;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        Store = new VolumeStore(Lab);
        return Task.CompletedTask;
    }

    /// <summary>Finds volumes by name or wildcard, and reports those that are not there.</summary>
    /// <param name="names">Names.</param>
    /// <param name="work">What to do with each.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all are done.</returns>
    private protected Task ForEachAsync(string[] names, Func<LabDockerVolume, Task> work, CancellationToken cancellation) => ForEachMeantAsync(
        names, name => Store.FindAsync(name, cancellation), () => Store.ListAsync(cancellation), volume => volume.Name, work);
}
