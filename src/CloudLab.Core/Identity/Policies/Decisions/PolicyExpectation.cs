namespace CloudLab.Core.Identity.Policies.Decisions;

/// <summary>What a gate expects of every request.</summary>
public enum PolicyExpectation
{
    /// <summary>It is allowed.</summary>
    Allowed,

    /// <summary>It is not allowed, explicitly or not.</summary>
    Denied,
}
