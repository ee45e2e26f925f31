using System.Globalization;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Finds the version that a request is about, for who may do what the request wants.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
internal sealed class ObjectLookup(S3Store store, S3Access access)
{
    /// <summary>The version that a request names.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Its id, or null where it names none. Throws where that cannot be an id.</returns>
    public static string? VersionOf(S3Request request) => request.Query("versionId") switch
    {
        null => null,
        "" => throw S3Exception.InvalidArgument("versionId", "", "Version id cannot be the empty string"),
        var id when Storage.VersionId.IsValid(id) => id,
        var id => throw S3Exception.InvalidArgument("versionId", id, "Invalid version id specified"),
    };

    /// <summary>The action on a version: <c>s3:GetObjectVersionTagging</c> for <c>s3:GetObjectTagging</c>.</summary>
    /// <param name="action">The action on an object.</param>
    /// <param name="versionId">The version that is named, or null.</param>
    /// <returns>The action to ask for.</returns>
    public static string Action(string action, string? versionId)
    {
        const string Word = "Object";
        return versionId is null || action is "s3:RestoreObject" || action.EndsWith("Retention", StringComparison.Ordinal) || action.EndsWith("LegalHold", StringComparison.Ordinal)
            ? action
            : action.Insert(action.IndexOf(Word, StringComparison.Ordinal) + Word.Length, "Version");
    }

    /// <summary>Finds the version whose data is read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="action">What is asked for.</param>
    /// <returns>The object, its data held for the caller. Throws where it is not there or may not be read.</returns>
    public S3Object Open(S3Request request, S3Bucket bucket, string action) => Find(request, bucket, request.Key, VersionOf(request), true, action);

    /// <summary>Finds the version that something is asked or said of.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="actions">What is asked for.</param>
    /// <returns>The object. Throws where it is not there or that may not be done.</returns>
    public S3Object Peek(S3Request request, S3Bucket bucket, params string[] actions)
    {
        S3Object found = Find(request, bucket, request.Key, VersionOf(request), false, actions);
        ObjectHeaders.WriteVersion(request, bucket, found);
        return found;
    }

    /// <summary>Finds a version.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version; null for the newest.</param>
    /// <param name="hold">True to hold the data for the caller.</param>
    /// <param name="actions">What is asked for.</param>
    /// <returns>The object. Throws where it is not there or that may not be done.</returns>
    public S3Object Find(S3Request request, S3Bucket bucket, string key, string? versionId, bool hold, params string[] actions)
    {
        S3Object? found = hold ? store.Open(bucket, key, versionId) : store.Peek(bucket, key, versionId);
        try
        {
            foreach (string action in actions)
            {
                access.Require(request, Action(action, versionId), S3Access.ObjectArn(bucket.Name, key), bucket, found, ConditionKeys(found, versionId));
            }

            return found switch
            {
                { IsMarker: false } => found,
                null => throw access.Missing(
                    request, bucket, versionId is null ? S3Exception.NoSuchKey(key) : S3Exception.NoSuchVersion(key, versionId)),
                _ => throw Deleted(request, bucket, found, versionId is not null),
            };
        }
        catch when (hold)
        {
            found?.Content.Release();
            throw;
        }
    }

    private static (string Key, string? Value)[] ConditionKeys(S3Object? value, string? versionId) =>
        versionId is null && (value is null || value.Properties.Tags.Count == 0)
            ? []
            :
            [
                ("s3:VersionId", versionId),
                .. value?.Properties.Tags.Select(tag => ("s3:ExistingObjectTag/" + tag.Key, (string?)tag.Value)) ?? [],
            ];

    private S3Exception Deleted(S3Request request, S3Bucket bucket, S3Object marker, bool named)
    {
        (string, string)[] headers = [("x-amz-delete-marker", "true"), ("x-amz-version-id", marker.VersionId)];
        if (!named)
        {
            return access.Missing(
                request, bucket, new S3Exception(404, "NoSuchKey", "The specified key does not exist.", ("Key", marker.Key)) { Headers = headers });
        }

        return new S3Exception(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource.",
            ("Method", request.Method), ("ResourceType", "DeleteMarker"))
        {
            Headers = [.. headers, ("Allow", "DELETE"), ("Last-Modified", marker.LastModified.ToString("R", CultureInfo.InvariantCulture))],
        };
    }
}
