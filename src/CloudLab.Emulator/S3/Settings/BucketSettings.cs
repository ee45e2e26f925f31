using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Settings;

/// <summary>What a bucket's documents say, read once: the settings that have an effect.</summary>
internal sealed class BucketSettings
{
    private readonly IReadOnlyDictionary<string, string> documents;

    /// <summary>Reads the documents.</summary>
    /// <param name="documents">Documents by the query word that names them.</param>
    public BucketSettings(IReadOnlyDictionary<string, string> documents)
    {
        this.documents = documents;
        Policy = ParsePolicy(documents.GetValueOrDefault("policy"));
        Versioning = Read("versioning", root => S3Xml.Text(root, "Status") == "Enabled" ? BucketVersioning.Enabled : BucketVersioning.Suspended);
        Encryption = Read("encryption", DefaultEncryption.Read) ?? ObjectEncryption.OfS3;
        Cors = Read("cors", CorsRule.ReadAll) ?? [];
        Lifecycle = Read("lifecycle", LifecycleRule.ReadAll) ?? [];
        LockEnabled = documents.ContainsKey("object-lock");
        Retention = Read("object-lock", DefaultRetention.Read);
        Ownership = Read("ownershipControls", OwnershipControls.Read)
            ?? (documents.ContainsKey("ownershipControls") ? OwnershipControls.ObjectWriter : OwnershipControls.BucketOwnerEnforced);
        Grants = Read("acl", AccessGrant.ReadAll);
        PublicAccess = Read("publicAccessBlock", PublicAccessBlock.Read) ?? PublicAccessBlock.None;
    }

    /// <summary>A bucket without settings.</summary>
    public static BucketSettings None { get; } = new(new Dictionary<string, string>());

    /// <summary>The bucket policy, or null.</summary>
    public JsonNode? Policy { get; }

    /// <summary>Whether versions are kept.</summary>
    public BucketVersioning Versioning { get; }

    /// <summary>How objects are encrypted whose writer does not say.</summary>
    public ObjectEncryption Encryption { get; }

    /// <summary>Which pages of other origins may use the bucket.</summary>
    public IReadOnlyList<CorsRule> Cors { get; }

    /// <summary>When objects expire.</summary>
    public IReadOnlyList<LifecycleRule> Lifecycle { get; }

    /// <summary>Whether versions may be locked.</summary>
    public bool LockEnabled { get; }

    /// <summary>The lock of objects whose writer does not say, or null.</summary>
    public DefaultRetention? Retention { get; }

    /// <summary>Who owns objects: whether there are access control lists.</summary>
    public string Ownership { get; }

    /// <summary>The bucket's access control list; null where only the owner may do anything.</summary>
    public IReadOnlyList<AccessGrant>? Grants { get; }

    /// <summary>What public access is refused in spite of policies and lists.</summary>
    public PublicAccessBlock PublicAccess { get; }

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

    private T? Read<T>(string name, Func<XElement, T> read)
    {
        try
        {
            return documents.GetValueOrDefault(name) is { Length: > 0 } text ? read(S3Xml.Parse(Encoding.UTF8.GetBytes(text))) : default;
        }
        catch (S3Exception)
        {
            // A data folder may have documents from before they were checked.
            return default;
        }
    }
}
