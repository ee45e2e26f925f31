using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Builds;

/// <summary>What builds from a Dockerfile and from a bake file share: a run of buildx, and what it came to.</summary>
/// <param name="session">The session, which names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told of steps, output and progress.</param>
internal sealed class BuildRun(LabSession session, IReporter reporter)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);

    private readonly DockerConnection connection = session.Docker;
    private readonly DockerEngine engine = new(session.Docker);
    private readonly DockerPlugin buildx = DockerPlugin.Buildx(session.Docker);

    /// <summary>Finds out before anything is built whether the engine is there and keeps what is asked for.</summary>
    /// <param name="builder">Name of the builder; the chosen one if null.</param>
    /// <param name="load">Whether the image goes into the engine.</param>
    /// <param name="several">Whether it has several platforms.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <returns>Done when it is known. Throws <see cref="LabException"/>.</returns>
    public async Task CheckEngineAsync(string? builder, bool load, bool several, CancellationToken cancellation)
    {
        if ((builder ?? connection.SelectedBuilder) is null || load)
        {
            await engine.NegotiateAsync(cancellation);
            if (several && load && !await KeepsPlatformsAsync(cancellation))
            {
                throw BuildFailure.Platforms();
            }
        }
    }

    /// <summary>Runs buildx.</summary>
    /// <param name="arguments">Makes its arguments for a metadata file.</param>
    /// <param name="secretOption">The option whose values may be secrets.</param>
    /// <param name="folder">Current folder.</param>
    /// <param name="variables">Environment variables to set.</param>
    /// <param name="log">Reads what it says.</param>
    /// <param name="hide">Takes secrets out of a text.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its exit code, its metadata, and how long it took.</returns>
    public async Task<(int ExitCode, JsonObject Metadata, TimeSpan Duration)> RunAsync(
        Func<string, string[]> arguments, string secretOption, string folder, IReadOnlyDictionary<string, string> variables, BuildLog log, Func<string, string> hide,
        CancellationToken cancellation)
    {
        string metadataFile = Path.Combine(Path.GetTempPath(), $"cloudlab-build-{Guid.NewGuid():N}.json");
        try
        {
            string[] given = arguments(metadataFile);
            reporter.Verbose("docker buildx " + string.Join(' ', Shown(given, secretOption)));
            long start = Stopwatch.GetTimestamp();
            await using Timer ticker = new(_ => log.ShowProgress(), null, ProgressInterval, ProgressInterval);
            int exitCode = await buildx.RunAsync(given, folder, variables, line => reporter.Verbose(hide(line)), log.Read, cancellation);
            TimeSpan duration = Stopwatch.GetElapsedTime(start);
            return (exitCode, exitCode == 0 ? await ReadMetadataAsync(metadataFile, cancellation) : [], duration);
        }
        finally
        {
            File.Delete(metadataFile);
        }
    }

    /// <summary>Asks buildx something that it answers at once.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Current folder.</param>
    /// <param name="variables">Environment variables to set.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its exit code, its output and the lines of its error output.</returns>
    public async Task<(int ExitCode, string Output, IReadOnlyList<string> Said)> AskAsync(
        string[] arguments, string folder, IReadOnlyDictionary<string, string> variables, CancellationToken cancellation)
    {
        List<string> lines = [], said = [];
        int exitCode = await buildx.RunAsync(arguments, folder, variables, lines.Add, said.Add, cancellation);
        return (exitCode, string.Join('\n', lines), said);
    }

    /// <summary>What a build came to.</summary>
    /// <param name="options">What was built.</param>
    /// <param name="log">What buildx said.</param>
    /// <param name="target">The target that the steps in the log are told apart by; null where all are its own.</param>
    /// <param name="metadata">What buildx wrote about it.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="cancellation">Ends the questions to the engine and the registry.</param>
    /// <returns>The image.</returns>
    public async Task<LabImageBuild> ResultAsync(
        ImageBuildOptions options, BuildLog log, string? target, JsonObject metadata, TimeSpan duration, CancellationToken cancellation)
    {
        string? digest = (string?)metadata["containerimage.digest"];
        (IReadOnlyList<LabImagePlatform> platforms, bool loaded) = await PlatformsAsync(
            options, digest, (string?)metadata["containerimage.config.digest"], cancellation);
        BuildStep[] steps = [.. log.StepsOf(target).Where(step => step.IsInstruction)];
        return new LabImageBuild
        {
            Image = options.Tags.Count > 0 && digest is not null ? options.Tags[0] : digest,
            Tags = options.Tags,
            Digest = digest,
            Platforms = platforms,
            Duration = duration,
            StepCount = steps.Length,
            CachedSteps = steps.Count(step => step.Cached),
            Warnings = [.. log.WarningsOf(target)],
            Pushed = options.Push,
            Loaded = loaded,
            Target = options.Target,
            ContextPath = options.ContextPath,
            Dockerfile = options.Dockerfile,
            Steps = [.. steps.Select(step => new LabBuildStep(step.Instruction, log.PlatformOf(step), step.Stage, step.Number, step.Duration, step.Cached))],
            Attestations = loaded ? await AttestationsAsync(options.Tags.Count > 0 ? options.Tags[0] : digest!, cancellation) : [],
            BuildReference = (string?)metadata["buildx.build.ref"],
        };
    }

    // A build argument may be a secret, so only its name is shown.
    private static IEnumerable<string> Shown(string[] arguments, string secretOption)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            bool value = i > 0 && arguments[i - 1] == secretOption;
            int equals = arguments[i].IndexOf('=', StringComparison.Ordinal);
            string shown = value && equals >= 0 ? arguments[i][..(equals + 1)] + BuildSecrets.Hidden : arguments[i];
            yield return shown.Contains(' ', StringComparison.Ordinal) ? $"\"{shown}\"" : shown;
        }
    }

    private static async Task<JsonObject> ReadMetadataAsync(string file, CancellationToken cancellation)
    {
        try
        {
            return JsonNode.Parse(await File.ReadAllTextAsync(file, cancellation)) as JsonObject ?? [];
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            // Old versions write no file for outputs that make no image.
            return [];
        }
    }

    // Only the containerd image store keeps several platforms of one image.
    private async Task<bool> KeepsPlatformsAsync(CancellationToken cancellation)
    {
        SystemInfoResponse info = await engine.AskAsync("info", (client, limited) => client.System.GetSystemInfoAsync(limited), cancellation);
        return (info.DriverStatus ?? []).Any(pair => pair is ["driver-type", "io.containerd.snapshotter.v1"]);
    }

    private async Task<IReadOnlyList<string>> AttestationsAsync(string image, CancellationToken cancellation)
    {
        List<string> digests = [];
        await foreach (LabImagePlatform platform in new ImageStore(engine).PlatformsAsync(image, cancellation))
        {
            digests.AddRange(platform.Attestations ?? []);
        }

        return digests;
    }

    private async Task<(IReadOnlyList<LabImagePlatform> Platforms, bool Loaded)> PlatformsAsync(
        ImageBuildOptions options, string? digest, string? config, CancellationToken cancellation)
    {
        IReadOnlyList<LabImagePlatform> asked = [.. options.Platforms.Select(name => new LabImagePlatform(name, null, 0, false))];
        if (digest is null)
        {
            return (asked, false);
        }

        try
        {
            await foreach (LabImage image in new ImageStore(engine).FindAsync(options.Tags.Count > 0 ? options.Tags[0] : digest, cancellation))
            {
                if (image.Id == digest || image.Id == config)
                {
                    return (image.Platforms, true);
                }
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.ConnectionFailed)
        {
            // A builder of its own leaves nothing in the engine, and may even do without one.
        }

        if (options.Push)
        {
            List<string> lines = [];
            int exitCode = await buildx.RunAsync(
                ["imagetools", "inspect", "--raw", .. options.Builder is { } builder ? new[] { "--builder", builder } : [], options.Tags[0]],
                options.WorkingFolder, ImageBuilder.Variables, lines.Add, reporter.Verbose, cancellation);
            if (exitCode == 0 && ImageIndexes.Read(string.Concat(lines)) is { Count: > 0 } pushed)
            {
                return (pushed, false);
            }
        }

        return (asked, false);
    }
}
