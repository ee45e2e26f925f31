namespace CloudLab.NullServer;

/// <summary>The three ways to list a bucket.</summary>
internal enum ListKind
{
    /// <summary>ListObjects.</summary>
    V1,

    /// <summary>ListObjectsV2.</summary>
    V2,

    /// <summary>ListObjectVersions; every object is its only version.</summary>
    Versions,
}
