using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ZstdSharp;

namespace CloudLab.Tests.Containers.Images;

/// <summary>Writes image archives by hand, as engines and other tools write them and as they should not.</summary>
internal static class ArchiveWriter
{
    /// <summary>A layer as an uncompressed tar file. A name that ends with a slash is a folder.</summary>
    public static byte[] Layer(params (string Name, byte[] Content)[] files)
    {
        using MemoryStream bytes = new();
        using (TarWriter tar = new(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                bool folder = name.EndsWith('/');
                PaxTarEntry entry = new(folder ? TarEntryType.Directory : TarEntryType.RegularFile, name) { ModificationTime = DateTimeOffset.UnixEpoch };
                if (!folder)
                {
                    entry.DataStream = new MemoryStream(content);
                }

                tar.WriteEntry(entry);
            }
        }

        return bytes.ToArray();
    }

    public static byte[] Layer(params (string Name, string Content)[] files) =>
        Layer([.. files.Select(file => (file.Name, Encoding.UTF8.GetBytes(file.Content)))]);

    public static byte[] GZip(byte[] layer)
    {
        using MemoryStream bytes = new();
        using (GZipStream gzip = new(bytes, CompressionLevel.Fastest))
        {
            gzip.Write(layer);
        }

        return bytes.ToArray();
    }

    public static byte[] Zstd(byte[] layer)
    {
        using Compressor compressor = new();
        return compressor.Wrap(layer).ToArray();
    }

    /// <summary>Docker's own layout, as 'docker save' wrote it before version 25: a layer that is there twice is a link.</summary>
    public static byte[] Docker(string name, string? label, params byte[][] layers)
    {
        string config = Config(label, layers, layers);
        string configFile = Hex(Encoding.UTF8.GetBytes(config)) + ".json";
        List<(string, object)> entries = [];
        List<string> names = [];
        for (int i = 0; i < layers.Length; i++)
        {
            int first = Array.FindIndex(layers, layer => layer.AsSpan().SequenceEqual(layers[i]));
            names.Add($"layer{i}/layer.tar");
            entries.Add((names[i], first < i ? $"../layer{first}/layer.tar" : layers[i]));
        }

        JsonArray manifest = [new JsonObject { ["Config"] = configFile, ["RepoTags"] = new JsonArray(name), ["Layers"] = new JsonArray([.. names.Select(n => (JsonNode)n)]) }];
        return Tar([.. entries, (configFile, Encoding.UTF8.GetBytes(config)), ("manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()))]);
    }

    /// <summary>The OCI layout, with an attestation beside the image. The layers are stored as they are given.</summary>
    public static byte[] Oci(byte[][] contents, byte[][] stored)
    {
        List<(string, object)> blobs = [];
        byte[] config = Encoding.UTF8.GetBytes(Config(null, contents, stored));
        JsonArray layers = [.. stored.Select(layer => (JsonNode)Descriptor("application/vnd.oci.image.layer.v1.tar", layer))];
        byte[] manifest = Bytes(new JsonObject { ["schemaVersion"] = 2, ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config), ["layers"] = layers });
        byte[] attestation = Bytes(new JsonObject { ["schemaVersion"] = 2, ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", "{}"u8.ToArray()), ["layers"] = new JsonArray() });
        JsonObject image = Descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
        image["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" };
        JsonObject extra = Descriptor("application/vnd.oci.image.manifest.v1+json", attestation);
        extra["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        byte[] index = Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(image, extra) });
        byte[] outer = Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(Descriptor("application/vnd.oci.image.index.v1+json", index)) });
        foreach (byte[] blob in new[] { config, manifest, attestation, index }.Concat(stored))
        {
            blobs.Add(("blobs/sha256/" + Hex(blob), blob));
        }

        return Tar([.. blobs.DistinctBy(b => b.Item1), ("index.json", outer), ("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray())]);
    }

    /// <summary>A tar file: bytes for a file, text for a symbolic link.</summary>
    public static byte[] Tar(params (string Name, object Content)[] entries)
    {
        using MemoryStream bytes = new();
        using (TarWriter tar = new(bytes, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach ((string name, object content) in entries)
            {
                tar.WriteEntry(content is byte[] file
                    ? new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(file) }
                    : new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = (string)content });
            }
        }

        return bytes.ToArray();
    }

    private static string Config(string? label, byte[][] contents, byte[][] stored) => new JsonObject
    {
        ["architecture"] = "amd64",
        ["os"] = "linux",
        ["created"] = "2026-01-02T03:04:05Z",
        ["config"] = new JsonObject { ["Labels"] = label is null ? null : new JsonObject { ["test"] = label }, ["Cmd"] = new JsonArray("/a") },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. contents.Select(layer => (JsonNode)("sha256:" + Hex(layer)))]) },
        ["history"] = new JsonArray([.. stored.Select((_, i) => (JsonNode)new JsonObject { ["created_by"] = $"COPY {i} /", ["created"] = "2026-01-02T03:04:05Z" })]),
    }.ToJsonString();

    private static JsonObject Descriptor(string type, byte[] blob) => new() { ["mediaType"] = type, ["digest"] = "sha256:" + Hex(blob), ["size"] = blob.Length };

    private static byte[] Bytes(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
