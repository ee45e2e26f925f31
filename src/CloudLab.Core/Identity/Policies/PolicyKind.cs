namespace CloudLab.Core.Identity.Policies;

/// <summary>What a policy document is attached to; decides which elements it must have.</summary>
public enum PolicyKind
{
    /// <summary>Any of them: only what every policy must have is asked for.</summary>
    Any,

    /// <summary>On a user or role, or a session policy: has Resource, has no Principal.</summary>
    Identity,

    /// <summary>On a resource such as a bucket: has Principal and Resource.</summary>
    Resource,

    /// <summary>Who may assume a role: has Principal, has no Resource.</summary>
    Trust,
}
