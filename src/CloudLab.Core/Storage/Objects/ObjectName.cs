using System.Globalization;
using System.Text;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Objects;

/// <summary>Keys: opaque names of 1 to 1,024 bytes of UTF-8. Nothing in them is normalized.</summary>
public static class ObjectName
{
    private const int LongestKey = 1024;
    private const string Scheme = "s3://";

    /// <summary>The way an object, or a prefix, is named to people: on one line, whatever its key holds.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key or prefix; empty for the bucket itself.</param>
    /// <returns><c>s3://movies/data/users.json</c>; control characters as <c>\u000a</c>.</returns>
    public static string Uri(string bucket, string key)
    {
        if (!key.Any(char.IsControl))
        {
            return $"s3://{bucket}/{key}";
        }

        StringBuilder text = new($"s3://{bucket}/");
        foreach (char c in key)
        {
            text.Append(char.IsControl(c) ? "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture) : c);
        }

        return text.ToString();
    }

    /// <summary>Reads the name of an object, a prefix or a bucket as people write it, and <c>aws s3</c>.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Its bucket, and the rest, which may be empty: <c>s3://movies/data/users.json</c>; null for what does not begin with s3://.</returns>
    public static (string Bucket, string Key)? Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string[] parts = text[Scheme.Length..].Split('/', 2);
        return (parts[0], parts.ElementAtOrDefault(1) ?? "");
    }

    /// <summary>What may have been meant by a key that does not exist.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="cmdlet">The cmdlet to pipe into.</param>
    /// <returns>Advice for one that looks like a wildcard or a folder; else null.</returns>
    public static string? AdviceOnMissing(string bucket, string key, string cmdlet = "…")
    {
        bool wildcard = key.AsSpan().ContainsAny('*', '?');
        if (!wildcard && !key.EndsWith('/'))
        {
            return null;
        }

        string quoted = PowerShellText.Quote(Uri("", key)[6..]);
        return wildcard ? $"-Key does not accept wildcards; pipe what matches: Get-LabObject {bucket} -Include {quoted} | {cmdlet}"
            : $"To take everything in the folder, use -Prefix {quoted} in place of the key: Get-LabObject {bucket} -Prefix {quoted}.";
    }

    /// <summary>Refuses what no service would take as a key, before anything is sent.</summary>
    /// <param name="bucket">Bucket, for the message.</param>
    /// <param name="key">The key.</param>
    /// <returns>The key.</returns>
    internal static string Validate(string bucket, string key)
    {
        int length;
        try
        {
            length = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(key);
        }
        catch (EncoderFallbackException e)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "InvalidKey", $"{Uri(bucket, key)}: the key contains half a surrogate pair, which is not valid Unicode.", e)
            {
                Target = key,
            };
        }

        return length switch
        {
            0 => throw new LabException(
                LabErrorKind.InvalidData, "InvalidKey", $"s3://{bucket}: a key must have at least one character.") { Target = key },
            > LongestKey => throw new LabException(
                LabErrorKind.InvalidData, "KeyTooLongError",
                $"s3://{bucket}: the key '{Uri("", key)[6..46]}…' has {length} bytes; S3 allows at most {LongestKey}.") { Target = key },
            _ => key,
        };
    }

    /// <summary>Whether XML 1.0, the language of bulk requests, can carry a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>False for one that must be named in a URL instead.</returns>
    internal static bool FitsXml(string key) =>
        !key.Any(c => c is < ' ' and not ('\t' or '\n') or '\ufffe' or '\uffff');
}
