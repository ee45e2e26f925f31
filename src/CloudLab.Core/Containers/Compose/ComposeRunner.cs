using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose;

/// <summary>Something that would be done to a part of a project.</summary>
/// <param name="Target">The part: <c>Container movies-web-1</c>.</param>
/// <param name="Action">What is done: Create, Recreate, Stop, Remove.</param>
public sealed record ComposeChange(string Target, string Action);

/// <summary>Starts and stops compose projects.</summary>
/// <param name="session">Names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told of steps and progress.</param>
public sealed class ComposeRunner(LabSession session, IReporter reporter)
{
    private readonly ComposeProgram program = new(session, reporter);
    private readonly ComposeStore store = new(session, reporter);

    /// <summary>The files of a project that is named only, from its containers.</summary>
    /// <param name="source">The project.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The same with files where they are known.</returns>
    public async Task<ComposeSource> WithFilesAsync(ComposeSource source, CancellationToken cancellation) =>
        source is { ProjectName: { } name, Files.Count: 0 } ? source with { Files = await store.FilesAsync(name, cancellation) } : source;

    /// <summary>Finds out which project is meant, and whether its file is valid.</summary>
    /// <param name="source">The project.</param>
    /// <param name="services">Services that must be in it.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Its name and the services that would be started. Throws <see cref="LabException"/>.</returns>
    public async Task<(string Project, IReadOnlyList<string> Services)> CheckAsync(ComposeSource source, IReadOnlyList<string> services, CancellationToken cancellation)
    {
        ComposeModel model = await program.ResolveAsync(source, cancellation, services);
        model.Said.Warn(reporter);
        return (model.Name, [.. model.WithNeeded(services).Order(StringComparer.Ordinal)]);
    }

    /// <summary>What a start would make; changes nothing.</summary>
    /// <param name="source">The project.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Networks, volumes and containers.</returns>
    public async Task<IReadOnlyList<ComposeChange>> PlanStartAsync(ComposeSource source, ComposeStartOptions options, CancellationToken cancellation)
    {
        // Not 'up', which waits for a container that a dry run never starts.
        (int exitCode, _, ComposeMessages said) = await program.RunAsync(source, ["create", .. options.Arguments()], "Planning", cancellation, dryRun: true);
        return exitCode == 0 ? Changes(said) : throw said.Explain(source, exitCode);
    }

    /// <summary>What a stop would remove; changes nothing.</summary>
    /// <param name="source">The project.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Networks, volumes and containers.</returns>
    public async Task<IReadOnlyList<ComposeChange>> PlanStopAsync(ComposeSource source, ComposeStopOptions options, CancellationToken cancellation)
    {
        (int exitCode, _, ComposeMessages said) = await program.RunAsync(source, options.Arguments(), "Planning", cancellation, dryRun: true);
        return exitCode == 0 ? Changes(said) : throw said.Explain(source, exitCode);
    }

    /// <summary>Starts a project.</summary>
    /// <param name="source">The project.</param>
    /// <param name="options">How.</param>
    /// <param name="wait">How long to wait until everything runs and is healthy or has succeeded; null not to wait.</param>
    /// <param name="cancellation">Ends compose and the wait; what is started goes on.</param>
    /// <returns>The services, and what is wrong with them.</returns>
    public async Task<(IReadOnlyList<LabComposeService> Services, IReadOnlyList<LabException> Problems)> StartAsync(
        ComposeSource source, ComposeStartOptions options, WaitOptions? wait, CancellationToken cancellation)
    {
        ComposeModel model = await program.ResolveAsync(source, cancellation, options.Services);
        HashSet<string> meant = model.WithNeeded(options.Services);
        ComposeWait waiting = new(session, reporter, model.Name, meant, model.OneShots());
        (int exitCode, _, ComposeMessages said) = await program.RunAsync(source, ["up", "--detach", .. options.Arguments()], $"Starting {model.Name}", cancellation);
        IReadOnlyList<LabException> problems;
        if (exitCode != 0)
        {
            // Compose only says which container it was.
            problems = await waiting.ProblemsAsync(cancellation);
            if (problems.Count == 0)
            {
                throw said.Explain(source, exitCode);
            }
        }
        else
        {
            problems = wait is null ? [] : await waiting.WaitAsync(wait, cancellation);
        }

        return ([.. (await store.ServicesAsync(model, source, cancellation)).Where(service => meant.Contains(service.Service))], problems);
    }

    /// <summary>Stops a project.</summary>
    /// <param name="source">The project; with a name and no files, what the engine has of it.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Done when it is stopped.</returns>
    public async Task StopAsync(ComposeSource source, ComposeStopOptions options, CancellationToken cancellation)
    {
        (int exitCode, _, ComposeMessages said) = await program.RunAsync(
            source, options.Arguments(), (options.Remove ? "Removing " : "Stopping ") + (source.ProjectName ?? source.Shown), cancellation);
        if (exitCode != 0)
        {
            throw said.Explain(source, exitCode);
        }

        foreach ((string id, string status) in said.Steps.Where(step => step.Value.Contains("in use", StringComparison.Ordinal)))
        {
            reporter.Warning($"{id} was not removed: {FirstLetter.Lower(status)}.");
        }
    }

    private static IReadOnlyList<ComposeChange> Changes(ComposeMessages said) =>
    [
        .. said.Steps.Select(step => (step.Key, Action: step.Value switch
        {
            "Created" => "Create",
            "Recreated" => "Recreate",
            "Started" or "Starting" => "Start",
            "Stopped" => "Stop",
            // A dry run leaves containers in the network that it would have removed before.
            "Removed" or "Removing" or "Resource is still in use" => "Remove",
            "Pulling" or "Pulled" => "Pull the image of",
            "Building" or "Built" => "Build",
            _ => "",
        })).Where(change => change.Action.Length > 0).Select(change => new ComposeChange(change.Key, change.Action)),
    ];
}
