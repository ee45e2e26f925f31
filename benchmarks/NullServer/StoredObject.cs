namespace CloudLab.NullServer;

/// <summary>All that is remembered of an object.</summary>
/// <param name="Size">Length in bytes.</param>
/// <param name="Headers">Kept headers, as lines of a head.</param>
/// <param name="LastModified">When it came.</param>
internal sealed record StoredObject(long Size, string Headers, DateTime LastModified)
{
    /// <summary>An entity tag like that of an object of parts: nobody takes it for an MD5.</summary>
    public const string ETag = "00000000000000000000000000000000-1";
}
