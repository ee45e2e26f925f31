namespace CloudLab.Core.Containers.Images;

/// <summary>A name of an image that is removed, or was.</summary>
public sealed class LabImageRemoval
{
    /// <summary>Name with tag, or the id where it has none.</summary>
    public required string Image { get; init; }

    /// <summary>The engine's id of the image.</summary>
    public required string Id { get; init; }

    /// <summary>When it was built.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>
    /// Bytes that it frees: what no other image has. 0 where the image keeps another name. The build cache may hold on to a part.
    /// </summary>
    public required long Size { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Image;
}

/// <summary>Which images are removed.</summary>
public sealed record ImageClearing
{
    /// <summary>Whether also images that have a name.</summary>
    public bool Named { get; init; }

    /// <summary>Only names that this chooses; null for all.</summary>
    public Predicate<string>? Matches { get; init; }

    /// <summary>How many of each repository stay, the newest; 0 for none.</summary>
    public int Keep { get; init; }

    /// <summary>Only images that were built longer ago, or null.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>Only images with all these labels: <c>name</c> or <c>name=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
