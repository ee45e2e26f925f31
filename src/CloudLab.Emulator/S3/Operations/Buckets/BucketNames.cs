using System.Text.RegularExpressions;

namespace CloudLab.Emulator.S3.Operations.Buckets;

/// <summary>S3's rules for names of buckets.</summary>
internal static partial class BucketNames
{
    /// <summary>
    /// A name that belongs to somebody else, as most good ones do in the real service: for trying what happens then.
    /// </summary>
    public const string TakenByOthers = "taken-by-another-account";

    private static readonly string[] Prefixes = ["xn--", "sthree-", "amzn-s3-demo-"];
    private static readonly string[] Suffixes = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

    /// <summary>Whether S3 would make a bucket of that name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True if so.</returns>
    public static bool IsValid(string name) =>
        Shape().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal) && !IpAddress().IsMatch(name)
        && !Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
        && !Suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex Shape();

    [GeneratedRegex(@"\A\d+\.\d+\.\d+\.\d+\z")]
    private static partial Regex IpAddress();
}
