using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A local port whose connections go to a port of a pod, as long as the session lasts. Each connection finds a pod that is ready then.</summary>
public sealed class LabPortForward
{
    private const byte Data = 0, Error = 1;
    private static readonly TimeSpan PodPatience = TimeSpan.FromSeconds(30), StartPatience = TimeSpan.FromMinutes(1), LookAgain = TimeSpan.FromMilliseconds(250);

    // A controller makes the pods of what was deployed a moment ago.
    private static readonly TimeSpan ControllerPatience = TimeSpan.FromSeconds(3);
    private static readonly ConcurrentDictionary<int, LabPortForward> Running = [];
    private static int lastId;

    private readonly KubernetesApi api;
    private readonly PodFinder finder;
    private readonly PodSelection selection;
    private readonly PortMapping mapping;
    private readonly List<TcpListener> listeners = [];
    private readonly CancellationTokenSource end = new();
    private int connections;
    private long total;

    private LabPortForward(KubernetesApi api, PodSelection selection, PortMapping mapping, string pod)
    {
        (this.api, this.selection, this.mapping) = (api, selection, mapping);
        finder = new PodFinder(api);
        (Id, Target, Namespace, Pod, RemotePort) = (Interlocked.Increment(ref lastId), selection.Target, selection.Namespace ?? "", pod, mapping.Remote);
    }

    /// <summary>Its number in this process, for Stop-LabPortForward.</summary>
    public int Id { get; private init; }

    /// <summary>What is forwarded to: <c>deploy/web</c>, <c>web-0</c>.</summary>
    public string Target { get; private init; }

    /// <summary>Namespace of the pods.</summary>
    public string Namespace { get; private init; }

    /// <summary>The pod of the last connection, or the one that the next will have.</summary>
    public string Pod { get; private set; }

    /// <summary>Local address.</summary>
    public string Address { get; private init; } = "127.0.0.1";

    /// <summary>Local port.</summary>
    public int LocalPort { get; private set; }

    /// <summary>Port of the pod, or of the service, as it was named.</summary>
    public string RemotePort { get; private init; }

    /// <summary>Open connections.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Connections so far.</summary>
    public long TotalConnections => Interlocked.Read(ref total);

    /// <summary>Whether it still listens.</summary>
    public bool IsListening => !end.IsCancellationRequested;

    /// <summary>What went wrong with the last connection that failed; null where none did.</summary>
    public string? LastError { get; private set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>The port-forwards of this process.</summary>
    /// <returns>Those that listen, the oldest first.</returns>
    public static IReadOnlyList<LabPortForward> All() => [.. Running.Values.OrderBy(forward => forward.Id)];

    /// <summary>Finds a port-forward.</summary>
    /// <param name="id">Its number.</param>
    /// <returns>The port-forward. Throws <see cref="LabException"/> (<c>PortForwardNotFound</c>).</returns>
    public static LabPortForward Find(int id) => Running.TryGetValue(id, out LabPortForward? found) ? found : throw new LabException(
        LabErrorKind.NotFound, "PortForwardNotFound", $"There is no port-forward {id} in this session.") { Target = id, Advice = "Get-LabPortForward lists those that listen." };

    /// <summary>Ends all port-forwards of this process.</summary>
    public static void StopAll()
    {
        foreach (LabPortForward forward in All())
        {
            forward.Stop();
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="target">What to forward to.</param>
    /// <param name="ports">Local and remote ports, as <c>8080:80</c>.</param>
    /// <param name="address">Local address.</param>
    /// <param name="timeout">How long to wait for a pod that runs; null for a minute where one is starting, and no longer than a controller takes where none is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>One for each port. Throws <see cref="LabException"/> (<c>PortInvalid</c>, <c>PortNotFound</c>, <c>PortInUse</c>, <c>PodNotRunning</c>).</returns>
    public static async Task<IReadOnlyList<LabPortForward>> StartAsync(
        KubernetesApi api, PodTarget target, IReadOnlyList<string> ports, IPAddress address, TimeSpan? timeout, CancellationToken cancellation)
    {
        List<LabPortForward> made = [];
        try
        {
            PortMapping[] mappings = [.. ports.Select(PortMapping.Parse)];
            JsonObject first = await ReadyPodAsync(new PodFinder(api), target.Selection, timeout ?? StartPatience, timeout is null, cancellation);
            foreach (PortMapping mapping in mappings)
            {
                int remote = mapping.In(first, target.Selection);
                LabPortForward forward = new(api, target.Selection, mapping, first.Name()) { Address = address.ToString() };
                made.Add(forward);

                // For a service, the same number is that of the service.
                int local = mapping.Local >= 0 ? mapping.Local : int.TryParse(mapping.Remote, out int same) ? same : remote;
                forward.Listen(address, local);
            }
        }
        catch
        {
            made.ForEach(forward => forward.Stop());
            throw;
        }

        return made;
    }

    /// <summary>Ends it, with its connections.</summary>
    public void Stop()
    {
        Running.TryRemove(Id, out _);
        end.Cancel();
        listeners.ForEach(listener => listener.Stop());
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]" : Address)}:{LocalPort}";

    private static async Task<JsonObject> ReadyPodAsync(PodFinder finder, PodSelection selection, TimeSpan patience, bool onlyStarting, CancellationToken cancellation)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            IReadOnlyList<JsonObject> pods = await finder.ListAsync(selection, cancellation);
            bool timeIsUp = Environment.TickCount64 - start >= patience.TotalMilliseconds;

            // One that only runs will do when none gets ready: it may be forwarded to in order to see why.
            if (PodFinder.Best(pods) is { } best && (timeIsUp || selection.PodName is not null || (best.Holds("Ready") && !best.IsLeaving())))
            {
                return best;
            }

            bool hopeless = onlyStarting && PodFinder.Best(pods) is null && !pods.Any(IsStarting) && (pods.Count > 0 || Environment.TickCount64 - start >= ControllerPatience.TotalMilliseconds);
            if (timeIsUp || hopeless)
            {
                throw PodFinder.NotRunning(selection, pods);
            }

            await Task.Delay(LookAgain, cancellation);
        }
    }

    private static bool IsStarting(JsonObject pod) => pod.Phase() == "Pending" && !pod.IsLeaving() && !ResourceSummary.Troubles(pod).Any();

    private void Listen(IPAddress address, int port)
    {
        try
        {
            TcpListener listener = new(address, port);
            listener.Start();
            listeners.Add(listener);
            LocalPort = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException e)
        {
            throw new LabException(
                LabErrorKind.Conflict, "PortInUse", $"The local port {port} on {address} cannot be listened on ({e.Message}): choose another, or 0 for any that is free.", e) { Target = port };
        }

        if (address.Equals(IPAddress.Loopback) && Socket.OSSupportsIPv6)
        {
            try
            {
                // A program that is told "localhost" may try this one first.
                TcpListener second = new(IPAddress.IPv6Loopback, LocalPort);
                second.Start();
                listeners.Add(second);
            }
            catch (SocketException)
            {
                // IPv4 alone will do.
            }
        }

        Running[Id] = this;
        foreach (TcpListener listener in listeners)
        {
            _ = Task.Run(() => AcceptAsync(listener));
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        // The command that began it is over, and with it who would hear of requests.
        RequestLog.Current = NullReporter.Instance;
        while (!end.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync(end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
            {
                // It is stopped.
                return;
            }
            catch (SocketException e)
            {
                // A client that was gone before it was taken; or there is no room for one, which the pause may change.
                LastError = e.Message;
                await Task.Delay(LookAgain, CancellationToken.None);
                continue;
            }

            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        Interlocked.Increment(ref connections);
        Interlocked.Increment(ref total);
        using (client)
        {
            try
            {
                client.NoDelay = true;
                using KubeSocket socket = await ConnectAsync();
                await RelayAsync(client, socket);
            }
            catch (Exception e) when (e is LabException or IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (!end.IsCancellationRequested)
                {
                    LastError = e.Message;
                }

                // What is not there is not there for the client either.
                client.LingerState = new LingerOption(true, 0);
            }
            finally
            {
                Interlocked.Decrement(ref connections);
            }
        }
    }

    private async Task<KubeSocket> ConnectAsync()
    {
        long start = Environment.TickCount64;
        while (true)
        {
            try
            {
                JsonObject ready = await ReadyPodAsync(finder, selection, PodPatience, onlyStarting: false, end.Token);
                int port = mapping.In(ready, selection);
                KubeSocket socket = await api.ConnectAsync($"{PodFinder.Pods.Path(ready.Namespace(), ready.Name())}/portforward?ports={port}", [KubeSocket.Version4], keepAlive: true, end.Token);
                Pod = ready.Name();
                return socket;
            }
            catch (LabException e) when (e.Kind is not (LabErrorKind.AccessDenied or LabErrorKind.AuthenticationFailed) && e.Code != "PortNotFound"
                && Environment.TickCount64 - start < PodPatience.TotalMilliseconds)
            {
                // A pod that went away in between, an API server that restarts.
                LastError = e.Message;
                await Task.Delay(LookAgain, end.Token);
            }
        }
    }

    private async Task RelayAsync(TcpClient client, KubeSocket socket)
    {
        NetworkStream stream = client.GetStream();
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        Task sending = SendAsync();
        int dataHead = 2, errorHead = 2;
        StringBuilder errors = new();
        try
        {
            while (await socket.ReceiveAsync(over.Token) is { } piece)
            {
                // Each channel begins with the number of its port.
                ref int head = ref piece.Channel == Data ? ref dataHead : ref errorHead;
                int skip = Math.Min(head, piece.Bytes.Length);
                head -= skip;
                ReadOnlyMemory<byte> bytes = piece.Bytes[skip..];
                if (piece.Channel == Error)
                {
                    errors.Append(Encoding.UTF8.GetString(bytes.Span));
                }
                else
                {
                    await stream.WriteAsync(bytes, over.Token);
                }
            }
        }
        finally
        {
            await over.CancelAsync();
            await sending;
        }

        if (errors.Length > 0)
        {
            string said = errors.ToString().Trim();
            throw new IOException(said.Contains("connection refused", StringComparison.Ordinal) ? $"Nothing listens on the port {mapping.Remote} in the pod '{Pod}' (connection refused)." : said);
        }

        async Task SendAsync()
        {
            byte[] buffer = new byte[32 << 10];
            try
            {
                for (int count; (count = await stream.ReadAsync(buffer, over.Token)) > 0;)
                {
                    await socket.SendAsync(Data, buffer.AsMemory(0, count), over.Token);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that has gone wants no answer any more; one that only sends no more waits for it.
                await over.CancelAsync();
            }
        }
    }
}
