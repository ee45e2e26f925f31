using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Somebody whom a binding names.</summary>
/// <param name="Kind"><c>User</c>, <c>Group</c> or <c>ServiceAccount</c>.</param>
/// <param name="Namespace">Namespace of a service account; null for the others.</param>
/// <param name="Name">Name.</param>
internal sealed record RbacSubject(string Kind, string? Namespace, string Name)
{
    /// <summary>Whether a caller is the one that is meant.</summary>
    /// <param name="who">The caller.</param>
    /// <returns>True if so.</returns>
    public bool Is(AccessSubject who) => Kind switch
    {
        "User" => who.User == Name && Name.Length > 0,
        "Group" => who.Groups.Contains(Name),
        "ServiceAccount" => Namespace is not null && who.User == $"system:serviceaccount:{Namespace}:{Name}",
        _ => false,
    };

    /// <summary>The same as a caller of its own.</summary>
    /// <returns>The caller; a group has nobody else's groups.</returns>
    public AccessSubject ToCaller() => Kind switch
    {
        "Group" => new AccessSubject("", [Name]),
        "ServiceAccount" => AccessSubject.OfAccount(Namespace ?? "", Name),
        _ => AccessSubject.Of(Name, []),
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{(Namespace is null ? "" : Namespace + "/")}{Name}";
}

/// <summary>A Role or ClusterRole.</summary>
/// <param name="Namespace">Namespace; null for a ClusterRole.</param>
/// <param name="Name">Name.</param>
/// <param name="Rules">Its rules. Those of an aggregated ClusterRole have been put in by the cluster's controller.</param>
internal sealed record RbacRole(string? Namespace, string Name, IReadOnlyList<RbacRule> Rules)
{
    /// <summary>How it is called: <c>ClusterRole/view</c>.</summary>
    public string Title => $"{(Namespace is null ? "ClusterRole" : "Role")}/{Name}";
}

/// <summary>A RoleBinding or ClusterRoleBinding.</summary>
/// <param name="Namespace">Namespace; null for a ClusterRoleBinding.</param>
/// <param name="Name">Name.</param>
/// <param name="RoleKind"><c>Role</c> or <c>ClusterRole</c>.</param>
/// <param name="RoleName">Name of the role.</param>
/// <param name="Subjects">Who has it.</param>
internal sealed record RbacBinding(string? Namespace, string Name, string RoleKind, string RoleName, IReadOnlyList<RbacSubject> Subjects)
{
    /// <summary>How it is called: <c>RoleBinding/movies/viewers</c>.</summary>
    public string Title => Namespace is null ? $"ClusterRoleBinding/{Name}" : $"RoleBinding/{Namespace}/{Name}";

    /// <summary>How its role is called, whether it exists or not.</summary>
    public string RoleTitle => $"{RoleKind}/{RoleName}";
}

/// <summary>The roles and bindings of a cluster, or as much of them as may be read.</summary>
internal sealed class RbacObjects
{
    private readonly Dictionary<(string Namespace, string Name), RbacRole> roles = [];

    /// <summary>Reads objects.</summary>
    /// <param name="clusterRoles">ClusterRoles.</param>
    /// <param name="roles">Roles.</param>
    /// <param name="clusterBindings">ClusterRoleBindings.</param>
    /// <param name="bindings">RoleBindings.</param>
    public RbacObjects(
        IEnumerable<JsonObject> clusterRoles, IEnumerable<JsonObject> roles, IEnumerable<JsonObject> clusterBindings, IEnumerable<JsonObject> bindings)
    {
        foreach (RbacRole role in clusterRoles.Concat(roles).Select(Role))
        {
            this.roles[(role.Namespace ?? "", role.Name)] = role;
        }

        // Those of the whole cluster come first, as the authorizer looks at them.
        Bindings = [.. clusterBindings.Concat(bindings).Select(Binding)];
    }

    /// <summary>Every role.</summary>
    public IReadOnlyCollection<RbacRole> Roles => roles.Values;

    /// <summary>Every binding, those of the whole cluster first.</summary>
    public IReadOnlyList<RbacBinding> Bindings { get; }

    /// <summary>What could not be read, as it has to be granted: <c>list clusterroles.rbac.authorization.k8s.io</c>.</summary>
    public IReadOnlyList<string> Unreadable { get; init; } = [];

    /// <summary>The role of a binding.</summary>
    /// <param name="binding">The binding.</param>
    /// <returns>The role; null where there is none of that name.</returns>
    public RbacRole? RoleOf(RbacBinding binding) => binding.RoleKind switch
    {
        "ClusterRole" => roles.GetValueOrDefault(("", binding.RoleName)),
        "Role" when binding.Namespace is { } ns => roles.GetValueOrDefault((ns, binding.RoleName)),
        _ => null,
    };

    private static RbacRole Role(JsonObject role) => new(
        role.Object("metadata")?.Text("namespace"), role.Name(), [.. role.Objects("rules").Select(RbacRule.Of)]);

    private static RbacBinding Binding(JsonObject binding)
    {
        string? ns = binding.Object("metadata")?.Text("namespace");
        return new RbacBinding(
            ns, binding.Name(), binding.Object("roleRef")?.Text("kind") ?? "", binding.Object("roleRef")?.Text("name") ?? "",
            [
                .. from subject in binding.Objects("subjects")
                   let kind = subject.Text("kind") ?? ""
                   select new RbacSubject(kind, kind == "ServiceAccount" ? subject.Text("namespace") ?? ns : null, subject.Text("name") ?? ""),
            ]);
    }
}
