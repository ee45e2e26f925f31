using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>Tags of objects: names with values that policies and lifecycle rules can go by.</summary>
/// <param name="client">The service.</param>
public sealed class ObjectTags(StorageClient client)
{
    private const int MostTags = 10, LongestName = 128, LongestValue = 256;

    /// <summary>Refuses what S3 would not take as the tags of an object, before anything is sent.</summary>
    /// <param name="tags">Names and values.</param>
    /// <returns>The same tags. Throws <see cref="LabException"/> (InvalidTag).</returns>
    public static IReadOnlyDictionary<string, string> Validate(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > MostTags)
        {
            throw Invalid($"An object can have at most {MostTags} tags, not {tags.Count}.");
        }

        foreach ((string name, string value) in tags)
        {
            if (name.Length is 0 or > LongestName)
            {
                throw Invalid($"A tag name must have 1 to {LongestName} characters; '{Shown(name)}' has {name.Length}.");
            }

            if (name.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw Invalid($"The tag name '{Shown(name)}' is reserved: choose one that does not begin with 'aws:'.");
            }

            if (value.Length > LongestValue)
            {
                throw Invalid($"A tag value can have at most {LongestValue} characters; that of '{Shown(name)}' has {value.Length}.");
            }

            if (name.Any(char.IsControl) || value.Any(char.IsControl))
            {
                throw Invalid($"Tag '{Shown(name)}' contains a control character, such as a line break, which tags cannot have.");
            }
        }

        return tags;
    }

    /// <summary>Reads the tags of an object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="versionId">Version, or null for the current one.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its tags. Throws <see cref="LabException"/>: NoSuchKey, NoSuchVersion.</returns>
    public async Task<LabObjectTag> GetAsync(string bucket, string key, string? versionId, CancellationToken cancellation = default)
    {
        GetObjectTaggingResponse answer = await client.CallSdkAsync(
            bucket, key,
            s3 => s3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = bucket, Key = key, VersionId = versionId }, cancellation),
            cancellation);
        return Result(bucket, key, answer.VersionId, versionId, (answer.Tagging ?? []).ToDictionary(tag => tag.Key, tag => tag.Value ?? ""));
    }

    /// <summary>Writes the tags of an object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="versionId">Version, or null for the current one.</param>
    /// <param name="tags">Names and values.</param>
    /// <param name="merge">
    /// False replaces all tags, as S3 does. True keeps the others: they are read first, so that of two who merge at the
    /// same time one may lose.
    /// </param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>All tags it has now. Throws <see cref="LabException"/>: NoSuchKey, NoSuchVersion, InvalidTag.</returns>
    public async Task<LabObjectTag> SetAsync(
        string bucket, string key, string? versionId, IReadOnlyDictionary<string, string> tags, bool merge, CancellationToken cancellation = default)
    {
        Validate(tags);
        if (merge)
        {
            Dictionary<string, string> all = new((await GetAsync(bucket, key, versionId, cancellation)).Tag);
            foreach ((string name, string value) in tags)
            {
                all[name] = value;
            }

            tags = all.Count <= MostTags
                ? all
                : throw StorageClient.Problem(
                    LabErrorKind.InvalidData, "InvalidTag", bucket, key,
                    $"it would have {all.Count} tags, but S3 allows at most {MostTags}. Remove some with Remove-LabObjectTag.");
        }

        return await PutAsync(bucket, key, versionId, tags, cancellation);
    }

    /// <summary>Removes tags of an object. One it does not have counts as removed.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="versionId">Version, or null for the current one.</param>
    /// <param name="names">Their names; null for all.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are gone. Throws <see cref="LabException"/>: NoSuchKey, NoSuchVersion.</returns>
    public async Task RemoveAsync(
        string bucket, string key, string? versionId, IReadOnlyCollection<string>? names, CancellationToken cancellation = default)
    {
        Dictionary<string, string> left = [];
        if (names is not null)
        {
            IReadOnlyDictionary<string, string> present = (await GetAsync(bucket, key, versionId, cancellation)).Tag;
            left = present.Where(tag => !names.Contains(tag.Key)).ToDictionary();
            if (left.Count == present.Count)
            {
                return;
            }
        }

        await PutAsync(bucket, key, versionId, left, cancellation);
    }

    private static LabException Invalid(string text) => new(LabErrorKind.InvalidArgument, "InvalidTag", text);

    private static string Shown(string name) => ObjectName.Uri("", name.Length > 40 ? name[..40] + "…" : name)[6..];

    private LabObjectTag Result(
        string bucket, string key, string? answered, string? asked, IReadOnlyDictionary<string, string> tags) => client.Origin.Mark(new LabObjectTag
    {
        Bucket = bucket,
        Key = key,
        VersionId = string.IsNullOrEmpty(answered) ? asked : answered,
        Tag = tags,
    });

    private async Task<LabObjectTag> PutAsync(
        string bucket, string key, string? versionId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation)
    {
        string? version = tags.Count > 0
            ? (await client.CallSdkAsync(
                bucket, key,
                s3 => s3.PutObjectTaggingAsync(
                    new PutObjectTaggingRequest
                    {
                        BucketName = bucket,
                        Key = key,
                        VersionId = versionId,
                        Tagging = new Tagging { TagSet = [.. tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })] },
                    },
                    cancellation),
                cancellation)).VersionId
            : (await client.CallSdkAsync(
                bucket, key,
                s3 => s3.DeleteObjectTaggingAsync(
                    new DeleteObjectTaggingRequest { BucketName = bucket, Key = key, VersionId = versionId }, cancellation),
                cancellation)).VersionId;
        return Result(bucket, key, version, versionId, tags);
    }
}
