using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Builds;

/// <summary>
/// Builds the targets of bake files with <c>docker buildx bake</c>, which alone knows what inheritance, variables, matrices and overrides
/// in them come to.
/// </summary>
/// <param name="session">The session, which names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told of steps, output and progress.</param>
public sealed partial class ImageBaker(LabSession session, IReporter reporter)
{
    private readonly BuildRun run = new(session, reporter);
    private readonly Dictionary<string, BakeTarget> all = new(StringComparer.Ordinal);

    /// <summary>Checks what can be checked without starting anything.</summary>
    /// <param name="options">What to build.</param>
    /// <returns>The same with full paths. Throws <see cref="LabException"/> where the folder or a file is not there.</returns>
    public static ImageBakeOptions Check(ImageBakeOptions options)
    {
        if (!Directory.Exists(options.Folder))
        {
            throw new LabException(
                LabErrorKind.NotFound, "BuildContextNotFound",
                $"There is no folder '{options.Folder}': -Path takes the folder to which the paths in the bake file are relative.") { Target = options.Folder };
        }

        return options with { Files = [.. options.Files.Select(file => Find(file, options))] };
    }

    /// <summary>Finds out what would be built; changes nothing.</summary>
    /// <param name="options">What to build.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The targets, without those that are only needed by others. Throws <see cref="LabException"/> where a file is invalid or has no such target.</returns>
    public async Task<IReadOnlyList<BakeTarget>> PlanAsync(ImageBakeOptions options, CancellationToken cancellation)
    {
        options = Check(options);
        (int exitCode, string output, IReadOnlyList<string> said) = await run.AskAsync(
            [.. Arguments(options, ["--print"]), "--", .. options.Targets], options.Folder, Variables(options), cancellation);
        if (exitCode != 0)
        {
            throw await ExplainAsync(options, said, cancellation);
        }

        JsonNode plan;
        try
        {
            plan = JsonNode.Parse(output)!;
            foreach ((string name, JsonNode? target) in plan["target"] as JsonObject ?? [])
            {
                all[name] = BakeTarget.Read(name, target!.AsObject());
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, "BuildxAnswerInvalid", "docker buildx bake --print wrote something other than targets.", e);
        }

        // A group may hold groups; 'default' is what was asked for.
        List<BakeTarget> chosen = [];
        Add("default", []);
        foreach (BakeTarget target in chosen)
        {
            if (target.Pushes && target.Tags.Count == 0)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "TagMissing",
                    $"The target '{target.Name}' has no tag to be pushed with: give it one in the bake file, or with -Set {target.Name}.tags=registry/repository:tag.")
                {
                    Target = target.Name,
                };
            }

            if (target.Outputs.FirstOrDefault(ImageBuilder.IsBinary) is { } binary)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "OutputInvalid", $"The output '{binary}' of the target '{target.Name}' would write binary data to the pipeline: give it a file.")
                {
                    Target = target.Name,
                };
            }

            foreach (string tag in target.Tags)
            {
                ImageName.Check(tag);
            }
        }

        return chosen;

        void Add(string name, HashSet<string> groups)
        {
            // A group may have the name of a target in it, as 'default' does where a target is called so.
            if (all.TryGetValue(name, out BakeTarget? target) && (plan["group"]?[name] is null || groups.Contains(name)))
            {
                if (!chosen.Contains(target))
                {
                    chosen.Add(target);
                }
            }
            else if (groups.Add(name))
            {
                foreach (JsonNode? member in plan["group"]?[name]?["targets"] as JsonArray ?? [])
                {
                    Add((string)member!, groups);
                }
            }
        }
    }

    /// <summary>Builds targets, all at once as far as they do not need each other.</summary>
    /// <param name="options">What to build.</param>
    /// <param name="targets">The targets, from <see cref="PlanAsync"/>.</param>
    /// <param name="built">Told of each image.</param>
    /// <param name="failed">Told of each target that could not be built, and why; the others are built all the same.</param>
    /// <param name="cancellation">Ends the build and every process of it.</param>
    /// <returns>Done when each had its turn. Throws <see cref="LabException"/> for what concerns all of them.</returns>
    public async Task BakeAsync(
        ImageBakeOptions options, IReadOnlyList<BakeTarget> targets, Func<LabImageBuild, Task> built, Action<string, LabException> failed, CancellationToken cancellation)
    {
        options = Check(options);
        if (targets.Count == 0)
        {
            return;
        }

        BakeTarget[] left = [.. targets];
        await run.CheckEngineAsync(
            options.Builder, left.Any(target => Loads(target, options)), left.Any(target => target.Platforms.Count > 1 && Loads(target, options)), cancellation);
        await CheckPrivilegesAsync(options, left, cancellation);
        while (left.Length > 0)
        {
            HashSet<string> needed = [.. left.SelectMany(target => Needed(target.Name))];
            BuildSecrets secrets = new(
                options.Variables.Concat(needed.SelectMany(name => all[name].Args)).Where(pair => pair.Value is not null), session.Docker.Environment.Get);
            bool several = needed.Count > 1;
            using BuildLog log = new(
                reporter, "Building " + (left.Length == 1 ? left[0].Name : $"{left.Length} targets"), secrets.Hide, several ? needed : null);
            (int exitCode, JsonObject metadata, TimeSpan duration) = await run.RunAsync(
                file => [.. Arguments(options, ["--progress=rawjson", "--metadata-file", file, .. Loaded(left)]), "--", .. left.Select(target => target.Name)],
                "--set", options.Folder, Variables(options), log, secrets.Hide, cancellation);
            if (exitCode == 0)
            {
                foreach (BakeTarget target in left)
                {
                    string? own = several ? target.Name : null;
                    await built(await run.ResultAsync(
                        Built(target, options), log, own, metadata[target.Name] as JsonObject ?? [], own is null ? duration : Took(log, Needed(own)) ?? duration, cancellation));
                }

                return;
            }

            // The first failure ends the others, too: they are built again without it, mostly from the cache.
            string? culprit = BuildFailure.TargetOf(log) ?? (several ? null : left[0].Name);
            LabException problem = new BuildFailure(
                log, (culprit is not null && all.TryGetValue(culprit, out BakeTarget? bad) ? DockerfileOf(bad, options) : null) ?? "Dockerfile", secrets.Hide, culprit)
                .Explain(exitCode);
            BakeTarget[] lost = [.. left.Where(target => culprit is not null && Needed(target.Name).Contains(culprit))];
            if (lost.Length == 0 || problem.StopsCommand)
            {
                throw problem;
            }

            failed(culprit!, problem);
            foreach (BakeTarget target in lost.Where(target => target.Name != culprit))
            {
                failed(target.Name, new LabException(
                    LabErrorKind.InvalidData, "BakeTargetNotBuilt", $"The target '{target.Name}' was not built, because the target '{culprit}' that it needs failed.") { Target = target.Name });
            }

            left = [.. left.Except(lost)];
        }
    }

    /// <summary>The targets and groups of bake files, for completion.</summary>
    /// <param name="options">The files.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Their names; none where the files are invalid.</returns>
    public async Task<IReadOnlyList<string>> NamesAsync(ImageBakeOptions options, CancellationToken cancellation)
    {
        options = Check(options);
        (int exitCode, string output, _) = await run.AskAsync(
            [.. Arguments(options, ["--list", "type=targets,format=json"])], options.Folder, Variables(options), cancellation);
        if (exitCode == 0)
        {
            return [.. JsonNode.Parse(output)!.AsArray().Select(target => (string)target!["name"]!)];
        }

        // An old buildx lists nothing, but prints what it would build by default.
        (exitCode, output, _) = await run.AskAsync([.. Arguments(options, ["--print"])], options.Folder, Variables(options), cancellation);
        return exitCode != 0 ? [] : [.. new[] { "group", "target" }.SelectMany(kind => (JsonNode.Parse(output)![kind] as JsonObject ?? []).Select(pair => pair.Key))];
    }

    private static string Find(string file, ImageBakeOptions options)
    {
        string[] places = [Path.GetFullPath(file, options.WorkingFolder), Path.GetFullPath(file, options.Folder)];
        return Array.Find(places, File.Exists) ?? throw new LabException(
            LabErrorKind.NotFound, "BakeFileNotFound",
            Directory.Exists(places[0])
                ? $"'{places[0]}' is a folder: -Bake takes the bake file, such as docker-bake.hcl."
                : $"There is no bake file '{places[0]}': -Bake takes docker-bake.hcl, docker-bake.json or a compose file.")
        {
            Target = file,
        };
    }

    private static IEnumerable<string> Arguments(ImageBakeOptions options, IEnumerable<string> first)
    {
        List<string> arguments = ["bake", .. first];
        Each("--file", options.Files);
        Each("--set", options.Overrides);
        Each("--allow", options.Allowed);
        Each("--builder", options.Builder is { } builder ? [builder] : []);
        Each("--provenance", options.Provenance is { } provenance ? [ImageBuilder.Provenance(provenance)] : []);
        arguments.AddRange(
            new[] { ("--push", options.Push), ("--load", options.Load), ("--no-cache", options.NoCache), ("--pull", options.Pull) }
                .Where(option => option.Item2).Select(option => option.Item1));
        return arguments;

        void Each(string name, IEnumerable<string> values) => arguments.AddRange(values.SelectMany(value => new[] { name, value }));
    }

    private static bool Loads(BakeTarget target, ImageBakeOptions options) => options.Load || target.Outputs.Count == 0;

    // A builder of its own would keep to itself what has no output.
    private static IEnumerable<string> Loaded(IEnumerable<BakeTarget> targets) => targets
        .Where(target => target.Outputs.Count == 0).SelectMany(target => new[] { "--set", $"{target.Name}.output=type=docker" });

    private static Dictionary<string, string> Variables(ImageBakeOptions options)
    {
        Dictionary<string, string> variables = new(ImageBuilder.Variables);
        foreach ((string name, string? value) in options.Variables)
        {
            if (value is not null)
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static string? ContextOf(BakeTarget target, ImageBakeOptions options) =>
        Path.GetFullPath(target.Context, options.Folder) is var folder && Directory.Exists(folder) ? folder : null;

    private static string? DockerfileOf(BakeTarget target, ImageBakeOptions options) =>
        target.Dockerfile is { } name && ContextOf(target, options) is { } folder ? Path.GetFullPath(name, folder) : null;

    private static ImageBuildOptions Built(BakeTarget target, ImageBakeOptions options) => new()
    {
        ContextPath = ContextOf(target, options) ?? target.Context,
        WorkingFolder = options.Folder,
        Dockerfile = DockerfileOf(target, options),
        Tags = target.Tags,
        Platforms = target.Platforms,
        Target = target.Name,
        Push = target.Pushes,
        Builder = options.Builder,
    };

    private static TimeSpan? Took(BuildLog log, HashSet<string> targets)
    {
        BuildStep[] steps = [.. log.Steps.Where(step => step.Target is { } target && targets.Contains(target))];
        return steps.Max(step => step.Ended) - steps.Min(step => step.Started);
    }

    // With --progress=rawjson buildx grants whatever a bake file asks for, without a word; a check in plain text refuses it and builds nothing.
    private async Task CheckPrivilegesAsync(ImageBakeOptions options, IEnumerable<BakeTarget> targets, CancellationToken cancellation)
    {
        (int exitCode, _, IReadOnlyList<string> said) = await run.AskAsync(
            [.. Arguments(options with { Push = false, Load = false }, ["--call=check", "--progress=plain"]), "--", .. targets.Select(target => target.Name)],
            options.Folder, Variables(options), cancellation);
        if (exitCode != 0 && said.Any(line => line.Contains("additional privileges requested", StringComparison.Ordinal)))
        {
            string[] wanted = [.. said.Where(line => line.StartsWith("Pass ", StringComparison.Ordinal)).SelectMany(line => Privilege().Matches(line)).Select(match => match.Groups["what"].Value)];
            throw new LabException(
                LabErrorKind.AccessDenied, "BakePrivilegesNeeded",
                $"The bake file asks for privileges that were not granted: {string.Join(", ", wanted)}. If you trust it, grant them with -Allow '{string.Join("', '", wanted)}'.")
            {
                Target = options.Files[0],
            };
        }
    }

    private HashSet<string> Needed(string name)
    {
        HashSet<string> needed = [];
        Queue<string> ahead = new([name]);
        while (ahead.TryDequeue(out string? next))
        {
            if (all.TryGetValue(next, out BakeTarget? target) && needed.Add(next))
            {
                foreach (string each in target.Needs)
                {
                    ahead.Enqueue(each);
                }
            }
        }

        return needed;
    }

    private async Task<LabException> ExplainAsync(ImageBakeOptions options, IReadOnlyList<string> said, CancellationToken cancellation)
    {
        string reason = said.LastOrDefault(line => line.StartsWith("ERROR: ", StringComparison.Ordinal))?[7..] ?? said.LastOrDefault() ?? "";
        string file = options.Files[0];
        Match match = UnknownTarget().Match(reason);
        if (match.Success)
        {
            IReadOnlyList<string> names = await NamesAsync(options, cancellation);
            string name = match.Groups["name"].Value;
            return new LabException(
                LabErrorKind.NotFound, "BakeTargetNotFound",
                name == "default"
                    ? $"'{file}' has no target or group 'default': name targets with -Target. It has {string.Join(", ", names)}."
                    : $"'{file}' has no target or group '{name}'.{(names.Count > 0 ? $" It has {string.Join(", ", names)}." : "")}") { Target = name };
        }

        match = Location().Match(reason);
        return match.Success
            ? new LabException(
                LabErrorKind.InvalidData, "BakeFileInvalid",
                string.Create(CultureInfo.InvariantCulture, $"{match.Groups["file"].Value} line {match.Groups["line"].Value}: {match.Groups["why"].Value.TrimEnd('.')}.")) { Target = file }
            : reason.StartsWith("unknown flag", StringComparison.Ordinal)
                ? new LabException(LabErrorKind.NotSupported, "BuildxTooOld", $"This docker buildx is too old: {reason}. Install a later version, or omit the parameter.")
                : reason.Contains("no builder", StringComparison.Ordinal)
                    ? new LabException(LabErrorKind.InvalidArgument, "BuilderNotFound", $"{reason}: 'docker buildx ls' lists the existing builders.")
                    : new LabException(LabErrorKind.InvalidData, "BakeFileInvalid", $"'{file}' cannot be built from: {reason.TrimEnd('.')}.") { Target = file };
    }

    [GeneratedRegex(@"--allow=(?<what>[^""]+?)(?=""| --allow=)")]
    private static partial Regex Privilege();

    [GeneratedRegex(@"failed to find target (?<name>\S+)")]
    private static partial Regex UnknownTarget();

    [GeneratedRegex(@"^(?<file>.+?):(?<line>\d+),[\d,-]+: (?<why>.*)$")]
    private static partial Regex Location();
}
