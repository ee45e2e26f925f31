namespace CloudLab.Core.Containers.Layers;

/// <summary>What differs between two images.</summary>
public enum ImageDifferenceKind
{
    /// <summary>A setting: a variable, a label, the command.</summary>
    Config,

    /// <summary>A file.</summary>
    File,
}

/// <summary>One difference between two images.</summary>
public sealed class LabImageDifference
{
    /// <summary><c>&lt;=</c> only in the reference image, <c>=&gt;</c> only in the other, <c>&lt;&gt;</c> in both and different.</summary>
    public string SideIndicator => DifferenceValue is null ? "<=" : ReferenceValue is null ? "=>" : "<>";

    /// <summary>Whether it is a setting or a file.</summary>
    public required ImageDifferenceKind Kind { get; init; }

    /// <summary>Name of the setting (<c>Env PATH</c>, <c>Cmd</c>), or path of the file.</summary>
    public required string Name { get; init; }

    /// <summary>What the reference image has, or null.</summary>
    public string? ReferenceValue { get; init; }

    /// <summary>What the other image has, or null.</summary>
    public string? DifferenceValue { get; init; }

    /// <summary>By how many bytes the file is larger in the other image.</summary>
    public long SizeChange { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{SideIndicator} {Name}";
}
