using System.Runtime.CompilerServices;
using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Containers;

/// <summary>What a container uses, by the docker CLI's arithmetic.</summary>
public sealed class LabContainerUsage
{
    /// <summary>Name of the container.</summary>
    public required string Name { get; init; }

    /// <summary>The engine's id.</summary>
    public required string Id { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Processor time in percent of one processor: 200 is two whole processors.</summary>
    public required double CpuPercent { get; init; }

    /// <summary>Memory in bytes, without the cache that the kernel can take back.</summary>
    public required long Memory { get; init; }

    /// <summary>Limit of memory in bytes; that of the machine where the container has none.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>Memory in percent of the limit.</summary>
    public required double MemoryPercent { get; init; }

    /// <summary>Bytes received from networks since the start.</summary>
    public required long NetworkReceived { get; init; }

    /// <summary>Bytes sent to networks since the start.</summary>
    public required long NetworkSent { get; init; }

    /// <summary>Bytes read from disks since the start.</summary>
    public required long BlockRead { get; init; }

    /// <summary>Bytes written to disks since the start.</summary>
    public required long BlockWritten { get; init; }

    /// <summary>Number of processes and threads.</summary>
    public required long Processes { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Reads what the engine measured.</summary>
    /// <param name="name">Name of the container.</param>
    /// <param name="id">Its id.</param>
    /// <param name="stats">The engine's message.</param>
    /// <returns>The usage.</returns>
    internal static LabContainerUsage Read(string name, string id, JsonElement stats)
    {
        JsonElement cpu = Part(stats, "cpu_stats"), before = Part(stats, "precpu_stats"), memory = Part(stats, "memory_stats"), details = Part(memory, "stats");
        double used = Number(Part(cpu, "cpu_usage"), "total_usage") - Number(Part(before, "cpu_usage"), "total_usage");
        double system = Number(cpu, "system_cpu_usage") - Number(before, "system_cpu_usage");
        double processors = Number(cpu, "online_cpus");
        if (processors == 0 && Part(cpu, "cpu_usage").ValueKind == JsonValueKind.Object
            && Part(cpu, "cpu_usage").TryGetProperty("percpu_usage", out JsonElement each) && each.ValueKind == JsonValueKind.Array)
        {
            processors = each.GetArrayLength();
        }

        // The cache is called total_inactive_file with cgroups v1, inactive_file with v2; on Windows only the private part counts.
        double total = Number(memory, "usage");
        double cache = details.ValueKind == JsonValueKind.Object && details.TryGetProperty("total_inactive_file", out _)
            ? Number(details, "total_inactive_file") : Number(details, "inactive_file");
        double bytes = Number(memory, "privateworkingset") is > 0 and var own ? own : cache < total ? total - cache : total;
        double limit = Number(memory, "limit");
        (double received, double sent, double read, double written) = (0, 0, 0, 0);
        if (Part(stats, "networks") is { ValueKind: JsonValueKind.Object } networks)
        {
            foreach (JsonProperty network in networks.EnumerateObject())
            {
                received += Number(network.Value, "rx_bytes");
                sent += Number(network.Value, "tx_bytes");
            }
        }

        JsonElement blocks = Part(stats, "blkio_stats");
        if (blocks.ValueKind == JsonValueKind.Object && blocks.TryGetProperty("io_service_bytes_recursive", out JsonElement operations) && operations.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement operation in operations.EnumerateArray())
            {
                switch (EngineMessage.Text(operation, "op"))
                {
                    case ['r' or 'R', ..]:
                        read += Number(operation, "value");
                        break;
                    case ['w' or 'W', ..]:
                        written += Number(operation, "value");
                        break;
                }
            }
        }

        return new LabContainerUsage
        {
            Name = name,
            Id = id,
            Time = stats.TryGetProperty("read", out JsonElement time) && time.TryGetDateTimeOffset(out DateTimeOffset at) ? at.ToUniversalTime() : DateTimeOffset.UtcNow,
            CpuPercent = used > 0 && system > 0 ? used / system * processors * 100 : 0,
            Memory = (long)bytes,
            MemoryLimit = (long)limit,
            MemoryPercent = limit > 0 ? bytes / limit * 100 : 0,
            NetworkReceived = (long)received,
            NetworkSent = (long)sent,
            BlockRead = (long)read,
            BlockWritten = (long)written,
            Processes = (long)Number(Part(stats, "pids_stats"), "current"),
        };
    }

    private static JsonElement Part(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out JsonElement part) ? part : default;

    // Some are larger than a signed number holds: no limit is 2^64 - 1.
    private static double Number(JsonElement from, string name) =>
        Part(from, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) ? number : 0;
}

/// <summary>Measures what containers use.</summary>
/// <param name="session">Names the engine.</param>
public sealed class ContainerStats(LabSession session)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly ContainerStore store = new(session);

    /// <summary>Measures a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="follow">Measures again every second until it ends.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What it uses. Throws <see cref="LabException"/> (<c>ContainerNotRunning</c>, <c>ContainerRestarting</c>).</returns>
    public async IAsyncEnumerable<LabContainerUsage> MeasureAsync(LabContainer container, bool follow, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (container.State is not ("running" or "paused"))
        {
            throw ContainerFaults.NotRunning(container.Name, container.State);
        }

        await foreach (EngineMessage message in store.Engine.MessagesAsync(
            HttpMethod.Get, $"containers/{container.Id}/stats?stream={(follow ? 1 : 0)}", null, Silence, cancellation))
        {
            // The first of a stream has nothing to be compared with, and the last, of a container that has ended, nothing at all.
            bool compared = message.Body.TryGetProperty("preread", out JsonElement before) && before.TryGetDateTimeOffset(out DateTimeOffset time) && time.Year > 1;
            bool alive = message.Body.TryGetProperty("read", out JsonElement read) && read.TryGetDateTimeOffset(out DateTimeOffset at) && at.Year > 1;
            if ((compared || !follow) && alive)
            {
                yield return LabContainerUsage.Read(container.Name, container.Id, message.Body);
            }
            else if (!alive)
            {
                yield break;
            }
        }
    }
}
