namespace CloudLab.Core.Kubernetes.Access;

/// <summary>How somebody comes to a permission.</summary>
public enum LabKubeGrantWay
{
    /// <summary>A rule of a role grants it, through a binding.</summary>
    Role,

    /// <summary>The API server grants it without asking RBAC.</summary>
    BuiltIn,

    /// <summary>By acting as somebody who has it.</summary>
    Impersonate,

    /// <summary>By binding a role that has it to oneself.</summary>
    Bind,

    /// <summary>By adding a rule to a role.</summary>
    Escalate,
}

/// <summary>Somebody who may do something, and the rule, role and binding by which they may.</summary>
public sealed record LabKubeGrant
{
    /// <summary><c>User</c>, <c>Group</c> or <c>ServiceAccount</c>.</summary>
    public required string SubjectKind { get; init; }

    /// <summary>Name of the user, group or service account.</summary>
    public required string SubjectName { get; init; }

    /// <summary>Namespace of a service account; null for users and groups.</summary>
    public string? SubjectNamespace { get; init; }

    /// <summary>Who it is in one word: <c>ServiceAccount/movies/web</c>.</summary>
    public string Subject => $"{SubjectKind}/{(SubjectNamespace is null ? "" : SubjectNamespace + "/")}{SubjectName}";

    /// <summary>How they come to it.</summary>
    public LabKubeGrantWay Way { get; init; }

    /// <summary>The binding: <c>RoleBinding/movies/viewers</c>; null where none is needed.</summary>
    public string? Binding { get; init; }

    /// <summary>The role: <c>ClusterRole/view</c>; null where none is needed.</summary>
    public string? Role { get; init; }

    /// <summary>The rule: <c>get,list pods</c>; null where it is not known.</summary>
    public string? Rule { get; init; }

    /// <summary>What more there is to say: what is to be done first, for the ways around.</summary>
    public string? Note { get; init; }

    // What of the rule matters to the question.
    internal string? Brief { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Role is null ? Subject : $"{Subject} by {Role} through {Binding}";

    /// <summary>What a rule grants to somebody whom a binding names.</summary>
    /// <param name="subject">Who.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="role">Its role.</param>
    /// <param name="rule">The rule of it that decides.</param>
    /// <param name="request">What was asked.</param>
    /// <returns>The grant.</returns>
    internal static LabKubeGrant Of(RbacSubject subject, RbacBinding binding, RbacRole role, RbacRule rule, AccessRequest request) => new()
    {
        SubjectKind = subject.Kind,
        SubjectName = subject.Name,
        SubjectNamespace = subject.Namespace,
        Binding = binding.Title,
        Role = role.Title,
        Rule = rule.ToString(),
        Brief = rule.Brief(request),
    };
}
