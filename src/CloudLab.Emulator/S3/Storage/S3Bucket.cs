using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>A bucket. <see cref="Objects"/> and <see cref="Uploads"/> are guarded by <see cref="Gate"/>.</summary>
/// <param name="name">Its name.</param>
/// <param name="region">Its region.</param>
/// <param name="created">When it was created.</param>
internal sealed class S3Bucket(string name, string region, DateTimeOffset created)
{
    private Dictionary<string, string> documents = [];

    /// <summary>Guards the bucket.</summary>
    public object Gate { get; } = new();

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Its region.</summary>
    public string Region { get; } = region;

    /// <summary>When it was created.</summary>
    public DateTimeOffset Created { get; } = created;

    /// <summary>True once it is deleted: whoever still has it must not write to it.</summary>
    public bool Deleted { get; set; }

    /// <summary>Objects by key.</summary>
    public KeyIndex Objects { get; } = new();

    /// <summary>Uploads in parts by id.</summary>
    public Dictionary<string, MultipartUpload> Uploads { get; } = new(StringComparer.Ordinal);

    /// <summary>Settings as they were put, by the query word that names them: <c>tagging</c>, <c>policy</c>. Replaced, never changed.</summary>
    public IReadOnlyDictionary<string, string> Documents
    {
        get => documents;
        set
        {
            documents = new Dictionary<string, string>(value, StringComparer.Ordinal);
            Policy = ParsePolicy(documents.GetValueOrDefault("policy"));
        }
    }

    /// <summary>The bucket policy, or null.</summary>
    public JsonNode? Policy { get; private set; }

    private static JsonNode? ParsePolicy(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
