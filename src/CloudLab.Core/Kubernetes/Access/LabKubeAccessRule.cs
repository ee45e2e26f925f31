using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>What somebody may do with one kind, or one URL.</summary>
public sealed record LabKubeAccessRule
{
    /// <summary>The kind or URL: <c>pods/log</c>, <c>deployments.apps</c>, <c>*.*</c>, <c>/healthz</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The only object that it holds for; null for all.</summary>
    public string? Name { get; init; }

    /// <summary>The verbs.</summary>
    public IReadOnlyList<string> Verbs { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Namespace that was asked about.</summary>
    public string? Namespace { get; init; }

    /// <summary>The bindings that grant it, where they may be read: <c>RoleBinding/movies/viewers</c>.</summary>
    public IReadOnlyList<string> Bindings { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Whose rule it is: <c>User/ann</c>.</summary>
    public string? Subject { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(',', Verbs)} {Kind}{(Name is null ? "" : " " + Name)}";
}
