using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Builds;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Builders;

/// <summary>The buildx builders of a user.</summary>
/// <param name="session">Names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told what buildx says.</param>
public sealed class BuilderStore(LabSession session, IReporter reporter)
{
    private readonly Lazy<DockerPlugin> buildx = new(() => DockerPlugin.Buildx(session.Docker));

    /// <summary>Lists the builders.</summary>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>The builders, those of docker contexts too.</returns>
    public async Task<IReadOnlyList<LabBuilder>> ListAsync(CancellationToken cancellation)
    {
        (int exitCode, List<string> lines, string problem) = await RunAsync(["ls", "--format", "json"], cancellation);
        if (exitCode != 0)
        {
            throw problem.Contains("unknown flag", StringComparison.Ordinal)
                ? new LabException(LabErrorKind.NotSupported, "BuildxTooOld", "This docker buildx is too old and lacks 'ls --format json': install version 0.13 or later.") { StopsCommand = true }
                : Failed("list builders", problem);
        }

        try
        {
            JsonObject[] builders = [.. lines.Where(line => line.StartsWith('{')).Select(line => (JsonObject)JsonNode.Parse(line)!)];

            // buildx 0.13 does not say which one is chosen, and writes a builder once more for each of its nodes.
            string? current = builders.Any(builder => builder.ContainsKey("Current")) ? null
                : (await RunAsync(["inspect"], cancellation)).Lines.FirstOrDefault(line => line.StartsWith("Name:", StringComparison.Ordinal))?[5..].Trim();
            return [.. builders.DistinctBy(builder => StrictJson.Text(builder, "Name")).Select(builder => Read(builder, current))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, "BuildxAnswerInvalid", "docker buildx ls wrote something other than JSON objects: install a current version.", e);
        }
    }

    /// <summary>Finds a builder.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>The builder. Throws <see cref="LabException"/> (<c>BuilderNotFound</c>), with similar names.</returns>
    public async Task<LabBuilder> FindAsync(string name, CancellationToken cancellation)
    {
        IReadOnlyList<LabBuilder> all = await ListAsync(cancellation);
        return all.FirstOrDefault(builder => builder.Name == name) ?? throw NotFound(name, all.Select(builder => builder.Name));
    }

    /// <summary>Makes a builder.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="cancellation">Ends buildx; a builder that is not complete is removed.</param>
    /// <returns>The builder.</returns>
    public async Task<LabBuilder> CreateAsync(BuilderOptions options, CancellationToken cancellation)
    {
        List<string> arguments = ["create", "--name", options.Name, "--driver", options.Driver];
        Add("--platform", options.Platforms.Count > 0 ? string.Join(',', options.Platforms) : null);
        Add("--buildkitd-config", options.ConfigFile);
        Add("--buildkitd-flags", options.Flags);
        foreach ((string name, string value) in options.DriverOptions)
        {
            // buildx reads each option as a line of CSV.
            arguments.AddRange(["--driver-opt", $"\"{name}={value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""]);
        }

        if (options.Endpoint is { } endpoint)
        {
            arguments.Add(endpoint);
        }

        (int exitCode, _, string problem) = await RunAsync(arguments, cancellation);
        if (exitCode != 0)
        {
            throw problem.Contains("existing instance", StringComparison.Ordinal)
                ? new LabException(LabErrorKind.AlreadyExists, "BuilderExists", $"There is a builder '{options.Name}' already: use another name, or remove it with Remove-LabBuilder.") { Target = options.Name }
                : Failed($"create the builder '{options.Name}'", problem);
        }

        bool complete = false;
        try
        {
            if (options.Start)
            {
                await StartAsync(options.Name, cancellation);
            }

            if (options.Use)
            {
                await UseAsync(options.Name, cancellation);
            }

            complete = true;
        }
        finally
        {
            if (!complete)
            {
                await RunAsync(["rm", "--force", options.Name], CancellationToken.None);
            }
        }

        return await FindAsync(options.Name, cancellation);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                arguments.AddRange([name, value]);
            }
        }
    }

    /// <summary>Makes a builder the one that builds use.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>When done.</returns>
    public async Task UseAsync(string name, CancellationToken cancellation)
    {
        (int exitCode, _, string problem) = await RunAsync(["use", name], cancellation);
        if (exitCode != 0)
        {
            throw await ExplainAsync(name, $"use the builder '{name}'", problem, cancellation);
        }
    }

    /// <summary>Removes a builder.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="keepState">Whether its cache stays for a builder of the same name.</param>
    /// <param name="force">Whether one that cannot be reached is removed all the same.</param>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>When done.</returns>
    public async Task RemoveAsync(string name, bool keepState, bool force, CancellationToken cancellation)
    {
        (int exitCode, _, string problem) = await RunAsync(
            ["rm", .. keepState ? ["--keep-state"] : Array.Empty<string>(), .. force ? ["--force"] : Array.Empty<string>(), name], cancellation);
        if (exitCode != 0)
        {
            throw problem.Contains("context builder cannot be removed", StringComparison.Ordinal)
                ? new LabException(
                    LabErrorKind.Conflict, "BuilderOfContext",
                    $"'{name}' is the builder of the docker context '{name}', which exists as long as the context does.") { Target = name }
                : await ExplainAsync(name, $"remove the builder '{name}'", problem, cancellation);
        }
    }

    private static LabBuilder Read(JsonObject builder, string? current)
    {
        JsonObject[] nodes = [.. (builder["Nodes"] as JsonArray ?? []).OfType<JsonObject>()];
        string? problem = StrictJson.Text(builder, "Err") ?? nodes.Select(node => StrictJson.Text(node, "Err")).FirstOrDefault(err => err is not null);
        LabBuilderNode[] read =
        [
            .. nodes.Where(node => StrictJson.Text(node, "Name") is not null).Select(node => new LabBuilderNode(
                StrictJson.Text(node, "Name")!, StrictJson.Text(node, "Endpoint") ?? "",
                StrictJson.Text(node, "Status") ?? (StrictJson.Text(node, "Err") is null ? "inactive" : "error"),
                StrictJson.Text(node, "Version"),
                new TextList<string>([.. (node["Platforms"] as JsonArray ?? []).Select(platform => $"{platform}")]))),
        ];
        return new LabBuilder
        {
            Name = StrictJson.Text(builder, "Name") ?? "",
            // Without an engine buildx does not say it.
            Driver = StrictJson.Text(builder, "Driver") ?? "docker",
            IsCurrent = builder["Current"]?.GetValueKind() == JsonValueKind.True || (current is not null && StrictJson.Text(builder, "Name") == current),
            Status = problem is not null ? "error" : read.Select(node => node.Status).Distinct().ToArray() is [var one] ? one : string.Join(", ", read.Select(node => node.Status).Distinct()),
            Platforms = [.. read.SelectMany(node => node.Platforms).Distinct()],
            Nodes = read,
            LastActivity = StrictJson.Time(builder, "LastActivity") is { Year: > 1 } last ? last : null,
            Problem = problem,
        };
    }

    private static LabException NotFound(string name, IEnumerable<string> names) => new(
        LabErrorKind.NotFound, "BuilderNotFound", $"There is no builder '{name}': Get-LabBuilder lists the existing builders.{NearestNames.Say(name, names)}") { Target = name };

    private static LabException Failed(string what, string problem) => new(
        LabErrorKind.ServiceFailed, "BuildxFailed", $"docker buildx could not {what}: {(problem.Length > 0 ? problem.TrimEnd('.') : "it gave no reason")}.");

    private async Task<LabException> ExplainAsync(string name, string what, string problem, CancellationToken cancellation) =>
        problem.Contains("no builder", StringComparison.Ordinal) || problem.Contains("failed to find instance", StringComparison.Ordinal)
            ? NotFound(name, (await ListAsync(cancellation)).Select(builder => builder.Name))
            : Failed(what, problem);

    // Pulls BuildKit's image, which takes a while, and starts it.
    private async Task StartAsync(string name, CancellationToken cancellation)
    {
        (int exitCode, _, string problem) = await RunAsync(["inspect", "--bootstrap", name], cancellation);
        if (exitCode != 0)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "BuilderCannotStart",
                $"The builder '{name}' cannot start: {problem.TrimEnd('.')}. It was removed again.")
            {
                Target = name,
                Advice = "A docker-container builder runs the image moby/buildkit, which the engine must be able to pull. Another image is given with -DriverOption @{ image = 'registry/buildkit' }; "
                    + "without -Start the builder is created and starts with its first build.",
            };
        }
    }

    private async Task<(int ExitCode, List<string> Lines, string Problem)> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        List<string> lines = [], errors = [];
        reporter.Verbose("docker buildx " + string.Join(' ', arguments));
        using ProgressMeter meter = new(reporter, "docker buildx " + arguments[0]);
        string last = "waiting";
        await using Timer ticker = new(_ => meter.Note(last), null, 500, 500);
        int exitCode = await buildx.Value.RunAsync(arguments, Environment.CurrentDirectory, ImageBuilder.Variables, lines.Add, line =>
        {
            last = line;
            errors.Add(line);
            reporter.Verbose(line);
        }, cancellation);
        string problem = errors.LastOrDefault(line => line.StartsWith("ERROR: ", StringComparison.Ordinal) && line != "ERROR: failed to remove one or more builders")?[7..]
            ?? errors.LastOrDefault(line => line.Length > 0 && !line.StartsWith("ERROR: ", StringComparison.Ordinal)) ?? "";
        return (exitCode, lines, problem);
    }
}

/// <summary>What a new builder shall be.</summary>
public sealed record BuilderOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What runs BuildKit.</summary>
    public string Driver { get; init; } = "docker-container";

    /// <summary>Context, engine or BuildKit address; the session's engine if null.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Platforms that it shall build for besides those that it finds out.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Options of the driver.</summary>
    public IReadOnlyDictionary<string, string> DriverOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>buildkitd.toml, or null.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Flags of buildkitd, or null.</summary>
    public string? Flags { get; init; }

    /// <summary>Whether builds shall use it from now on.</summary>
    public bool Use { get; init; }

    /// <summary>Whether to start it at once.</summary>
    public bool Start { get; init; }
}
