using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Registries;

/// <summary>A folder in the OCI image layout 1.0: blobs by their digest, and an index of the images in it.</summary>
internal sealed class OciLayout : IImageRepository
{
    private const string TagName = "org.opencontainers.image.ref.name";
    private const string FullName = "io.containerd.image.name";
    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string folder;

    private OciLayout(string folder) => this.folder = folder;

    /// <inheritdoc/>
    public string Name => folder;

    /// <summary>The name that the next manifest is entered with beside its tag, or null.</summary>
    public string? ImageName { get; init; }

    private string IndexFile => Path.Combine(folder, "index.json");

    /// <summary>Opens a layout.</summary>
    /// <param name="folder">Full path.</param>
    /// <returns>The layout. Throws <see cref="LabException"/> (<c>ImageLayoutInvalid</c>) where it is none.</returns>
    public static OciLayout Open(string folder) => File.Exists(Path.Combine(folder, "oci-layout")) && File.Exists(Path.Combine(folder, "index.json"))
        ? new OciLayout(folder)
        : throw new LabException(
            Directory.Exists(folder) ? LabErrorKind.InvalidData : LabErrorKind.NotFound, "ImageLayoutInvalid",
            Directory.Exists(folder) ? $"'{folder}' is not an OCI image layout: it has no oci-layout and index.json. Save-LabImage makes one."
                : $"There is no folder '{folder}': Save-LabImage makes an OCI image layout.") { Target = folder };

    /// <summary>Opens a layout to write to; makes it where there is none.</summary>
    /// <param name="folder">Full path of a folder that is a layout, is empty, or does not exist.</param>
    /// <param name="name">Name of the image that will be written.</param>
    /// <returns>The layout. Throws <see cref="LabException"/> (<c>FolderNotEmpty</c>, <c>FileNotWritten</c>).</returns>
    public static OciLayout Create(string folder, string name)
    {
        try
        {
            if (!File.Exists(Path.Combine(folder, "oci-layout")))
            {
                if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
                {
                    throw new LabException(
                        LabErrorKind.AlreadyExists, "FolderNotEmpty", $"The folder '{folder}' contains something else: name an empty or a new folder, or one with an OCI image layout.") { Target = folder };
                }

                Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256"));
                File.WriteAllText(Path.Combine(folder, "index.json"), $$"""{"schemaVersion":2,"mediaType":"{{ImageManifest.OciIndex}}","manifests":[]}""");

                // The last, since it says that the rest is there.
                File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
            }

            return new OciLayout(folder) { ImageName = name };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.WriteFailed, "FileNotWritten", $"'{folder}' cannot be written: {e.Message.TrimEnd('.')}.", e) { Target = folder };
        }
    }

    /// <summary>The tags in the layout.</summary>
    /// <returns>Tags, in the order of its index.</returns>
    public IReadOnlyList<string> Tags() => [.. Entries(Index()).Select(TagOf).OfType<string>()];

    /// <inheritdoc/>
    public Task<ImageManifest> ManifestAsync(string reference, CancellationToken cancellation)
    {
        JsonObject[] entries = [.. Entries(Index())];
        JsonObject[] matching = [.. entries.Where(entry => reference.Length == 0 || TagOf(entry) == reference
            || StrictJson.Text(entry["annotations"], FullName) == reference || StrictJson.Text(entry, "digest") == reference).DistinctBy(entry => StrictJson.Text(entry, "digest"))];
        JsonObject? found = matching is [var one] ? one : null;
        string digest = StrictJson.Text(found, "digest") ?? (matching.Length == 0 && Images.ImageName.IsDigest(reference) ? reference : throw new LabException(
            LabErrorKind.NotFound, "ImageNotFound",
            entries.Length == 0 ? $"There is no image in '{folder}'."
                : $"{(matching.Length > 1 ? $"There are {matching.Length} images{(reference.Length == 0 ? "" : $" '{reference}'")}" : $"There is no image '{reference}'")} in '{folder}': choose one with -Tag ({string.Join(", ", entries.Select(entry => StrictJson.Text(entry["annotations"], FullName) ?? TagOf(entry)).OfType<string>())}).") { Target = folder });
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(PathOf(digest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.NotFound, "ImageNotFound", $"The manifest {digest} is missing in '{folder}'.", e) { Target = folder };
        }

        return Task.FromResult(ImageManifest.Parse(bytes, null, $"{folder}@{digest}", digest));
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(ImageBlob blob, long offset, CancellationToken cancellation)
    {
        try
        {
            return Task.FromResult<Stream>(new FileStream(PathOf(blob.Digest), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous) { Position = offset });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.ReadFailed, "FileNotRead", $"The part {blob.Digest} in '{folder}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = folder };
        }
    }

    /// <inheritdoc/>
    public async Task<bool> HasAsync(string digest, CancellationToken cancellation)
    {
        // What a crash or a disk has damaged is fetched again.
        FileInfo file = new(PathOf(digest));
        if (!file.Exists)
        {
            return false;
        }

        ImageBlob blob = new(digest, file.Length, "");
        try
        {
            await using CheckedStream content = new(await OpenAsync(blob, 0, cancellation), blob, folder);
            await content.CopyToAsync(Stream.Null, cancellation);
            return true;
        }
        catch (LabException e) when (e.Code == "DigestMismatch")
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<bool> MountAsync(string digest, IImageRepository from, CancellationToken cancellation) => Task.FromResult(false);

    /// <inheritdoc/>
    public Task WriteAsync(ImageBlob blob, Func<long, CancellationToken, Task<Stream>> open, Action<long> onBytes, CancellationToken cancellation) => StoreAsync(blob.Digest, async file =>
    {
        await using CheckedStream source = new(await open(0, cancellation), blob, "the source");
        byte[] buffer = new byte[1 << 17];
        for (int count; (count = await source.ReadAsync(buffer, cancellation)) > 0; onBytes(count))
        {
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
        }
    });

    /// <inheritdoc/>
    public async Task WriteManifestAsync(ImageManifest manifest, string? tag, CancellationToken cancellation)
    {
        await StoreAsync(manifest.Digest, file => file.WriteAsync(manifest.Bytes, cancellation).AsTask());
        if (tag is null)
        {
            return;
        }

        JsonObject index = Index();
        JsonObject annotations = Images.ImageName.IsDigest(tag) ? [] : new() { [TagName] = tag };
        if (ImageName is not null)
        {
            annotations[FullName] = ImageName;
        }

        JsonObject entry = new()
        {
            ["mediaType"] = manifest.MediaType, ["digest"] = manifest.Digest, ["size"] = manifest.Bytes.Length, ["annotations"] = annotations,
        };
        index["manifests"] = new JsonArray(
        [
            .. Entries(index).Where(other => (TagOf(other) != tag && StrictJson.Text(other, "digest") != tag) || (ImageName is not null && StrictJson.Text(other["annotations"], FullName) is { } name && name != ImageName)).Select(other => other.DeepClone()),
            entry,
        ]);
        await WholeFile.WriteAsync(IndexFile, overwrite: true, file => file.WriteAsync(Encoding.UTF8.GetBytes(index.ToJsonString(AsWritten)), cancellation).AsTask());
    }

    // buildx and skopeo write the tag alone, containerd the whole name.
    private static string? TagOf(JsonObject entry)
    {
        string? name = StrictJson.Text(entry["annotations"], TagName) ?? StrictJson.Text(entry["annotations"], FullName);
        return name is null || name.Contains('@', StringComparison.Ordinal) ? null : Images.ImageName.Split(name).Tag ?? name;
    }

    private static IEnumerable<JsonObject> Entries(JsonObject index) => (index["manifests"] as JsonArray ?? []).OfType<JsonObject>();

    private async Task StoreAsync(string digest, Func<Stream, Task> write)
    {
        string path = PathOf(digest);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await WholeFile.WriteAsync(path, overwrite: true, write);
    }

    private string PathOf(string digest)
    {
        string[] parts = digest.Split(':');

        // What an index says becomes a path.
        return parts is [{ Length: > 0 } algorithm, { Length: > 0 } value] && algorithm.All(char.IsAsciiLetterOrDigit) && value.All(char.IsAsciiHexDigit)
            ? Path.Combine(folder, "blobs", algorithm, value)
            : throw new LabException(LabErrorKind.Corrupted, "ManifestInvalid", $"'{digest}' in '{folder}' is not a digest.") { Target = folder };
    }

    private JsonObject Index()
    {
        try
        {
            return StrictJson.Parse(File.ReadAllText(IndexFile)) as JsonObject ?? throw new JsonException("it is not an object");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LabException(LabErrorKind.ReadFailed, "ImageLayoutInvalid", $"'{IndexFile}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = folder };
        }
    }
}
