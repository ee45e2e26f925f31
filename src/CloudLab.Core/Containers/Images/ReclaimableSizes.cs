using System.Collections.Concurrent;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Images;

/// <summary>
/// Works out what the removal of several images frees together. The engine says for each image only how much it shares with any other, also with
/// those that are removed, too; and of what is packed it does not say it at all.
/// </summary>
/// <param name="layersOf">Gives the layers of an image for a platform.</param>
internal sealed class ReclaimableSizes(Func<string, string, CancellationToken, Task<IReadOnlyList<string>>> layersOf)
{
    private const int Concurrency = 8;

    /// <summary>Works it out.</summary>
    /// <param name="removed">The images that are removed, with shared sizes and manifests.</param>
    /// <param name="kept">All other images.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Bytes for each id. What several free together is counted for the first.</returns>
    public async Task<IReadOnlyDictionary<string, long>> OfAsync(
        IReadOnlyList<ImagesListResponse> removed, IReadOnlyList<ImagesListResponse> kept, CancellationToken cancellation)
    {
        // Only those that share something have to be looked at.
        ConcurrentDictionary<(string Id, string Platform), IReadOnlyList<string>> layers = new();
        await Parallel.ForEachAsync(
            removed.Concat(kept).Where(image => image.SharedSize > 0).SelectMany(Parts).DistinctBy(part => (part.Id, part.Platform)),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation },
            async (part, token) => layers[(part.Id, part.Platform)] = await layersOf(part.Id, part.Platform, token));
        HashSet<string> there = [.. kept.SelectMany(Parts).SelectMany(part => Chain(layers.GetValueOrDefault((part.Id, part.Platform))))];

        Dictionary<string, long> sizes = [];
        foreach (ImagesListResponse image in removed)
        {
            long size = image.Manifests is null ? 0 : image.Size - Parts(image).Sum(part => part.Packed + part.Unpacked);
            foreach (Part part in Parts(image))
            {
                string[] chain = [.. Chain(layers.GetValueOrDefault((part.Id, part.Platform)))];
                string[] fresh = Array.FindAll(chain, there.Add);
                size += fresh.Length == chain.Length ? part.Packed + part.Unpacked
                    : fresh.Length == 0 ? part.Manifest
                    : Partly(part, Math.Min(image.SharedSize, part.Unpacked));
            }

            sizes[image.ID] = Math.Max(0, size);
        }

        return sizes;
    }

    // Layers are as large packed in one image as in the other, so that both are shared in about the same proportion.
    private static long Partly(Part part, long shared) => part.Unpacked == 0
        ? part.Manifest
        : part.Unpacked - shared + part.Manifest + (long)((part.Packed - part.Manifest) * (1 - ((double)shared / part.Unpacked)));

    // A layer is unpacked upon those below it, and is the same only if these are.
    private static IEnumerable<string> Chain(IReadOnlyList<string>? layers)
    {
        string below = "";
        foreach (string layer in layers ?? [])
        {
            yield return below += layer + ";";
        }
    }

    private static IEnumerable<Part> Parts(ImagesListResponse image) => image.Manifests is { } manifests
        ? manifests.Where(m => m is { Kind: "image", Available: true }).Select(m => new Part(
            image.ID,
            m.ImageData?.Platform is { } platform ? PlatformName.Join(platform.OS, platform.Architecture, platform.Variant) : "",
            m.Size?.Content ?? 0, m.ImageData?.Size?.Unpacked ?? 0, m.Descriptor.Size))
        : [new Part(image.ID, "", 0, image.Size, 0)];

    private sealed record Part(string Id, string Platform, long Packed, long Unpacked, long Manifest);
}
