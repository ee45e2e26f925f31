using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Containers.Layers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Looks at images in registries, without pulling them.</summary>
/// <param name="session">Names docker's configuration, which has the credentials.</param>
/// <param name="reporter">Told of progress.</param>
/// <param name="options">How registries are talked to.</param>
public sealed class RegistryImages(LabSession session, IReporter reporter, RegistryOptions options) : IDisposable
{
    private const int Concurrency = 8;

    private readonly RegistryPool pool = new(session, options);

    /// <summary>Whether a name means an image by its digest, with whatever tags it has.</summary>
    /// <param name="image"><c>[registry/]repository[:tag][@digest]</c>.</param>
    /// <returns>True for a digest. Throws <see cref="LabException"/> (<c>ImageNameInvalid</c>).</returns>
    public static bool IsDigest(string image) => RegistryName.Parse(image).IsDigest;

    /// <summary>Lists the tags of a repository, all pages of them.</summary>
    /// <param name="repository"><c>127.0.0.1:5000/movies/site</c>; a tag in it does not matter.</param>
    /// <param name="matches">Chooses tags; null for all.</param>
    /// <param name="digests">Whether each is asked for its digest.</param>
    /// <param name="cancellation">Stops the listing.</param>
    /// <returns>The tags in the registry's order. Throws <see cref="LabException"/> (<c>RepositoryNotFound</c>).</returns>
    public async IAsyncEnumerable<LabImageTag> TagsAsync(
        string repository, Predicate<string>? matches, bool digests, [EnumeratorCancellation] CancellationToken cancellation)
    {
        RegistryName name = RegistryName.Parse(repository);
        RegistryRepository tags = pool.Of(name);
        await foreach (LabImageTag tag in ParallelStream.SelectAsync(
            tags.TagsAsync(cancellation).Where(tag => matches?.Invoke(tag) != false), Concurrency,
            async (tag, token) => new LabImageTag
            {
                Image = $"{name.With(tag)}", Repository = name.Repository, Tag = tag, Digest = digests ? await tags.DigestAsync(tag, token) : null,
            },
            cancellation))
        {
            yield return tag;
        }
    }

    /// <summary>Removes a tag, and nothing else: what other tags stand for stays.</summary>
    /// <param name="tag">Repository and tag, or repository and digest to remove the image with all its tags.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (<c>ImageNotFound</c>, <c>RemovalNotSupported</c>).</returns>
    public async Task RemoveTagAsync(string tag, CancellationToken cancellation)
    {
        RegistryName name = RegistryName.Parse(tag);
        RegistryRepository repository = pool.Of(name);
        ImageManifest image = await repository.ManifestAsync(name.Reference, cancellation);
        if (await repository.RemoveAsync(name.Reference, cancellation))
        {
            return;
        }

        // Older registries remove by digest only, with all tags of it. So the tag is pointed at an image of its own, which is removed instead.
        if (!name.IsDigest)
        {
            ImageManifest placeholder = await PlaceholderAsync(repository, image.Digest, cancellation);
            await repository.WriteManifestAsync(placeholder, null, cancellation);
            if (await repository.RemoveAsync(placeholder.Digest, cancellation))
            {
                bool gone = false;
                try
                {
                    await repository.WriteManifestAsync(placeholder, name.Reference, cancellation);
                    gone = await repository.RemoveAsync(placeholder.Digest, cancellation);
                }
                finally
                {
                    // The tag must not stay on an empty image, whatever went wrong.
                    if (!gone)
                    {
                        await repository.WriteManifestAsync(image, name.Reference, CancellationToken.None);
                    }
                }

                if (gone)
                {
                    return;
                }
            }
        }

        throw new LabException(
            LabErrorKind.NotSupported, "RemovalNotSupported", $"The registry {name.Registry} does not remove images: its operator must allow that (registry:2: storage.delete.enabled).") { Target = tag };
    }

    /// <summary>Looks at an image.</summary>
    /// <param name="image"><c>[registry/]repository[:tag][@digest]</c>.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The image; its size is that of its layers as they are stored. Throws <see cref="LabException"/> (<c>ImageNotFound</c>).</returns>
    public async Task<LabImage> FindAsync(string image, CancellationToken cancellation)
    {
        RegistryName name = RegistryName.Parse(image);
        RegistryRepository repository = pool.Of(name);
        ImageManifest root = await repository.ManifestAsync(name.Reference, cancellation);
        List<(LabImagePlatform Platform, JsonObject Config)> found = [];
        foreach (ImageBlob child in root.IsIndex ? root.Manifests.Where(child => child.Attests is null) : [])
        {
            found.Add(await DescribeAsync(await repository.ManifestAsync(child.Digest, cancellation), child.Platform));
        }

        if (!root.IsIndex)
        {
            found.Add(await DescribeAsync(root, null));
        }

        JsonObject first = found.Count > 0 ? found[0].Config : [];
        return new LabImage
        {
            Image = $"{name}", Repository = name.Repository, Tag = name.IsDigest ? null : name.Reference, Id = root.Digest, Digest = root.Digest,
            Created = StrictJson.Time(first, "created") ?? DateTimeOffset.UnixEpoch,
            Size = found.Sum(each => each.Platform.Size),
            Platforms = [.. found.Select(each => each.Platform)],
            Labels = (first["config"]?["Labels"] as JsonObject ?? []).ToDictionary(label => label.Key, label => $"{label.Value}"),
        };

        async Task<(LabImagePlatform, JsonObject)> DescribeAsync(ImageManifest manifest, string? platform)
        {
            JsonObject config = await DocumentAsync(repository, manifest.Config, cancellation);
            return (new LabImagePlatform(platform ?? PlatformOf(config), manifest.Digest, manifest.Layers.Sum(layer => layer.Size), Available: true), config);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => pool.Dispose();

    /// <summary>Reads the content of an image's layers as they come, without keeping them.</summary>
    /// <param name="image"><c>[registry/]repository[:tag][@digest]</c>.</param>
    /// <param name="platform">The platform; null for the first that <paramref name="preferred"/> names, or else the first.</param>
    /// <param name="preferred">The platform of this machine.</param>
    /// <param name="hash">Whether the content of files is hashed.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The image's name and its content. Throws <see cref="LabException"/> (<c>ImageNotFound</c>, <c>PlatformNotFound</c>, <c>DigestMismatch</c>).</returns>
    internal async Task<(string Name, ArchivedImage Content)> ReadAsync(string image, string? platform, string preferred, bool hash, CancellationToken cancellation)
    {
        RegistryName name = RegistryName.Parse(image);
        RegistryRepository repository = pool.Of(name);
        ImageManifest manifest = await repository.ManifestAsync(name.Reference, cancellation);
        if (manifest.IsIndex)
        {
            ImageBlob[] all = [.. manifest.Manifests.Where(child => child.Attests is null)];
            ImageBlob? chosen = Array.Find(all, child => child.Platform == (platform ?? preferred)) ?? (platform is null ? all.FirstOrDefault() : null);
            manifest = await repository.ManifestAsync(chosen?.Digest ?? throw Missing(all.Select(child => child.Platform).OfType<string>()), cancellation);
        }

        JsonObject config = await DocumentAsync(repository, manifest.Config, cancellation);
        if (platform is not null && PlatformOf(config) != platform)
        {
            throw Missing([PlatformOf(config)]);
        }

        using ProgressMeter meter = new(reporter, $"Reading {name}");
        meter.Expect(manifest.Layers.Count, manifest.Layers.Sum(layer => layer.Size));
        List<(string?, LayerContent)> layers = [];
        foreach (ImageBlob layer in manifest.Layers)
        {
            await using CheckedStream stream = new(await repository.OpenAsync(layer, 0, cancellation), layer, $"the registry {name.Registry}");
            layers.Add((layer.Digest, await LayerAsync(stream, layer, hash, cancellation)));
            meter.AddBytes(layer.Size);
            meter.AddItems();
        }

        return ($"{name}", new ArchivedImage(PlatformOf(config), manifest.Digest, config, layers));

        LabException Missing(IEnumerable<string> there) => RegistryFailure.NoPlatform($"{name}", [platform ?? preferred], there);
    }

    /// <summary>A small blob, whole: a configuration.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="blob">Which one.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its JSON. Throws <see cref="LabException"/> where it is damaged.</returns>
    internal static async Task<JsonObject> DocumentAsync(IImageRepository repository, ImageBlob blob, CancellationToken cancellation)
    {
        await using CheckedStream stream = new(await repository.OpenAsync(blob, 0, cancellation), blob, repository.Name);
        try
        {
            return await JsonNode.ParseAsync(stream, cancellationToken: cancellation) as JsonObject ?? throw new JsonException("it is not an object");
        }
        catch (JsonException)
        {
            // Things that are no images (charts, signatures) are kept in registries, too.
            return [];
        }
    }

    /// <summary>The platform that a configuration names.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns><c>linux/arm64</c>; <c>unknown/unknown</c> for something that is no image.</returns>
    internal static string PlatformOf(JsonObject config) =>
        PlatformName.Join(StrictJson.Text(config, "os") ?? "unknown", StrictJson.Text(config, "architecture") ?? "unknown", StrictJson.Text(config, "variant"));

    // Of an empty layer, or of something that is no tar file, there is nothing to see.
    private static async Task<LayerContent> LayerAsync(CheckedStream stream, ImageBlob layer, bool hash, CancellationToken cancellation)
    {
        LayerContent? content = await ImageArchive.ReadLayerAsync(stream, layer.Size, hash, cancellation);

        // A tar file ends before its padding; the digest is that of the whole.
        await stream.CopyToAsync(Stream.Null, cancellation);
        return content ?? new LayerContent([], layer.Size);
    }

    private static async Task<ImageManifest> PlaceholderAsync(RegistryRepository repository, string digest, CancellationToken cancellation)
    {
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["created"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture), ["id"] = $"{Guid.NewGuid():N}", ["for"] = digest });
        ImageBlob blob = new(ImageManifest.DigestOf(config), config.Length, "application/vnd.oci.image.config.v1+json");
        await repository.WriteAsync(blob, (offset, _) => Task.FromResult<Stream>(new MemoryStream(config, (int)offset, config.Length - (int)offset)), _ => { }, cancellation);
        JsonObject manifest = new()
        {
            ["schemaVersion"] = 2, ["mediaType"] = ImageManifest.Types[1],
            ["config"] = new JsonObject { ["mediaType"] = blob.MediaType, ["digest"] = blob.Digest, ["size"] = blob.Size }, ["layers"] = new JsonArray(),
        };
        return ImageManifest.Parse(JsonSerializer.SerializeToUtf8Bytes(manifest), null, repository.Name);
    }
}
