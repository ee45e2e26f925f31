using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Compose;

/// <summary>
/// Waits until services run and are healthy, or have done their work: compose's own <c>--wait</c> takes a service that ends with 0 for a
/// failure, and one that crashes a moment later for a success.
/// </summary>
internal sealed class ComposeWait
{
    private const int LinesShown = 10;
    private const int MostRestarts = 3;

    // The engine counts a container as started well after ten seconds, and begins to count its restarts anew.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2), SettledAfterRestart = TimeSpan.FromSeconds(10);

    private readonly LabSession session;
    private readonly IReporter reporter;
    private readonly string project;
    private readonly HashSet<string> services, oneShots;
    private readonly ComposeStore store;
    private readonly ContainerStore containers;
    private readonly Dictionary<(string Id, string Started), DateTimeOffset> firstSeen = [];

    /// <summary>A wait for services.</summary>
    /// <param name="session">Names the engine.</param>
    /// <param name="reporter">Sees what is waited for.</param>
    /// <param name="project">Name of the project.</param>
    /// <param name="services">The services.</param>
    /// <param name="oneShots">Those that have to end before others start.</param>
    public ComposeWait(LabSession session, IReporter reporter, string project, HashSet<string> services, HashSet<string> oneShots)
    {
        (this.session, this.reporter, this.project, this.services, this.oneShots) = (session, reporter, project, services, oneShots);
        store = new ComposeStore(session, reporter);
        containers = new ContainerStore(session);
    }

    /// <summary>Waits.</summary>
    /// <param name="options">How long.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What is wrong; nothing where all is well. Throws <see cref="LabException"/> (<c>WaitTimeout</c>).</returns>
    public Task<IReadOnlyList<LabException>> WaitAsync(WaitOptions options, CancellationToken cancellation) => Waiter.WaitAsync(
        $"compose project '{project}' to be up", project,
        async token =>
        {
            List<string> waiting = [];
            IReadOnlyList<LabException> problems = await LookAsync(waiting, options.Clock, token);
            return new Sighting<IReadOnlyList<LabException>>(problems.Count > 0 || waiting.Count == 0, problems, string.Join(", ", waiting));
        },
        options, reporter, cancellation);

    /// <summary>Looks once.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What is wrong now.</returns>
    public Task<IReadOnlyList<LabException>> ProblemsAsync(CancellationToken cancellation) => LookAsync([], TimeProvider.System, cancellation);

    private async Task<IReadOnlyList<LabException>> LookAsync(List<string> waiting, TimeProvider clock, CancellationToken cancellation)
    {
        List<LabException> problems = [];
        foreach (LabContainer container in (await store.ContainersAsync(project, cancellation)).Where(container => services.Contains(ComposeStore.ServiceOf(container))))
        {
            ContainerInspectResponse now;
            try
            {
                now = await containers.InspectAsync(container.Id, cancellation);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                // Replaced by another one.
                waiting.Add($"{container.Name} removed");
                continue;
            }

            (string? wait, LabException? problem) = await JudgeAsync(container, now, clock, cancellation);
            if (problem is not null)
            {
                problems.Add(problem);
            }
            else if (wait is not null)
            {
                waiting.Add($"{container.Name} {wait}");
            }
        }

        return problems;
    }

    private async Task<(string? Waiting, LabException? Problem)> JudgeAsync(LabContainer container, ContainerInspectResponse now, TimeProvider clock, CancellationToken cancellation)
    {
        State state = now.State!;
        string service = ComposeStore.ServiceOf(container);
        long restarts = now.RestartCount;
        int code = (int)state.ExitCode;
        if (restarts >= MostRestarts && (state.Status == "restarting" || !Long(container.Id, state, SettledAfterRestart, clock)))
        {
            return (null, await ProblemAsync(
                container, "ComposeServiceRestarting", $"The service '{service}' keeps ending: '{container.Name}' was restarted {restarts} times, the last time after {ExitCodes.Describe(code)}.", cancellation));
        }

        switch (state.Status)
        {
            case "exited" when code == 0:
                return (null, null);
            case "exited" or "dead":
                string tries = restarts > 0 ? string.Create(CultureInfo.InvariantCulture, $" after {restarts} restarts") : "";
                return (null, await ProblemAsync(container, "ComposeServiceFailed", $"The service '{service}' failed: '{container.Name}' ended with {ExitCodes.Describe(code)}{tries}.", cancellation));
            case "running":
                break;
            default:
                return (state.Status, null);
        }

        if (oneShots.Contains(service))
        {
            return ("has not ended yet", null);
        }

        switch (state.Health?.Status)
        {
            case "unhealthy":
                string last = state.Health.Log is { Count: > 0 } checks ? (checks[^1].Output ?? "").ReplaceLineEndings(" ").Trim() : "";
                return (null, await ProblemAsync(
                    container, "ComposeServiceUnhealthy",
                    $"The service '{service}' is unhealthy: the check of '{container.Name}' failed {state.Health.FailingStreak} times{(last.Length > 0 ? $", the last time with '{(last.Length > 200 ? last[..200] + "…" : last)}'" : "")}.",
                    cancellation));
            case "starting":
                return ("is not healthy yet", null);
            case "healthy":
                return (null, null);
            default:
                // One that crashes does so in its first moments.
                return (Long(container.Id, state, restarts > 0 ? SettledAfterRestart : Settled, clock) ? null : restarts > 0 ? $"has been restarted {restarts} times" : "has just started", null);
        }
    }

    // By the engine's clock or, where that is another one, by how long it has been seen.
    private bool Long(string id, State state, TimeSpan limit, TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (!firstSeen.TryGetValue((id, state.StartedAt), out DateTimeOffset first))
        {
            firstSeen[(id, state.StartedAt)] = first = now;
        }

        return now - first >= limit
            || (DateTimeOffset.TryParse(state.StartedAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset started) && now - started >= limit);
    }

    private async Task<LabException> ProblemAsync(LabContainer container, string code, string message, CancellationToken cancellation)
    {
        IReadOnlyList<LabContainerLogLine> lines = await new ContainerLog(session).LastAsync(container.Id, LinesShown, cancellation);
        return new LabException(LabErrorKind.Conflict, code, message + string.Concat(lines.Select(line => "\n  " + line.Text)))
        {
            Target = ComposeStore.ServiceOf(container),
            Advice = $"Get-LabContainerReport {container.Name} says more; the other services go on.",
        };
    }
}
