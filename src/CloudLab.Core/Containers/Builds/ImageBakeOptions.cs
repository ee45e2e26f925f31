namespace CloudLab.Core.Containers.Builds;

/// <summary>What is built of which bake files, and what becomes of it.</summary>
public sealed record ImageBakeOptions
{
    /// <summary>The bake files (HCL, JSON, compose), absolute paths or ones relative to the current folder or the build's.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Folder to which the paths inside the bake files are relative, an absolute path.</summary>
    public required string Folder { get; init; }

    /// <summary>Current folder, in which the bake files are searched for first.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>Targets and groups; the group <c>default</c> if empty.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Overrides, in buildx's words: <c>*.platform=linux/arm64</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Values for the bake files' variables.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>();

    /// <summary>What the bake files may use beyond the folder, in buildx's words: <c>fs.read=../shared</c>, <c>network.host</c>.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Whether to push the images to the registries that their names point to.</summary>
    public bool Push { get; init; }

    /// <summary>Whether to put the images into the engine; those of targets without an output are put there anyway.</summary>
    public bool Load { get; init; }

    /// <summary>Whether to run every step anew.</summary>
    public bool NoCache { get; init; }

    /// <summary>Whether to ask the registry for newer base images.</summary>
    public bool Pull { get; init; }

    /// <summary>Name of a buildx builder; the one chosen with <c>docker buildx use</c> if null.</summary>
    public string? Builder { get; init; }

    /// <summary>Provenance to attach: <c>true</c>, <c>false</c>, <c>min</c> or <c>max</c>; what the bake files say if null.</summary>
    public string? Provenance { get; init; }
}
