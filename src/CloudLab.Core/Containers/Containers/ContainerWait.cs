using System.Globalization;
using System.Net.Sockets;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Waits for containers.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Sees what is waited for.</param>
public sealed class ContainerWait(LabSession session, IReporter reporter)
{
    private const int LinesShown = 10;

    private static readonly TimeSpan Dialling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Listening = TimeSpan.FromMilliseconds(250);

    private readonly ContainerStore store = new(session);

    /// <summary>Waits until a container has ended.</summary>
    /// <param name="container">The container.</param>
    /// <param name="options">How long, how often.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The container as it is then; null where it was removed when it ended.</returns>
    public async Task<LabContainer?> ExitedAsync(LabContainer container, WaitOptions options, CancellationToken cancellation)
    {
        bool gone = await Waiter.WaitAsync(
            $"container '{container.Name}' to end", container.Name,
            async token =>
            {
                try
                {
                    LabContainer now = await store.FindAsync(container.Id, token);
                    return new Sighting<bool>(now.State is "exited" or "dead" or "created", false, now.Status);
                }
                catch (LabException e) when (e.Code == "ContainerNotFound")
                {
                    return new Sighting<bool>(true, true, "removed");
                }
            },
            options, reporter, cancellation);
        return gone ? null : await store.FindAsync(container.Id, cancellation);
    }

    /// <summary>Waits until the health check of a container succeeds.</summary>
    /// <param name="container">The container.</param>
    /// <param name="options">How long, how often.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The container. Throws <see cref="LabException"/> (<c>ContainerHasNoHealthCheck</c>, <c>ContainerUnhealthy</c>, <c>ContainerEnded</c>).</returns>
    public async Task<LabContainer> HealthyAsync(LabContainer container, WaitOptions options, CancellationToken cancellation)
    {
        await Waiter.WaitAsync(
            $"container '{container.Name}' to be healthy", container.Name,
            async token =>
            {
                ContainerInspectResponse now = await RunningAsync(container, token);
                Health? health = now.State!.Health;
                if (health is null or { Status: "none" })
                {
                    throw new LabException(
                        LabErrorKind.NotSupported, "ContainerHasNoHealthCheck", $"The container '{container.Name}' has no health check.")
                    {
                        Target = container.Name,
                        Advice = "Start it with -HealthCommand, or wait for a port: Wait-LabContainer -Port.",
                    };
                }

                string last = health.Log is { Count: > 0 } log ? OneLine(log[^1].Output) : "";
                return health.Status == "unhealthy"
                    ? throw new LabException(
                        LabErrorKind.Conflict, "ContainerUnhealthy",
                        $"The container '{container.Name}' is unhealthy: its check failed {health.FailingStreak} times{(last.Length > 0 ? $", the last time with '{last}'" : "")}.")
                    {
                        Target = container.Name,
                        Advice = $"Get-LabContainerReport {container.Name} shows the checks and the last lines of its log.",
                    }
                    : new Sighting<bool>(health.Status == "healthy", true, health.Status + (last.Length > 0 ? ": " + last : ""));
            },
            options, reporter, cancellation);
        return await store.FindAsync(container.Id, cancellation);
    }

    /// <summary>Waits until something answers at a port of a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="port">Port in the container, or the port at which it is published.</param>
    /// <param name="options">How long, how often.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The container. Throws <see cref="LabException"/> (<c>PortNotPublished</c>, <c>ContainerEnded</c>).</returns>
    public async Task<LabContainer> AnsweringAsync(LabContainer container, int port, WaitOptions options, CancellationToken cancellation)
    {
        await Waiter.WaitAsync(
            $"port {port} of container '{container.Name}' to answer", container.Name,
            async token =>
            {
                (string host, int number) = Address(await RunningAsync(container, token), container, port);
                string? why = await DialAsync(host, number, token);
                return new Sighting<bool>(why is null, true, $"{host}:{number} {why}");
            },
            options, reporter, cancellation);
        return await store.FindAsync(container.Id, cancellation);
    }

    private static string OneLine(string? text) => (text ?? "").ReplaceLineEndings(" ").Trim() is { Length: > 200 } line ? line[..200] + "…" : (text ?? "").ReplaceLineEndings(" ").Trim();

    // The engine's proxy takes every connection, and closes it at once while nobody listens behind it.
    private static async Task<string?> DialAsync(string host, int port, CancellationToken cancellation)
    {
        using TcpClient client = new();
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Dialling);
        try
        {
            await client.ConnectAsync(host, port, limited.Token);
            limited.CancelAfter(Listening);
            int count = await client.GetStream().ReadAsync(new byte[1], limited.Token);
            return count > 0 ? null : "closes connections at once";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Most servers wait for the client to begin.
            return client.Connected ? null : "does not answer";
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return e.GetBaseException() is SocketException { SocketErrorCode: SocketError.ConnectionReset } ? "closes connections at once" : "refuses connections";
        }
    }

    private (string Host, int Port) Address(ContainerInspectResponse now, LabContainer container, int port)
    {
        Uri? engine = Uri.TryCreate(session.Docker.HostSetting.Value, UriKind.Absolute, out Uri? url) && url.Scheme is "tcp" or "http" or "https" or "ssh" ? url : null;
        string machine = engine?.Host ?? "127.0.0.1";
        if (now.HostConfig!.NetworkMode == "host")
        {
            return (machine, port);
        }

        IDictionary<string, IList<PortBinding>> ports = now.NetworkSettings?.Ports ?? new Dictionary<string, IList<PortBinding>>();
        PortBinding? binding =
            (ports.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"{port}/tcp"), out IList<PortBinding>? own) ? own?.FirstOrDefault() : null)
            ?? ports.Where(p => p.Key.EndsWith("/tcp", StringComparison.Ordinal)).SelectMany(p => p.Value ?? [])
                .FirstOrDefault(b => b.HostPort == port.ToString(CultureInfo.InvariantCulture));
        if (binding is not null)
        {
            return (binding.HostIP is "" or "0.0.0.0" or "::" or null ? machine : binding.HostIP, int.Parse(binding.HostPort, CultureInfo.InvariantCulture));
        }

        // On the engine's own machine, with Linux, containers can be reached without publishing anything.
        string? inside = engine is null && OperatingSystem.IsLinux() ? now.NetworkSettings?.Networks?.Values.Select(n => n.IPAddress).FirstOrDefault(a => a is { Length: > 0 }) : null;
        return inside is not null ? (inside, port) : throw new LabException(
            LabErrorKind.InvalidData, "PortNotPublished", $"Port {port} of the container '{container.Name}' is not published.")
        {
            Target = container.Name,
            Advice = $"Set-LabContainer {container.Name} -Publish {port}:{port} makes it anew with the port published.",
        };
    }

    private async Task<ContainerInspectResponse> RunningAsync(LabContainer container, CancellationToken cancellation)
    {
        ContainerInspectResponse now = await store.InspectAsync(container.Id, cancellation);
        return now.State!.Status is "exited" or "dead" ? throw await EndedAsync(now, container.Name, cancellation) : now;
    }

    private async Task<LabException> EndedAsync(ContainerInspectResponse now, string name, CancellationToken cancellation)
    {
        IReadOnlyList<LabContainerLogLine> lines = await new ContainerLog(session).LastAsync(now.ID, LinesShown, cancellation);
        return new LabException(
            LabErrorKind.Conflict, "ContainerEnded",
            $"The container '{name}' ended with {ExitCodes.Describe((int)now.State!.ExitCode)}.{string.Concat(lines.Select(line => "\n  " + line.Text))}")
        {
            Target = name,
            Advice = $"Get-LabContainerReport {name} says more.",
        };
    }
}
