namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>How something is written.</summary>
/// <param name="Manager">Who writes, for the ownership of fields.</param>
/// <param name="Subresource">Part that is written; empty for the object itself.</param>
/// <param name="DryRun">True to do all but keep it.</param>
internal sealed record WriteOptions(string Manager, string Subresource = "", bool DryRun = false);

/// <summary>How something is deleted.</summary>
internal sealed record DeletionOptions
{
    public bool DryRun { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; null for the kind's own.</summary>
    public string? Propagation { get; init; }

    public long? GraceSeconds { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }
}
