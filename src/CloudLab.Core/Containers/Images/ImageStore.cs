using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
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
            throw new LabException(
                LabErrorKind.NotFound, "ImageNotFound",
                $"There is no image '{image}' in the Docker Engine: Get-LabImage lists the existing images.") { Target = image };
        }
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
        IList<ImagesListResponse> images = await engine.AskAsync(Path, (client, limited) => client.Images.ListImagesAsync(parameters, limited), cancellation);
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
