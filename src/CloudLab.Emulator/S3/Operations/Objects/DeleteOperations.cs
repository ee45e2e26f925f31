using System.Xml.Linq;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Deletes objects and versions, one or many.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="time">The clock.</param>
internal sealed class DeleteOperations(S3Store store, S3Access access, TimeProvider time)
{
    private const int MaxObjects = 1000;

    /// <summary>DELETE of an object.</summary>
    public Task DeleteAsync(S3Request request, S3Bucket bucket)
    {
        string? versionId = ObjectLookup.VersionOf(request);
        Outcome outcome = Delete(request, bucket, request.Key, versionId, Conditions.OfDelete(request.Headers.Get("If-Match")));
        if (outcome.MarkerId is { } marker)
        {
            request.ExtraHeaders.Add("x-amz-delete-marker", "true");
            request.ExtraHeaders.Add("x-amz-version-id", marker);
        }
        else if (versionId is not null)
        {
            request.ExtraHeaders.Add("x-amz-version-id", versionId);
        }

        return request.RespondAsync(204);
    }

    /// <summary>POST ?delete: many objects at once.</summary>
    public async Task DeleteManyAsync(S3Request request, S3Bucket bucket)
    {
        XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request, needsChecksum: true), "Delete");
        bool quiet = S3Xml.Text(root, "Quiet")?.Trim().Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        XElement[] items = S3Xml.Children(root, "Object").ToArray();
        if (items.Length is 0 or > MaxObjects)
        {
            throw S3Exception.MalformedXml();
        }

        S3Xml document = new("DeleteResult");
        foreach (XElement item in items)
        {
            string key = S3Xml.Text(item, "Key") ?? throw S3Exception.MalformedXml();
            string? versionId = S3Xml.Text(item, "VersionId") is { Length: > 0 } id ? id : null;
            try
            {
                Outcome outcome = DeleteOne(request, bucket, item, key, versionId);
                if (!quiet)
                {
                    document.Open("Deleted").Add("Key", key).Add("VersionId", versionId);
                    if (outcome.MarkerId is { } marker)
                    {
                        document.Add("DeleteMarker", true).Add("DeleteMarkerVersionId", marker);
                    }

                    document.Close();
                }
            }
            catch (S3Exception e)
            {
                document.Open("Error").Add("Key", key).Add("VersionId", versionId).Add("Code", e.Code).Add("Message", e.Message).Close();
            }
        }

        await request.RespondAsync(document);
    }

    private Outcome DeleteOne(S3Request request, S3Bucket bucket, XElement item, string key, string? versionId)
    {
        if (key.Length == 0)
        {
            throw new S3Exception(400, "UserKeyMustBeSpecified", "The request must specify the key.");
        }

        S3Request.ToKey(System.Text.Encoding.UTF8.GetBytes(key));
        if (versionId is not null && !VersionId.IsValid(versionId))
        {
            throw S3Exception.NoSuchVersion(key, versionId);
        }

        return Delete(request, bucket, key, versionId, Conditions.OfDelete(S3Xml.Text(item, "ETag")));
    }

    private Outcome Delete(S3Request request, S3Bucket bucket, string key, string? versionId, Action<S3Object?> condition)
    {
        string arn = S3Access.ObjectArn(bucket.Name, key);
        access.Require(request, ObjectLookup.Action("s3:DeleteObject", versionId), arn, bucket, ("s3:VersionId", versionId));
        if (versionId is null)
        {
            return new Outcome(store.Delete(bucket, key, time.GetUtcNow(), condition)?.VersionId);
        }

        bool bypass = request.Headers.Get("x-amz-bypass-governance-retention")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        if (bypass && bucket.Settings.LockEnabled)
        {
            access.Require(request, "s3:BypassGovernanceRetention", arn, bucket);
        }

        S3Object? deleted = store.DeleteVersion(bucket, key, versionId, existing =>
        {
            condition(existing);
            ObjectLock.RequireDeletable(existing, time.GetUtcNow(), bypass);
        });
        return new Outcome(deleted is { IsMarker: true } ? versionId : null);
    }

    /// <summary>What came of a delete.</summary>
    /// <param name="MarkerId">Version of the delete marker that was made or deleted, or null.</param>
    private readonly record struct Outcome(string? MarkerId);
}
