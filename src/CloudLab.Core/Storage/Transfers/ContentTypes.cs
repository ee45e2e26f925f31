namespace CloudLab.Core.Storage.Transfers;

/// <summary>Media types by file name extension.</summary>
public static class ContentTypes
{
    /// <summary>The type of what has no known extension.</summary>
    public const string Unknown = "application/octet-stream";

    /// <summary>The types known here.</summary>
    public static IReadOnlyList<string> Known => [.. ByExtension.Values.Append(Unknown).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    // IANA's registered types, and the few unregistered ones that servers agree on.
    private static readonly Dictionary<string, string> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".7z"] = "application/x-7z-compressed",
        [".aac"] = "audio/aac",
        [".avi"] = "video/x-msvideo",
        [".avif"] = "image/avif",
        [".bmp"] = "image/bmp",
        [".bz2"] = "application/x-bzip2",
        [".css"] = "text/css",
        [".csv"] = "text/csv",
        [".doc"] = "application/msword",
        [".docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        [".epub"] = "application/epub+zip",
        [".flac"] = "audio/flac",
        [".gif"] = "image/gif",
        [".gz"] = "application/gzip",
        [".htm"] = "text/html",
        [".html"] = "text/html",
        [".ico"] = "image/vnd.microsoft.icon",
        [".ics"] = "text/calendar",
        [".jar"] = "application/java-archive",
        [".jpeg"] = "image/jpeg",
        [".jpg"] = "image/jpeg",
        [".js"] = "text/javascript",
        [".json"] = "application/json",
        [".jsonl"] = "application/jsonl",
        [".jsonld"] = "application/ld+json",
        [".log"] = "text/plain",
        [".m4a"] = "audio/mp4",
        [".map"] = "application/json",
        [".md"] = "text/markdown",
        [".mjs"] = "text/javascript",
        [".mkv"] = "video/x-matroska",
        [".mov"] = "video/quicktime",
        [".mp3"] = "audio/mpeg",
        [".mp4"] = "video/mp4",
        [".mpeg"] = "video/mpeg",
        [".ndjson"] = "application/x-ndjson",
        [".odp"] = "application/vnd.oasis.opendocument.presentation",
        [".ods"] = "application/vnd.oasis.opendocument.spreadsheet",
        [".odt"] = "application/vnd.oasis.opendocument.text",
        [".ogg"] = "audio/ogg",
        [".ogv"] = "video/ogg",
        [".opus"] = "audio/ogg",
        [".otf"] = "font/otf",
        [".parquet"] = "application/vnd.apache.parquet",
        [".pdf"] = "application/pdf",
        [".png"] = "image/png",
        [".ppt"] = "application/vnd.ms-powerpoint",
        [".pptx"] = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        [".rtf"] = "application/rtf",
        [".sh"] = "application/x-sh",
        [".svg"] = "image/svg+xml",
        [".tar"] = "application/x-tar",
        [".tgz"] = "application/gzip",
        [".tif"] = "image/tiff",
        [".tiff"] = "image/tiff",
        [".toml"] = "application/toml",
        [".ttf"] = "font/ttf",
        [".txt"] = "text/plain",
        [".wasm"] = "application/wasm",
        [".wav"] = "audio/wav",
        [".weba"] = "audio/webm",
        [".webm"] = "video/webm",
        [".webmanifest"] = "application/manifest+json",
        [".webp"] = "image/webp",
        [".woff"] = "font/woff",
        [".woff2"] = "font/woff2",
        [".xhtml"] = "application/xhtml+xml",
        [".xls"] = "application/vnd.ms-excel",
        [".xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [".xml"] = "application/xml",
        [".yaml"] = "application/yaml",
        [".yml"] = "application/yaml",
        [".zip"] = "application/zip",
        [".zst"] = "application/zstd",
    };

    /// <summary>The media type of a file or key.</summary>
    /// <param name="name">File name or key.</param>
    /// <returns>The type of its extension, else <see cref="Unknown"/>.</returns>
    public static string Of(string name) => ByExtension.GetValueOrDefault(Path.GetExtension(name), Unknown);
}
