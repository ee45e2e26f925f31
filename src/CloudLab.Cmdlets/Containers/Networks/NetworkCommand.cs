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
    private protected async Task ForEachAsync(string[] names, Func<LabDockerNetwork, Task> work, CancellationToken cancellation)
    {
        foreach (string name in names)
        {
            try
            {
                if (WildcardPattern.ContainsWildcardCharacters(name))
                {
                    WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                    foreach (LabDockerNetwork each in (await Store.ListAsync(cancellation)).Where(each => pattern.IsMatch(each.Name)))
                    {
                        await work(each);
                    }
                }
                else
                {
                    await work(await Store.FindAsync(name, cancellation));
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                WriteProblem(e, name);
            }
        }
    }
}
