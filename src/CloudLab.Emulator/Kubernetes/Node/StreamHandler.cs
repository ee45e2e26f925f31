using System.Buffers.Binary;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Node;

/// <summary>What a kubelet answers: logs, commands, attached processes and forwarded ports of containers, as <see cref="PodShell"/> plays them.</summary>
internal sealed class StreamHandler(ObjectService objects)
{
    private const byte Input = 0, Output = 1, Status = 3, CloseSignal = 255;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private static readonly string[] Protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

    public async Task LogAsync(ApiRequest request, ResourceKind kind, string ns, string name)
    {
        JsonObject pod = objects.Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name);
        string container = ContainerOf(request, pod, name);
        JsonObject? status = StatusOf(pod, container), state = status?.Object("state");
        bool previous = request.IsSet("previous");
        if (previous && status.Object("lastState", "terminated") is null)
        {
            throw ApiError.BadRequest($"previous terminated container \"{container}\" in pod \"{name}\" not found");
        }

        if (!previous && (state?.Object("waiting") is not null || state is null) && status.Object("lastState", "terminated") is null)
        {
            string why = state?.Text("waiting", "reason") is { Length: > 0 } reason ? reason : "ContainerCreating";
            throw ApiError.BadRequest($"container \"{container}\" in pod \"{name}\" is waiting to start: {(why == "ContainerCreating" ? why : "trying and failing to pull image")}");
        }

        List<(DateTimeOffset Time, string Text)> lines = Lines(pod, container, previous);
        int told = 0;
        if (Json.Date(request.Query("sinceTime")) is { } since || (request.WholeNumber("sinceSeconds") is { } seconds && (since = DateTimeOffset.UtcNow.AddSeconds(-seconds)) > DateTimeOffset.MinValue))
        {
            told = lines.TakeWhile(line => line.Time < since).Count();
        }

        told = request.WholeNumber("tailLines") is { } tail ? Math.Max(told, lines.Count - tail) : told;
        if (!request.IsSet("follow"))
        {
            await Answer.TextAsync(request, 200, Text(lines, told, request.IsSet("timestamps")));
            return;
        }

        await request.Exchange.StartAsync(200, Answer.Headers(request, "text/plain; charset=utf-8"), null);
        while (true)
        {
            await request.Exchange.WriteAsync(Encoding.UTF8.GetBytes(Text(lines, told, request.IsSet("timestamps"))));
            told = lines.Count;
            JsonObject? now = objects.Get(kind, ns, name);
            if (now is null || now.Text("metadata", "uid") != pod.Text("metadata", "uid") || StatusOf(now, container).Object("state", "running") is null)
            {
                // What was written at the very end.
                lines = now is null ? lines : Lines(now, container, false);
                await request.Exchange.WriteAsync(Encoding.UTF8.GetBytes(Text(lines, told, request.IsSet("timestamps"))));
                return;
            }

            await Task.Delay(LookAgain, request.Exchange.Aborted);
            lines = Lines(now, container, false);
        }
    }

    public async Task ConnectAsync(ApiRequest request, ResourceKind kind, string ns, string name, string what)
    {
        JsonObject pod = objects.Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name);
        HttpHeaderList asked = request.Exchange.Headers;
        if (asked.Get("Upgrade")?.Equals("websocket", StringComparison.OrdinalIgnoreCase) != true || asked.Get("Sec-WebSocket-Key") is not { } key)
        {
            throw ApiError.BadRequest("Upgrade request required");
        }

        string? container = what == "portforward" ? null : ContainerOf(request, pod, name);
        if (container is not null && StatusOf(pod, container).Object("state", "running") is null)
        {
            throw new ApiError(500, "InternalError", $"container not found (\"{container}\")");
        }

        string[] offered = [.. (asked.Get("Sec-WebSocket-Protocol") ?? "").Split(',', StringSplitOptions.TrimEntries)];
        string protocol = Protocols.FirstOrDefault(p => offered.Contains(p) && (what != "portforward" || p == Protocols[1])) ?? throw ApiError.BadRequest("no supported subprotocol");
        HttpHeaderList headers = [];
        headers.Add("Upgrade", "websocket");
        headers.Add("Connection", "Upgrade");
        headers.Add("Sec-WebSocket-Accept", Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))));
        headers.Add("Sec-WebSocket-Protocol", protocol);
        Stream connection = await request.Exchange.UpgradeAsync(headers);
        using WebSocket socket = WebSocket.CreateFromStream(connection, new WebSocketCreationOptions { IsServer = true, SubProtocol = protocol });
        try
        {
            await (what == "portforward" ? ForwardAsync(request, socket, pod) : RunAsync(request, socket, pod, container!, what == "attach"));
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", request.Exchange.Aborted);
        }
        catch (WebSocketException)
        {
            // The client has gone.
        }
    }

    private static string ContainerOf(ApiRequest request, JsonObject pod, string name)
    {
        List<string> containers = [.. pod.Items("spec", "containers").Select(c => c.Text("name")!)];
        List<string> all = [.. containers, .. pod.Items("spec", "initContainers").Concat(pod.Items("spec", "ephemeralContainers")).Select(c => c.Text("name")!)];
        string container = request.Query("container") is { Length: > 0 } asked ? asked : containers.Count == 1 ? containers[0]
            : throw ApiError.BadRequest($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', containers)}]");
        return all.Contains(container) ? container : throw ApiError.BadRequest($"container {container} is not valid for pod {name}");
    }

    private static JsonObject? StatusOf(JsonObject pod, string container) =>
        pod.Items("status", "containerStatuses").Concat(pod.Items("status", "initContainerStatuses")).Concat(pod.Items("status", "ephemeralContainerStatuses"))
            .FirstOrDefault(status => status.Text("name") == container);

    private static JsonObject SpecOf(JsonObject pod, string container) =>
        pod.Items("spec", "containers").Concat(pod.Items("spec", "initContainers")).Concat(pod.Items("spec", "ephemeralContainers")).First(c => c.Text("name") == container);

    private static string Text(List<(DateTimeOffset Time, string Text)> lines, int from, bool timestamps) => string.Concat(lines.Skip(from).Select(line =>
        (timestamps ? line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture) + " " : "") + line.Text + "\n"));

    private static async Task SendAsync(WebSocket socket, byte channel, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        byte[] message = new byte[bytes.Length + 1];
        message[0] = channel;
        bytes.CopyTo(message.AsMemory(1));
        await socket.SendAsync(message, WebSocketMessageType.Binary, true, cancellation);
    }

    // One whole message; null when the client has closed.
    private static async Task<byte[]?> ReceiveAsync(WebSocket socket, CancellationToken cancellation)
    {
        using MemoryStream message = new();
        byte[] buffer = new byte[32 << 10];
        while (true)
        {
            ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }

    private static JsonObject Ended(int? code, string command) => code switch
    {
        0 => new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" },
        null => new JsonObject
        {
            ["metadata"] = new JsonObject(), ["status"] = "Failure", ["reason"] = "InternalError", ["code"] = 500,
            ["message"] = $"error executing command in container: unable to start container process: exec: \"{command}\": executable file not found in $PATH: unknown",
        },
        _ => new JsonObject
        {
            ["metadata"] = new JsonObject(), ["status"] = "Failure", ["reason"] = "NonZeroExitCode", ["message"] = $"command terminated with non-zero exit code: exit status {code}",
            ["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = $"{code}" }) },
        },
    };

    private List<(DateTimeOffset Time, string Text)> Lines(JsonObject pod, string container, bool previous)
    {
        JsonObject? status = StatusOf(pod, container);
        JsonObject? state = previous ? status.Object("lastState") : status.Object("state");
        state = state.Object("waiting") is null ? state : status.Object("lastState");
        DateTimeOffset started = Json.Date(state.Text("running", "startedAt") ?? state.Text("terminated", "startedAt")) ?? DateTimeOffset.UtcNow;
        JsonObject spec = SpecOf(pod, container);
        if (objects.Node.Run(pod, spec) is { } run)
        {
            return [.. run.Output.Split('\n').SkipLast(run.Output.EndsWith('\n') || run.Output.Length == 0 ? 1 : 0).Select(line => (started, line))];
        }

        List<(DateTimeOffset Time, string Text)> lines =
        [
            (started, $"{container}: started {spec.Text("image")} (emulated)"),
            (started, $"{container}: listening as {pod.Text("metadata", "name")} in {pod.Text("metadata", "namespace")}"),
        ];
        if (state.Object("terminated") is not null)
        {
            lines.Add((Json.Date(state.Text("terminated", "finishedAt")) ?? started, $"{container}: finished"));
        }

        return lines;
    }

    private async Task RunAsync(ApiRequest request, WebSocket socket, JsonObject pod, string container, bool attach)
    {
        CancellationToken end = request.Exchange.Aborted;
        byte[] input = request.IsSet("stdin") ? await InputAsync(socket, end) : [];
        JsonObject spec = SpecOf(pod, container);
        ContainerState state = objects.Node.Of(pod, container);
        if (attach)
        {
            // The main process has it from here on; what it writes is in its log, too.
            state.Input = input;
        }

        string[] command = attach
            ? [.. spec.Texts("command"), .. spec.Texts("args")]
            : [.. request.Exchange.RawQuery.Split('&').Where(pair => pair.StartsWith("command=", StringComparison.Ordinal)).Select(pair => Uri.UnescapeDataString(pair["command=".Length..].Replace('+', ' ')))];
        List<(byte Channel, byte[] Bytes)> written = [];
        int? code = command.Length == 0 ? 0 : new PodShell(pod, spec, state, input, (channel, bytes) => written.Add((channel, bytes))).Run(command);
        foreach ((byte channel, byte[] bytes) in written)
        {
            if (bytes.Length > 0)
            {
                await SendAsync(socket, request.IsSet("tty") ? Output : channel, bytes, end);
            }
        }

        await SendAsync(socket, Status, Json.Bytes(Ended(code, command.FirstOrDefault() ?? "")), end);
    }

    // All input: the emulator's programs read it to the end.
    private static async Task<byte[]> InputAsync(WebSocket socket, CancellationToken cancellation)
    {
        using MemoryStream input = new();
        while (await ReceiveAsync(socket, cancellation) is { } message && !(message is [CloseSignal, Input]))
        {
            if (message is [Input, .. var bytes])
            {
                input.Write(bytes);
            }
        }

        return input.ToArray();
    }

    // Whatever a client asks in HTTP, it is answered with the name of the pod.
    private static async Task ForwardAsync(ApiRequest request, WebSocket socket, JsonObject pod)
    {
        CancellationToken end = request.Exchange.Aborted;
        ushort port = ushort.Parse(request.Query("ports") ?? "0", CultureInfo.InvariantCulture);
        byte[] number = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(number, port);
        await SendAsync(socket, 0, number, end);
        await SendAsync(socket, 1, number, end);
        long[] open = [.. pod.Items("spec", "containers").SelectMany(c => c.Items("ports")).Select(p => p.Number("containerPort") ?? 0)];
        if (open.Length > 0 && !open.Contains(port))
        {
            await SendAsync(socket, 1, Encoding.UTF8.GetBytes($"error forwarding port {port} to pod {pod.Text("metadata", "name")}: dial tcp4 127.0.0.1:{port}: connect: connection refused"), end);
            return;
        }

        StringBuilder asked = new();
        while (!asked.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await ReceiveAsync(socket, end) is { } message)
        {
            asked.Append(Encoding.Latin1.GetString(message.AsSpan(1)));
        }

        string body = pod.Text("metadata", "name") + "\n";
        await SendAsync(socket, 0, Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), end);
    }
}
