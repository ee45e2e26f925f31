using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose;

/// <summary>The compose projects in a session's Docker Engine, known by the labels that compose gives its containers.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Told of what compose says.</param>
public sealed class ComposeStore(LabSession session, IReporter reporter)
{
    internal const string ProjectLabel = "com.docker.compose.project", ServiceLabel = "com.docker.compose.service";
    internal const string OneOffLabel = "com.docker.compose.oneoff", FilesLabel = "com.docker.compose.project.config_files", FolderLabel = "com.docker.compose.project.working_dir";

    private const string Absent = "absent";

    // What needs attention first.
    private static readonly string[] States = ["dead", "restarting", "exited", "removing", "paused", "created", "running"];
    private static readonly string[] Healths = ["unhealthy", "starting", "healthy"];

    private readonly ContainerStore containers = new(session);

    /// <summary>Lists the projects that have containers.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Projects, in the order of their names.</returns>
    public async Task<IReadOnlyList<LabComposeProject>> ProjectsAsync(CancellationToken cancellation) =>
    [
        .. (await ContainersAsync(null, cancellation)).GroupBy(container => container.Labels[ProjectLabel]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new LabComposeProject
        {
            Project = group.Key,
            Status = string.Join(", ", group.GroupBy(container => container.State).OrderByDescending(state => Array.IndexOf(States, state.Key)).Select(state => $"{state.Count()} {state.Key}")),
            Services = [.. group.Select(ServiceOf).Distinct().Order(StringComparer.Ordinal)],
            Running = group.Count(container => container.State == "running"),
            Total = group.Count(),
            Path = FilesOf(group),
            WorkingFolder = group.First().Labels.GetValueOrDefault(FolderLabel),
        }),
    ];

    /// <summary>Lists the services of a project.</summary>
    /// <param name="source">The project; with a name and no files, what the engine has of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Services. Throws <see cref="LabException"/> where there is no such project.</returns>
    public async Task<IReadOnlyList<LabComposeService>> ServicesAsync(ComposeSource source, CancellationToken cancellation)
    {
        if (source is { ProjectName: { } name, Files.Count: 0 })
        {
            IReadOnlyList<LabContainer> found = await ContainersAsync(name, cancellation);
            return found.Count > 0 ? Services(name, found, null) : throw await NotFoundAsync(name, cancellation);
        }

        ComposeModel model = await new ComposeProgram(session, reporter).ResolveAsync(source, cancellation);
        return await ServicesAsync(model, source, cancellation);
    }

    /// <summary>The compose files of a project, from its containers.</summary>
    /// <param name="project">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Those that still exist all together; else none.</returns>
    internal async Task<string[]> FilesAsync(string project, CancellationToken cancellation) =>
        FilesOf(await ContainersAsync(project, cancellation)) is { } files && files.All(File.Exists) ? files : [];

    internal async Task<IReadOnlyList<LabComposeService>> ServicesAsync(ComposeModel model, ComposeSource source, CancellationToken cancellation) =>
        Services(model.Name, await ContainersAsync(model.Name, cancellation), (model, source));

    /// <summary>The containers of a project, without those of <c>docker compose run</c>.</summary>
    internal async Task<IReadOnlyList<LabContainer>> ContainersAsync(string? project, CancellationToken cancellation) =>
    [
        .. (await containers.ListAsync(new ContainerQuery { All = true, Labels = [project is null ? ProjectLabel : $"{ProjectLabel}={project}"] }, cancellation).ToListAsync(cancellation))
            .Where(container => !string.Equals(container.Labels.GetValueOrDefault(OneOffLabel), "true", StringComparison.OrdinalIgnoreCase))
            .OrderBy(container => container.Name, StringComparer.Ordinal),
    ];

    internal static string ServiceOf(LabContainer container) => container.Labels.GetValueOrDefault(ServiceLabel) ?? "";

    internal async Task<LabException> NotFoundAsync(string name, CancellationToken cancellation) => new(
        LabErrorKind.NotFound, "ComposeProjectNotFound",
        $"There is no compose project '{name}' in the Docker Engine.{NearestNames.Say(name, (await ProjectsAsync(cancellation)).Select(project => project.Project))}")
    {
        Target = name,
        Advice = "Get-LabCompose -All lists the projects.",
    };

    private static string[] FilesOf(IEnumerable<LabContainer> containers) =>
        containers.Select(container => container.Labels.GetValueOrDefault(FilesLabel)).FirstOrDefault(files => files is { Length: > 0 })?.Split(',') ?? [];

    private static IReadOnlyList<LabComposeService> Services(string project, IReadOnlyList<LabContainer> found, (ComposeModel Model, ComposeSource Source)? known)
    {
        ILookup<string, LabContainer> own = found.ToLookup(ServiceOf);
        Dictionary<string, System.Text.Json.Nodes.JsonObject>? model = known?.Model.Services.ToDictionary();
        string[] files = found.Count > 0 ? FilesOf(found) : [.. known?.Source.Files ?? []];
        return
        [
            .. own.Select(group => group.Key).Concat(model?.Keys ?? Enumerable.Empty<string>()).Distinct().Order(StringComparer.Ordinal).Select(name =>
            {
                LabContainer[] each = [.. own[name]];
                System.Text.Json.Nodes.JsonObject? service = model?.GetValueOrDefault(name);
                return new LabComposeService
                {
                    Project = project,
                    Service = name,
                    State = States.FirstOrDefault(state => each.Any(container => container.State == state)) ?? each.FirstOrDefault()?.State ?? Absent,
                    Health = Healths.FirstOrDefault(health => each.Any(container => container.Health == health)),
                    ExitCode = each.Select(container => container.ExitCode).OfType<int>().OrderBy(code => code == 0).Cast<int?>().FirstOrDefault(),
                    Running = each.Count(container => container.State == "running"),
                    Desired = service is null ? null : ComposeModel.Scale(service),
                    Image = each.FirstOrDefault()?.Image ?? ComposeModel.Text(service, "image"),
                    Ports = [.. each.SelectMany(container => container.Ports).Where(port => port.HostPort is not null).Distinct()],
                    Container = [.. each.Select(container => container.Name)],
                    Path = files,
                };
            }),
        ];
    }
}
