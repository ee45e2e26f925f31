using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Containers.Images;
using ZstdSharp;

namespace CloudLab.Core.Containers.Layers;

/// <summary>
/// Reads the tar file that an engine exports an image as, in the OCI image layout or in Docker's own, from beginning to end: nothing
/// is extracted. What a blob is shows only in manifests that may come later, so it is told by its content.
/// </summary>
internal sealed class ImageArchive
{
    // Manifests and configurations; registries refuse manifests of more than 4 MiB.
    private const int LargestDocument = 16 << 20;

    private readonly Dictionary<string, byte[]> documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LayerContent> layers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> links = new(StringComparer.Ordinal);
    private readonly bool hash;

    private ImageArchive(bool hash) => this.hash = hash;

    /// <summary>Reads an archive.</summary>
    /// <param name="stream">The tar file.</param>
    /// <param name="hash">Whether the content of files is hashed.</param>
    /// <param name="onBytes">Told of bytes read.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>The archive. Throws <see cref="LabException"/> (<c>ImageArchiveInvalid</c>) where it is none.</returns>
    public static async Task<ImageArchive> ReadAsync(Stream stream, bool hash, Action<long> onBytes, CancellationToken cancellation)
    {
        ImageArchive archive = new(hash);
        try
        {
            await using TarReader tar = new(stream, leaveOpen: true);
            while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                await archive.TakeAsync(entry, cancellation);
                onBytes(entry.Length);
            }
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Invalid(e.Message, e);
        }

        return archive;
    }

    /// <summary>Reads a layer: a tar file, as it is or compressed by gzip or zstd.</summary>
    /// <param name="stream">The layer.</param>
    /// <param name="stored">Its bytes as it is stored.</param>
    /// <param name="hash">Whether the content of files is hashed.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Its content; null where it is something else. Throws <see cref="LabException"/> (<c>ImageArchiveInvalid</c>) where it is damaged.</returns>
    public static async Task<LayerContent?> ReadLayerAsync(Stream stream, long stored, bool hash, CancellationToken cancellation)
    {
        try
        {
            return await UnpackAsync(stream, stored, hash, cancellation);
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Invalid(e.Message, e);
        }
    }

    /// <summary>The images in the archive, without attestations.</summary>
    /// <returns>The images with what their platform is. Throws <see cref="LabException"/> where a part is missing.</returns>
    public IReadOnlyList<ArchivedImage> Images()
    {
        try
        {
            List<ArchivedImage> images = [];
            if (Document("index.json") is { } index)
            {
                OfIndex(index, images);
            }
            else if (documents.TryGetValue("manifest.json", out byte[]? list))
            {
                foreach (JsonNode? image in (JsonArray)JsonNode.Parse(list)!)
                {
                    string[] files = [.. (image!["Layers"] as JsonArray ?? []).Select(file => (string)file!)];
                    images.Add(Make(
                        Document((string)image["Config"]!) ?? throw Invalid("its configuration is missing", null), null,
                        [.. files.Select(file => (Digest: DigestOf(file), Content: Layer(file)))]));
                }
            }

            return images.Count > 0 ? images : throw Invalid("it contains no image", null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidCastException or NullReferenceException or FormatException)
        {
            throw Invalid("a manifest in it is not valid", e);
        }
    }

    private static bool IsDamage(Exception e) => e is InvalidDataException or EndOfStreamException or FormatException or ZstdException or JsonException;

    private static LabException Invalid(string why, Exception? inner) => new(
        LabErrorKind.Corrupted, "ImageArchiveInvalid", $"The archive of the image is not valid: {why.TrimEnd('.')}.", inner);

    private static string PathOf(string name)
    {
        string path = name;
        while (path.StartsWith("./", StringComparison.Ordinal))
        {
            path = path[2..];
        }

        return "/" + path.Trim('/');
    }

    private static string BlobOf(string digest) => "blobs/" + digest.Replace(':', '/');

    // Docker's own layout names a layer by no digest.
    private static string? DigestOf(string file) => file.StartsWith("blobs/", StringComparison.Ordinal) ? file["blobs/".Length..].Replace('/', ':') : null;

    private static ImageFileKind? KindOf(TarEntryType type) => type switch
    {
        TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile or TarEntryType.SparseFile => ImageFileKind.File,
        TarEntryType.Directory => ImageFileKind.Directory,
        TarEntryType.SymbolicLink => ImageFileKind.SymbolicLink,
        TarEntryType.HardLink => ImageFileKind.HardLink,
        TarEntryType.BlockDevice or TarEntryType.CharacterDevice or TarEntryType.Fifo => ImageFileKind.Device,
        _ => null,
    };

    private static ArchivedImage Make(JsonObject config, string? manifestDigest, IReadOnlyList<(string? Digest, LayerContent Content)> layers) => new(
        PlatformName.Join(StrictJson.Text(config, "os"), StrictJson.Text(config, "architecture"), StrictJson.Text(config, "variant")), manifestDigest, config, layers);

    // Fills the buffer as far as the stream goes.
    private static async Task<int> FillAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellation) =>
        await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);

    private static async Task<LayerContent> ReadTarAsync(Stream stream, long stored, bool hash, CancellationToken cancellation)
    {
        List<LayerEntry> entries = [];
        await using BufferedStream buffered = new(stream, 1 << 16);
        await using TarReader tar = new(buffered, leaveOpen: true);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            if (KindOf(entry.EntryType) is not { } kind)
            {
                continue;
            }

            string? content = hash && kind == ImageFileKind.File
                ? entry.DataStream is { } data ? Convert.ToHexStringLower(await SHA256.HashDataAsync(data, cancellation)) : ""
                : null;
            entries.Add(new LayerEntry(
                PathOf(entry.Name), kind, kind == ImageFileKind.File ? entry.Length : 0, (int)entry.Mode, (entry.Uid, entry.Gid),
                entry.LinkName is { Length: > 0 } link ? link : null, content));
        }

        return new LayerContent(entries, stored);
    }

    private static async Task<LayerContent?> UnpackAsync(Stream stream, long stored, bool hash, CancellationToken cancellation)
    {
        byte[] start = new byte[512];
        int count = await FillAsync(stream, start, cancellation);
        await using PrefixedStream full = new(start.AsMemory(0, count), stream);
        if (count >= 2 && start[0] == 0x1f && start[1] == 0x8b)
        {
            await using GZipStream gzip = new(full, CompressionMode.Decompress);
            return await ReadTarAsync(gzip, stored, hash, cancellation);
        }

        if (count >= 4 && start.AsSpan(0, 4).SequenceEqual<byte>([0x28, 0xb5, 0x2f, 0xfd]))
        {
            await using DecompressionStream zstd = new(full);
            return await ReadTarAsync(zstd, stored, hash, cancellation);
        }

        return (count >= 262 && start.AsSpan(257, 5).SequenceEqual("ustar"u8)) || (count == 512 && !start.AsSpan().ContainsAnyExcept((byte)0))
            ? await ReadTarAsync(full, stored, hash, cancellation)
            : null;
    }

    private async Task TakeAsync(TarEntry entry, CancellationToken cancellation)
    {
        string name = PathOf(entry.Name)[1..];
        if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            // Docker's own layout links layers that several images have: ../<id>/layer.tar.
            links[name] = entry.EntryType == TarEntryType.HardLink ? PathOf(entry.LinkName)[1..]
                : entry.LinkName.StartsWith("../", StringComparison.Ordinal) ? entry.LinkName[3..] : entry.LinkName;
            return;
        }

        if (entry.DataStream is not { } data)
        {
            return;
        }

        byte[] start = new byte[512];
        int count = await FillAsync(data, start, cancellation);
        if (count > 0 && start[0] is (byte)'{' or (byte)'[')
        {
            if (entry.Length <= LargestDocument)
            {
                using MemoryStream whole = new((int)entry.Length);
                whole.Write(start, 0, count);
                await data.CopyToAsync(whole, cancellation);
                documents[name] = whole.ToArray();
            }

            return;
        }

        if (await ReadLayerAsync(new PrefixedStream(start.AsMemory(0, count), data), entry.Length, hash, cancellation) is { } layer)
        {
            layers[name] = layer;
        }
    }

    private JsonObject? Document(string name)
    {
        for (int hops = 0; links.TryGetValue(name, out string? target) && hops < 8; hops++)
        {
            name = target;
        }

        return documents.TryGetValue(name, out byte[]? bytes) ? (JsonObject)JsonNode.Parse(bytes)! : null;
    }

    private LayerContent Layer(string name)
    {
        for (int hops = 0; links.TryGetValue(name, out string? target) && hops < 8; hops++)
        {
            name = target;
        }

        return layers.TryGetValue(name, out LayerContent? layer) ? layer : throw Invalid($"the layer {DigestOf(name) ?? name} is missing or not a tar file", null);
    }

    private void OfIndex(JsonObject index, List<ArchivedImage> images)
    {
        foreach (JsonObject descriptor in ((JsonArray)index["manifests"]!).OfType<JsonObject>())
        {
            string digest = (string)descriptor["digest"]!;
            bool attestation = (descriptor["annotations"] as JsonObject)?.ContainsKey("vnd.docker.reference.type") == true
                || StrictJson.Text(descriptor["platform"], "os") == "unknown";

            // An index names all platforms, also those that were not exported.
            if (attestation || Document(BlobOf(digest)) is not { } manifest)
            {
                continue;
            }

            if (manifest["manifests"] is JsonArray)
            {
                OfIndex(manifest, images);
            }
            else if (Document(BlobOf((string)manifest["config"]!["digest"]!)) is { } config)
            {
                string[] digests = [.. (manifest["layers"] as JsonArray ?? []).Select(layer => (string)layer!["digest"]!)];
                images.Add(Make(config, digest, [.. digests.Select(each => ((string?)each, Layer(BlobOf(each))))]));
            }
        }
    }
}

/// <summary>The content of a layer.</summary>
/// <param name="Entries">Its files and marks, in their order.</param>
/// <param name="StoredSize">Bytes as it is stored.</param>
internal sealed record LayerContent(IReadOnlyList<LayerEntry> Entries, long StoredSize);

/// <summary>An image in an archive.</summary>
/// <param name="Platform">Its platform.</param>
/// <param name="ManifestDigest">Digest of its manifest, where it has one.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Layers">Its layers from the bottom up, with the digest of each as it is stored.</param>
internal sealed record ArchivedImage(
    string Platform, string? ManifestDigest, JsonObject Config, IReadOnlyList<(string? Digest, LayerContent Content)> Layers);
