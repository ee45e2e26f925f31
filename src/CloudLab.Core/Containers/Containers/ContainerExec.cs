using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Terminals;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>A command to run in a container.</summary>
public sealed record ExecOptions
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>User, and group after a colon; the container's own if null.</summary>
    public string? User { get; init; }

    /// <summary>Current folder; the container's own if null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Further variables.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Gives it all rights on the engine's machine.</summary>
    public bool Privileged { get; init; }

    /// <summary>Whether it gets input.</summary>
    public bool Input { get; init; }

    /// <summary>Whether it gets a terminal, of the size of that of this process.</summary>
    public bool Terminal { get; init; }
}

/// <summary>A command that ran in a container.</summary>
public sealed class LabContainerCommand
{
    /// <summary>Name of the container.</summary>
    public required string Container { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required string Command { get; init; }

    /// <summary>Its exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Lines of standard output.</summary>
    public required IReadOnlyList<string> Output { get; init => field = TextList.Of(value); }

    /// <summary>Lines of standard error.</summary>
    public required IReadOnlyList<string> ErrorOutput { get; init => field = TextList.Of(value); }

    /// <summary>How long it ran.</summary>
    public required TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(System.Environment.NewLine, Output);
}

/// <summary>A command that is running in a container.</summary>
public sealed class ContainerExec : RunningCommand
{
    private static readonly TimeSpan ResizeLimit = TimeSpan.FromSeconds(10);

    private readonly ContainerStore store;
    private readonly HijackedStream stream;
    private readonly EngineFrameReader frames;
    private readonly string id, container;

    private ContainerExec(ContainerStore store, HijackedStream stream, string id, string container, bool terminal)
    {
        (this.store, this.stream, this.id, this.container) = (store, stream, id, container);
        frames = store.Engine.Frames(stream.Output, $"the output of the command in '{container}'", terminal);
    }

    /// <summary>Starts a command.</summary>
    /// <param name="session">Names the engine.</param>
    /// <param name="name">Name or id of the container.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancellation">Ends it, as far as the engine can: what ignores the end of its output runs on.</param>
    /// <returns>The command.</returns>
    public static async Task<ContainerExec> StartAsync(LabSession session, string name, ExecOptions command, CancellationToken cancellation)
    {
        ContainerStore store = new(session);
        ContainerExecCreateResponse made;
        try
        {
            made = await store.Engine.AskAsync(
                $"containers/{name}/exec",
                (client, limited) => client.Exec.CreateContainerExecAsync(Uri.EscapeDataString(name), new ContainerExecCreateParameters
                {
                    AttachStdin = command.Input || command.Terminal,
                    TTY = command.Terminal,
                    AttachStdout = true,
                    AttachStderr = true,
                    Cmd = [.. command.Command],
                    Env = [.. command.Environment.Select(v => (v.Key, Value: v.Value ?? System.Environment.GetEnvironmentVariable(v.Key))).Where(v => v.Value is not null).Select(v => $"{v.Key}={v.Value}")],
                    User = command.User ?? "",
                    WorkingDir = command.WorkingDirectory ?? "",
                    Privileged = command.Privileged,
                }, limited),
                cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await store.NotFoundAsync(name, cancellation, e);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Conflict)
        {
            throw e.ServiceMessage?.Contains("paused", StringComparison.Ordinal) != true ? ContainerFaults.NotRunning(name, inner: e)
                : new LabException(LabErrorKind.Conflict, "ContainerSuspended", $"The container '{name}' is suspended.", e)
                {
                    Target = name, Advice = $"Resume-LabContainer {name} lets it run on.",
                };
        }

        JsonObject how = new() { ["Detach"] = false, ["Tty"] = command.Terminal };
        if (command.Terminal)
        {
            // Engines before API 1.42 are told by the resize that follows.
            (int columns, int rows) = LocalTerminal.Size;
            how["ConsoleSize"] = new JsonArray(rows, columns);
        }

        HijackedStream stream = await store.Engine.HijackAsync($"exec/{made.ID}/start", EngineContent.Of(how), cancellation);
        return new ContainerExec(store, stream, made.ID, name, command.Terminal);
    }

    /// <inheritdoc/>
    internal override async ValueTask<OutputPiece?> NextAsync(CancellationToken cancellation) => await frames.PieceAsync();

    /// <inheritdoc/>
    internal override Task SendAsync(ReadOnlyMemory<byte> bytes) => stream.WriteAsync(bytes);

    /// <inheritdoc/>
    internal override async Task ResizeAsync(int columns, int rows, CancellationToken cancellation)
    {
        await using EngineStream answer = await store.Engine.OpenAsync(
            HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"exec/{id}/resize?h={rows}&w={columns}"), null, ResizeLimit, cancellation);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => stream.Dispose();

    /// <inheritdoc/>
    private protected override Task EndInputAsync() => stream.CloseInputAsync();

    /// <inheritdoc/>
    private protected override bool MeansEnded(LabException e) => e.Code == "DockerAnswerBroken";

    /// <inheritdoc/>
    private protected override async Task<int> ExitCodeAsync(CancellationToken cancellation)
    {
        // An engine that stops ends the connection as a program does that ends: only asking tells one from the other.
        for (int looks = 0; ; looks++)
        {
            ContainerExecInspectResponse state;
            try
            {
                state = await store.Engine.AskAsync($"exec/{id}/json", (client, limited) => client.Exec.InspectContainerExecAsync(id, limited), cancellation);
            }
            catch (LabException e) when (e.Kind is LabErrorKind.ConnectionFailed or LabErrorKind.NotFound)
            {
                throw Lost(e);
            }

            if (!state.Running && state.ExitCode is { } code)
            {
                return (int)code;
            }

            if (looks == 20)
            {
                throw Lost(null);
            }

            await Task.Delay(50, cancellation);
        }
    }

    private LabException Lost(Exception? inner) => new(
        LabErrorKind.ServiceFailed, "ContainerCommandLost",
        $"The connection to the command in '{container}' ended before the command did: whether it succeeded is unknown. Check whether the Docker Engine was stopped.", inner)
    {
        Target = container,
    };
}
