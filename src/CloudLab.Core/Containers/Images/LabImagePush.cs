namespace CloudLab.Core.Containers.Images;

/// <summary>What a push came to.</summary>
public sealed class LabImagePush
{
    /// <summary>Name of the image. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The registry that has it now.</summary>
    public required string Registry { get; init; }

    /// <summary>Digest under which the registry knows it.</summary>
    public string? Digest { get; init; }

    /// <summary>How many layers and other parts were sent.</summary>
    public required int PushedLayers { get; init; }

    /// <summary>How many the registry had already.</summary>
    public required int ExistingLayers { get; init; }

    /// <summary>Bytes that were sent, as far as the engine tells.</summary>
    public required long PushedSize { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Image;
}
