using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Builds;

/// <summary>
/// Builds images with <c>docker buildx</c> itself: it alone speaks all of BuildKit (secrets, registry logins, several
/// platforms, caches). What it says is read as data.
/// </summary>
/// <param name="session">The session, which names the engine and the docker CLI's configuration.</param>
/// <param name="reporter">Told of steps, output and progress.</param>
public sealed class ImageBuilder(LabSession session, IReporter reporter)
{
    /// <summary>What buildx is not to do.</summary>
    internal static readonly Dictionary<string, string> Variables = new()
    {
        ["BUILDX_METADATA_PROVENANCE"] = "disabled",
        ["BUILDX_METADATA_WARNINGS"] = "0",
        ["DOCKER_CLI_HINTS"] = "false",
    };

    /// <summary>Checks what can be checked without starting anything.</summary>
    /// <param name="options">What to build.</param>
    /// <returns>
    /// The same with full paths and platform names in their usual form. Throws <see cref="LabException"/> where the
    /// context, the Dockerfile, a name or a platform cannot be.
    /// </returns>
    public static ImageBuildOptions Check(ImageBuildOptions options)
    {
        if (!Directory.Exists(options.ContextPath))
        {
            throw new LabException(
                LabErrorKind.NotFound, "BuildContextNotFound",
                File.Exists(options.ContextPath)
                    ? $"'{options.ContextPath}' is a file: -Path takes the folder of the build context, -Dockerfile the file."
                    : $"There is no folder '{options.ContextPath}': -Path takes the folder of the build context.") { Target = options.ContextPath };
        }

        foreach (string tag in options.Tags)
        {
            ImageName.Check(tag);
        }

        if (options.BuildArgs.Keys.Concat(options.Labels.Keys).FirstOrDefault(name => name.Length == 0 || name.Contains('=', StringComparison.Ordinal)) is { } bad)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NameInvalid", $"'{bad}' cannot be the name of a build argument or a label: a name is not empty and has no '='.");
        }

        if (options.Push && options.Tags.Count == 0)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "TagMissing", "-Push needs the name of an image: give -Tag registry/repository:tag.");
        }

        if (options.Outputs.FirstOrDefault(IsBinary) is { } output)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "OutputInvalid", $"The output '{output}' would write binary data to the pipeline: give it a file, such as type=oci,dest=image.tar.");
        }

        return options with
        {
            Dockerfile = options.DockerfileText is null ? FindDockerfile(options) : null,
            Platforms = [.. options.Platforms.Select(PlatformName.Parse).Distinct(StringComparer.Ordinal)],
            Load = options.Load || (!options.Push && options.Outputs.Count == 0),
        };
    }

    /// <summary>Builds an image.</summary>
    /// <param name="options">What to build.</param>
    /// <param name="cancellation">Ends the build and every process of it.</param>
    /// <returns>What it came to. Throws <see cref="LabException"/> that names the failing step, its line and its output.</returns>
    public async Task<LabImageBuild> BuildAsync(ImageBuildOptions options, CancellationToken cancellation)
    {
        options = Check(options);
        BuildRun run = new(session, reporter);
        await run.CheckEngineAsync(options.Builder, options.Load, options.Platforms.Count > 1, cancellation);
        BuildSecrets secrets = new(options.BuildArgs, session.Docker.Environment.Get);
        string? textFile = options.DockerfileText is { } text ? await WriteTextAsync(text, cancellation) : null;
        options = options with { Dockerfile = textFile ?? options.Dockerfile };
        try
        {
            using BuildLog log = new(reporter, "Building " + (options.Tags.Count > 0 ? options.Tags[0] : options.ContextPath), secrets.Hide);
            (int exitCode, JsonObject metadata, TimeSpan duration) = await run.RunAsync(
                file => [.. Arguments(options, file)], "--build-arg", options.WorkingFolder, Variables, log, secrets.Hide, cancellation);
            return exitCode == 0
                ? await run.ResultAsync(options with { Dockerfile = textFile is null ? options.Dockerfile : null }, log, null, metadata, duration, cancellation)
                : throw new BuildFailure(log, options.Dockerfile!, secrets.Hide).Explain(exitCode);
        }
        finally
        {
            if (textFile is not null)
            {
                Directory.Delete(Path.GetDirectoryName(textFile)!, recursive: true);
            }
        }
    }

    /// <summary>Whether an output would come out as binary data.</summary>
    /// <param name="output">An output of buildx: <c>type=tar,dest=-</c>.</param>
    /// <returns>True for standard output.</returns>
    internal static bool IsBinary(string output) => output == "-" || output.Split(',').Contains("dest=-");

    /// <summary>How much provenance is asked for, in buildx's words.</summary>
    /// <param name="level"><c>min</c>, <c>max</c>, or anything that buildx knows.</param>
    /// <returns><c>mode=max</c>.</returns>
    internal static string Provenance(string level) => level is "min" or "max" ? "mode=" + level : level;

    /// <summary>Writes a Dockerfile that is text into a folder of its own: under the name that messages shall show, and where no .dockerignore of the context is lost.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Full path of the file, whose folder the caller removes.</returns>
    internal static async Task<string> WriteTextAsync(string text, CancellationToken cancellation)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("cloudlab-build-").FullName, "Dockerfile");
        await File.WriteAllTextAsync(file, text, cancellation);
        return file;
    }

    private static string FindDockerfile(ImageBuildOptions options)
    {
        if (options.Dockerfile == "-")
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DockerfileInvalid", "A Dockerfile cannot be read from standard input: save it and give its path.");
        }

        string[] places = options.Dockerfile is { } given
            ? [Path.GetFullPath(given, options.WorkingFolder), Path.GetFullPath(given, options.ContextPath)]
            : [Path.Combine(options.ContextPath, "Dockerfile")];
        if (Array.Find(places, File.Exists) is { } found)
        {
            return found;
        }

        string[] others =
        [
            .. Directory.EnumerateFiles(options.ContextPath).Select(file => Path.GetFileName(file)!)
                .Where(name => name.Contains("dockerfile", StringComparison.OrdinalIgnoreCase) || name.Contains("containerfile", StringComparison.OrdinalIgnoreCase))
                .Where(name => name != "Dockerfile" || options.Dockerfile is null)
                .Where(name => !name.EndsWith(".dockerignore", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).Take(3),
        ];
        string hint = others.Length > 0 ? $" The build context has {string.Join(", ", others)}: name it with -Dockerfile." : " Name it with -Dockerfile if it is elsewhere.";
        throw new LabException(
            LabErrorKind.NotFound, "DockerfileNotFound",
            $"There is no Dockerfile '{places[0]}'.{hint}") { Target = places[0] };
    }

    private static IEnumerable<string> Arguments(ImageBuildOptions options, string metadataFile)
    {
        List<string> arguments = ["build", "--progress=rawjson", "--metadata-file", metadataFile, "--file", options.Dockerfile!];
        Each("--tag", options.Tags);
        Each("--platform", options.Platforms.Count > 0 ? [string.Join(',', options.Platforms)] : []);
        Each("--build-arg", options.BuildArgs.Select(Pair));
        Each("--label", options.Labels.Select(Pair));
        Each("--secret", options.Secrets);
        Each("--ssh", options.Ssh);
        Each("--attest", options.Attestations);
        Each("--target", options.Target is { } target ? [target] : []);
        Each("--builder", options.Builder is { } builder ? [builder] : []);
        Each("--output", options.Outputs);
        Each("--cache-from", options.CacheFrom);
        Each("--cache-to", options.CacheTo);
        Switch("--push", options.Push);
        Switch("--load", options.Load);
        Switch("--no-cache", options.NoCache);
        Switch("--pull", options.Pull);
        if (options.Provenance is { } provenance)
        {
            arguments.Add("--provenance=" + Provenance(provenance));
        }

        arguments.Add(options.ContextPath);
        return arguments;

        void Each(string name, IEnumerable<string> values)
        {
            foreach (string value in values)
            {
                arguments.Add(name);
                arguments.Add(value);
            }
        }

        void Switch(string name, bool on)
        {
            if (on)
            {
                arguments.Add(name);
            }
        }

        static string Pair(KeyValuePair<string, string?> pair) => pair.Value is null ? pair.Key : $"{pair.Key}={pair.Value}";
    }
}
