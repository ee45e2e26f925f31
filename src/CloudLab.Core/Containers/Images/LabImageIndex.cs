using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Images;

/// <summary>An image of several platforms in a registry.</summary>
public sealed class LabImageIndex
{
    /// <summary>Its name. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>Digest of the index.</summary>
    public required string Digest { get; init; }

    /// <summary>The platforms in it, each with the digest of its manifest.</summary>
    public required IReadOnlyList<LabImagePlatform> Platforms { get; init => field = TextList.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Image;
}
