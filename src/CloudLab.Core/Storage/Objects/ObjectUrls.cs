using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>Makes presigned URLs. Nothing is sent but for what the credentials need to be fresh.</summary>
/// <param name="client">The service.</param>
public sealed class ObjectUrls(StorageClient client)
{
    private bool warned;

    /// <summary>Longest life of a URL that S3 allows.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(7);

    /// <summary>Life of a URL when nothing else is asked for.</summary>
    public static TimeSpan Usual { get; } = TimeSpan.FromHours(1);

    /// <summary>Makes a URL.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key; the object need not exist.</param>
    /// <param name="request">What it is good for, and how long.</param>
    /// <param name="cancellation">Cancels the request for fresh credentials.</param>
    /// <returns>
    /// The URL. Throws <see cref="LabException"/>: ExpiryBeyondCredentials for one that would outlive the credentials, InvalidUrlRequest,
    /// InvalidExpiry, InvalidChecksum, InvalidBucketName, InvalidKey.
    /// </returns>
    public async Task<LabObjectUrl> CreateAsync(string bucket, string key, ObjectUrlRequest request, CancellationToken cancellation = default)
    {
        request.Validate();
        if (bucket.EndsWith("--x-s3", StringComparison.Ordinal))
        {
            throw StorageClient.Problem(
                LabErrorKind.NotSupported, "NotSupported", bucket, key,
                "a directory bucket uses session keys that expire within minutes, so URLs cannot be signed for it. Use a general purpose bucket.");
        }

        (bool temporary, DateTimeOffset? end) = await client.CredentialsEndAsync(bucket, key, cancellation);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        TimeSpan lifetime = Lifetime(request.ExpiresIn, now, temporary, end);
        IReadOnlyDictionary<string, string> headers = request.Headers();
        S3Request wire = new(new HttpMethod(request.Method), bucket, key)
        {
            Query = [.. request.Query()], Headers = [.. headers.Select(header => (header.Key, header.Value))],
        };
        return client.Origin.Mark(new LabObjectUrl
        {
            Url = await client.PresignAsync(wire, lifetime, cancellation),
            Action = request.Action,
            Method = request.Method,
            Bucket = bucket,
            Key = key,
            VersionId = request.VersionId,
            UploadId = request.UploadId,
            PartNumber = request.PartNumber,
            ExpiresAt = now + lifetime,
            Headers = headers,
        });
    }

    private TimeSpan Lifetime(TimeSpan? asked, DateTimeOffset now, bool temporary, DateTimeOffset? known)
    {
        TimeSpan wanted = TimeSpan.FromSeconds(Math.Floor((asked ?? Usual).TotalSeconds));
        if (known is not { } end)
        {
            if (temporary && !warned)
            {
                warned = true;
                client.Reporter.Warning(
                    "The credentials are temporary and do not say when they expire: a URL signed with them expires when they do, whatever -ExpiresIn says.");
            }

            return wanted;
        }

        TimeSpan left = TimeSpan.FromSeconds(Math.Floor((end - now).TotalSeconds));
        if (left <= TimeSpan.Zero || (asked is not null && wanted > left))
        {
            string moment = end.ToString("u", CultureInfo.InvariantCulture);
            throw left <= TimeSpan.Zero
                ? new LabException(
                    LabErrorKind.AuthenticationFailed, "ExpiredToken",
                    $"The credentials expired at {moment}: {SessionAdvice.NewCredentials}.")
                : new LabException(
                    LabErrorKind.InvalidArgument, "ExpiryBeyondCredentials",
                    $"-ExpiresIn {wanted} is longer than the credentials are valid, which is until {moment}: use {left} or less, or other credentials.");
        }

        return wanted < left ? wanted : left;
    }
}
