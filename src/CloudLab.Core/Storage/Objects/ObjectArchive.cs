using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>Objects in archive storage classes, which have to be brought back before they can be read.</summary>
/// <param name="client">The service.</param>
public sealed partial class ObjectArchive(StorageClient client)
{
    /// <summary>Asks for an archived object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="versionId">Version, or null for the current one.</param>
    /// <param name="days">Days the copy stays; null for an object of INTELLIGENT_TIERING, which comes back for good.</param>
    /// <param name="tier">How fast.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What came of it. Throws <see cref="LabException"/>: InvalidObjectState for an object that is not archived, NoSuchKey.</returns>
    public async Task<LabObjectRestore> RestoreAsync(
        string bucket, string key, string? versionId, int? days, RestoreTier tier, CancellationToken cancellation = default)
    {
        RestoreStatus status;
        try
        {
            RestoreObjectResponse answer = await client.CallSdkAsync(
                bucket, key,
                s3 => s3.RestoreObjectAsync(
                    new RestoreObjectRequest
                    {
                        BucketName = bucket, Key = key, VersionId = versionId, Days = days, RetrievalTier = GlacierJobTier.FindValue(tier.ToString()),
                    },
                    cancellation),
                cancellation);
            status = answer.HttpStatusCode == HttpStatusCode.OK ? RestoreStatus.Restored : RestoreStatus.Started;
        }
        catch (LabException e) when (e.Code == "RestoreAlreadyInProgress")
        {
            status = RestoreStatus.InProgress;
        }

        return client.Origin.Mark(
            new LabObjectRestore { Bucket = bucket, Key = key, VersionId = versionId, Status = status, Days = days, Tier = tier });
    }

    /// <summary>Reads how far an archived object is on its way back.</summary>
    /// <param name="header">Value of <c>x-amz-restore</c>: <c>ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"</c>; or null.</param>
    /// <returns>Whether it is still on its way, and until when its copy stays; null where the header does not say.</returns>
    internal static (bool? InProgress, DateTimeOffset? Expires) ReadState(string? header)
    {
        if (header is null)
        {
            return (null, null);
        }

        Match date = ExpiryDate().Match(header);
        return (
            header.Contains("ongoing-request=\"true\"", StringComparison.Ordinal),
            date.Success && DateTimeOffset.TryParse(
                date.Groups[1].ValueSpan, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset expires) ? expires : null);
    }

    [GeneratedRegex("expiry-date=\"([^\"]*)\"")]
    private static partial Regex ExpiryDate();
}
