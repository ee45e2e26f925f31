using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;
using Version = System.Version;

namespace CloudLab.Core.Containers.Images;

/// <summary>The images in a session's Docker Engine.</summary>
public sealed class ImageStore
{
    private static readonly Version KnowsManifests = new(1, 48);
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);
    private static readonly Version InspectsPlatforms = new(1, 49);
    private static readonly Version RemovesPlatforms = new(1, 50);

    private readonly DockerEngine engine;

    /// <summary>The images of a session's engine.</summary>
    /// <param name="session">The session.</param>
    public ImageStore(LabSession session)
        : this(new DockerEngine(session.Docker))
    {
    }

    internal ImageStore(DockerEngine engine) => this.engine = engine;

    /// <summary>Lists images, each name apart, the newest first.</summary>
    /// <param name="matches">Chooses by name; null for all, those without a name too.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The images.</returns>
    public IAsyncEnumerable<LabImage> ListAsync(Predicate<string>? matches, CancellationToken cancellation) =>
        ListAsync(filters: null, matches, cancellation);

    /// <summary>Names of the images that begin with a text, without what takes longer to find out.</summary>
    /// <param name="start">How the name begins; empty for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Names with tags.</returns>
    public async IAsyncEnumerable<string> NamesAsync(string start, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // The engine works out the size of each image it lists, so it is asked for as few as possible. A star of its
        // patterns ends at a slash.
        Filters filters = new() { ["dangling"] = new Dictionary<string, bool> { ["false"] = true } };
        if (start.Length > 0 && start.AsSpan().IndexOfAny(['*', '?', '[', '\\']) < 0)
        {
            filters["reference"] = new Dictionary<string, bool> { [start + "*"] = true, [start + "*/*"] = true, [start + "*/*/*"] = true, [start + "*/*/*/*"] = true };
        }

        foreach (ImagesListResponse image in await SummariesAsync(new() { Filters = filters }, cancellation))
        {
            foreach (string name in NamesOf(image).Where(name => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
            {
                yield return name;
            }
        }
    }

    /// <summary>A name without its tag.</summary>
    /// <param name="name">A name that the engine gave.</param>
    /// <returns>The repository.</returns>
    public static string RepositoryOf(string name) => ImageName.Split(name).Repository;

    /// <summary>The registry that a name refers to.</summary>
    /// <param name="name">Name of an image.</param>
    /// <returns><c>127.0.0.1:5000</c>, or <c>docker.io</c>.</returns>
    public static string RegistryOf(string name) => ImageName.Registry(name);

    /// <summary>Checks a name that an image shall be given.</summary>
    /// <param name="name"><c>[registry/]repository[:tag]</c>. Throws <see cref="LabException"/> (<c>TagInvalid</c>).</param>
    public static void CheckName(string name) => ImageName.Check(name);

    /// <summary>Finds an image by name (without a tag: all its tags), by digest, or by id or its beginning.</summary>
    /// <param name="image">The name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>One image or several. Throws <see cref="LabException"/> (<c>ImageNotFound</c>) where there is none.</returns>
    public async IAsyncEnumerable<LabImage> FindAsync(string image, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string name = ImageName.Familiar(image);
        bool found = false;
        if (!name.Contains('@', StringComparison.Ordinal))
        {
            Filters filters = new() { ["reference"] = new Dictionary<string, bool> { [name] = true } };
            string? tag = ImageName.Split(name).Tag;
            await foreach (LabImage each in ListAsync(filters, n => tag is null ? ImageName.Split(n).Repository == name : n == name, cancellation))
            {
                found = true;
                yield return each;
            }
        }

        if (!found && (name.Contains('@', StringComparison.Ordinal) || ImageName.MayBeId(name)))
        {
            if (await InspectAsync(name, cancellation) is { } inspected)
            {
                found = true;
                DateTime created = inspected.Created ?? DateTime.UnixEpoch;
                long size = inspected.Manifests is { } all ? all.Sum(m => m.Size?.Total ?? 0) : inspected.Size;
                foreach (string each in inspected.RepoTags is { Count: > 0 } tags ? tags : [inspected.ID])
                {
                    yield return ToImage(each, inspected.ID, inspected.RepoDigests, created, size, Platforms(inspected), inspected.Config?.Labels);
                }
            }
        }

        if (!found)
        {
            throw await NotFoundAsync(image, cancellation);
        }
    }

    /// <summary>Gives an image a further name.</summary>
    /// <param name="image">Name, id or digest.</param>
    /// <param name="name"><c>[registry/]repository[:tag]</c>. An image that has it loses it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The name, with its tag.</returns>
    public async Task<string> TagAsync(string image, string name, CancellationToken cancellation)
    {
        (string repository, string? tag) = ImageName.Split(ImageName.Check(name));
        tag ??= "latest";
        try
        {
            await using EngineStream answer = await engine.OpenAsync(
                HttpMethod.Post, $"images/{Uri.EscapeDataString(image)}/tag?repo={Uri.EscapeDataString(repository)}&tag={Uri.EscapeDataString(tag)}", null, Patience, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await NotFoundAsync(image, cancellation);
        }

        return $"{repository}:{tag}";
    }

    /// <summary>Removes a name of an image, and with its last name the image itself.</summary>
    /// <param name="image">Name, id or digest.</param>
    /// <param name="platforms">Only these platforms; the whole image if empty.</param>
    /// <param name="force">Whether an image goes that has several names or that a container which does not run was made from.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The names and ids that are gone. Throws <see cref="LabException"/>: <c>ImageNotFound</c>, <c>ImageInUse</c>.</returns>
    public async Task<IReadOnlyList<string>> RemoveAsync(string image, IReadOnlyList<string> platforms, bool force, CancellationToken cancellation)
    {
        if (platforms.Count > 0 && await engine.NegotiateAsync(cancellation) < RemovesPlatforms)
        {
            throw new LabException(
                LabErrorKind.NotSupported, "PlatformRemovalUnsupported", "This Docker Engine cannot remove one platform of an image: it needs version 28 with the containerd image store.") { StopsCommand = true };
        }

        if (platforms.Count > 0 && !force && await SharersAsync(image, platforms, cancellation) is { Count: > 0 } sharers)
        {
            throw new LabException(
                LabErrorKind.Conflict, "ImageLayersShared",
                $"The engine would remove layers of '{image}' for {string.Join(", ", platforms)} that {SomeOf.Names(sharers, 5)} would then lack.")
            {
                Target = image, Advice = "Remove the whole image, which keeps what others need; or use -Force, and pull or build the others again.",
            };
        }

        // The engine asks for force with every platform, since it does not look who else has the layers.
        string query = string.Join(
            '&', platforms.Select(platform => "platforms=" + Uri.EscapeDataString(PlatformName.ToJson(platform))).Prepend(force || platforms.Count > 0 ? "force=1" : "force=0"));
        try
        {
            JsonElement gone = await engine.JsonAsync(HttpMethod.Delete, $"images/{Uri.EscapeDataString(image)}?{query}", cancellation);
            return [.. gone.EnumerateArray().Select(item => EngineMessage.Text(item, "Untagged") ?? EngineMessage.Text(item, "Deleted") ?? "")];
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw platforms.Count > 0 && e.ServiceMessage?.Contains("platform", StringComparison.OrdinalIgnoreCase) == true
                ? new LabException(LabErrorKind.NotFound, "PlatformNotFound", $"The image '{image}' does not have {string.Join(", ", platforms)}: Get-LabImagePlatform shows what it has.", e) { Target = image }
                : await NotFoundAsync(image, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Conflict)
        {
            throw await InUseAsync(image, e, cancellation);
        }
    }

    /// <summary>The platforms of an image with what the configuration of each says.</summary>
    /// <param name="image">Name, id or digest.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The platforms. Those that the engine does not have are known by name alone.</returns>
    public async IAsyncEnumerable<LabImagePlatform> PlatformsAsync(string image, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string familiar = ImageName.Familiar(image);
        ImageInspectResponse whole = await InspectAsync(familiar, cancellation) ?? throw await NotFoundAsync(image, cancellation);
        bool each = await engine.NegotiateAsync(cancellation) >= InspectsPlatforms && whole.Manifests is not null;
        ILookup<string?, string> attestations = (whole.Manifests ?? []).Where(m => m.Kind == "attestation").ToLookup(m => m.AttestationData?.For, m => m.Descriptor.Digest);
        foreach (LabImagePlatform platform in Platforms(whole))
        {
            JsonElement? details = !each ? null
                : platform.Available ? await InspectPlatformAsync(familiar, platform.Platform, cancellation) : null;
            DockerOCIImageConfig? own = each ? null : whole.Config;
            JsonElement? config = details is { } found && found.TryGetProperty("Config", out JsonElement given) && given.ValueKind == JsonValueKind.Object ? given : null;
            yield return platform with
            {
                Image = image,
                Created = each ? details is { } d && EngineMessage.Text(d, "Created") is { } time && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset at) ? at : null
                    : whole.Created is { } created ? new DateTimeOffset(created.ToUniversalTime()) : null,
                LayerCount = each ? details is { } r && r.TryGetProperty("RootFS", out JsonElement root) && root.TryGetProperty("Layers", out JsonElement layers) ? layers.GetArrayLength() : details is null ? null : 0
                    : whole.RootFS is null ? null : whole.RootFS.Layers?.Count ?? 0,
                Command = config is { } c ? new TextList<string>([.. Texts(c, "Entrypoint"), .. Texts(c, "Cmd")]) : own is null ? null : new TextList<string>([.. own.Entrypoint ?? [], .. own.Cmd ?? []]),
                User = config is { } u ? EngineMessage.Text(u, "User") : own?.User,
                WorkingDirectory = config is { } w ? EngineMessage.Text(w, "WorkingDir") : own?.WorkingDir,
                Environment = config is { } e ? new TextList<string>([.. Texts(e, "Env")]) : own is null ? null : new TextList<string>([.. own.Env ?? []]),
                ExposedPorts = config is { } p ? new TextList<string>([.. p.TryGetProperty("ExposedPorts", out JsonElement ports) && ports.ValueKind == JsonValueKind.Object ? ports.EnumerateObject().Select(port => port.Name) : []])
                    : own is null ? null : new TextList<string>([.. (own.ExposedPorts ?? new Dictionary<string, EmptyStruct>()).Keys]),
                Attestations = new TextList<string>([.. attestations[platform.Digest]]),
            };
        }

        static IEnumerable<string> Texts(JsonElement from, string name) =>
            from.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(item => $"{item}") : [];
    }

    /// <summary>Finds the images that nobody needs. The engine's own prune cannot say what it would remove.</summary>
    /// <param name="clearing">Which images.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The images that no container uses, the oldest first, with what each frees.</returns>
    public async Task<IReadOnlyList<LabImageRemoval>> FindUnusedAsync(ImageClearing clearing, CancellationToken cancellation)
    {
        bool manifests = await engine.NegotiateAsync(cancellation) >= KnowsManifests;
        IList<ImagesListResponse> images = await SummariesAsync(new() { SharedSize = true, Manifests = manifests }, cancellation);
        IList<ContainerListResponse> containers = await engine.AskAsync(
            "containers/json", (client, limited) => client.Containers.ListContainersAsync(new() { All = true }, limited), cancellation);

        // A container may name its image by the digest of one platform.
        HashSet<string> used = [.. containers.SelectMany(container => new[] { container.ImageID, container.Image, ImageName.Familiar(container.Image) })];
        bool IsUsed(ImagesListResponse image) => used.Contains(image.ID)
            || NamesOf(image).Any(used.Contains)
            || (image.Manifests ?? []).Any(m => used.Contains(m.Descriptor.Digest) || m.ImageData?.Containers is { Count: > 0 });

        DateTime before = clearing.OlderThan is { } age ? DateTime.UtcNow - age : DateTime.MaxValue;
        bool Fits(ImagesListResponse image) => !IsUsed(image) && image.Created.ToUniversalTime() < before && EngineLabels.Match(image.Labels, clearing.Labels);

        List<(ImagesListResponse Image, string Name)> victims = [];
        if (clearing.Matches is null)
        {
            victims.AddRange(images.Where(image => NamesOf(image).Length == 0 && Fits(image)).Select(image => (image, image.ID)));
        }

        if (clearing.Named)
        {
            // What stays of a repository is counted before anything else is asked, or a label would decide what is new.
            victims.AddRange(images.SelectMany(image => NamesOf(image).Select(name => (Image: image, Name: name)))
                .Where(row => clearing.Matches?.Invoke(row.Name) ?? true)
                .GroupBy(row => RepositoryOf(row.Name))
                .SelectMany(rows => rows.OrderByDescending(row => row.Image.Created).ThenByDescending(row => row.Name, StringComparer.Ordinal).Skip(clearing.Keep))
                .Where(row => Fits(row.Image)));
        }

        // An image goes with its last name, for which the size is shown.
        HashSet<string> names = [.. victims.Select(row => row.Name)];
        ImagesListResponse[] removed = [.. victims.Select(row => row.Image).DistinctBy(image => image.ID).Where(image => NamesOf(image).All(names.Contains)).OrderBy(image => image.Created)];
        IReadOnlyDictionary<string, long> sizes = await new ReclaimableSizes(LayersOfAsync).OfAsync(
            removed, [.. images.ExceptBy(removed.Select(image => image.ID), image => image.ID)], cancellation);
        HashSet<string> counted = [];
        return
        [
            .. victims.OrderBy(row => row.Image.Created).ThenBy(row => row.Name, StringComparer.Ordinal).Select(row => new LabImageRemoval
            {
                Image = row.Name,
                Id = row.Image.ID,
                Created = new DateTimeOffset(row.Image.Created.ToUniversalTime()),
                Size = counted.Add(row.Image.ID) ? sizes.GetValueOrDefault(row.Image.ID) : 0,
            }),
        ];
    }

    /// <summary>Makes an image from a container.</summary>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="name">Name of the image, or null.</param>
    /// <param name="options">What the image tells about itself.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The image.</returns>
    public async Task<LabImage> CommitAsync(string container, string? name, CommitOptions options, CancellationToken cancellation)
    {
        (string? repository, string? tag) = name is null ? (null, null) : ImageName.Split(ImageName.Check(name));
        CommitContainerChangesParameters parameters = new()
        {
            ContainerID = container, RepositoryName = repository, Tag = repository is null ? null : tag ?? "latest", Comment = options.Message, Author = options.Author,
            Changes = [.. options.Changes], Pause = options.Pause,
        };
        CommitContainerChangesResponse made;
        try
        {
            made = await engine.AskAsync("commit", (client, limited) => client.Images.CommitContainerChangesAsync(parameters, limited), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw await new ContainerStore(engine).NotFoundAsync(container, cancellation, e);
        }

        await foreach (LabImage image in FindAsync(name is null ? made.ID : $"{repository}:{tag ?? "latest"}", cancellation))
        {
            return image;
        }

        throw await NotFoundAsync(made.ID, cancellation);
    }

    /// <summary>The platform that is meant where none is named.</summary>
    /// <param name="available">The platforms that there are.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The engine's own where it is among them, else the first.</returns>
    internal async Task<string> OwnPlatformAsync(IReadOnlyList<string> available, CancellationToken cancellation)
    {
        if (available.Count == 1)
        {
            return available[0];
        }

        SystemInfoResponse info = await engine.AskAsync("info", (client, limited) => client.System.GetSystemInfoAsync(limited), cancellation);
        string own = PlatformName.Parse($"{info.OSType}/{info.Architecture}");
        return available.Count == 0 || available.Contains(own) ? own : available[0];
    }

    /// <summary>Whether the engine can hand out one platform of an image.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True from API 1.48 on.</returns>
    internal async Task<bool> ChoosesPlatformsAsync(CancellationToken cancellation) => await engine.NegotiateAsync(cancellation) >= KnowsManifests;

    /// <summary>All images, each once.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Ids, a name of each, and their sizes.</returns>
    internal async Task<IReadOnlyList<(string Id, string Name, long Size)>> SummariesAsync(CancellationToken cancellation) =>
        [.. (await SummariesAsync(new(), cancellation)).Select(image => (image.ID, NamesOf(image).FirstOrDefault() ?? image.ID, image.Size))];

    /// <summary>The layers of an image.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="platform">The platform.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Digests of their uncompressed content; none where the image is gone or not for this platform.</returns>
    internal async Task<IReadOnlyList<string>> LayersOfAsync(string id, string platform, CancellationToken cancellation)
    {
        if (platform.Length > 0 && await engine.NegotiateAsync(cancellation) >= InspectsPlatforms)
        {
            return await InspectPlatformAsync(id, platform, cancellation) is { } details
                && details.TryGetProperty("RootFS", out JsonElement root) && root.TryGetProperty("Layers", out JsonElement layers) && layers.ValueKind == JsonValueKind.Array
                ? [.. layers.EnumerateArray().Select(layer => $"{layer}")]
                : [];
        }

        return (await InspectAsync(id, cancellation))?.RootFS?.Layers is { } all ? [.. all] : [];
    }

    /// <summary>The error for an image that does not exist.</summary>
    /// <param name="image">What was asked for.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>An error that names similar images.</returns>
    internal async Task<LabException> NotFoundAsync(string image, CancellationToken cancellation)
    {
        List<string> names = await NamesAsync("", cancellation).ToListAsync(cancellation);

        // A tag that does not exist is more often wrong than the repository.
        (string repository, _) = ImageName.Split(ImageName.Familiar(image));
        string[] tags = [.. names.Where(name => ImageName.Split(name).Repository == repository).Take(3)];
        string near = tags.Length > 0 ? $" Existing tags: {string.Join(", ", tags)}." : NearestNames.Say(image, names);
        return new LabException(
            LabErrorKind.NotFound, "ImageNotFound", $"There is no image '{image}' in the Docker Engine: Get-LabImage lists the existing images.{near}") { Target = image };
    }

    // Engines before version 25 name what has no name.
    private static string[] NamesOf(ImagesListResponse image) => [.. (image.RepoTags ?? []).Where(name => name != "<none>:<none>")];

    private static string? DigestOf(string repository, IList<string>? digests) =>
        (digests ?? []).FirstOrDefault(d => d.StartsWith(repository + "@", StringComparison.Ordinal)) is { } found
            ? found[(repository.Length + 1)..]
            : null;

    private static LabImage ToImage(
        string name, string id, IList<string>? digests, DateTime created, long size, IReadOnlyList<LabImagePlatform> platforms, IDictionary<string, string>? labels)
    {
        bool named = name != id;
        (string repository, string? tag) = ImageName.Split(name);
        return new LabImage
        {
            Image = name,
            Repository = named ? repository : null,
            Tag = named ? tag : null,
            Id = id,
            Digest = DigestOf(repository, digests),
            Created = new DateTimeOffset(created.ToUniversalTime()),
            Size = size,
            Platforms = platforms,
            Labels = labels is null ? NoLabels : new Dictionary<string, string>(labels),
        };
    }

    // Without the containerd image store an image has one platform, which only its details tell.
    private static IReadOnlyList<LabImagePlatform> Platforms(ImageInspectResponse image) => image.Manifests is { } manifests
        ? Platforms(manifests)
        : [new LabImagePlatform(PlatformName.Join(image.Os, image.Architecture, image.Variant), null, image.Size, true)];

    private static IReadOnlyList<LabImagePlatform> Platforms(IList<ManifestSummary> manifests) =>
    [
        .. manifests.Where(m => m.Kind == "image").Select(m => new LabImagePlatform(
            (m.ImageData?.Platform ?? m.Descriptor.Platform) is { } p ? PlatformName.Join(p.OS, p.Architecture, p.Variant) : "unknown",
            m.Descriptor.Digest, m.Size?.Total ?? 0, m.Available)),
    ];

    // Null where the image or the platform is not there.
    private async Task<JsonElement?> InspectPlatformAsync(string name, string platform, CancellationToken cancellation)
    {
        try
        {
            return await engine.JsonAsync(
                HttpMethod.Get, $"images/{Uri.EscapeDataString(name)}/json?platform={Uri.EscapeDataString(PlatformName.ToJson(platform))}", cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    // The removal of one platform deletes its layers whoever else has them (seen with Docker Engine 28.5).
    private async Task<IReadOnlyList<string>> SharersAsync(string image, IReadOnlyList<string> platforms, CancellationToken cancellation)
    {
        ImageInspectResponse whole = await InspectAsync(ImageName.Familiar(image), cancellation) ?? throw await NotFoundAsync(image, cancellation);
        HashSet<string> layers = [];
        foreach (string platform in platforms)
        {
            layers.UnionWith(await LayersOfAsync(whole.ID, platform, cancellation));
        }

        ConcurrentBag<string> sharers = [];
        IEnumerable<(string Id, string Name, string Platform)> others = (await SummariesAsync(new() { Manifests = true }, cancellation))
            .SelectMany(other => Platforms(other.Manifests ?? []).Where(platform => platform.Available && !(other.ID == whole.ID && platforms.Contains(platform.Platform)))
                .Select(platform => (other.ID, NamesOf(other).FirstOrDefault() ?? other.ID, platform.Platform)));
        await Parallel.ForEachAsync(others, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (other, token) =>
        {
            if ((await LayersOfAsync(other.Id, other.Platform, token)).Any(layers.Contains))
            {
                sharers.Add(other.Id == whole.ID ? $"{other.Platform} of the same image" : other.Name);
            }
        });
        return [.. sharers.Distinct().Order(StringComparer.Ordinal)];
    }

    private async Task<LabException> InUseAsync(string image, LabException conflict, CancellationToken cancellation)
    {
        IList<ContainerListResponse> all = await engine.AskAsync(
            "containers/json", (client, limited) => client.Containers.ListContainersAsync(new() { All = true }, limited), cancellation);
        string[] users =
        [
            .. all.Where(container => conflict.ServiceMessage?.Contains(container.ID[..12], StringComparison.Ordinal) == true)
                .Select(container => $"{container.Names.FirstOrDefault()?.TrimStart('/') ?? container.ID[..12]} ({container.State})"),
        ];
        bool names = conflict.ServiceMessage?.Contains("multiple repositories", StringComparison.Ordinal) == true;
        return new LabException(
            LabErrorKind.Conflict, "ImageInUse",
            users.Length > 0 ? $"The image '{image}' is in use by the container {string.Join(", ", users)}."
                : names ? $"The image '{image}' has several names: remove them one by one, or all of them with -Force."
                : $"The image '{image}' cannot be removed: {conflict.ServiceMessage?.TrimEnd('.')}.",
            conflict)
        {
            Target = image,
            Advice = users.Length > 0 ? "Remove the container first; an image whose containers do not run can be removed with -Force." : null,
        };
    }

    private async Task<ImageInspectResponse?> InspectAsync(string name, CancellationToken cancellation)
    {
        try
        {
            // The package puts the name into the path as it is.
            return await engine.AskAsync($"images/{name}/json", (client, limited) => client.Images.InspectImageAsync(Uri.EscapeDataString(name), limited), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<IList<ImagesListResponse>> SummariesAsync(ImagesListParameters parameters, CancellationToken cancellation)
    {
        const string Path = "images/json";
        IList<ImagesListResponse> images = await DockerEngine.WholeAsync(() =>
            engine.AskAsync(Path, (client, limited) => client.Images.ListImagesAsync(parameters, limited), cancellation));
        return images.All(image => image?.ID is { Length: > 0 }) ? images : throw engine.Unreadable(Path, null);
    }

    private async IAsyncEnumerable<LabImage> ListAsync(
        Filters? filters, Predicate<string>? matches, [EnumeratorCancellation] CancellationToken cancellation)
    {
        bool manifests = await engine.NegotiateAsync(cancellation) >= KnowsManifests;
        foreach (ImagesListResponse image in await SummariesAsync(new() { Filters = filters, Manifests = manifests }, cancellation))
        {
            string[] names = NamesOf(image);
            string[] wanted = matches is null ? names.Length > 0 ? names : [image.ID] : Array.FindAll(names, matches);
            if (wanted.Length == 0)
            {
                continue;
            }

            IReadOnlyList<LabImagePlatform> platforms =
                image.Manifests is { } known ? Platforms(known)
                : await InspectAsync(image.ID, cancellation) is { } inspected ? Platforms(inspected)
                : [];
            foreach (string name in wanted)
            {
                yield return ToImage(name, image.ID, image.RepoDigests, image.Created, image.Size, platforms, image.Labels);
            }
        }
    }

    /// <summary>Filters as the API takes them: values under each name of a filter.</summary>
    private sealed class Filters : Dictionary<string, IDictionary<string, bool>>;
}

/// <summary>What an image that is made from a container tells about itself.</summary>
/// <param name="Message">What was changed, or null.</param>
/// <param name="Author">Who made it, or null.</param>
/// <param name="Changes">Instructions of a Dockerfile to apply: <c>CMD ["/app"]</c>.</param>
/// <param name="Pause">Whether the container stands still meanwhile.</param>
public sealed record CommitOptions(string? Message, string? Author, IReadOnlyList<string> Changes, bool Pause);
