using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Registries;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Layers;

/// <summary>Looks inside images: what their layers contain.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Told of progress.</param>
public sealed partial class ImageInspector(LabSession session, IReporter reporter)
{
    private const int Concurrency = 8;

    private readonly ImageStore store = new(session);
    private readonly ImageFiles files = new(session, reporter);

    /// <summary>Reads the layers of an image.</summary>
    /// <param name="image">Name, id or digest.</param>
    /// <param name="platform">The platform; the engine's own if null, or else the first that the engine has.</param>
    /// <param name="all">Whether instructions that made no layer are returned, too.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The layers from the bottom up.</returns>
    public async Task<IReadOnlyList<LabImageLayer>> LayersAsync(string image, string? platform, bool all, CancellationToken cancellation)
    {
        (string name, string id, ArchivedImage content) = await ReadAsync(image, platform, hash: false, cancellation);
        string[] diffIds = DiffIds(content);
        IReadOnlyDictionary<string, string[]> sharing = diffIds.Length == 0
            ? new Dictionary<string, string[]>()
            : await SharingAsync(id, content.Platform, [.. diffIds], cancellation);
        return Describe(name, content, diffIds, sharing, all);
    }

    /// <summary>Reads the layers of an image in a registry, without pulling it.</summary>
    /// <param name="image"><c>[registry/]repository[:tag][@digest]</c>.</param>
    /// <param name="platform">The platform; Linux on this machine's architecture if null, or else the first that the image has.</param>
    /// <param name="all">Whether instructions that made no layer are returned, too.</param>
    /// <param name="options">How the registry is talked to.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The layers from the bottom up.</returns>
    public async Task<IReadOnlyList<LabImageLayer>> LayersAsync(string image, string? platform, bool all, RegistryOptions options, CancellationToken cancellation)
    {
        string own = PlatformName.Parse(RuntimeInformation.OSArchitecture is Architecture.X64 ? "amd64" : RuntimeInformation.OSArchitecture is Architecture.X86 ? "386" : $"{RuntimeInformation.OSArchitecture}");
        using RegistryImages registry = new(session, reporter, options);
        (string name, ArchivedImage content) = await registry.ReadAsync(image, platform, own, hash: false, cancellation);
        return Describe(name, content, DiffIds(content), new Dictionary<string, string[]>(), all);
    }

    /// <summary>Compares two images: their configuration and their files.</summary>
    /// <param name="reference">Name, id or digest of the first.</param>
    /// <param name="difference">Name, id or digest of the second.</param>
    /// <param name="platform">The platform of both; the engine's own if null.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>What differs: configuration first, then files by path.</returns>
    public async Task<IReadOnlyList<LabImageDifference>> CompareAsync(string reference, string difference, string? platform, CancellationToken cancellation)
    {
        (_, _, ArchivedImage left) = await ReadAsync(reference, platform, hash: true, cancellation);
        (_, _, ArchivedImage right) = await ReadAsync(difference, platform, hash: true, cancellation);
        Dictionary<string, string> leftConfig = Settings(left), rightConfig = Settings(right);
        List<LabImageDifference> found = [];
        foreach (string name in leftConfig.Keys.Union(rightConfig.Keys).Order(StringComparer.Ordinal))
        {
            (string? a, string? b) = (leftConfig.GetValueOrDefault(name), rightConfig.GetValueOrDefault(name));
            if (a != b)
            {
                found.Add(new LabImageDifference { Kind = ImageDifferenceKind.Config, Name = name, ReferenceValue = a, DifferenceValue = b });
            }
        }

        Dictionary<string, LayerEntry> leftFiles = FilesOf(left), rightFiles = FilesOf(right);
        foreach (string path in leftFiles.Keys.Union(rightFiles.Keys).Order(StringComparer.Ordinal))
        {
            (LayerEntry? a, LayerEntry? b) = (leftFiles.GetValueOrDefault(path), rightFiles.GetValueOrDefault(path));
            if (a is null || b is null || !a.IsSame(b))
            {
                (string? shownA, string? shownB) = (Describe(a, b), Describe(b, a));
                found.Add(new LabImageDifference
                {
                    Kind = ImageDifferenceKind.File, Name = path, ReferenceValue = shownA, DifferenceValue = shownB, SizeChange = (b?.Size ?? 0) - (a?.Size ?? 0),
                });
            }
        }

        return found;
    }

    private static string[] DiffIds(ArchivedImage content) => [.. (content.Config["rootfs"]?["diff_ids"] as JsonArray ?? []).Select(diff => $"{diff}")];

    private static IReadOnlyList<LabImageLayer> Describe(
        string name, ArchivedImage content, string[] diffIds, IReadOnlyDictionary<string, string[]> sharing, bool all)
    {
        ImageFileTree tree = new();
        IReadOnlyList<LabImageFile>[] changes = [.. content.Layers.Select(layer => tree.Add(layer.Content))];

        List<LabImageLayer> layers = [];
        int number = 0;
        foreach (JsonObject? step in History(content.Config, content.Layers.Count))
        {
            bool empty = step?["empty_layer"]?.GetValueKind() == System.Text.Json.JsonValueKind.True;
            if (empty && !all)
            {
                continue;
            }

            string? diffId = empty ? null : diffIds.ElementAtOrDefault(number);
            LayerContent? layer = empty ? null : content.Layers[number].Content;
            layers.Add(new LabImageLayer
            {
                Image = name,
                Platform = content.Platform,
                Number = empty ? 0 : number + 1,
                Instruction = Instruction(StrictJson.Text(step, "created_by")),
                Digest = empty ? null : content.Layers[number].Digest ?? diffId,
                DiffId = diffId,
                Size = layer?.Entries.Sum(entry => entry.Size) ?? 0,
                StoredSize = layer?.StoredSize ?? 0,
                WastedSize = empty ? 0 : tree.Wasted[number],
                Created = StrictJson.Time(step, "created"),
                SharedWith = diffId is not null && sharing.TryGetValue(diffId, out string[]? others) ? others : [],
                Files = empty ? [] : changes[number],
            });
            number += empty ? 0 : 1;
        }

        return layers;
    }

    private static Dictionary<string, LayerEntry> FilesOf(ArchivedImage image)
    {
        ImageFileTree tree = new();
        foreach ((_, LayerContent content) in image.Layers)
        {
            tree.Add(content);
        }

        return tree.Files();
    }

    // Kind, permissions and size, and whatever else tells the two apart.
    private static string? Describe(LayerEntry? entry, LayerEntry? other)
    {
        if (entry is null)
        {
            return null;
        }

        string text = entry.Kind switch
        {
            ImageFileKind.File => string.Create(CultureInfo.InvariantCulture, $"{entry.ModeText} {entry.Size} bytes"),
            ImageFileKind.Directory => $"{entry.ModeText} directory",
            ImageFileKind.SymbolicLink => $"link to {entry.LinkTarget}",
            ImageFileKind.HardLink => $"hard link to {entry.LinkTarget}",
            _ => $"{entry.ModeText} device",
        };
        text += other is not null && entry.Owner != other.Owner ? $" owner {entry.Owner.User}:{entry.Owner.Group}" : "";
        return other is not null && entry.Hash != other.Hash && entry.Hash is { Length: > 0 } hash ? $"{text} sha256:{hash[..12]}" : text;
    }

    private static Dictionary<string, string> Settings(ArchivedImage image)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["Platform"] = image.Platform };
        foreach ((string name, JsonNode? value) in image.Config["config"] as JsonObject ?? [])
        {
            switch (value)
            {
                case null:
                    break;
                case JsonArray list when name == "Env":
                    foreach (string variable in list.Select(item => $"{item}"))
                    {
                        int equals = variable.IndexOf('=', StringComparison.Ordinal);
                        settings["Env " + (equals < 0 ? variable : variable[..equals])] = equals < 0 ? "" : variable[(equals + 1)..];
                    }

                    break;
                case JsonObject map when name == "Labels":
                    foreach ((string label, JsonNode? text) in map)
                    {
                        settings["Label " + label] = $"{text}";
                    }

                    break;
                case JsonObject map when name is "ExposedPorts" or "Volumes":
                    settings[name] = string.Join(", ", map.Select(item => item.Key).Order(StringComparer.Ordinal));
                    break;
                default:
                    settings[name] = value.ToJsonString();
                    break;
            }
        }

        return settings;
    }

    // Some tools write no history.
    private static IEnumerable<JsonObject?> History(JsonObject config, int layers)
    {
        JsonObject[] history = [.. (config["history"] as JsonArray ?? []).OfType<JsonObject>()];
        int made = history.Count(step => step["empty_layer"]?.GetValueKind() != System.Text.Json.JsonValueKind.True);
        return made == layers ? history : Enumerable.Repeat<JsonObject?>(null, layers);
    }

    // "RUN |1 A=b /bin/sh -c make # buildkit", "/bin/sh -c #(nop)  CMD [...]": back to what stands in the Dockerfile.
    private static string? Instruction(string? created)
    {
        if (created is null)
        {
            return null;
        }

        string text = Comment().Replace(created, "").Trim();
        if (NoOperation().Match(text) is { Success: true } nop)
        {
            return text[nop.Length..].Trim();
        }

        Match arguments = Arguments().Match(text);
        if (arguments.Success)
        {
            // The values of build arguments stand before the command, as many as the number says.
            int shell = text.IndexOf("/bin/sh -c ", StringComparison.Ordinal);
            string rest = text[arguments.Length..];
            text = "RUN " + (shell >= 0 ? text[shell..] : string.Join(' ', rest.Split(' ').Skip(int.Parse(arguments.Groups["count"].ValueSpan, CultureInfo.InvariantCulture))));
        }

        return text.StartsWith("/bin/sh -c ", StringComparison.Ordinal) ? "RUN " + text["/bin/sh -c ".Length..].Trim()
            : text.StartsWith("RUN /bin/sh -c ", StringComparison.Ordinal) ? "RUN " + text["RUN /bin/sh -c ".Length..].Trim()
            : text;
    }

    [GeneratedRegex(@"\s+# buildkit$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^/bin/sh -c #\(nop\)\s+")]
    private static partial Regex NoOperation();

    [GeneratedRegex(@"^(?:RUN )?\|(?<count>\d+) ")]
    private static partial Regex Arguments();

    private async Task<(string Name, string Id, ArchivedImage Content)> ReadAsync(string image, string? platform, bool hash, CancellationToken cancellation)
    {
        LabImage? found = null;
        await foreach (LabImage each in store.FindAsync(image, cancellation))
        {
            found = found is null || each.Tag == "latest" ? each : found;
        }

        string[] available = [.. found!.Platforms.Where(p => p.Available).Select(p => p.Platform)];
        string chosen = platform ?? await store.OwnPlatformAsync(available, cancellation);
        if (available.Length > 0 && !available.Contains(chosen))
        {
            throw new LabException(
                LabErrorKind.NotFound, "PlatformNotFound",
                $"The engine does not have '{found.Image}' for {chosen}, only for {string.Join(", ", available)}: Receive-LabImage -Platform {chosen} fetches it from a registry.") { Target = image };
        }

        using ProgressMeter meter = new(reporter, $"Reading {found.Image}");
        meter.Expect(0, found.Platforms.FirstOrDefault(p => p.Platform == chosen)?.Size ?? 0);
        await using EngineStream stream = await files.OpenAsync([found.Image], await store.ChoosesPlatformsAsync(cancellation) && available.Length > 0 ? chosen : null, cancellation);
        ArchivedImage[] images = [.. (await ImageArchive.ReadAsync(stream, hash, meter.AddBytes, cancellation)).Images()];
        return (found.Image, found.Id, Array.Find(images, content => content.Platform == chosen) ?? images[0]);
    }

    private async Task<IReadOnlyDictionary<string, string[]>> SharingAsync(string id, string platform, HashSet<string> diffIds, CancellationToken cancellation)
    {
        ConcurrentDictionary<string, ConcurrentBag<string>> sharing = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            (await store.SummariesAsync(cancellation)).Where(other => other.Id != id),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation },
            async (other, token) =>
            {
                foreach (string diffId in (await store.LayersOfAsync(other.Id, platform, token)).Where(diffIds.Contains))
                {
                    sharing.GetOrAdd(diffId, _ => []).Add(other.Name);
                }
            });
        return sharing.ToDictionary(pair => pair.Key, pair => pair.Value.Distinct().Order(StringComparer.Ordinal).ToArray());
    }
}
