namespace CloudLab.Core.Kubernetes.Access;

/// <summary>One question to an authorizer: may somebody do this with that?</summary>
/// <param name="Verb">What is done: <c>get</c>, <c>list</c>, <c>delete</c>, <c>*</c> for everything.</param>
public sealed record AccessRequest(string Verb)
{
    /// <summary>API group, empty for the core group; <c>*</c> for all.</summary>
    public string Group { get; init; } = "";

    /// <summary>Plural of the kind: <c>pods</c>; <c>*</c> for all.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Part of the object: <c>log</c>, <c>scale</c>; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>Name of the object; empty for any of them.</summary>
    public string Name { get; init; } = "";

    /// <summary>Namespace; empty for all of them, and for what is in none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Path of a URL that is no object: <c>/healthz</c>; null for objects.</summary>
    public string? Path { get; init; }

    /// <summary>Kind and subresource as roles name them: <c>pods/log</c>.</summary>
    public string Combined => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>What it is about, as kubectl names it: <c>deployments.apps/scale</c>, <c>/healthz</c>.</summary>
    public string Kind => Path ?? Describe(Resource, Group) + (Subresource.Length == 0 ? "" : "/" + Subresource);

    /// <summary>The whole question without who asks.</summary>
    /// <returns><c>get pods/log web in namespace movies</c>.</returns>
    public override string ToString() =>
        $"{Verb} {Kind}{(Name.Length == 0 ? "" : $" {Name}")}{(Path is not null ? "" : Namespace.Length > 0 ? $" in namespace {Namespace}" : "")}";

    /// <summary>A kind as kubectl names it.</summary>
    /// <param name="resource">Plural, perhaps with a subresource.</param>
    /// <param name="group">API group.</param>
    /// <returns><c>pods</c>, <c>deployments.apps/scale</c>.</returns>
    internal static string Describe(string resource, string group)
    {
        string[] parts = resource.Split('/', 2);
        return $"{parts[0]}{(group.Length == 0 ? "" : "." + group)}{(parts.Length > 1 ? "/" + parts[1] : "")}";
    }
}
