namespace CloudLab.Core.Identity.Catalogue;

/// <summary>What an action does to a resource, as the Service Authorization Reference classifies it.</summary>
public enum AccessLevel
{
    /// <summary>Tells which resources exist.</summary>
    List,

    /// <summary>Reads what a resource contains.</summary>
    Read,

    /// <summary>Creates, changes or removes.</summary>
    Write,

    /// <summary>Changes only tags.</summary>
    Tagging,

    /// <summary>Grants or changes permissions.</summary>
    PermissionsManagement,
}
