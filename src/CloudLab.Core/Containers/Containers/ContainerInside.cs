using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>A process in a container.</summary>
/// <param name="Container">Name of the container.</param>
/// <param name="ProcessId">Its id on the engine's machine.</param>
/// <param name="ParentProcessId">Id of the process that started it.</param>
/// <param name="User">Who it runs as.</param>
/// <param name="CpuPercent">Processor time in percent of its life time.</param>
/// <param name="Memory">Memory in bytes.</param>
/// <param name="Running">How long it has been running.</param>
/// <param name="Command">Program and arguments.</param>
public sealed record LabContainerProcess(
    string Container, int ProcessId, int ParentProcessId, string User, double CpuPercent, long Memory, TimeSpan Running, string Command)
{
    /// <inheritdoc/>
    public override string ToString() => Command;
}

/// <summary>A file that is not as it is in the image.</summary>
/// <param name="Container">Name of the container.</param>
/// <param name="Change">Added, Modified or Deleted.</param>
/// <param name="Path">Its path in the container.</param>
public sealed record LabContainerChange(string Container, string Change, string Path)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Change} {Path}";
}

/// <summary>Looks into containers.</summary>
/// <param name="session">Names the engine.</param>
public sealed class ContainerInside(LabSession session)
{
    private readonly ContainerStore store = new(session);

    /// <summary>Lists the processes of a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Processes. Throws <see cref="LabException"/> (<c>ContainerNotRunning</c>, <c>ContainerRestarting</c>).</returns>
    public async Task<IReadOnlyList<LabContainerProcess>> ProcessesAsync(LabContainer container, CancellationToken cancellation)
    {
        const string Columns = "-eo user:32,pid,ppid,pcpu,rss,etimes,args";
        ContainerProcessesResponse answer;
        try
        {
            answer = await store.Engine.AskAsync(
                $"containers/{container.Id}/top",
                (client, limited) => client.Containers.ListProcessesAsync(container.Id, new ContainerListProcessesParameters { PsArgs = Columns }, limited), cancellation);
        }
        catch (LabException e) when (ContainerFaults.IsNotRunning(e))
        {
            throw ContainerFaults.NotRunning(container.Name, inner: e);
        }

        return
        [
            .. (answer.Processes ?? []).Where(row => row is { Count: >= 7 }).Select(row => new LabContainerProcess(
                container.Name, Whole(row[1]), Whole(row[2]), row[0],
                double.TryParse(row[3], CultureInfo.InvariantCulture, out double cpu) ? cpu : 0,
                Whole(row[4]) * 1024L, TimeSpan.FromSeconds(Whole(row[5])), row[6])),
        ];
    }

    /// <summary>Lists what a container changed of its image's files.</summary>
    /// <param name="container">The container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Changes by path.</returns>
    public async Task<IReadOnlyList<LabContainerChange>> ChangesAsync(LabContainer container, CancellationToken cancellation)
    {
        // The engine says null where nothing has changed.
        object? answer = await store.Engine.AskAsync<object>(
            $"containers/{container.Id}/changes",
            async (client, limited) => await client.Containers.InspectChangesAsync(container.Id, limited) ?? (object)Array.Empty<ContainerFileSystemChangeResponse>(), cancellation);
        return
        [
            .. ((IList<ContainerFileSystemChangeResponse>)answer).OrderBy(c => c.Path, StringComparer.Ordinal).Select(c => new LabContainerChange(
                container.Name,
                c.Kind switch
                {
                    FileSystemChangeKind.Add => "Added",
                    FileSystemChangeKind.Delete => "Deleted",
                    _ => "Modified",
                },
                c.Path)),
        ];
    }

    private static int Whole(string text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) ? number : 0;
}
