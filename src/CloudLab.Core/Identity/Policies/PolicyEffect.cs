namespace CloudLab.Core.Identity.Policies;

/// <summary>What a statement does to the requests it matches.</summary>
public enum PolicyEffect
{
    /// <summary>They are allowed, unless something denies them.</summary>
    Allow,

    /// <summary>They are denied, whatever else allows them.</summary>
    Deny,
}
