using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Images;

/// <summary>An image in a Docker Engine, under one of its names.</summary>
public sealed class LabImage
{
    /// <summary>Name with tag (<c>movies/site:1.0</c>), or the id where it has no name. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The name without its tag, registry included where it is not Docker's own; null without a name.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag; null without a name.</summary>
    public string? Tag { get; init; }

    /// <summary>The engine's id of the image: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The first 12 digits of the id, as the docker CLI shows it.</summary>
    public string ShortId => Id[(Id.IndexOf(':', StringComparison.Ordinal) + 1)..] is { Length: > 12 } digits ? digits[..12] : Id;

    /// <summary>Digest under which registries know it, or null where it never was in one.</summary>
    public string? Digest { get; init; }

    /// <summary>When it was built.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Bytes that it takes in the engine, all its platforms together; layers shared with others count too.</summary>
    public required long Size { get; init; }

    /// <summary>The platforms it holds, in the image's own order.</summary>
    public required IReadOnlyList<LabImagePlatform> Platforms { get; init => field = TextList.Of(value); }

    /// <summary>Labels of the image.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Image;
}
