using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose;

/// <summary>Checks compose projects: what compose itself refuses, and what goes wrong only when it runs.</summary>
/// <param name="session">Names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told what is run.</param>
public sealed class ComposeChecker(LabSession session, IReporter reporter)
{
    private const string Error = "Error", Warning = "Warning";

    /// <summary>Checks a project.</summary>
    /// <param name="source">The project.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>What is wrong with it. Throws <see cref="LabException"/> where compose or the file is missing.</returns>
    public async Task<LabComposeTest> TestAsync(ComposeSource source, CancellationToken cancellation)
    {
        ComposeProgram program = new(session, reporter);
        List<LabComposeProblem> problems = [];
        ComposeModel? model = null, active = null;
        try
        {
            model = await program.ResolveAsync(source with { Profiles = ["*"] }, cancellation);
            active = await program.ResolveAsync(source, cancellation);
        }
        catch (LabException e) when (e.Code is "ComposeFileInvalid" or "ComposeFailed" or "ComposeEnvFileNotFound"
            || (e.Code == "ComposeFileNotFound" && source.Files.All(File.Exists) && !Equals(e.Target, source.Shown)))
        {
            (string? file, int? line) = ComposeMessages.Place(e.Message);
            problems.Add(new LabComposeProblem(Error, e.Code, null, e.Message, file ?? (source.Files.Count == 1 ? source.Files[0] : null), line));
        }

        foreach (string warning in (active ?? model)?.Said.Warnings ?? [])
        {
            problems.Add(new LabComposeProblem(Warning, warning switch
            {
                _ when warning.Contains("variable is not set", StringComparison.Ordinal) => "VariableNotSet",
                _ when warning.Contains("obsolete", StringComparison.Ordinal) => "Obsolete",
                _ => "ComposeWarning",
            }, null, warning, ComposeMessages.Place(warning).File));
        }

        if (model is not null)
        {
            problems.AddRange(Check(model, session.Docker.Endpoint.IsElsewhere));
        }

        if (active is not null)
        {
            problems.AddRange(Ports(active, await TakenAsync(active.Name, cancellation)));
        }

        return new LabComposeTest
        {
            Path = source.Shown,
            Project = model?.Name,
            Services = [.. model?.Services.Select(service => service.Key) ?? []],
            Profiles = model is null ? [] : [.. model.Services.SelectMany(service => ComposeModel.Texts(service.Value, "profiles")).Distinct().Order(StringComparer.Ordinal)],
            Problems = [.. problems.OrderBy(problem => problem.Severity != Error)],
        };
    }

    /// <summary>The names of a project's services and profiles, for completion.</summary>
    /// <param name="source">The project.</param>
    /// <param name="cancellation">Ends compose.</param>
    /// <returns>Names.</returns>
    public async Task<(IReadOnlyList<string> Services, IReadOnlyList<string> Profiles)> NamesAsync(ComposeSource source, CancellationToken cancellation)
    {
        if (ComposeNames.Of(source) is { } names)
        {
            return names;
        }

        ComposeModel model = await new ComposeProgram(session, reporter).ResolveAsync(source with { Profiles = ["*"] }, cancellation);
        return ([.. model.Services.Select(service => service.Key)], [.. model.Services.SelectMany(service => ComposeModel.Texts(service.Value, "profiles")).Distinct()]);
    }

    private static IEnumerable<LabComposeProblem> Check(ComposeModel model, bool elsewhere)
    {
        Dictionary<string, JsonObject> services = model.Services.ToDictionary();
        HashSet<string> oneShots = model.OneShots();
        foreach ((string name, JsonObject service) in services)
        {
            if (ComposeModel.Text(service, "image") is { } image && service["build"] is null && IsLatest(image))
            {
                yield return new LabComposeProblem(Warning, "ImageWithoutTag", name, $"the image '{image}' means whatever is newest when it is pulled: give it the tag of a version.");
            }

            // What is built is read here, also for an engine elsewhere. compose makes paths absolute; other texts are addresses.
            if (ComposeModel.Map(service, "build") is { } build && ComposeModel.Text(build, "context") is { } context && Path.IsPathFullyQualified(context))
            {
                string dockerfile = Path.Combine(context, ComposeModel.Text(build, "dockerfile") ?? "Dockerfile");
                if (!Directory.Exists(context))
                {
                    yield return new LabComposeProblem(Error, "FileMissing", name, $"the folder '{context}', of which the image is built, does not exist.");
                }
                else if (build["dockerfile_inline"] is null && !File.Exists(dockerfile))
                {
                    yield return new LabComposeProblem(Error, "FileMissing", name, $"the Dockerfile '{dockerfile}' does not exist.");
                }
            }

            // Folders of another machine cannot be looked at.
            foreach (JsonObject mount in elsewhere ? [] : ComposeModel.Items(service, "volumes").Where(mount => ComposeModel.Text(mount, "type") == "bind"))
            {
                string path = ComposeModel.Text(mount, "source") ?? "";
                if (!File.Exists(path) && !Directory.Exists(path))
                {
                    bool made = ComposeModel.Flag(ComposeModel.Map(mount, "bind"), "create_host_path");
                    yield return new LabComposeProblem(
                        made ? Warning : Error, "BindSourceMissing", name,
                        made ? $"'{path}' does not exist, so the engine makes an empty folder of it." : $"'{path}' does not exist, so the container cannot start.");
                }
            }

            foreach ((string needed, JsonObject condition) in ComposeModel.Maps(service, "depends_on"))
            {
                JsonObject? other = services.GetValueOrDefault(needed);
                bool off = ComposeModel.Flag(other?["healthcheck"], "disable");
                if (ComposeModel.Text(condition, "condition") == "service_healthy" && other is not null && (off || other["healthcheck"] is null))
                {
                    yield return new LabComposeProblem(
                        off ? Error : Warning, "NoHealthCheck", name,
                        $"waits until '{needed}' is healthy, " + (off ? "whose healthcheck is switched off: the start fails." : "which has no healthcheck in the file: unless its image has one, the start fails."));
                }
            }

            if (oneShots.Contains(name) && ComposeModel.Text(service, "restart") is "always" or "unless-stopped")
            {
                yield return new LabComposeProblem(Error, "OneShotRestarts", name, $"others wait for its end, but restart: {ComposeModel.Text(service, "restart")} starts it again for ever: use on-failure or \"no\".");
            }
        }

        foreach (string kind in new[] { "configs", "secrets" })
        {
            foreach ((string name, JsonObject source) in ComposeModel.Maps(model.Root, kind))
            {
                if (ComposeModel.Text(source, "file") is { } file && !File.Exists(file) && !Directory.Exists(file))
                {
                    yield return new LabComposeProblem(Error, "FileMissing", null, $"the file '{file}' of {kind}.{name} does not exist.");
                }
            }
        }
    }

    private static bool IsLatest(string image) =>
        !image.Contains('@', StringComparison.Ordinal) && (image.EndsWith(":latest", StringComparison.Ordinal) || image.LastIndexOf(':') <= image.LastIndexOf('/'));

    private static IEnumerable<LabComposeProblem> Ports(ComposeModel model, IReadOnlyList<(LabContainerPort Port, string Container)> taken)
    {
        List<(string Service, string Address, int Port, string Protocol)> own = [];
        foreach ((string name, JsonObject service) in model.Services)
        {
            foreach (JsonObject port in ComposeModel.Items(service, "ports"))
            {
                if (!int.TryParse(ComposeModel.Text(port, "published"), CultureInfo.InvariantCulture, out int number) || number == 0)
                {
                    continue;
                }

                (string Service, string Address, int Port, string Protocol) each = (name, ComposeModel.Text(port, "host_ip") ?? "", number, ComposeModel.Text(port, "protocol") ?? "tcp");
                if (own.FirstOrDefault(other => other.Port == number && other.Protocol == each.Protocol && Same(other.Address, each.Address)) is { Service: { } first })
                {
                    yield return new LabComposeProblem(Error, "PortConflict", name, $"port {number}/{each.Protocol} of the host is published by '{first}', too.");
                }

                if (ComposeModel.Scale(service) > 1)
                {
                    yield return new LabComposeProblem(Error, "PortConflict", name, $"{ComposeModel.Scale(service)} containers cannot all publish port {number}: use a range ('{number}-{number + ComposeModel.Scale(service) - 1}:…') or no host port.");
                }

                if (taken.FirstOrDefault(other => other.Port.HostPort == number && other.Port.Protocol == each.Protocol && Same(other.Port.HostAddress, each.Address)) is { Container: { } holder })
                {
                    yield return new LabComposeProblem(Error, "PortTaken", name, $"port {number}/{each.Protocol} of the host is taken by the container '{holder}'.");
                }

                own.Add(each);
            }
        }
    }

    private static bool Same(string? a, string? b) => a is null or "" or "0.0.0.0" or "::" || b is null or "" or "0.0.0.0" or "::" || a == b;

    // Without an engine, the file can be checked all the same.
    private async Task<IReadOnlyList<(LabContainerPort Port, string Container)>> TakenAsync(string project, CancellationToken cancellation)
    {
        try
        {
            List<LabContainer> running = await new ContainerStore(session).ListAsync(new ContainerQuery(), cancellation).ToListAsync(cancellation);
            return [.. running.Where(container => container.Labels.GetValueOrDefault(ComposeStore.ProjectLabel) != project)
                .SelectMany(container => container.Ports.Where(port => port.HostPort is not null).Select(port => (port, container.Name)))];
        }
        catch (LabException e)
        {
            reporter.Verbose($"Ports that other containers hold were not checked: {e.Message}");
            return [];
        }
    }
}
