using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A resource quota.</summary>
public sealed class LabResourceQuota : LabResource
{
    internal LabResourceQuota(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>What counts and how much of it is used: <c>pods: 3/10</c>; limits apart.</summary>
    public TextList<string> Requests => Of(limits: false);

    /// <summary>The same for limits: <c>limits.memory: 1Gi/4Gi</c>.</summary>
    public TextList<string> Limits => Of(limits: true);

    private TextList<string> Of(bool limits)
    {
        JsonObject used = Content.Object("status")?.Object("used") ?? [];
        JsonObject hard = Content.Object("status")?.Object("hard") ?? Content.Object("spec")?.Object("hard") ?? [];
        return
        [
            .. from entry in hard
               where entry.Key.StartsWith("limits.", StringComparison.Ordinal) == limits
               orderby entry.Key
               select $"{entry.Key}: {used.Text(entry.Key) ?? "0"}/{entry.Value}",
        ];
    }
}
