using System.Runtime.CompilerServices;
using System.Text.Json;
using CloudLab.Core.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers;

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
    /// <returns>The images, as the engine's answer comes in.</returns>
    public IAsyncEnumerable<LabImage> ListAsync(Predicate<string>? matches, CancellationToken cancellation) =>
        ListAsync("", matches, cancellation);

    /// <summary>Names of the images that begin with a text, without what takes longer to find out.</summary>
    /// <param name="start">How the name begins; empty for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Names with tags.</returns>
    public async IAsyncEnumerable<string> NamesAsync(string start, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // The engine works out the size of each image it lists, so it is asked for as few as possible. A star of its
        // patterns ends at a slash.
        string filters = start.AsSpan().IndexOfAny('*', '?', '[') < 0 && !start.Contains('\\', StringComparison.Ordinal) && start.Length > 0
            ? $$""","reference":["{{Escape(start)}}*","{{Escape(start)}}*/*","{{Escape(start)}}*/*/*","{{Escape(start)}}*/*/*/*"]"""
            : "";
        string query = Uri.EscapeDataString("{\"dangling\":[\"false\"]" + filters + "}");
        await foreach (ImageSummary image in engine.GetAllAsync<ImageSummary>("images/json?filters=" + query, cancellation))
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
            string filters = Uri.EscapeDataString($$"""{"reference":["{{Escape(name)}}"]}""");
            string? tag = ImageName.Split(name).Tag;
            await foreach (LabImage each in ListAsync($"&filters={filters}", n => tag is null ? ImageName.Split(n).Repository == name : n == name, cancellation))
            {
                found = true;
                yield return each;
            }
        }

        if (!found && (name.Contains('@', StringComparison.Ordinal) || ImageName.MayBeId(name)))
        {
            if (await InspectAsync(name, cancellation) is { } inspected)
            {
                string[] names = inspected.RepoTags is { Length: > 0 } tags ? tags : [inspected.Id];
                foreach (string each in names)
                {
                    found = true;
                    yield return ToImage(each, inspected);
                }
            }
        }

        if (!found)
        {
            throw new LabException(
                LabErrorKind.NotFound, "ImageNotFound",
                $"There is no image '{image}' in the Docker Engine: Get-LabImage lists those there are.") { Target = image };
        }
    }

    // Engines before version 25 name what has no name.
    private static string[] NamesOf(ImageSummary image) => [.. (image.RepoTags ?? []).Where(name => name != "<none>:<none>")];

    private static string Escape(string text) => JsonEncodedText.Encode(text).ToString();

    private static string? DigestOf(string repository, string[]? digests) =>
        (digests ?? []).FirstOrDefault(d => d.StartsWith(repository + "@", StringComparison.Ordinal)) is { } found
            ? found[(repository.Length + 1)..]
            : null;

    private static IReadOnlyList<LabImagePlatform> ToPlatforms(ImageManifest[] manifests) =>
    [
        .. manifests.Where(m => m.Kind == "image").Select(m => new LabImagePlatform(
            (m.ImageData?.Platform ?? m.Descriptor.Platform)?.Name ?? "unknown", m.Descriptor.Digest, m.Size?.Total ?? 0, m.Available)),
    ];

    private static LabImage ToImage(string name, ImageInspection image)
    {
        bool named = name != image.Id;
        (string repository, string? tag) = ImageName.Split(name);
        return new LabImage
        {
            Image = name,
            Repository = named ? repository : null,
            Tag = named ? tag : null,
            Id = image.Id,
            Digest = DigestOf(repository, image.RepoDigests),
            Created = image.Created ?? DateTimeOffset.UnixEpoch,
            Size = image.Manifests is { } all ? all.Sum(m => m.Size?.Total ?? 0) : image.Size,
            Platforms = Platforms(image),
            Labels = image.Config?.Labels ?? NoLabels,
        };
    }

    // Without the containerd image store an image has one platform, which only its details tell.
    private static IReadOnlyList<LabImagePlatform> Platforms(ImageInspection image) => image.Manifests is { } manifests
        ? ToPlatforms(manifests)
        : [new LabImagePlatform(PlatformName.Join(image.Os, image.Architecture, image.Variant), null, image.Size, true)];

    private Task<ImageInspection?> InspectAsync(string name, CancellationToken cancellation) =>
        engine.GetAsync<ImageInspection>($"images/{Uri.EscapeDataString(name)}/json?manifests=1", cancellation);

    private async IAsyncEnumerable<LabImage> ListAsync(
        string query, Predicate<string>? matches, [EnumeratorCancellation] CancellationToken cancellation)
    {
        bool manifests = await engine.NegotiateAsync(cancellation) >= KnowsManifests;
        await foreach (ImageSummary image in engine.GetAllAsync<ImageSummary>($"images/json?manifests={(manifests ? 1 : 0)}{query}", cancellation))
        {
            string[] names = NamesOf(image);
            string[] wanted = matches is null ? names.Length > 0 ? names : [image.Id] : Array.FindAll(names, matches);
            if (wanted.Length == 0)
            {
                continue;
            }

            IReadOnlyList<LabImagePlatform> platforms =
                image.Manifests is { } known ? ToPlatforms(known)
                : await InspectAsync(image.Id, cancellation) is { } inspected ? Platforms(inspected)
                : [];
            foreach (string name in wanted)
            {
                (string repository, string? tag) = ImageName.Split(name);
                bool named = names.Length > 0;
                yield return new LabImage
                {
                    Image = name,
                    Repository = named ? repository : null,
                    Tag = named ? tag : null,
                    Id = image.Id,
                    Digest = DigestOf(repository, image.RepoDigests),
                    Created = DateTimeOffset.FromUnixTimeSeconds(image.Created),
                    Size = image.Size,
                    Platforms = platforms,
                    Labels = image.Labels ?? NoLabels,
                };
            }
        }
    }
}
