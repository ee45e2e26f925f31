namespace CloudLab.Core.Containers.Compose;

/// <summary>How a compose project is started.</summary>
public sealed record ComposeStartOptions
{
    /// <summary>Names of services; all if there are none. Those that they depend on are started, too.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Builds images first.</summary>
    public bool Build { get; init; }

    /// <summary>always, missing or never; the compose file's own setting if null.</summary>
    public string? Pull { get; init; }

    /// <summary>Makes all containers anew.</summary>
    public bool ForceRecreate { get; init; }

    /// <summary>Removes containers of services that are no longer in the file.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>How many containers services are to have.</summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    internal IEnumerable<string> Arguments() =>
    [
        .. Build ? ["--build"] : Array.Empty<string>(),
        .. Pull is { } pull ? ["--pull", pull] : Array.Empty<string>(),
        .. ForceRecreate ? ["--force-recreate"] : Array.Empty<string>(),
        .. RemoveOrphans ? ["--remove-orphans"] : Array.Empty<string>(),
        .. Scale.SelectMany(pair => new[] { "--scale", $"{pair.Key}={pair.Value}" }),
        "--", .. Services,
    ];
}

/// <summary>How a compose project is stopped.</summary>
public sealed record ComposeStopOptions
{
    /// <summary>Names of services; all if there are none.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Removes containers and networks, too.</summary>
    public bool Remove { get; init; }

    /// <summary>Removes the project's volumes and everything in them.</summary>
    public bool Volumes { get; init; }

    /// <summary>Removes images, too: <c>local</c> (those without a name of their own) or <c>all</c>; null for none.</summary>
    public string? Images { get; init; }

    /// <summary>Removes containers of services that are no longer in the file.</summary>
    public bool RemoveOrphans { get; init; }

    /// <summary>How long a container may take to end; its own setting if null.</summary>
    public TimeSpan? Grace { get; init; }

    internal IEnumerable<string> Arguments() =>
    [
        Remove ? "down" : "stop",
        .. Volumes ? ["--volumes"] : Array.Empty<string>(),
        .. Images is { } images ? ["--rmi", images] : Array.Empty<string>(),
        .. RemoveOrphans ? ["--remove-orphans"] : Array.Empty<string>(),
        .. Grace is { } grace ? ["--timeout", $"{(long)Math.Ceiling(grace.TotalSeconds)}"] : Array.Empty<string>(),
        "--", .. Services,
    ];
}
