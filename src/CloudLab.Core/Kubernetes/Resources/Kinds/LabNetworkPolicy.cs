using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A network policy.</summary>
public sealed class LabNetworkPolicy : LabResource
{
    internal LabNetworkPolicy(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Labels of the pods that it is about; <c>*</c> for all.</summary>
    public string PodSelector => ResourceParts.Selector(Content.Object("spec")?.Object("podSelector")) ?? "*";

    /// <summary>What it is about: <c>Ingress</c>, <c>Egress</c>.</summary>
    public TextList<string> PolicyTypes => [.. (Content.Object("spec") ?? []).Texts("policyTypes")];
}
