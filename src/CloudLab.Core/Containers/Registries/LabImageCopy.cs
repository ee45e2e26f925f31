using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Registries;

/// <summary>An image that was copied from one place to another.</summary>
public sealed class LabImageCopy
{
    /// <summary>Name of the copy. Binds <c>-Image</c>; the folder where it was saved to one.</summary>
    public required string Image { get; init; }

    /// <summary>What was copied.</summary>
    public required string Source { get; init; }

    /// <summary>Digest of the copy; the same as that of the source unless platforms were chosen.</summary>
    public required string Digest { get; init; }

    /// <summary>The platforms in it.</summary>
    public required IReadOnlyList<string> Platforms { get; init => field = TextList.Of(value); }

    /// <summary>How many layers and configurations were sent.</summary>
    public required int CopiedBlobs { get; init; }

    /// <summary>How many the registry took over from another of its repositories.</summary>
    public required int MountedBlobs { get; init; }

    /// <summary>How many were there already.</summary>
    public required int ExistingBlobs { get; init; }

    /// <summary>Bytes that were sent.</summary>
    public required long Size { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Image;
}

/// <summary>A tag of a repository.</summary>
public sealed class LabImageTag
{
    /// <summary>Name of the image. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The repository, registry included where it is not Docker's own.</summary>
    public required string Repository { get; init; }

    /// <summary>The tag.</summary>
    public required string Tag { get; init; }

    /// <summary>Digest that it stands for; null unless it was asked for.</summary>
    public string? Digest { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Image;
}

/// <summary>Credentials for a registry that are stored.</summary>
/// <param name="Registry">The registry. Binds <c>-Registry</c>.</param>
/// <param name="User">User name; null where a token is stored.</param>
/// <param name="Store">Where: <c>config.json</c>, or the name of a credential helper.</param>
public sealed record LabRegistryLogin(string Registry, string? User, string Store)
{
    /// <inheritdoc/>
    public override string ToString() => Registry;
}
