using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Registries;
using CloudLab.Core.Sessions;
using Version = System.Version;

namespace CloudLab.Core.Containers.Images;

/// <summary>Moves images between a Docker Engine and registries.</summary>
/// <param name="session">Names the engine, and the docker CLI's configuration with the credentials.</param>
/// <param name="reporter">Told of progress.</param>
public sealed partial class ImageTransfers(LabSession session, IReporter reporter)
{
    // A registry may take its time with a large layer, and the engine then has nothing to say.
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);
    private static readonly Version PushesPlatforms = new(1, 46);

    private readonly DockerEngine engine = new(session.Docker);
    private readonly RegistryCredentials credentials = new(session.Docker);

    /// <summary>Fetches an image from its registry.</summary>
    /// <param name="image"><c>[registry/]repository[:tag]</c> or <c>repository@digest</c>.</param>
    /// <param name="platform">Platform to fetch; the engine's own if null.</param>
    /// <param name="cancellation">Stops it; what was fetched so far is used by the next attempt.</param>
    /// <returns>The image. Throws <see cref="LabException"/> that says what the registry or the engine refused.</returns>
    public async Task<LabImage> PullAsync(string image, string? platform, CancellationToken cancellation)
    {
        (string repository, string tag) = ImageName.Parse(image);
        string name = ImageName.Join(repository, tag);
        string query = $"images/create?fromImage={Uri.EscapeDataString(repository)}&tag={Uri.EscapeDataString(tag)}"
            + (platform is null ? "" : "&platform=" + Uri.EscapeDataString(platform));
        await RunAsync(name, query, "Pulling " + name, pull: true, cancellation);
        await foreach (LabImage found in new ImageStore(engine).FindAsync(name, cancellation))
        {
            return found;
        }

        throw new LabException(LabErrorKind.ServiceFailed, "PullFailed", $"The engine says that it pulled '{name}', but does not have it.") { Target = name };
    }

    /// <summary>Sends an image to the registry that its name refers to.</summary>
    /// <param name="image">Name of an image in the engine.</param>
    /// <param name="platform">The one platform to send; all that the engine has if null.</param>
    /// <param name="cancellation">Stops it; layers that were sent need not be sent again.</param>
    /// <returns>What was sent. Throws <see cref="LabException"/> that says what the registry or the engine refused.</returns>
    public async Task<LabImagePush> PushAsync(string image, string? platform, CancellationToken cancellation)
    {
        (string repository, string tag) = ImageName.Parse(image);
        if (ImageName.IsDigest(tag))
        {
            throw new LabException(
                LabErrorKind.InvalidData, "ImageNameInvalid", $"'{image}' cannot be pushed by its digest: give it a name with Add-LabImageTag, and push that.") { Target = image };
        }

        string name = ImageName.Join(repository, tag);
        if (platform is not null && await engine.NegotiateAsync(cancellation) < PushesPlatforms)
        {
            throw new LabException(LabErrorKind.NotSupported, "PlatformPushUnsupported", "This Docker Engine cannot push one platform of an image: it needs version 28 or later.") { StopsCommand = true };
        }

        long start = Stopwatch.GetTimestamp();
        string query = $"images/{Uri.EscapeDataString(repository)}/push?tag={Uri.EscapeDataString(tag)}"
            + (platform is null ? "" : "&platform=" + Uri.EscapeDataString(PlatformName.ToJson(platform)));
        (TransferState state, string? digest) = await RunAsync(name, query, "Pushing " + name, pull: false, cancellation);
        return new LabImagePush
        {
            Image = name,
            Registry = ImageName.Registry(name),
            Digest = digest,
            PushedLayers = state.Count("Pushed"),
            ExistingLayers = state.Count("Layer already exists") + state.Count("Mounted from"),
            PushedSize = state.BytesOf("Pushed"),
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    private async Task<(TransferState State, string? Digest)> RunAsync(string name, string query, string activity, bool pull, CancellationToken cancellation)
    {
        Dictionary<string, string> headers = new()
        {
            ["X-Registry-Auth"] = RegistryLogin.Header(await credentials.FindAsync(ImageName.Registry(name), cancellation)),
        };
        TransferState state = new();
        string? digest = null;
        using ProgressMeter meter = new(reporter, activity);
        await using Timer ticker = new(_ => meter.Note(state.Describe(), state.Fraction), null, 500, 500);
        try
        {
            await foreach (EngineMessage message in engine.MessagesAsync(HttpMethod.Post, query, null, Idle, cancellation, headers))
            {
                state.Take(message);
                digest = (message.Aux is { } aux ? EngineMessage.Text(aux, "Digest") : null)
                    ?? (DigestStatus().Match(message.Status ?? "") is { Success: true } match ? match.Groups["digest"].Value : null)
                    ?? digest;
                if (message is { Id: null, Status: { } status })
                {
                    reporter.Verbose(status);
                }
            }
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound && !pull)
        {
            throw await new ImageStore(engine).NotFoundAsync(name, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage is { } why && e.Kind != LabErrorKind.ConnectionFailed)
        {
            throw !pull && NoSuchTag().IsMatch(why) ? await new ImageStore(engine).NotFoundAsync(name, cancellation) : RegistryFailure.Explain(name, pull, why, e);
        }
        catch (LabException e) when (e.Code is "DockerAnswerBroken" or "DockerEngineSilent")
        {
            throw e.Retold(
                $"The {(pull ? "pull" : "push")} of '{name}' was not completed ({state.Describe()}): {e.Message}",
                pull ? "Pull again: what was fetched is used." : "Push again: layers that the registry has are not sent again.", target: name);
        }

        return (state, digest);
    }

    [GeneratedRegex("^(?:.*: )?[Dd]igest: (?<digest>sha256:[0-9a-f]{64})")]
    private static partial Regex DigestStatus();

    [GeneratedRegex("tag does not exist|does not exist locally|No such image", RegexOptions.IgnoreCase)]
    private static partial Regex NoSuchTag();

    /// <summary>What is known of the layers that are on their way.</summary>
    private sealed class TransferState
    {
        private readonly Lock gate = new();
        private readonly Dictionary<string, (string Status, long Current, long Total)> layers = new(StringComparer.Ordinal);
        private string last = "waiting for the registry";

        public double? Fraction
        {
            get
            {
                lock (gate)
                {
                    long total = layers.Values.Sum(layer => layer.Total);
                    return total > 0 ? (double)layers.Values.Sum(layer => layer.Current) / total : null;
                }
            }
        }

        public void Take(EngineMessage message)
        {
            lock (gate)
            {
                if (message.Id is { } id && message.Status is { } status)
                {
                    (_, long current, long total) = layers.GetValueOrDefault(id);

                    // What is unpacked after it came has a count of its own.
                    layers[id] = status == "Extracting" ? (status, current, total)
                        : message.Total is { } all ? (status, message.Current ?? 0, Math.Max(all, total))
                        : (status, total, total);
                }
                else if (message.Status is { } text)
                {
                    last = text;
                }
            }
        }

        public int Count(string status)
        {
            lock (gate)
            {
                return layers.Values.Count(layer => layer.Status.StartsWith(status, StringComparison.Ordinal));
            }
        }

        public long BytesOf(string status)
        {
            lock (gate)
            {
                return layers.Values.Where(layer => layer.Status.StartsWith(status, StringComparison.Ordinal)).Sum(layer => layer.Total);
            }
        }

        public string Describe()
        {
            lock (gate)
            {
                if (layers.Count == 0)
                {
                    return last;
                }

                long total = layers.Values.Sum(layer => layer.Total), current = layers.Values.Sum(layer => layer.Current);
                int done = layers.Values.Count(layer => layer.Status is "Pushed" or "Pull complete" or "Already exists" or "Layer already exists" or "Download complete");
                return string.Create(
                    CultureInfo.InvariantCulture, $"{done} of {layers.Count} layers{(total > 0 ? $", {ProgressMeter.FormatBytes(current)} of {ProgressMeter.FormatBytes(total)}" : "")}");
            }
        }
    }
}
