using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>The containers in a session's Docker Engine.</summary>
public sealed partial class ContainerStore
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    /// <summary>The containers of a session's engine.</summary>
    /// <param name="session">The session.</param>
    public ContainerStore(LabSession session)
        : this(new DockerEngine(session.Docker))
    {
    }

    internal ContainerStore(DockerEngine engine) => Engine = engine;

    /// <summary>The engine.</summary>
    internal DockerEngine Engine { get; }

    /// <summary>Lists containers, the newest first.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The containers.</returns>
    public async IAsyncEnumerable<LabContainer> ListAsync(ContainerQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (LabContainer container in await SummariesAsync(query.All, query.Filters(), cancellation))
        {
            yield return container;
        }
    }

    /// <summary>Finds a container by its name, its id or the beginning of its id.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The container. Throws <see cref="LabException"/> (<c>ContainerNotFound</c>, <c>ContainerIdAmbiguous</c>).</returns>
    public async Task<LabContainer> FindAsync(string name, CancellationToken cancellation)
    {
        string bare = name.TrimStart('/');
        IReadOnlyList<LabContainer> found = await SummariesAsync(true, Filter("name", $"^/{Regex.Escape(bare)}$"), cancellation);
        if (found.Count == 0 && Hexadecimal().IsMatch(bare))
        {
            found = await SummariesAsync(true, Filter("id", bare), cancellation);
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw await NotFoundAsync(name, cancellation),
            _ => throw new LabException(
                LabErrorKind.InvalidData, "ContainerIdAmbiguous",
                $"'{name}' is the beginning of the ids of {found.Count} containers ({SomeOf.Names(found, 5)}): give more of the id, or the name.") { Target = name },
        };
    }

    /// <summary>Names of containers that begin with a text.</summary>
    /// <param name="start">How the name begins; empty for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Names.</returns>
    public async IAsyncEnumerable<string> NamesAsync(string start, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (LabContainer container in await SummariesAsync(true, null, cancellation))
        {
            if (container.Name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                yield return container.Name;
            }
        }
    }

    /// <summary>Starts a container that exists.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>False where it ran already.</returns>
    public Task<bool> StartAsync(string name, CancellationToken cancellation) =>
        ActAsync(name, "start", null, cancellation);

    /// <summary>Stops a container: asks it to end, and kills it when it has not after some time.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="grace">How long it may take; null for the container's own setting (10 seconds).</param>
    /// <param name="signal">What it is asked with; null for the container's own setting (SIGTERM).</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>False where it did not run.</returns>
    public Task<bool> StopAsync(string name, TimeSpan? grace, string? signal, CancellationToken cancellation) =>
        ActAsync(name, "stop", Times(grace, signal), cancellation);

    /// <summary>Stops a container and starts it again.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="grace">As for <see cref="StopAsync"/>.</param>
    /// <param name="signal">As for <see cref="StopAsync"/>.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True.</returns>
    public Task<bool> RestartAsync(string name, TimeSpan? grace, string? signal, CancellationToken cancellation) =>
        ActAsync(name, "restart", Times(grace, signal), cancellation);

    /// <summary>Kills a container at once, and waits until it has ended; a signal other than SIGKILL is only sent.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="signal">Another signal than SIGKILL, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when killed.</returns>
    public async Task KillAsync(string name, string? signal, CancellationToken cancellation)
    {
        await ActAsync(name, "kill", signal is null ? null : "signal=" + Uri.EscapeDataString(signal), cancellation);
        if (signal is null)
        {
            try
            {
                await WaitForEndAsync(name, cancellation);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                // It was to be removed when it ends.
            }
        }
    }

    /// <summary>Freezes the processes of a container.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True.</returns>
    public Task<bool> SuspendAsync(string name, CancellationToken cancellation) => ActAsync(name, "pause", null, cancellation);

    /// <summary>Lets the processes of a container run on.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True.</returns>
    public Task<bool> ResumeAsync(string name, CancellationToken cancellation) => ActAsync(name, "unpause", null, cancellation);

    /// <summary>Removes a container.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="force">Kills it first where it runs.</param>
    /// <param name="volumes">Removes its nameless volumes too.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone.</returns>
    public async Task RemoveAsync(string name, bool force, bool volumes, CancellationToken cancellation)
    {
        try
        {
            await using EngineStream answer = await Engine.OpenAsync(
                HttpMethod.Delete, $"containers/{Uri.EscapeDataString(name)}?force={Flag(force)}&v={Flag(volumes)}", null, StopLimit, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Conflict && !force)
        {
            throw e.ServiceMessage?.Contains("already in progress", StringComparison.Ordinal) == true ? e : new LabException(
                LabErrorKind.Conflict, "ContainerRunning", $"The container '{name}' is running: stop it first, or use -Force.", e)
            {
                Target = name,
                Advice = $"Stop-LabContainer {name} | Remove-LabContainer, or Remove-LabContainer {name} -Force.",
            };
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await NotFoundAsync(name, cancellation, e);
        }
    }

    /// <summary>Removes a container that was made for something that did not come to be, or is over.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="reporter">Is told where it stays.</param>
    /// <returns>Done when it is gone.</returns>
    internal async Task TakeBackAsync(string id, string? name, IReporter reporter)
    {
        try
        {
            await RemoveAsync(id, force: true, volumes: true, CancellationToken.None);
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.Conflict)
        {
            reporter.Verbose(string.Create(CultureInfo.InvariantCulture, $"'{name ?? id[..12]}' is being removed already: {e.Message}"));
        }
        catch (LabException e)
        {
            reporter.Warning($"The container '{name ?? id[..12]}' could not be removed: {e.Message}");
        }
    }

    /// <summary>Waits until a container is not running.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when it has ended. Throws <see cref="LabException"/> (<c>ContainerNotFound</c>).</returns>
    internal async Task WaitForEndAsync(string name, CancellationToken cancellation)
    {
        try
        {
            // The engine answers at once, and sends the body when the container has ended.
            await Engine.JsonAsync(HttpMethod.Post, $"containers/{Uri.EscapeDataString(name)}/wait?condition=not-running", cancellation, StopLimit);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await NotFoundAsync(name, cancellation, e);
        }
    }

    /// <summary>Everything the engine knows of a container.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The engine's answer.</returns>
    internal async Task<ContainerInspectResponse> InspectAsync(string name, CancellationToken cancellation)
    {
        try
        {
            ContainerInspectResponse answer = await Engine.AskAsync(
                $"containers/{name}/json", (client, limited) => client.Containers.InspectContainerAsync(Uri.EscapeDataString(name), limited), cancellation);
            return answer is { ID.Length: > 0, State: not null, Config: not null, HostConfig: not null } ? answer : throw Engine.Unreadable($"containers/{name}/json", null);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await NotFoundAsync(name, cancellation, e);
        }
    }

    /// <summary>The error for a container that is not there, with the names that come nearest.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="inner">What the engine said, or null.</param>
    /// <returns>The error.</returns>
    internal async Task<LabException> NotFoundAsync(string name, CancellationToken cancellation, Exception? inner = null)
    {
        string near = NearestNames.Say(name, (await SummariesAsync(true, null, cancellation)).Select(c => c.Name));
        return new LabException(
            LabErrorKind.NotFound, "ContainerNotFound", $"There is no container '{name}' in the Docker Engine.{near}", inner)
        {
            Target = name,
            Advice = "Get-LabContainer -All lists the containers, those that have ended too.",
        };
    }

    /// <summary>Sends a request about a container whose answer has no content of interest.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="action">Last part of the path.</param>
    /// <param name="query">Query, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="content">What is sent, or null.</param>
    /// <returns>False where there was nothing to do.</returns>
    internal async Task<bool> ActAsync(string name, string action, string? query, CancellationToken cancellation, EngineContent? content = null)
    {
        try
        {
            await using EngineStream answer = await Engine.OpenAsync(
                HttpMethod.Post, $"containers/{Uri.EscapeDataString(name)}/{action}{(query is null ? "" : "?" + query)}", content, StopLimit, cancellation, head: StopLimit);
            return answer.Status != 304;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound && e.ServiceMessage?.Contains("No such container", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw await NotFoundAsync(name, cancellation, e);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Conflict && ContainerFaults.IsNotRunning(e))
        {
            throw ContainerFaults.NotRunning(name, inner: e);
        }
    }

    /// <summary>Filters as the API takes them.</summary>
    /// <param name="name">Name of a filter.</param>
    /// <param name="values">Its values.</param>
    /// <returns>The filters.</returns>
    internal static Dictionary<string, IDictionary<string, bool>> Filter(string name, params IEnumerable<string> values) =>
        new() { [name] = values.ToDictionary(value => value, _ => true) };

    // Longer than a stop, which waits for the container first.
    private static readonly TimeSpan StopLimit = TimeSpan.FromHours(1);

    private static string Flag(bool value) => value ? "1" : "0";

    private static string? Times(TimeSpan? grace, string? signal)
    {
        string[] parts =
        [
            .. grace is { } time ? [string.Create(CultureInfo.InvariantCulture, $"t={(long)Math.Ceiling(time.TotalSeconds)}")] : Array.Empty<string>(),
            .. signal is { } name ? ["signal=" + Uri.EscapeDataString(name)] : Array.Empty<string>(),
        ];
        return parts.Length > 0 ? string.Join('&', parts) : null;
    }

    private static LabContainer ToContainer(ContainerListResponse from)
    {
        Match ended = ExitStatus().Match(from.Status ?? "");
        Match health = HealthStatus().Match(from.Status ?? "");
        return new LabContainer
        {
            // A linked container has the names that others know it by, too; its own has only one slash.
            Name = ((from.Names ?? []).FirstOrDefault(name => name.LastIndexOf('/') == 0) ?? from.ID).TrimStart('/'),
            Id = from.ID,
            Image = from.Image ?? "",
            ImageId = from.ImageID ?? "",
            Command = from.Command ?? "",
            State = from.State ?? "",
            Status = from.Status ?? "",
            ExitCode = ended.Success && from.State is "exited" or "dead" && int.TryParse(ended.Groups[1].Value, CultureInfo.InvariantCulture, out int code) ? code : null,
            Health = health.Success ? health.Groups[1].Value : null,
            Created = new DateTimeOffset(from.Created.ToUniversalTime()),
            Ports =
            [
                .. (from.Ports ?? []).Select(p => new LabContainerPort(p.IP, p.PublicPort is > 0 ? p.PublicPort : null, p.PrivatePort, p.Type))
                    .Distinct().OrderBy(p => p.ContainerPort).ThenBy(p => p.Protocol, StringComparer.Ordinal).ThenBy(p => p.HostPort).ThenBy(p => p.HostAddress, StringComparer.Ordinal),
            ],
            Mounts = [.. (from.Mounts ?? []).Select(ToMount)],
            Networks = [.. (from.NetworkSettings?.Networks?.Keys ?? []).Order(StringComparer.Ordinal)],
            Labels = from.Labels is null ? NoLabels : new Dictionary<string, string>(from.Labels),
        };
    }

    private static LabContainerMount ToMount(MountPoint mount) =>
        new(mount.Type ?? "", mount.Name is { Length: > 0 } name ? name : mount.Source ?? "", mount.Destination ?? "", !mount.RW);

    private async Task<IReadOnlyList<LabContainer>> SummariesAsync(bool all, Dictionary<string, IDictionary<string, bool>>? filters, CancellationToken cancellation)
    {
        const string Path = "containers/json";
        IList<ContainerListResponse> containers = await Engine.AskAsync(
            Path, (client, limited) => client.Containers.ListContainersAsync(new ContainersListParameters { All = all, Filters = filters }, limited), cancellation);
        return containers.All(container => container?.ID is { Length: > 0 }) ? [.. containers.Select(ToContainer)] : throw Engine.Unreadable(Path, null);
    }

    [GeneratedRegex(@"^(?:Exited|Dead) \((-?\d+)\)")]
    private static partial Regex ExitStatus();

    [GeneratedRegex(@"\((?:health: )?(healthy|unhealthy|starting)\)")]
    private static partial Regex HealthStatus();

    [GeneratedRegex("^[0-9a-f]{3,64}$")]
    private static partial Regex Hexadecimal();
}

/// <summary>Which containers to list.</summary>
public sealed record ContainerQuery
{
    /// <summary>Those that do not run, too.</summary>
    public bool All { get; init; }

    /// <summary>Labels to have: <c>team</c>, <c>team=movies</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>States to be in.</summary>
    public IReadOnlyList<string> States { get; init; } = [];

    /// <summary>Images to be made from, or from ones made of them.</summary>
    public IReadOnlyList<string> Ancestors { get; init; } = [];

    internal Dictionary<string, IDictionary<string, bool>>? Filters()
    {
        Dictionary<string, IDictionary<string, bool>> filters = [];
        foreach ((string name, IReadOnlyList<string> values) in new[] { ("label", Labels), ("status", States), ("ancestor", Ancestors) })
        {
            if (values.Count > 0)
            {
                filters[name] = values.Distinct().ToDictionary(value => value, _ => true);
            }
        }

        return filters.Count > 0 ? filters : null;
    }
}
