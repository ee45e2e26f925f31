using System.Globalization;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>If-Match and its kin (RFC 9110, section 13), for reads, writes and the source of a copy.</summary>
internal static class Conditions
{
    /// <summary>Holds the conditions of a read against the object.</summary>
    /// <param name="headers">Request headers.</param>
    /// <param name="value">The object.</param>
    /// <returns>False where the answer is 304. Throws PreconditionFailed.</returns>
    public static bool CheckRead(HttpHeaderList headers, S3Object value)
    {
        DateTimeOffset modified = Seconds(value.LastModified);
        if (headers.Get("If-Match") is { } match)
        {
            if (!Matches(match, value.ETag))
            {
                throw S3Exception.PreconditionFailed("If-Match");
            }
        }
        else if (Date(headers, "If-Unmodified-Since") is { } unmodified && modified > unmodified)
        {
            throw S3Exception.PreconditionFailed("If-Unmodified-Since");
        }

        return headers.Get("If-None-Match") is { } noneMatch
            ? !Matches(noneMatch, value.ETag)
            : Date(headers, "If-Modified-Since") is not { } since || modified > since;
    }

    /// <summary>The conditions of a write, to be held against what is there in the same moment.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Throws PreconditionFailed, or NoSuchKey where there is nothing to match.</returns>
    public static Action<S3Object?> OfWrite(S3Request request)
    {
        string? match = request.Headers.Get("If-Match"), noneMatch = request.Headers.Get("If-None-Match");
        if (noneMatch is not null && noneMatch.Trim() != "*")
        {
            throw S3Exception.NotImplemented("If-None-Match");
        }

        return existing =>
        {
            if (noneMatch is not null && existing is not null)
            {
                throw S3Exception.PreconditionFailed("If-None-Match");
            }

            if (match is not null)
            {
                if (existing is null)
                {
                    throw S3Exception.NoSuchKey(request.Key);
                }

                if (!Matches(match, existing.ETag))
                {
                    throw S3Exception.PreconditionFailed("If-Match");
                }
            }
        };
    }

    /// <summary>The condition of a delete. An object that is not there is as good as deleted.</summary>
    /// <param name="match">The entity tag that the object must have, as in If-Match; null for any.</param>
    /// <returns>Throws PreconditionFailed.</returns>
    public static Action<S3Object?> OfDelete(string? match) => existing =>
    {
        if (match is not null && existing is not null && !Matches(match, existing.ETag))
        {
            throw S3Exception.PreconditionFailed("If-Match");
        }
    };

    /// <summary>Holds the conditions of a copy against its source. Throws PreconditionFailed.</summary>
    /// <param name="headers">Request headers.</param>
    /// <param name="value">The source.</param>
    public static void CheckCopySource(HttpHeaderList headers, S3Object value)
    {
        const string Prefix = "x-amz-copy-source-";
        DateTimeOffset modified = Seconds(value.LastModified);
        if (headers.Get(Prefix + "if-match") is { } match)
        {
            Check(Matches(match, value.ETag), "if-match");
        }
        else if (Date(headers, Prefix + "if-unmodified-since") is { } unmodified)
        {
            Check(modified <= unmodified, "if-unmodified-since");
        }

        if (headers.Get(Prefix + "if-none-match") is { } noneMatch)
        {
            Check(!Matches(noneMatch, value.ETag), "if-none-match");
        }
        else if (Date(headers, Prefix + "if-modified-since") is { } since)
        {
            Check(modified > since, "if-modified-since");
        }

        static void Check(bool holds, string name)
        {
            if (!holds)
            {
                throw S3Exception.PreconditionFailed(Prefix + name);
            }
        }
    }

    private static bool Matches(string list, string etag) => list.Split(',').Select(tag => tag.Trim()).Any(tag =>
        tag == "*" || (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"') == etag);

    private static DateTimeOffset? Date(HttpHeaderList headers, string name) =>
        DateTimeOffset.TryParse(headers.Get(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            ? date
            : null;

    // HTTP dates have no fractions.
    private static DateTimeOffset Seconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));
}
