using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Base of the cmdlets that do something to containers that exist.</summary>
public abstract class ContainerCommand : DockerCommand
{
    /// <summary>Names or ids of containers, or the beginning of ids; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Container", "ContainerName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <summary>The containers of the session's engine.</summary>
    private protected ContainerStore Store { get; private set; } = null!;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellation)
    {
        Store = new ContainerStore(Lab);
        return Task.CompletedTask;
    }

    /// <summary>Finds containers by name or wildcard, and reports those that are not there.</summary>
    /// <param name="names">Names.</param>
    /// <param name="work">What to do with each.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all are found.</returns>
    private protected Task ForEachAsync(string[] names, Func<LabContainer, Task> work, CancellationToken cancellation) => ForEachMeantAsync(
        names, name => Store.FindAsync(name, cancellation), async () => await Store.ListAsync(new ContainerQuery { All = true }, cancellation).ToListAsync(cancellation),
        container => container.Name, work);

    /// <summary>Changes containers, several at a time, after the question that -Confirm asks for each.</summary>
    /// <param name="action">What is done, for -WhatIf.</param>
    /// <param name="force">Whether -Force is given.</param>
    /// <param name="change">Changes one.</param>
    /// <param name="passThru">Writes each as it is afterwards.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Done when all are begun.</returns>
    private protected Task ChangeAsync(
        string action, bool force, Func<LabContainer, CancellationToken, Task> change, bool passThru, CancellationToken cancellation) =>
        ForEachAsync(Name, async container =>
        {
            if (await ShouldProcessAsync($"{container.Name} ({container.ShortId}, {container.Image})", action, force))
            {
                await StartAsync(container.Name, async token =>
                {
                    await change(container, token);
                    if (passThru)
                    {
                        await WriteAsync(await Store.FindAsync(container.Id, token), token);
                    }
                });
            }
        }, cancellation);
}
