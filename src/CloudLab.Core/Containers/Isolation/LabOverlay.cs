using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>Folders that are put together to one: read-only layers, and a writable one that takes every change.</summary>
public sealed class LabOverlay
{
    /// <summary>Where it is mounted.</summary>
    public required string Path { get; init; }

    /// <summary>The read-only layers, the topmost first.</summary>
    public required IReadOnlyList<string> LowerPath { get; init => field = TextList.Of(value); }

    /// <summary>The writable layer; null where nothing can be written.</summary>
    public string? UpperPath { get; init; }

    /// <summary>The folder in which the kernel prepares changes.</summary>
    public string? WorkPath { get; init; }

    /// <summary>Whether nothing can be written.</summary>
    public required bool ReadOnly { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>A change that the writable layer of an overlay has.</summary>
public sealed class LabOverlayChange
{
    /// <summary>Where the overlay is mounted.</summary>
    public required string Overlay { get; init; }

    /// <summary>Added, Modified, Deleted, or Replaced: a new directory in place of one that a read-only layer has.</summary>
    public required string Change { get; init; }

    /// <summary>What is changed, as a path in the overlay.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// How the layer says it: New; CopyUp, a copy of the read-only file with the change; Whiteout, a mark that hides the read-only file; Opaque, a
    /// directory that hides the read-only one with all that is in it.
    /// </summary>
    public required string Mechanism { get; init; }

    /// <summary>What stands for the change in the writable layer.</summary>
    public required string UpperPath { get; init; }

    /// <summary>The file below it, which is as it was: the one of the topmost read-only layer that has it; null where there is none.</summary>
    public string? LowerPath { get; init; }

    /// <summary>Size in bytes of what is in the writable layer.</summary>
    public required long Size { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Change} {Path}";
}
