using CloudLab.Emulator.S3.Settings;

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

    /// <summary>Objects in all their versions.</summary>
    public VersionIndex Objects { get; } = new();

    /// <summary>Uploads in parts by id.</summary>
    public Dictionary<string, MultipartUpload> Uploads { get; } = new(StringComparer.Ordinal);

    /// <summary>Settings as they were put, by the query word that names them: <c>tagging</c>, <c>policy</c>. Replaced, never changed.</summary>
    public IReadOnlyDictionary<string, string> Documents
    {
        get => documents;
        set
        {
            documents = new Dictionary<string, string>(value, StringComparer.Ordinal);
            Settings = new BucketSettings(documents);
        }
    }

    /// <summary>What those settings say, where the emulator does something about it.</summary>
    public BucketSettings Settings { get; private set; } = BucketSettings.None;
}
