using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A RoleBinding or ClusterRoleBinding.</summary>
public sealed class LabRoleBinding : LabResource
{
    internal LabRoleBinding(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>The role: <c>ClusterRole/view</c>.</summary>
    public string Role => $"{Content.Object("roleRef")?.Text("kind")}/{Content.Object("roleRef")?.Text("name")}";

    /// <summary>Who has it: <c>User/ann</c>, <c>Group/admins</c>, <c>ServiceAccount/movies/web</c>.</summary>
    public TextList<string> Subjects => 
    [
        .. Content.Objects("subjects")
            .Select(subject => $"{subject.Text("kind")}/{(subject.Text("namespace") is { } ns ? ns + "/" : "")}{subject.Text("name")}"),
    ];
}
