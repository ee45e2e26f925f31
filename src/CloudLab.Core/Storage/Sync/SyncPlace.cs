using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Core.Storage.Sync;

/// <summary>One end of a synchronization: what lies below a prefix of a bucket, or in a folder of this machine.</summary>
public sealed partial record SyncPlace
{
    private SyncPlace()
    {
    }

    /// <summary>Bucket; null for a folder.</summary>
    public string? Bucket { get; private init; }

    /// <summary>Beginning of the keys: empty, or with a slash at its end.</summary>
    public string Prefix { get; private init; } = "";

    /// <summary>Full path of the folder, without a separator at its end; empty for a bucket.</summary>
    public string Folder { get; private init; } = "";

    /// <summary>Reads what a user names a place by.</summary>
    /// <param name="text"><c>s3://movies/data</c> or the path of a folder. A slash at the end makes no difference.</param>
    /// <param name="toFullPath">Makes a path full.</param>
    /// <returns>The place. Throws <see cref="LabException"/>: InvalidPlace, InvalidBucketName.</returns>
    public static SyncPlace Parse(string text, Func<string, string> toFullPath)
    {
        if (ObjectName.Parse(text) is not var (bucket, prefix))
        {
            return OtherScheme().IsMatch(text)
                ? throw new LabException(
                    LabErrorKind.InvalidArgument, "InvalidPlace", $"'{text}' is neither s3://bucket/prefix nor the path of a folder.") { Target = text }
                : new SyncPlace { Folder = Path.TrimEndingDirectorySeparator(toFullPath(text)) };
        }

        if (bucket.Length == 0)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidPlace", $"'{text}' does not name a bucket: write s3://bucket/prefix.") { Target = text };
        }

        return new SyncPlace
        {
            Bucket = BucketName.Validate(bucket),
            Prefix = prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/",
        };
    }

    /// <summary>The full name of something in this place.</summary>
    /// <param name="name">Name relative to it, with slashes.</param>
    /// <returns><c>s3://movies/data/users.json</c> or a path.</returns>
    public string NameOf(string name) => Bucket is null ? new LocalFile(Folder, name, 0, default).Path : ObjectName.Uri(Bucket, Prefix + name);

    /// <inheritdoc/>
    public override string ToString() => Bucket is null ? Folder : ObjectName.Uri(Bucket, Prefix);

    /// <summary>Whether one of two places is in the other, so that what is written there would be read again.</summary>
    /// <param name="other">Another place.</param>
    /// <returns>True for the same place, too.</returns>
    internal bool Overlaps(SyncPlace other) => Bucket is not null && Bucket == other.Bucket
        && (Prefix.StartsWith(other.Prefix, StringComparison.Ordinal) || other.Prefix.StartsWith(Prefix, StringComparison.Ordinal));

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9+.-]+://", RegexOptions.CultureInvariant)]
    private static partial Regex OtherScheme();
}
