using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Insight;

/// <summary>An object in the tree of what owns what; a Secret is without its values.</summary>
public sealed class LabResourceNode : LabResource
{
    internal LabResourceNode(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>How far below the top it is; 0 for the top.</summary>
    public int Depth { get; internal init; }

    /// <summary>The lines that lead to it, and kind and name: <c>└─ReplicaSet/movies-5d8</c>.</summary>
    public string Tree { get; internal init; } = "";

    /// <summary>Its owner in the tree: <c>Deployment/movies</c>; null for the top.</summary>
    public string? Owner { get; internal init; }

    /// <summary><c>Ready</c>, <c>Waiting</c> or <c>Failed</c>; <c>Missing</c> for an owner that does not exist; null where it could not be read.</summary>
    public string? Health { get; internal init; }

    /// <summary>Why it is not ready, in words; null where it is.</summary>
    public string? Message { get; internal init; }

    /// <summary>Owners that it names and that do not exist: <c>ReplicaSet/movies-5d8</c>. It is being collected where it has no other.</summary>
    public IReadOnlyList<string> MissingOwners { get; internal init => field = TextList.Of(value); } = TextList.Of<string>([]);
}
