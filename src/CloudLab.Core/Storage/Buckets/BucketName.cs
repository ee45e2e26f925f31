using System.Net;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>Names of buckets, checked before anything is sent.</summary>
public static partial class BucketName
{
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    private static readonly string[] ReservedPrefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
    private static readonly string[] ReservedSuffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

    /// <summary>Checks the name of a bucket to be created against S3's rules for new buckets.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The name. Throws <see cref="LabException"/> (InvalidBucketName), which says what is wrong with it.</returns>
    public static string ValidateNew(string name)
    {
        string? fault =
            name.Length is < 3 or > 63 ? "it must have 3 to 63 characters"
            : name.Any(c => !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-'))
                ? "it may contain only lower-case letters, digits, dots and hyphens"
            : !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1]) ? "it must begin and end with a letter or digit"
            : name.Contains("..", StringComparison.Ordinal) ? "it must not contain two dots in a row"
            : name.Split('.').Length == 4 && IPAddress.TryParse(name, out _) ? "it must not look like an IP address"
            : Array.Find(ReservedPrefixes, p => name.StartsWith(p, StringComparison.Ordinal)) is { } prefix ? $"the prefix '{prefix}' is reserved"
            : Array.Find(ReservedSuffixes, s => name.EndsWith(s, StringComparison.Ordinal)) is { } suffix ? $"the suffix '{suffix}' is reserved"
            : null;
        return fault is null ? name : throw Invalid(name, fault);
    }

    /// <summary>
    /// Checks the name of a bucket that should exist. Looser: old buckets and other servers have upper case and
    /// underscores, and the ARN of an access point stands for a bucket.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <returns>The name. Throws <see cref="LabException"/> (InvalidBucketName), which says what is wrong with it.</returns>
    public static string Validate(string name) =>
        ObjectName.Parse(name) is var (bucket, _)
            ? throw Invalid(name, $"give only the name of the bucket, '{bucket}'; a key or a prefix has a parameter of its own where one is accepted")
        : name.Length > 255 ? throw Invalid(name[..40] + "…", "it has more than 255 characters")
        : Plausible().IsMatch(name) ? name
        : name.AsSpan().ContainsAny('*', '?') ? throw Invalid(name, "it must not contain wildcards here; Get-LabBucket lists the buckets whose name matches")
        : name.Contains('/', StringComparison.Ordinal) ? throw Invalid(name, "it must not contain '/'; name a bucket and what is in it as s3://bucket/key, or with -Bucket and -Key or -Prefix")
        : throw Invalid(name, "it must have at least two characters: only letters, digits, dots, hyphens and underscores");

    private static LabException Invalid(string name, string fault) =>
        new(LabErrorKind.InvalidData, "InvalidBucketName", $"'{ObjectName.Uri("", name)[6..]}' is not a valid bucket name: {fault}.") { Target = name };

    [GeneratedRegex(@"\A(?:[A-Za-z0-9][A-Za-z0-9._-]+|arn:[\w-]+:s3[\w-]*:[\w-]*:\d*:[\w./:-]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plausible();
}
