using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Registries;

/// <summary>A manifest as it is stored: of one platform, or an index of several. OCI image specification 1.1, and Docker's own of schema 2.</summary>
internal sealed class ImageManifest
{
    /// <summary>OCI's index of manifests.</summary>
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>The types that are understood, as a registry is asked for them.</summary>
    public static readonly IReadOnlyList<string> Types =
    [
        OciIndex, "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
    ];

    private readonly JsonObject content;

    private readonly ImageBlob? config;

    private ImageManifest(byte[] bytes, string mediaType, JsonObject content, string digest)
    {
        (Bytes, MediaType, this.content, Digest) = (bytes, mediaType, content, digest);
        config = content["config"] is JsonObject own ? ImageBlob.Of(own) : null;
        Manifests = Blobs("manifests");
        Layers = Blobs("layers");
    }

    /// <summary>The manifest, byte for byte.</summary>
    public byte[] Bytes { get; }

    /// <summary>Its media type.</summary>
    public string MediaType { get; }

    /// <summary>Its digest: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Digest { get; }

    /// <summary>Whether it lists manifests of several platforms.</summary>
    public bool IsIndex => content["manifests"] is JsonArray;

    /// <summary>The manifests that an index lists.</summary>
    public IReadOnlyList<ImageBlob> Manifests { get; }

    /// <summary>The configuration of the image. Throws <see cref="LabException"/> (<c>ManifestNotSupported</c>) for an index, which has none.</summary>
    public ImageBlob Config => config ?? throw new LabException(
        LabErrorKind.NotSupported, "ManifestNotSupported", $"{Digest} is an index within an index, which is not supported: name the image by its digest.");

    /// <summary>The layers from the bottom up.</summary>
    public IReadOnlyList<ImageBlob> Layers { get; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="mediaType">What it was served as, or null.</param>
    /// <param name="name">Which one it is, for the error.</param>
    /// <param name="digest">The digest that it was asked for by, or null. Throws <see cref="LabException"/> (<c>DigestMismatch</c>) where it is another.</param>
    /// <returns>The manifest. Throws <see cref="LabException"/> (<c>ManifestInvalid</c>, <c>ManifestNotSupported</c>).</returns>
    public static ImageManifest Parse(byte[] bytes, string? mediaType, string name, string? digest = null)
    {
        if (digest is not null)
        {
            using BlobDigest check = new(new ImageBlob(digest, bytes.Length, ""));
            check.Add(0, bytes);
            check.Check($"'{name}'");
        }

        try
        {
            JsonObject content = StrictJson.Parse(Encoding.UTF8.GetString(bytes)) as JsonObject ?? throw Invalid(name, "it is not a JSON object", null);
            string type = StrictJson.Text(content, "mediaType") ?? mediaType ?? "";
            ImageManifest manifest = new(bytes, Types.Contains(type) ? type : content["manifests"] is JsonArray ? OciIndex : Types[1], content, digest ?? DigestOf(bytes));
            if (content["schemaVersion"]?.GetValue<int>() != 2)
            {
                throw new LabException(
                    LabErrorKind.NotSupported, "ManifestNotSupported",
                    $"'{name}' has a manifest of Docker's schema 1, which was given up in 2019: build or push the image again.") { Target = name };
            }

            return manifest.IsIndex || (manifest.config is not null && content["layers"] is JsonArray) ? manifest : throw Invalid(name, "it lists neither layers nor manifests", null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw Invalid(name, e is FormatException ? e.Message : "it is not valid JSON", e);
        }
    }

    /// <summary>An index of a part of the manifests of this one.</summary>
    /// <param name="kept">Digests of those that stay.</param>
    /// <returns>The new index; it has another digest.</returns>
    public ImageManifest Reduced(IReadOnlySet<string> kept)
    {
        JsonObject copy = (JsonObject)content.DeepClone();
        copy["manifests"] = new JsonArray([.. ((JsonArray)copy["manifests"]!).Where(item => kept.Contains(StrictJson.Text(item, "digest") ?? "")).Select(item => item!.DeepClone())]);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(copy);
        return new ImageManifest(bytes, MediaType, copy, DigestOf(bytes));
    }

    /// <summary>The digest of bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns><c>sha256:</c> and 64 hexadecimal digits.</returns>
    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static LabException Invalid(string name, string why, Exception? inner) => new(
        LabErrorKind.Corrupted, "ManifestInvalid", $"The manifest of '{name}' is not valid: {why}.", inner) { Target = name };

    private IReadOnlyList<ImageBlob> Blobs(string list) => [.. (content[list] as JsonArray ?? []).OfType<JsonObject>().Select(ImageBlob.Of)];
}

/// <summary>Names a content by its digest: OCI's descriptor.</summary>
/// <param name="Digest"><c>sha256:</c> and 64 hexadecimal digits.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="MediaType">Its media type.</param>
internal sealed partial record ImageBlob(string Digest, long Size, string MediaType)
{
    // 16 TiB, far more than a registry takes.
    private const long LargestSize = 1L << 44;

    /// <summary>The platform it is for; null where it does not say.</summary>
    public string? Platform { get; init; }

    /// <summary>The manifest that it attests something about, or null: provenance and SBOM are no platforms.</summary>
    public string? Attests { get; init; }

    /// <summary>Whether registries do not keep it, but another server does: base layers of Windows.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Reads a descriptor.</summary>
    /// <param name="from">Its JSON.</param>
    /// <returns>The descriptor. Throws <see cref="FormatException"/>.</returns>
    public static ImageBlob Of(JsonObject from)
    {
        string digest = StrictJson.Text(from, "digest") ?? throw new FormatException("a descriptor has no digest");

        // What stands here becomes a part of addresses and paths, and of sums.
        if (!DigestForm().IsMatch(digest))
        {
            throw new FormatException("the digest of a descriptor is not one");
        }

        long size = from["size"] is JsonValue value && value.TryGetValue(out long number) && number is >= 0 and <= LargestSize
            ? number : throw new FormatException($"the size of {digest} is not one");
        JsonNode? platform = from["platform"];
        string? os = StrictJson.Text(platform, "os");
        string? about = StrictJson.Text(from["annotations"], "vnd.docker.reference.digest");
        return new ImageBlob(digest, size, StrictJson.Text(from, "mediaType") ?? "")
        {
            Platform = os is null or "unknown" ? null : PlatformName.Join(os, StrictJson.Text(platform, "architecture"), StrictJson.Text(platform, "variant")),
            Attests = os == "unknown" ? about ?? "" : about,
            IsForeign = from["urls"] is JsonArray { Count: > 0 },
        };
    }

    [GeneratedRegex("^[a-z0-9]+:[0-9a-f]{64,128}$")]
    private static partial Regex DigestForm();
}
