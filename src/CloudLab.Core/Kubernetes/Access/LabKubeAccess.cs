using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Whether somebody may do something in a cluster, and what decides it.</summary>
public sealed record LabKubeAccess
{
    /// <summary>Whether it is allowed.</summary>
    public required bool Allowed { get; init; }

    /// <summary>What is done: <c>get</c>.</summary>
    public required string Verb { get; init; }

    /// <summary>What with: <c>pods/log</c>, <c>deployments.apps</c>, <c>/healthz</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the object; null for any.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace; null for all of them, and for what is in none.</summary>
    public string? Namespace { get; init; }

    /// <summary>Who: <c>User/ann</c>, <c>ServiceAccount/movies/web</c>; null where the server does not say who the caller is.</summary>
    public string? Subject { get; init; }

    /// <summary>Why, in words: what grants it, or what is missing.</summary>
    public required string Reason { get; init; }

    /// <summary>The role that grants it: <c>ClusterRole/view</c>; where it is denied, that which comes nearest.</summary>
    public string? Role { get; init; }

    /// <summary>The binding through which it does: <c>RoleBinding/movies/viewers</c>.</summary>
    public string? Binding { get; init; }

    /// <summary>Whom the binding names: <c>Group/devs</c>.</summary>
    public string? Grantee { get; init; }

    /// <summary>The rule: <c>get,list pods</c>.</summary>
    public string? Rule { get; init; }

    /// <summary>Everything that grants it.</summary>
    public IReadOnlyList<LabKubeGrant> Grants { get; init => field = TextList.Of(value); } = TextList.Of<LabKubeGrant>([]);

    /// <summary>What would allow it; null where it is allowed.</summary>
    public string? Action { get; init; }

    /// <summary>Who decided: <c>SelfSubjectAccessReview</c>, <c>SubjectAccessReview</c>, or <c>Roles</c> where the API server was not to be asked.</summary>
    public required string DecidedBy { get; init; }

    /// <summary>Context of the kubeconfig.</summary>
    public string? Context { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Allowed ? "yes" : "no")}: {Reason}";
}
