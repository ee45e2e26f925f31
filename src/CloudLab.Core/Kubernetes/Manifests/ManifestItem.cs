using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Review.Manifests;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>One object of a manifest, or what is wrong with a document of it, and where it stands.</summary>
public sealed class ManifestItem
{
    private ManifestItem(string source, int document, int line)
    {
        Source = source;
        Document = document;
        Line = line;
    }

    /// <summary>File it came from, or <c>input</c> for text and objects from the pipeline; empty for an object that was found in the cluster.</summary>
    public string Source { get; }

    /// <summary>Number of the document in the source, from 1.</summary>
    public int Document { get; }

    /// <summary>Line on which the document begins, from 1; 0 for objects.</summary>
    public int Line { get; }

    /// <summary>What is wrong with the document; null where nothing is.</summary>
    public LabException? Problem { get; private init; }

    /// <summary>Whether it stands for a file that cannot be read at all.</summary>
    public bool IsUnreadable => Problem is not null && Reason is null;

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public string ApiVersion => Content.Text("apiVersion") ?? "";

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public string Kind => Content.Text("kind") ?? "";

    /// <summary>Name; where the server is to make one up, what it begins with.</summary>
    public string Name => Metadata.Text("name") ?? Metadata.Text("generateName") ?? "";

    /// <summary>Namespace in the manifest; null where it names none.</summary>
    public string? Namespace => Metadata.Text("namespace");

    /// <summary>What is wrong with the document, without its place; null for a file that cannot be read.</summary>
    internal string? Reason { get; private init; }

    internal JsonObject Content { get; private init; } = [];

    /// <summary>Where it begins in the source, or where its mistake is; null unless it was read for a review.</summary>
    internal SourceMark? Start { get; private init; }

    /// <summary>Where everything in it stands; null unless it was read for a review.</summary>
    internal SourceMap? Map { get; private init; }

    /// <summary>Keys that stand more than once in the document; only of the first object of a document, and where it was read for a review.</summary>
    internal IReadOnlyList<DuplicateKey> Duplicates { get; set; } = [];

    /// <summary>Comments of its source that switch rules off; null unless it was read for a review.</summary>
    internal IgnoreComments? Comments { get; set; }

    /// <summary>Whether it is a patch that kustomize merges into another object; only where it was read for a review.</summary>
    internal bool IsPatch { get; set; }

    /// <summary>Whether a kustomization beside it may add to it, which can make selectors; only where it was read for a review.</summary>
    internal bool IsKustomized { get; set; }

    /// <summary>Whether the document says nothing that only manifests say: settings of a program, a chart, a dashboard; only where it was read for a review.</summary>
    internal bool IsOther { get; set; }

    /// <summary>Where it stands, for messages: <c>movies.yaml line 12</c>.</summary>
    internal string Place => Line == 0 ? Source : $"{Source} line {Line}";

    internal bool HasName => Metadata.Text("name") is not null;

    internal string Group => ApiVersion.Split('/') is [var group, _] ? group : "";

    private JsonObject Metadata => Content.Object("metadata") ?? [];

    /// <summary>An item that names an object of the cluster, and says nothing of what is in it.</summary>
    /// <param name="resource">The object.</param>
    /// <returns>An item without a source.</returns>
    public static ManifestItem Naming(LabResource resource)
    {
        JsonObject metadata = new() { ["name"] = resource.Name };
        if (resource.Namespace is { } ns)
        {
            metadata["namespace"] = ns;
        }

        return Of("", 0, 0, new JsonObject { ["apiVersion"] = resource.ApiVersion, ["kind"] = resource.Kind, ["metadata"] = metadata });
    }

    /// <summary>The object as JSON, for what reads objects of one kind.</summary>
    /// <returns>A copy; empty where the document could not be read.</returns>
    public JsonObject ToJson() => (JsonObject)Content.DeepClone();

    /// <summary>The object as PowerShell shows and changes it.</summary>
    /// <returns>A copy; empty where the document could not be read.</returns>
    public LabResource ToResource() => new(ToJson());

    internal static ManifestItem Of(string source, int document, int line, JsonObject content, SourceMark? at = null, SourceMap? map = null) =>
        new(source, document, line) { Content = content, Start = at, Map = map };

    internal static ManifestItem Bad(string source, int document, int line, LabException problem, string? reason = null, SourceMark? at = null) =>
        new(source, document, line) { Problem = problem, Reason = reason, Start = at };
}
