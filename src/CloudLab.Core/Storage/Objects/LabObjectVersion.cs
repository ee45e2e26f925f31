namespace CloudLab.Core.Storage.Objects;

/// <summary>One version of an object, or the mark that says it was deleted (<c>Get-LabObject -Versions</c>).</summary>
public sealed class LabObjectVersion : LabObject
{
    /// <summary>True for the version that a request without a version gets.</summary>
    public bool IsLatest { get; init; }

    /// <summary>True for the mark of a deletion: it has no content. Removing the mark brings the object back.</summary>
    public bool IsDeleteMarker { get; init; }

    /// <summary>What kind of version it is, in a word: <c>Latest</c>, <c>Noncurrent</c> or <c>DeleteMarker</c>.</summary>
    public string State => IsDeleteMarker ? "DeleteMarker" : IsLatest ? "Latest" : "Noncurrent";
}
