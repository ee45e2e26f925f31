namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>How a Dockerfile is reviewed.</summary>
public sealed record DockerfileReviewOptions
{
    /// <summary>Full path of the Dockerfile; null for one that is text.</summary>
    public string? File { get; init; }

    /// <summary>Full path of the build context, where it is known; sources of COPY are looked for only then.</summary>
    public string? Context { get; init; }

    /// <summary>Values of build arguments.</summary>
    public IReadOnlyDictionary<string, string> BuildArgs { get; init; } = new Dictionary<string, string>();

    /// <summary>Platform to build for, in its usual form; that of this machine's processor with Linux if null.</summary>
    public string? Platform { get; init; }

    /// <summary>Stage that is built: other stages count only where it needs them; null for the last one, and all are reviewed.</summary>
    public string? Target { get; init; }

    /// <summary>Whether a rule is looked for: by default all that are not optional.</summary>
    public Func<DockerfileRule, bool> Wanted { get; init; } = rule => !rule.IsOptional;

    /// <summary>What <c>.hadolint.yaml</c> says.</summary>
    public HadolintConfig Hadolint { get; init; } = HadolintConfig.None;
}
