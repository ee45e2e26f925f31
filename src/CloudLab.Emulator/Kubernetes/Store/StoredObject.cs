using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Store;

/// <summary>One version of an object. It never changes; <see cref="Parse"/> gives a copy that may.</summary>
internal sealed class StoredObject
{
    private readonly byte[] utf8;

    public StoredObject(string shelf, JsonObject node, long revision)
    {
        Shelf = shelf;
        Revision = revision;
        JsonNode? metadata = node["metadata"];
        Namespace = metadata.Text("namespace") ?? "";
        Name = metadata.Text("name") ?? "";
        Uid = metadata.Text("uid") ?? "";
        Labels = metadata.Strings("labels");
        OwnerUids = [.. metadata.Items("ownerReferences").Select(owner => owner.Text("uid") ?? "")];
        IsDeleting = metadata.Text("deletionTimestamp") is not null;
        utf8 = Json.Bytes(node);
    }

    public string Shelf { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public long Revision { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    public IReadOnlyList<string> OwnerUids { get; }

    public bool IsDeleting { get; }

    public ReadOnlyMemory<byte> Utf8 => utf8;

    public (string Namespace, string Name) Key => (Namespace, Name);

    public JsonObject Parse() => Json.ParseObject(utf8);
}

/// <summary>What happened to an object at a revision.</summary>
/// <param name="Object">What it is now; for a deletion its last state, at the revision of the deletion.</param>
/// <param name="Previous">What it was before; null if it is new.</param>
/// <param name="IsDeletion">True if it is gone.</param>
internal sealed record StoreEvent(StoredObject Object, StoredObject? Previous, bool IsDeletion)
{
    public long Revision => Object.Revision;
}
