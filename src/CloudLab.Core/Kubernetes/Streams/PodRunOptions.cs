namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>When the containers of a pod are started again.</summary>
public enum PodRestart
{
    /// <summary>Whenever they end.</summary>
    Always,

    /// <summary>When they fail.</summary>
    OnFailure,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>A pod, or the pod of a Job, with one container.</summary>
public sealed record PodRunOptions
{
    /// <summary>Name; made from the image's if null.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The image.</summary>
    public required string Image { get; init; }

    /// <summary>Program and arguments in place of the image's entry point.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Arguments of the image's entry point.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables; a null value is taken from the environment.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Ports that it listens on.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Resources that are requested: cpu, memory.</summary>
    public IReadOnlyDictionary<string, string> Requests { get; init; } = new Dictionary<string, string>();

    /// <summary>Limits of resources.</summary>
    public IReadOnlyDictionary<string, string> Limits { get; init; } = new Dictionary<string, string>();

    /// <summary>When it is started again.</summary>
    public PodRestart Restart { get; init; }

    /// <summary>When the image is pulled; as the server decides if null.</summary>
    public string? PullPolicy { get; init; }

    /// <summary>Service account; the namespace's default if null.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>Keeps standard input open.</summary>
    public bool Input { get; init; }

    /// <summary>Gives it a terminal.</summary>
    public bool Terminal { get; init; }
}
