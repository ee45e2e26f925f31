using System.Globalization;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Locks of versions: what requests say of them, and what they forbid.</summary>
internal static class ObjectLock
{
    private const string Mode = "x-amz-object-lock-mode";
    private const string Until = "x-amz-object-lock-retain-until-date";
    private const string Hold = "x-amz-object-lock-legal-hold";

    /// <summary>Reads the lock that a write asks for, or that the bucket gives.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="now">The time.</param>
    /// <returns>The lock. Throws where it cannot be had.</returns>
    public static (ObjectRetention? Retention, bool? LegalHold) Read(S3Request request, S3Bucket bucket, DateTimeOffset now)
    {
        string? mode = request.Headers.Get(Mode), until = request.Headers.Get(Until), hold = request.Headers.Get(Hold);
        if ((mode ?? until ?? hold) is not null)
        {
            RequireLocks(bucket);
        }

        if (mode is null != until is null)
        {
            throw S3Exception.InvalidArgument(
                mode is null ? Mode : Until, "", $"{Until} and {Mode} must both be supplied");
        }

        return (
            mode is null ? bucket.Settings.Retention?.From(now) : ToRetention(mode, until!, now),
            hold switch
            {
                null => null,
                "ON" => true,
                "OFF" => false,
                _ => throw S3Exception.InvalidArgument(Hold, hold, "Legal Hold must be either of 'ON' or 'OFF'"),
            });
    }

    /// <summary>Goes on only where data that will be locked comes with something to check it by.</summary>
    /// <param name="request">The request.</param>
    /// <param name="properties">What is put.</param>
    public static void RequireChecksum(S3Request request, ObjectProperties properties)
    {
        if ((properties.Retention is not null || properties.LegalHold is not null)
            && !request.Headers.Contains("Content-MD5") && !request.Headers.Contains("x-amz-trailer")
            && !ChecksumAlgorithms.All.Any(algorithm => request.Headers.Contains(algorithm.Header())))
        {
            throw S3Exception.InvalidRequest("Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters");
        }
    }

    /// <summary>Goes on only where the bucket may lock versions.</summary>
    /// <param name="bucket">The bucket.</param>
    public static void RequireLocks(S3Bucket bucket)
    {
        if (!bucket.Settings.LockEnabled)
        {
            throw S3Exception.InvalidRequest("Bucket is missing Object Lock Configuration");
        }
    }

    /// <summary>Reads a retention.</summary>
    /// <param name="mode">Its mode.</param>
    /// <param name="until">Its end.</param>
    /// <param name="now">The time.</param>
    /// <returns>The retention. Throws where it is none, or over.</returns>
    public static ObjectRetention ToRetention(string mode, string until, DateTimeOffset now)
    {
        if (!ObjectRetention.IsMode(mode))
        {
            throw S3Exception.InvalidArgument(Mode, mode, "Unknown wormMode directive.");
        }

        if (!DateTimeOffset.TryParse(until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset end))
        {
            throw S3Exception.InvalidArgument(Until, until, "The retain until date must be provided in ISO 8601 format");
        }

        return end > now
            ? new ObjectRetention(mode, end.ToUniversalTime())
            : throw S3Exception.InvalidArgument(Until, until, "The retain until date must be in the future!");
    }

    /// <summary>Goes on only where a version may be deleted.</summary>
    /// <param name="value">The version, or null where there is none.</param>
    /// <param name="now">The time.</param>
    /// <param name="bypass">True where governance does not count.</param>
    public static void RequireDeletable(S3Object? value, DateTimeOffset now, bool bypass)
    {
        if (value is not null
            && (value.Properties.LegalHold == true
                || (value.Properties.Retention is { } retention && retention.Until > now && !(bypass && retention.Mode == ObjectRetention.Governance))))
        {
            throw S3Exception.AccessDenied("Access Denied because object protected by object lock.");
        }
    }

    /// <summary>Says how an object is locked.</summary>
    /// <param name="request">The request, whose answer gets the headers.</param>
    /// <param name="properties">The object's properties.</param>
    public static void Write(S3Request request, ObjectProperties properties)
    {
        if (properties.Retention is { } retention)
        {
            request.ExtraHeaders.Add(Mode, retention.Mode);
            request.ExtraHeaders.Add(Until, S3Xml.Time(retention.Until));
        }

        if (properties.LegalHold is { } hold)
        {
            request.ExtraHeaders.Add(Hold, hold ? "ON" : "OFF");
        }
    }
}
