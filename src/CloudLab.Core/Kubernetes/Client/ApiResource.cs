using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>One kind of object that a cluster serves.</summary>
public sealed record ApiResource
{
    /// <summary>API group, empty for the core group: <c>apps</c>.</summary>
    public required string Group { get; init; }

    /// <summary>Version in the group: <c>v1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name in URLs: <c>deployments</c>.</summary>
    public required string Plural { get; init; }

    /// <summary>Singular name: <c>deployment</c>.</summary>
    public required string Singular { get; init; }

    /// <summary>True where objects live in a namespace.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>Short names: <c>deploy</c>.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Categories it belongs to: <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>What can be done with it: <c>get</c>, <c>list</c>, <c>watch</c>, <c>patch</c>.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = [];

    /// <summary>The parts of its objects that can be asked for on their own: <c>status</c>, <c>scale</c>, <c>log</c>.</summary>
    public IReadOnlyList<ApiSubresource> Subresources { get; init; } = [];

    /// <summary>Group and version as in a manifest: <c>apps/v1</c>, <c>v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Unambiguous name, whatever the version: <c>deployments.apps</c>, <c>pods</c>.</summary>
    public string Name => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The group in the apiVersion of a manifest.</summary>
    /// <param name="apiVersion">Group and version: <c>apps/v1</c>, <c>v1</c>.</param>
    /// <returns>The group; empty for the core group.</returns>
    internal static string GroupOf(string apiVersion) => apiVersion.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? apiVersion[..slash] : "";

    /// <summary>Whether a group belongs to Kubernetes itself.</summary>
    /// <param name="group">API group.</param>
    /// <returns>True for the core group, <c>apps</c>, <c>batch</c> and <c>*.k8s.io</c>.</returns>
    internal static bool IsBuiltIn(string group) =>
        !group.Contains('.', StringComparison.Ordinal) || group.EndsWith(".k8s.io", StringComparison.Ordinal);

    /// <summary>The URL path of one object, or of all.</summary>
    /// <param name="ns">Namespace; null for all of them.</param>
    /// <param name="name">Object name; null for the list.</param>
    /// <returns>A path that begins with a slash. Throws <see cref="LabException"/> (<c>NameInvalid</c>) where a name would lead elsewhere.</returns>
    internal string Path(string? ns, string? name = null)
    {
        string root = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        string scope = Namespaced && ns is not null ? $"/namespaces/{Segment(ns, "a namespace")}" : "";
        return name is null ? $"{root}{scope}/{Plural}" : $"{root}{scope}/{Plural}/{Segment(name, "an object")}";
    }

    /// <summary>How one object is called in messages: <c>deployment.apps/movies in namespace default</c>.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <returns>Its name for people.</returns>
    public string Describe(string? ns, string name) =>
        $"{Singular}{(Group.Length == 0 ? "" : "." + Group)}/{name}{(Namespaced && ns is not null ? $" in namespace {ns}" : "")}";

    // As kubectl does: URLs are normalized on their way, so a ConfigMap '..' would be its namespace, and '.' all ConfigMaps.
    private static string Segment(string name, string what) => name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '%')
        ? throw new LabException(
            LabErrorKind.InvalidData, "NameInvalid", $"'{name}' cannot be the name of {what}: a name is not '.' or '..', and has no '/' and no '%'.") { Target = name }
        : Uri.EscapeDataString(name);
}

/// <summary>A part of objects that can be asked for on its own.</summary>
/// <param name="Name">Its name: <c>log</c>.</param>
/// <param name="Verbs">What can be done with it.</param>
public sealed record ApiSubresource(string Name, IReadOnlyList<string> Verbs);
