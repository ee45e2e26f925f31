namespace CloudLab.Core.Containers.Containers;

/// <summary>What a new container shall be.</summary>
public sealed record ContainerOptions
{
    /// <summary>Image to make it from.</summary>
    public required string Image { get; init; }

    /// <summary>Its name; the engine invents one if null.</summary>
    public string? Name { get; init; }

    /// <summary>What runs in it; the image's own command if empty.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Ports as <c>[address:][port:]containerPort[/protocol]</c>.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Variables; null for one that is taken from this process.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Files with variables, full paths.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary>Volumes as <c>source:destination[:options]</c>.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Folder that relative paths of volumes begin in.</summary>
    public string WorkingFolder { get; init; } = "";

    /// <summary>Networks; the engine's default if empty.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Further names in its networks.</summary>
    public IReadOnlyList<string> NetworkAliases { get; init; } = [];

    /// <summary>Limit of memory as <c>512m</c> or a number of bytes.</summary>
    public string? Memory { get; init; }

    /// <summary>Limit of processor time in processors.</summary>
    public double? Cpu { get; init; }

    /// <summary>no, always, unless-stopped, on-failure or <c>on-failure:3</c>.</summary>
    public string? RestartPolicy { get; init; }

    /// <summary>User, and group after a colon.</summary>
    public string? User { get; init; }

    /// <summary>Instead of the image's entry point.</summary>
    public IReadOnlyList<string>? EntryPoint { get; init; }

    /// <summary>Current folder in the container.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Health check: a shell command.</summary>
    public string? HealthCommand { get; init; }

    /// <summary>Time between two health checks.</summary>
    public TimeSpan? HealthInterval { get; init; }

    /// <summary>Time that one health check may take.</summary>
    public TimeSpan? HealthTimeout { get; init; }

    /// <summary>Time in which failing checks do not count.</summary>
    public TimeSpan? HealthStartPeriod { get; init; }

    /// <summary>Failing checks in a row that make it unhealthy.</summary>
    public int? HealthRetries { get; init; }

    /// <summary>Platform of the image: <c>linux/arm64</c>.</summary>
    public string? Platform { get; init; }

    /// <summary>Runs an init process that passes signals on and collects orphans.</summary>
    public bool Init { get; init; }

    /// <summary>Makes its file system read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Host name in the container.</summary>
    public string? Hostname { get; init; }

    /// <summary>Entries for its hosts file: <c>name:address</c>.</summary>
    public IReadOnlyList<string> AddHosts { get; init; } = [];

    /// <summary>Capabilities to add.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Capabilities to drop.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Gives it all rights on the engine's machine.</summary>
    public bool Privileged { get; init; }

    /// <summary>Removes it when it ends.</summary>
    public bool Remove { get; init; }

    /// <summary>Keeps its standard input open.</summary>
    public bool Interactive { get; init; }

    /// <summary>Gives it a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Signal that stops it.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Whether to pull the image.</summary>
    public ContainerPull Pull { get; init; } = ContainerPull.Missing;
}

/// <summary>When the image of a new container is pulled.</summary>
public enum ContainerPull
{
    /// <summary>Where the engine does not have it.</summary>
    Missing,

    /// <summary>Always, for a newer one.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}
