using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>A connection to the input and output of a running container.</summary>
public sealed class ContainerAttachment : IDisposable
{
    private readonly ContainerStore store;
    private readonly HijackedStream stream;
    private readonly LabContainer container;
    private readonly bool terminal;

    private ContainerAttachment(ContainerStore store, HijackedStream stream, LabContainer container, bool terminal) =>
        (this.store, this.stream, this.container, this.terminal) = (store, stream, container, terminal);

    /// <summary>Connects.</summary>
    /// <param name="session">Names the engine.</param>
    /// <param name="name">Name or id of the container.</param>
    /// <param name="input">Whether input is sent.</param>
    /// <param name="cancellation">Ends it; the container runs on.</param>
    /// <returns>The connection. Throws <see cref="LabException"/> (<c>ContainerNotRunning</c>, <c>ContainerRestarting</c>, <c>ContainerTakesNoInput</c>).</returns>
    public static async Task<ContainerAttachment> ConnectAsync(LabSession session, string name, bool input, CancellationToken cancellation)
    {
        ContainerStore store = new(session);
        LabContainer container = await store.FindAsync(name, cancellation);
        ContainerInspectResponse details = await store.InspectAsync(container.Id, cancellation);
        if (container.State != "running")
        {
            throw ContainerFaults.NotRunning(container.Name, container.State);
        }

        if (input && !details.Config!.OpenStdin)
        {
            throw new LabException(LabErrorKind.NotSupported, "ContainerTakesNoInput", $"The container '{container.Name}' was started without standard input.")
            {
                Target = container.Name, Advice = "Start it with Start-LabContainer -Interactive.",
            };
        }

        HijackedStream stream = await store.Engine.HijackAsync(
            $"containers/{container.Id}/attach?stream=1&stdout=1&stderr=1{(input ? "&stdin=1" : "")}", null, cancellation);
        return new ContainerAttachment(store, stream, container, details.Config!.Tty);
    }

    /// <summary>Sends input.</summary>
    /// <param name="bytes">The input.</param>
    /// <returns>Done when it is sent.</returns>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    /// <summary>Ends the input.</summary>
    /// <returns>Done when it is ended.</returns>
    public Task CloseInputAsync() => stream.CloseInputAsync();

    /// <summary>Reads what the container writes from now on, until it ends.</summary>
    /// <param name="onOutput">Takes the lines that came together, and whether they are from standard error.</param>
    /// <returns>Done when it has ended.</returns>
    public Task ReadAsync(Func<IReadOnlyList<string>, bool, ValueTask> onOutput) =>
        LineSplitter.ReadAsync(store.Engine.Frames(stream.Output, $"the output of '{container.Name}'", terminal).PieceAsync, onOutput);

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
