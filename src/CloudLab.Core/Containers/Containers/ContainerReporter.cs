using System.Globalization;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Why a container is as it is.</summary>
public sealed class LabContainerReport
{
    /// <summary>Name of the container.</summary>
    public required string Name { get; init; }

    /// <summary>The engine's id.</summary>
    public required string Id { get; init; }

    /// <summary>The image it was made from.</summary>
    public required string Image { get; init; }

    /// <summary>State in the engine's words.</summary>
    public required string State { get; init; }

    /// <summary>What happened, in a sentence.</summary>
    public required string Cause { get; init; }

    /// <summary>Exit code; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended it, or null.</summary>
    public string? Signal { get; init; }

    /// <summary>Whether the kernel killed it for using too much memory.</summary>
    public required bool OutOfMemory { get; init; }

    /// <summary>Its limit of memory in bytes; null for none.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>What the engine says went wrong, or null.</summary>
    public string? EngineError { get; init; }

    /// <summary>When it was started last; null where it never was.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>How long it ran, or has been running.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How often the engine has restarted it.</summary>
    public required long RestartCount { get; init; }

    /// <summary>When the engine restarts it: <c>on-failure:3</c>.</summary>
    public required string RestartPolicy { get; init; }

    /// <summary>healthy, unhealthy or starting; null without a health check.</summary>
    public string? Health { get; init; }

    /// <summary>The last health checks, the oldest first.</summary>
    public required IReadOnlyList<LabContainerHealthCheck> HealthLog { get; init => field = TextList.Of(value); }

    /// <summary>The last lines of its log.</summary>
    public required IReadOnlyList<LabContainerLogLine> LastLines { get; init => field = TextList.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Cause}";
}

/// <summary>One health check of a container.</summary>
/// <param name="Time">When it began.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="ExitCode">0 for success.</param>
/// <param name="Output">What it wrote.</param>
public sealed record LabContainerHealthCheck(DateTimeOffset Time, TimeSpan Duration, int ExitCode, string Output)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Time:u} exit code {ExitCode}: {Output}");
}

/// <summary>Finds out why containers died.</summary>
/// <param name="session">Names the engine.</param>
public sealed class ContainerReporter(LabSession session)
{
    private readonly ContainerStore store = new(session);

    /// <summary>Reports on a container.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="tail">How many lines of its log.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The report.</returns>
    public async Task<LabContainerReport> ReportAsync(string name, int tail, CancellationToken cancellation)
    {
        ContainerInspectResponse container = await store.InspectAsync(name, cancellation);
        State state = container.State!;
        IReadOnlyList<LabContainerLogLine> lines = tail > 0 ? await new ContainerLog(session).LastAsync(container.ID, tail, cancellation) : [];
        bool ended = state.Status is "exited" or "dead" or "restarting";
        int code = (int)state.ExitCode;
        DateTimeOffset? started = Time(state.StartedAt), finished = ended ? Time(state.FinishedAt) : null;
        RestartPolicy? policy = container.HostConfig!.RestartPolicy;
        long? limit = container.HostConfig.Memory > 0 ? container.HostConfig.Memory : null;
        return new LabContainerReport
        {
            Name = container.Name.TrimStart('/'),
            Id = container.ID,
            Image = container.Config!.Image,
            State = state.Status,
            Cause = Cause(state, code, limit, container.RestartCount, lines),
            ExitCode = ended ? code : null,
            Signal = ended ? ExitCodes.SignalOf(code) : null,
            OutOfMemory = state.OOMKilled,
            MemoryLimit = limit,
            EngineError = state.Error is { Length: > 0 } error ? error : null,
            Started = started,
            Finished = finished,
            Duration = started is { } from ? (finished ?? DateTimeOffset.UtcNow) - from : null,
            RestartCount = container.RestartCount,
            RestartPolicy = Describe(policy),
            Health = state.Health is { Status: not ("none" or "") } health ? health.Status : null,
            HealthLog =
            [
                .. (state.Health?.Log ?? []).Select(check => new LabContainerHealthCheck(
                    new DateTimeOffset(check.Start.ToUniversalTime()), check.End - check.Start, (int)check.ExitCode, check.Output.Trim())),
            ],
            LastLines = [.. lines],
        };
    }

    private static string Cause(State state, int code, long? limit, long restarts, IReadOnlyList<LabContainerLogLine> lines)
    {
        string again = restarts > 0 ? string.Create(CultureInfo.InvariantCulture, $" The engine has restarted it {restarts} times.") : "";
        string memory = limit is { } bytes ? $"its memory limit of {ProgressMeter.FormatBytes(bytes)}" : "the memory that there is";
        string? foreign = lines.Select(line => line.Text).FirstOrDefault(text => text.Contains("exec format error", StringComparison.Ordinal));
        return state switch
        {
            { Status: "created" } when state.Error is { Length: > 0 } error => $"It was never started: {error.TrimEnd('.')}.",
            { Status: "created" } => "It was never started.",
            { Status: "paused" } => "It is suspended." + again,
            { Status: "running", Health.Status: "unhealthy" } => $"It is running, but its health check failed {state.Health.FailingStreak} times." + again,
            { Status: "running", OOMKilled: true } => $"It is running, but a process in it was killed for using more than {memory}." + again,
            { Status: "running" } => "It is running." + again,
            { OOMKilled: true } => $"It was killed for using more than {memory}." + again,
            { Error: { Length: > 0 } error } => $"The engine could not start it: {error.TrimEnd('.')}." + again,
            _ when foreign is not null => $"Its program is made for another processor ('{foreign}'): the image is of another platform." + again,
            _ when code == 0 => "It ended by itself, successfully." + again,
            _ => $"It ended with {ExitCodes.Describe(code)}." + again,
        };
    }

    private static string Describe(RestartPolicy? policy) => policy?.Name switch
    {
        RestartPolicyKind.Always => "always",
        RestartPolicyKind.UnlessStopped => "unless-stopped",
        RestartPolicyKind.OnFailure => policy.MaximumRetryCount > 0 ? $"on-failure:{policy.MaximumRetryCount}" : "on-failure",
        _ => "no",
    };

    // The engine writes the year 1 for never.
    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out DateTimeOffset time) && time.Year > 1 ? time : null;
}
