using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>A kind of object that a cluster serves.</summary>
public sealed record LabKind
{
    /// <summary>Plural name, as in URLs and for <c>-Kind</c>: <c>deployments</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Short names: <c>deploy</c>.</summary>
    public IReadOnlyList<string> ShortNames { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Whether its objects live in a namespace.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What can be done with it: <c>get</c>, <c>list</c>, <c>watch</c>, <c>patch</c>.</summary>
    public IReadOnlyList<string> Verbs { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Categories it belongs to: <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Unambiguous name: <c>deployments.apps</c>.</summary>
    public required string Resource { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Resource;

    /// <summary>A kind of a catalog.</summary>
    /// <param name="resource">The kind.</param>
    /// <returns>The same for people.</returns>
    public static LabKind Of(ApiResource resource) => new()
    {
        Name = resource.Plural,
        ShortNames = resource.ShortNames,
        ApiVersion = resource.ApiVersion,
        Namespaced = resource.Namespaced,
        Kind = resource.Kind,
        Verbs = resource.Verbs,
        Categories = resource.Categories,
        Resource = resource.Name,
    };
}
