using System.Globalization;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Objects in an archive, which cannot be read until they are restored.</summary>
internal static class Archive
{
    /// <summary>Whether objects of a storage class are archived.</summary>
    /// <param name="storageClass">The class.</param>
    /// <returns>True if so.</returns>
    public static bool Has(string storageClass) => storageClass is "GLACIER" or "DEEP_ARCHIVE";

    /// <summary>Whether an object can be read.</summary>
    /// <param name="value">The object.</param>
    /// <param name="now">The time.</param>
    /// <returns>False while it is only in the archive.</returns>
    public static bool CanRead(S3Object value, DateTimeOffset now) =>
        !Has(value.Properties.StorageClass) || (value.Properties.Restore is { } restore && restore.Ready <= now && now < restore.Expires);

    /// <summary>Goes on only where an object can be read.</summary>
    /// <param name="value">The object.</param>
    /// <param name="now">The time.</param>
    public static void RequireReadable(S3Object value, DateTimeOffset now)
    {
        if (!CanRead(value, now))
        {
            throw new S3Exception(
                403, "InvalidObjectState", "The operation is not valid for the object's storage class", ("StorageClass", value.Properties.StorageClass));
        }
    }

    /// <summary>The restore that goes on, or whose copy is still there.</summary>
    /// <param name="value">The object.</param>
    /// <param name="now">The time.</param>
    /// <returns>The restore, or null.</returns>
    public static ObjectRestore? RestoreOf(S3Object value, DateTimeOffset now) =>
        Has(value.Properties.StorageClass) && value.Properties.Restore is { } restore && now < restore.Expires ? restore : null;

    /// <summary>Says what becomes of a restore.</summary>
    /// <param name="request">The request, whose answer gets the header.</param>
    /// <param name="value">The object.</param>
    /// <param name="now">The time.</param>
    public static void Write(S3Request request, S3Object value, DateTimeOffset now)
    {
        if (RestoreOf(value, now) is { } restore)
        {
            request.ExtraHeaders.Add("x-amz-restore", restore.Ready > now
                ? "ongoing-request=\"true\""
                : $"ongoing-request=\"false\", expiry-date=\"{restore.Expires.ToString("R", CultureInfo.InvariantCulture)}\"");
        }
    }
}
