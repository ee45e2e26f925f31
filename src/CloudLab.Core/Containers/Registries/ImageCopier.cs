using System.Diagnostics;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Registries;

/// <summary>Copies images between registries and folders: no engine takes part, and nothing is kept in between.</summary>
/// <param name="session">Names docker's configuration, which has the credentials.</param>
/// <param name="reporter">Told of progress.</param>
/// <param name="options">How registries are talked to.</param>
public sealed class ImageCopier(LabSession session, IReporter reporter, RegistryOptions options) : IDisposable
{
    private readonly RegistryPool pool = new(session, options);

    /// <summary>Copies an image from a registry to another repository or registry.</summary>
    /// <param name="image">What is copied.</param>
    /// <param name="destination">The copy's name; without a tag, the tag is that of the source.</param>
    /// <param name="platforms">The platforms to copy; all if empty. Of one alone the manifest is copied and no index.</param>
    /// <param name="concurrency">How many blobs are on their way at once.</param>
    /// <param name="cancellation">Stops copying; what arrived stays, and the next copy finds it.</param>
    /// <returns>What was done. Throws <see cref="LabException"/>.</returns>
    public async Task<LabImageCopy> CopyAsync(string image, string destination, IReadOnlyList<string> platforms, int concurrency, CancellationToken cancellation)
    {
        RegistryName from = RegistryName.Parse(image), to = Target(destination, from.IsDigest ? null : from.Reference);
        RegistryRepository source = pool.Of(from);
        return await CopyAsync(
            source, await source.ManifestAsync(from.Reference, cancellation), $"{from}", pool.Of(to), to.Reference, $"{to}", platforms, concurrency, cancellation);
    }

    /// <summary>Saves an image of a registry as an OCI image layout.</summary>
    /// <param name="image">What is saved.</param>
    /// <param name="folder">Full path of a new or empty folder, or of a layout that it is added to.</param>
    /// <param name="platforms">The platforms to save; all if empty.</param>
    /// <param name="concurrency">How many blobs are on their way at once.</param>
    /// <param name="cancellation">Stops; what arrived stays, and the next try finds it.</param>
    /// <returns>What was done. Throws <see cref="LabException"/>.</returns>
    public async Task<LabImageCopy> SaveAsync(string image, string folder, IReadOnlyList<string> platforms, int concurrency, CancellationToken cancellation)
    {
        RegistryName from = RegistryName.Parse(image);
        RegistryRepository repository = pool.Of(from);

        // Nothing is made on the disk for an image that is not there.
        ImageManifest root = await repository.ManifestAsync(from.Reference, cancellation);
        return await CopyAsync(
            repository, root, $"{from}", OciLayout.Create(folder, $"{from}"), from.Reference, folder, platforms, concurrency, cancellation);
    }

    /// <summary>Copies an image of an OCI image layout to a registry.</summary>
    /// <param name="folder">Full path of the layout.</param>
    /// <param name="tag">Which image; null where there is one.</param>
    /// <param name="destination">The copy's name.</param>
    /// <param name="platforms">The platforms to copy; all if empty.</param>
    /// <param name="concurrency">How many blobs are on their way at once.</param>
    /// <param name="cancellation">Stops copying.</param>
    /// <returns>What was done. Throws <see cref="LabException"/>.</returns>
    public async Task<LabImageCopy> LoadAsync(string folder, string? tag, string destination, IReadOnlyList<string> platforms, int concurrency, CancellationToken cancellation)
    {
        OciLayout layout = OciLayout.Open(folder);
        ImageManifest root = await layout.ManifestAsync(tag ?? "", cancellation);
        RegistryName to = Target(destination, tag ?? (layout.Tags() is [var only] ? only : null));
        return await CopyAsync(
            layout, root, folder, pool.Of(to), to.Reference, $"{to}", platforms, concurrency, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => pool.Dispose();

    private static RegistryName Target(string destination, string? tag)
    {
        RegistryName name = RegistryName.Parse(destination);
        if (name.IsDigest)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DestinationInvalid", $"'{destination}' is not a name for a copy: a digest cannot be assigned, write registry/repository:tag.") { Target = destination };
        }

        return Images.ImageName.Split(destination).Tag is not null ? name : name.With(tag ?? throw new LabException(
            LabErrorKind.InvalidArgument, "TagMissing", $"The copy needs a tag, as its source is named by a digest or has none: write {destination}:tag.") { Target = destination });
    }

    private static (ImageManifest Root, ImageBlob[] Children) Choose(ImageManifest root, IReadOnlyList<string> platforms, string name)
    {
        ImageBlob[] all = [.. root.Manifests];
        if (platforms.Count == 0 || !root.IsIndex)
        {
            return (root, all);
        }

        string[] missing = [.. platforms.Where(platform => !Array.Exists(all, child => child.Platform == platform && child.Attests is null))];
        if (missing.Length > 0)
        {
            throw RegistryFailure.NoPlatform(name, missing, all.Where(child => child.Attests is null).Select(child => child.Platform).OfType<string>());
        }

        HashSet<string> kept = [.. all.Where(child => child.Attests is null && child.Platform is not null && platforms.Contains(child.Platform)).Select(child => child.Digest)];
        kept.UnionWith([.. all.Where(child => child.Attests is { } about && kept.Contains(about)).Select(child => child.Digest)]);
        return (root.Reduced(kept), Array.FindAll(all, child => kept.Contains(child.Digest)));
    }

    private async Task<LabImageCopy> CopyAsync(
        IImageRepository from, ImageManifest whole, string source, IImageRepository to, string? tag, string image,
        IReadOnlyList<string> platforms, int concurrency, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        (ImageManifest root, ImageBlob[] children) = Choose(whole, platforms, source);
        List<(ImageManifest Manifest, string? Platform)> manifests = [];
        foreach (ImageBlob child in children)
        {
            ImageManifest manifest = await from.ManifestAsync(child.Digest, cancellation);
            if (manifest.IsIndex)
            {
                throw new LabException(LabErrorKind.NotSupported, "ManifestNotSupported", $"'{source}' is an index of indexes, which cannot be copied: copy each by its digest ({child.Digest}).") { Target = source };
            }

            manifests.Add((manifest, child.Attests is null ? child.Platform : null));
        }

        // Of one platform alone there is nothing to index; what attests something about it has no place beside it then.
        if (platforms.Count == 1 && root.IsIndex)
        {
            manifests.RemoveAll(each => each.Platform is null);
            root = manifests[0].Manifest;
        }

        string? only = root.IsIndex || manifests.Count > 0 ? null : RegistryImages.PlatformOf(await RegistryImages.DocumentAsync(from, root.Config, cancellation));
        if (only is not null && platforms.Count > 0 && (platforms.Count > 1 || platforms[0] != only))
        {
            throw RegistryFailure.NoPlatform(source, platforms.Where(platform => platform != only), [only]);
        }

        ImageManifest[] images = root.IsIndex ? [.. manifests.Select(each => each.Manifest)] : [root];
        ImageBlob[] blobs = [.. images.SelectMany(manifest => manifest.Layers.Append(manifest.Config)).Where(blob => !blob.IsForeign).DistinctBy(blob => blob.Digest)];
        int copied = 0, mounted = 0, existing = 0;
        long sent = 0;
        using ProgressMeter meter = new(reporter, $"Copying {source}");
        meter.Expect(blobs.Length, blobs.Sum(blob => blob.Size));

        // The largest first: they decide when all is done.
        await Parallel.ForEachAsync(
            blobs.OrderByDescending(blob => blob.Size),
            new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellation },
            async (blob, token) =>
            {
                if (await to.HasAsync(blob.Digest, token))
                {
                    Interlocked.Increment(ref existing);
                    meter.AddBytes(blob.Size);
                }
                else if (await to.MountAsync(blob.Digest, from, token))
                {
                    Interlocked.Increment(ref mounted);
                    meter.AddBytes(blob.Size);
                }
                else
                {
                    await to.WriteAsync(blob, (offset, reading) => from.OpenAsync(blob, offset, reading), meter.AddBytes, token);
                    Interlocked.Increment(ref copied);
                    Interlocked.Add(ref sent, blob.Size);
                }

                meter.AddItems();
            });

        // An index must find its manifests, a manifest its blobs: the tag comes last.
        if (root.IsIndex)
        {
            foreach (ImageManifest manifest in images)
            {
                await to.WriteManifestAsync(manifest, null, cancellation);
            }
        }

        await to.WriteManifestAsync(root, tag, cancellation);
        return new LabImageCopy
        {
            Image = image, Source = source, Digest = root.Digest, CopiedBlobs = copied, MountedBlobs = mounted, ExistingBlobs = existing, Size = sent,
            Platforms = only is null ? [.. manifests.Select(each => each.Platform).OfType<string>()] : [only],
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }
}
