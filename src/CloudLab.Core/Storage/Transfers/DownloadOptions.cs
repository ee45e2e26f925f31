using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>How an object becomes a file.</summary>
public sealed record DownloadOptions
{
    /// <summary>True replaces a file that exists.</summary>
    public bool Overwrite { get; init; }

    /// <summary>True goes on with an earlier download of the same state of the object, and leaves this one for the next time if it fails.</summary>
    public bool Resume { get; init; }

    /// <summary>Which state of the object.</summary>
    public ReadOptions Read { get; init; } = ReadOptions.Default;

    /// <summary>Size in bytes where a listing has told it: a large object is then asked for in pieces at once. Need not be right.</summary>
    public long? ExpectedSize { get; init; }
}
