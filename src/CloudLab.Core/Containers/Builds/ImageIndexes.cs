using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Builds;

/// <summary>Indexes of images in registries, which only <c>docker buildx imagetools</c> can put together.</summary>
/// <param name="session">Names the docker CLI's configuration.</param>
/// <param name="reporter">Told what buildx says.</param>
public sealed class ImageIndexes(LabSession session, IReporter reporter)
{
    private readonly Lazy<DockerPlugin> buildx = new(() => DockerPlugin.Buildx(session.Docker));

    /// <summary>Puts images of several platforms together.</summary>
    /// <param name="names">Names of the index.</param>
    /// <param name="images">The images, in a registry.</param>
    /// <param name="annotations">Annotations: <c>index:org.opencontainers.image.source=https://example.org</c>.</param>
    /// <param name="append">Whether what the index has already stays.</param>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>The index.</returns>
    public async Task<LabImageIndex> CreateAsync(
        IReadOnlyList<string> names, IReadOnlyList<string> images, IReadOnlyList<string> annotations, bool append, CancellationToken cancellation)
    {
        foreach (string name in names)
        {
            ImageName.Check(name);
        }

        foreach (string image in images)
        {
            ImageName.Parse(image);
        }

        List<string> arguments = ["imagetools", "create", "--progress=plain"];
        arguments.AddRange(names.SelectMany(name => new[] { "--tag", name }));
        arguments.AddRange(annotations.SelectMany(annotation => new[] { "--annotation", annotation }));
        if (append)
        {
            arguments.Add("--append");
        }

        arguments.AddRange(images);
        (int exitCode, _, string problem) = await RunAsync(arguments, cancellation);
        if (exitCode != 0)
        {
            // The image that is the reason stands in the message.
            string image = images.FirstOrDefault(each => problem.Contains(each, StringComparison.Ordinal)) ?? names[0];
            throw RegistryFailure.Explain(image, pull: image != names[0], problem);
        }

        return await FindAsync(names[0], cancellation);
    }

    /// <summary>Reads an index from a registry.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Ends buildx.</param>
    /// <returns>The index.</returns>
    public async Task<LabImageIndex> FindAsync(string name, CancellationToken cancellation)
    {
        (int exitCode, string text, string problem) = await RunAsync(["imagetools", "inspect", "--raw", name], cancellation);
        if (exitCode != 0)
        {
            throw RegistryFailure.Explain(name, pull: true, problem);
        }

        return new LabImageIndex
        {
            Image = name, Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), Platforms = [.. Read(text)],
        };
    }

    /// <summary>The platforms of an index.</summary>
    /// <param name="json">The index.</param>
    /// <returns>The platforms without attestations; none where it is no index.</returns>
    internal static IReadOnlyList<LabImagePlatform> Read(string json)
    {
        try
        {
            return
            [
                .. (JsonNode.Parse(json)?["manifests"] as JsonArray ?? [])
                    .Select(m => (Digest: (string?)m?["digest"], Platform: m?["platform"]))
                    .Where(m => m.Platform is not null && (string?)m.Platform["os"] != "unknown")
                    .Select(m => new LabImagePlatform(
                        PlatformName.Join((string?)m.Platform!["os"], (string?)m.Platform["architecture"], (string?)m.Platform["variant"]), m.Digest, 0, false)),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new LabException(LabErrorKind.ServiceFailed, "BuildxAnswerInvalid", "docker buildx imagetools wrote something other than an image index.", e);
        }
    }

    private async Task<(int ExitCode, string Output, string Problem)> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        List<string> lines = [], errors = [];
        reporter.Verbose("docker buildx " + string.Join(' ', arguments));
        using ProgressMeter meter = new(reporter, "docker buildx imagetools");
        await using Timer ticker = new(_ => meter.Note("talking to the registry"), null, 500, 500);
        int exitCode = await buildx.Value.RunAsync(
            arguments, Environment.CurrentDirectory, ImageBuilder.Variables, lines.Add, line =>
            {
                errors.Add(line);
                reporter.Verbose(line);
            }, cancellation);

        // The digest is that of the text as it is, which ends without a line end.
        return (exitCode, string.Join('\n', lines), errors.LastOrDefault(line => line.StartsWith("ERROR: ", StringComparison.Ordinal))?[7..] ?? errors.LastOrDefault() ?? "");
    }
}
