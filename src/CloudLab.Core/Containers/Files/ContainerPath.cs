using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Files;

/// <summary>A path in a container or a volume: <c>web:/etc/hosts</c>, <c>volume://data/dump.sql</c>.</summary>
/// <param name="Container">Name or id of the container, or name of the volume.</param>
/// <param name="Path">Path in it, from its root.</param>
public sealed record ContainerPath(string Container, string Path)
{
    /// <summary>How a path in a volume begins.</summary>
    public const string VolumeScheme = "volume://";

    /// <summary>Whether it is in a volume.</summary>
    public bool IsVolume { get; init; }

    /// <summary>What it is in, for messages.</summary>
    internal string Place => $"the {(IsVolume ? "volume" : "container")} '{Container}'";

    /// <summary>The last part of the path; empty for the root.</summary>
    internal string Name => Path.TrimEnd('/') is var whole ? whole[(whole.LastIndexOf('/') + 1)..] : "";

    /// <summary>The folder that it is in.</summary>
    internal string Parent => Path.TrimEnd('/').LastIndexOf('/') is > 0 and var slash ? Path[..slash] : "/";

    /// <summary>Whether its content is meant: it ends with <c>/.</c>.</summary>
    internal bool MeansContent => Path.EndsWith("/.", StringComparison.Ordinal);

    /// <summary>Whether it has to be a folder.</summary>
    internal bool MeansFolder => MeansContent || Path.EndsWith('/');

    /// <summary>Reads a path as the docker CLI does.</summary>
    /// <param name="text"><c>web:/etc/hosts</c>, <c>volume://data/dump.sql</c>, or a local path.</param>
    /// <returns>The path in a container or a volume; null for a local one. Throws <see cref="LabException"/> (<c>ContainerPathInvalid</c>).</returns>
    public static ContainerPath? Parse(string text)
    {
        if (text.StartsWith(VolumeScheme, StringComparison.OrdinalIgnoreCase))
        {
            string[] parts = text[VolumeScheme.Length..].Split('/', 2);
            return parts[0].Length > 0 ? new ContainerPath(parts[0], "/" + parts.ElementAtOrDefault(1)) { IsVolume = true } : throw new LabException(
                LabErrorKind.InvalidArgument, "ContainerPathInvalid", $"'{text}' names no volume: write volume://name/path, such as volume://data/dump.sql.") { Target = text };
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        bool local = colon < 0 || text.AsSpan(0, colon).IndexOfAny('/', '\\', '.') >= 0 || (colon == 1 && char.IsAsciiLetter(text[0]) && text.Length > 2 && text[2] is '\\' or '/' && OperatingSystem.IsWindows());
        if (local)
        {
            return null;
        }

        if (colon == 0 || colon == text.Length - 1)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ContainerPathInvalid", $"'{text}' is not a valid path in a container: write container:/path, such as web:/etc/hosts.") { Target = text };
        }

        // The docker CLI, too, takes a relative path to begin at the root.
        string path = text[(colon + 1)..];
        return new ContainerPath(text[..colon], path.StartsWith('/') ? path : "/" + path);
    }

    /// <inheritdoc/>
    public override string ToString() => IsVolume ? $"{VolumeScheme}{Container}{Path}" : $"{Container}:{Path}";
}

/// <summary>What was copied.</summary>
/// <param name="Source">From where.</param>
/// <param name="Destination">To where.</param>
/// <param name="Files">Number of files.</param>
/// <param name="Size">Their bytes.</param>
/// <param name="Duration">How long it took.</param>
public sealed record LabContainerCopy(string Source, string Destination, long Files, long Size, TimeSpan Duration)
{
    /// <inheritdoc/>
    public override string ToString() => Destination;
}
