using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Terminals;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A command that is running in a pod, or the main process of a container that somebody is connected to.</summary>
public sealed class PodExec : RunningCommand
{
    private const byte Input = 0, Output = 1, Error = 2, Status = 3, Resize = 4;
    private const string Broken = "PodConnectionBroken";

    // Servers drop what is not taken soon (seen with 1.36: the end of the output is missing, and the exit code is 0 all the same), so that nothing
    // waits on the wire for a slow pipeline.
    private const int MostInMemory = 32 << 20;

    // So long the node has to say how a container ended that an attached terminal saw ending.
    private static readonly TimeSpan EndIsTold = TimeSpan.FromSeconds(10);

    private readonly SpoolQueue ahead = new(MostInMemory);
    private readonly KubeSocket socket;
    private readonly IReporter reporter;
    private readonly bool attached;
    private readonly KubernetesApi api;
    private readonly string? started;
    private readonly MemoryStream status = new();
    private readonly CancellationTokenSource end = new();
    private string? reported;

    private PodExec(KubernetesApi api, KubeSocket socket, JsonObject pod, string container, bool attached, IReporter reporter)
    {
        (this.api, this.socket, this.attached, this.reporter, Container) = (api, socket, attached, reporter, container);
        started = PodFinder.StatusOf(pod, container)?.Text("containerID");
        (Pod, Namespace) = (pod.Name(), pod.Namespace());
        _ = Task.Run(ReceiveAsync);
    }

    /// <summary>Name of the pod.</summary>
    public string Pod { get; }

    /// <summary>Namespace of the pod.</summary>
    public string Namespace { get; }

    /// <summary>Name of the container.</summary>
    public string Container { get; }

    /// <summary>What the container's runtime says of a command that it could not start; null where it ran.</summary>
    public string? StartFailure { get; private set; }

    /// <summary>Starts a command in a pod, or connects to its main process.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="options">What to run.</param>
    /// <param name="reporter">Hears what an old server cannot do.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>The command. Throws <see cref="LabException"/> (<c>PodContainerNotFound</c>, <c>PodNotRunning</c>, <c>PodTakesNoInput</c>).</returns>
    internal static async Task<PodExec> StartAsync(KubernetesApi api, JsonObject pod, PodCommandOptions options, IReporter reporter, CancellationToken cancellation)
    {
        string name = pod.Name(), container = options.Container ?? PodFinder.DefaultContainer(pod);
        JsonObject spec = PodFinder.Containers(pod).FirstOrDefault(c => c.Container.Text("name") == container).Container ?? throw PodFinder.NoContainer(pod, container);
        bool attach = options.Command.Count == 0;
        if (attach && options.Input && !spec.Flag("stdin"))
        {
            throw new LabException(LabErrorKind.NotSupported, "PodTakesNoInput", $"The container '{container}' of the pod '{name}' was started without standard input.")
            {
                Target = name, Advice = "Start it with stdin: true in its manifest, or with Start-LabPod -Interactive.",
            };
        }

        // A terminal has one output for both.
        bool terminal = attach ? spec.Flag("tty") : options.Terminal;
        StringBuilder path = new(PodFinder.Pods.Path(pod.Namespace(), name));
        path.Append(attach ? "/attach" : "/exec").Append("?container=").Append(Uri.EscapeDataString(container)).Append("&stdout=true");
        path.Append(options.Input ? "&stdin=true" : "").Append(terminal ? "&tty=true" : "&stderr=true");
        foreach (string argument in options.Command)
        {
            path.Append("&command=").Append(Uri.EscapeDataString(argument));
        }

        try
        {
            KubeSocket socket = await api.ConnectAsync(path.ToString(), [KubeSocket.Version5, KubeSocket.Version4], keepAlive: terminal, cancellation);
            return new PodExec(api, socket, pod, container, attach, reporter);
        }
        catch (LabException e) when (e.StatusCode is 400 or 404 or 500 && PodFinder.StatusOf(pod, container)?.Object("state")?.Object("running") is null)
        {
            throw new LabException(
                LabErrorKind.Conflict, "PodNotRunning",
                $"The container '{container}' of the pod '{name}' is not running: {Why(pod, container)}.", e)
            {
                Target = name, Advice = "Wait until it runs; Get-LabPodLog reads the log of one that has ended.",
            };
        }
    }

    /// <inheritdoc/>
    internal override async ValueTask<OutputPiece?> NextAsync(CancellationToken cancellation)
    {
        try
        {
            while (await ahead.NextAsync(cancellation) is var (channel, bytes))
            {
                switch (channel)
                {
                    case Output or Error:
                        return new OutputPiece(channel == Error, bytes);
                    case Status:
                        status.Write(bytes);
                        break;
                }
            }
        }
        catch (IOException e)
        {
            // Whatever was said of the command: output may be missing.
            reported = e.Message;
        }

        return null;
    }

    /// <inheritdoc/>
    internal override async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(Input, bytes, end.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, Broken, $"The connection to the pod '{Pod}' broke off: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    internal override Task ResizeAsync(int columns, int rows, CancellationToken cancellation) =>
        socket.SendAsync(Resize, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["Width"] = columns, ["Height"] = rows }), cancellation);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        end.Cancel();
        socket.Dispose();
        ahead.Dispose();
    }

    /// <inheritdoc/>
    private protected override async Task EndInputAsync()
    {
        if (!socket.CanCloseChannels)
        {
            reporter.Warning($"The API server speaks {socket.Protocol} only, in which the end of input cannot be told: a command in the pod '{Pod}' that reads its input to the end waits for ever.");
            return;
        }

        try
        {
            await socket.CloseChannelAsync(Input, end.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, Broken, $"The connection to the pod '{Pod}' broke off: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    private protected override bool MeansEnded(LabException e) => e.Code == Broken;

    /// <inheritdoc/>
    private protected override Task<int> ExitCodeAsync(CancellationToken cancellation)
    {
        JsonObject? said = null;
        try
        {
            said = status.Length > 0 ? JsonNode.Parse(status.GetBuffer().AsSpan(0, (int)status.Length)) as JsonObject : null;
        }
        catch (JsonException e)
        {
            reported ??= e.Message;
        }

        if (said is null || reported is not null)
        {
            return attached && reported is null ? ContainerCodeAsync(cancellation) : throw new LabException(
                LabErrorKind.ServiceFailed, "PodCommandLost",
                $"The connection to {(attached ? "" : "the command in ")}the pod '{Pod}' ended before {(attached ? "its container" : "the command")} did{(reported is null ? "" : $" ({reported.TrimEnd('.')})")}: {(attached ? "it may run on" : "whether it succeeded is unknown")}.")
            {
                Target = Pod, Advice = "Check whether the pod, its node or the API server was stopped.",
            };
        }

        if (said.Text("status") == "Success")
        {
            return attached ? ContainerCodeAsync(cancellation) : Task.FromResult(0);
        }

        string? code = said.Object("details")?.Objects("causes").FirstOrDefault(cause => cause.Text("reason") == "ExitCode")?.Text("message");
        if (said.Text("reason") == "NonZeroExitCode" && int.TryParse(code, out int exit))
        {
            return Task.FromResult(exit);
        }

        // As a shell and the docker CLI call it.
        string message = said.Text("message") ?? "it says nothing";
        int? guess = message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal) ? 127
            : message.Contains("permission denied", StringComparison.Ordinal) || message.Contains("is a directory", StringComparison.Ordinal) ? 126 : null;
        StartFailure = Reason(message);
        return guess is { } known ? Task.FromResult(known) : throw new LabException(
            LabErrorKind.ServiceFailed, "PodCommandLost", $"The node could not run the command in the pod '{Pod}', or lost it: {StartFailure}.") { Target = Pod };
    }

    // An attached connection says nothing of how the container ended; its status does, a moment later.
    private async Task<int> ContainerCodeAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(EndIsTold);
        try
        {
            await foreach (ResourceEvent happened in new ResourceStore(api).FollowAsync(PodFinder.Pods, Namespace, new ResourceFilter(FieldSelector: "metadata.name=" + Pod), limit.Token))
            {
                JsonObject? now = happened.Resource is { } pod ? PodFinder.StatusOf(pod, Container) : null;
                JsonObject? ended = new[] { now?.Object("state"), now?.Object("lastState") }
                    .Select(state => state?.Object("terminated")).FirstOrDefault(state => state is not null && (started is null || state.Text("containerID") is not { } id || id == started));
                if (ended is not null || happened.Kind == ResourceEventKind.Gone)
                {
                    return (int)(ended?.Number("exitCode") ?? 0);
                }
            }
        }
        catch (Exception e) when (e is LabException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Who may attach need not be allowed to look at pods.
            reporter.Verbose($"How the container '{Container}' of the pod '{Pod}' ended is not known ({e.Message})");
        }

        return 0;
    }

    private async Task ReceiveAsync()
    {
        Exception? broken = null;
        try
        {
            while (await socket.ReceiveAsync(end.Token) is { } piece)
            {
                ahead.Add(piece.Channel, piece.Bytes.Span);
            }
        }
        catch (Exception e)
        {
            // Whatever it is, whoever reads would wait for ever for what does not come any more.
            broken = e as IOException ?? new IOException(e.Message, e);
        }

        ahead.Complete(broken);
    }

    // Of a chain of "failed to …: …: …" the end is what a person looks for.
    // Of the container that was asked for, as others may be in trouble, too.
    private static string Why(JsonObject pod, string container)
    {
        JsonObject? state = PodFinder.StatusOf(pod, container)?.Object("state");
        string[] troubles = [.. ResourceSummary.Troubles(pod).Where(trouble => state is null || trouble.StartsWith($"container {container}: ", StringComparison.Ordinal))];
        return troubles.Length > 0 ? string.Join("; ", troubles)
            : state?.Object("terminated") is { } ended ? $"it has ended with exit code {ended.Number("exitCode")}"
            : pod.Object("status")?.Text("phase") ?? "no state yet";
    }

    private static string Reason(string message)
    {
        int at = message.LastIndexOf("exec: ", StringComparison.Ordinal);
        string reason = at < 0 ? message : message[(at + "exec: ".Length)..];
        return reason.Replace(": unknown", "", StringComparison.Ordinal).TrimEnd('.', ' ', '\n');
    }
}
