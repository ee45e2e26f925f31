using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A ConfigMap or a Secret.</summary>
public sealed class LabConfigData : LabResource
{
    internal LabConfigData(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Type of a secret; null for a ConfigMap.</summary>
    public string? Type => Content.Text("type");

    /// <summary>Names of its entries.</summary>
    public TextList<string> Keys => [.. Names("data"), .. Names("binaryData")];

    /// <summary>Whether it can be changed.</summary>
    public bool Immutable => Content.Flag("immutable");

    private IEnumerable<string> Names(string field) => (Content.Object(field) ?? []).Select(entry => entry.Key);
}
