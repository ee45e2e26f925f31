using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage;

/// <summary>A bucket, or a part of it, as <c>-Bucket</c> and <c>-Prefix</c> name it, or <c>-Bucket s3://bucket/prefix</c> alone.</summary>
internal static class BucketPlace
{
    /// <summary>Takes a name apart.</summary>
    /// <param name="text">A bucket, or <c>s3://bucket/prefix</c>.</param>
    /// <param name="prefixes">The prefixes that are given beside it, or their default.</param>
    /// <param name="given">Whether they are given.</param>
    /// <returns>The bucket, and the prefixes in it. Throws <see cref="LabException"/> (TwoPrefixes).</returns>
    public static (string Bucket, string[] Prefixes) Of(string text, string[] prefixes, bool given)
    {
        if (ObjectName.Parse(text) is not var (bucket, beginning))
        {
            return (text, prefixes);
        }

        if (beginning.Length == 0)
        {
            return (bucket, prefixes);
        }

        return !given ? (bucket, [beginning]) : throw new LabException(
            LabErrorKind.InvalidArgument, "TwoPrefixes", $"'{text}' already names a prefix: omit -Prefix, or give only the name of the bucket.")
        {
            Target = text, StopsCommand = false,
        };
    }
}
