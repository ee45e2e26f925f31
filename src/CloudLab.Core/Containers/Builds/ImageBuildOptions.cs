namespace CloudLab.Core.Containers.Builds;

/// <summary>What is built from where, and what becomes of it.</summary>
public sealed record ImageBuildOptions
{
    /// <summary>Folder of the build context, an absolute path.</summary>
    public required string ContextPath { get; init; }

    /// <summary>Dockerfile, an absolute path or one relative to the context; null for <c>Dockerfile</c> in the context.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The Dockerfile itself, in place of a file; null for a file.</summary>
    public string? DockerfileText { get; init; }

    /// <summary>Current folder, to which paths inside <see cref="Secrets"/>, <see cref="Outputs"/> and caches are relative.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>Names for the image.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Platforms to build for; the builder's own if empty.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Values for the Dockerfile's <c>ARG</c>s; a null value is taken from the environment.</summary>
    public IReadOnlyDictionary<string, string?> BuildArgs { get; init; } = new Dictionary<string, string?>();

    /// <summary>Labels for the image.</summary>
    public IReadOnlyDictionary<string, string?> Labels { get; init; } = new Dictionary<string, string?>();

    /// <summary>Secrets for <c>RUN --mount=type=secret</c>, in buildx's words: <c>id=npm,src=token.txt</c>.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>ssh agents or keys for <c>RUN --mount=type=ssh</c>, in buildx's words: <c>default</c>, <c>id=path</c>.</summary>
    public IReadOnlyList<string> Ssh { get; init; } = [];

    /// <summary>Attestations to attach, in buildx's words: <c>type=sbom</c>.</summary>
    public IReadOnlyList<string> Attestations { get; init; } = [];

    /// <summary>Stage to stop at.</summary>
    public string? Target { get; init; }

    /// <summary>Whether to push the image to the registry that its names point to.</summary>
    public bool Push { get; init; }

    /// <summary>Whether to put the image into the engine; so it is too where nothing else is asked for.</summary>
    public bool Load { get; init; }

    /// <summary>Other outputs, in buildx's words: <c>type=oci,dest=site.tar</c>.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Whether to run every step anew.</summary>
    public bool NoCache { get; init; }

    /// <summary>Whether to ask the registry for newer base images.</summary>
    public bool Pull { get; init; }

    /// <summary>Name of a buildx builder; the one chosen with <c>docker buildx use</c> if null.</summary>
    public string? Builder { get; init; }

    /// <summary>Caches to read, in buildx's words.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>Caches to write, in buildx's words.</summary>
    public IReadOnlyList<string> CacheTo { get; init; } = [];

    /// <summary>Provenance to attach: <c>true</c>, <c>false</c>, <c>min</c> or <c>max</c>; buildx's own choice if null.</summary>
    public string? Provenance { get; init; }
}
