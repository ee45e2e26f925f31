using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>
/// The tags of buckets. The service only takes all of them at once: changing one reads all, and two who do so at the same
/// moment undo each other's change.
/// </summary>
/// <param name="client">The service.</param>
public sealed class BucketTagging(StorageClient client) : RemovableConfiguration<LabBucketTags>(client, "tags", "NoSuchTagSet")
{
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
    private const int MostTags = 50;
    private const int LongestName = 128;
    private const int LongestValue = 256;

    /// <summary>Checks tags by S3's rules, before anything is sent.</summary>
    /// <param name="bucket">Bucket, for the message.</param>
    /// <param name="tags">Values by names.</param>
    /// <exception cref="LabException">InvalidTag: what is wrong with which tag.</exception>
    public static void Validate(string bucket, IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > MostTags)
        {
            throw Invalid(bucket, "InvalidTag", $"{tags.Count} tags are too many; at most {MostTags} are allowed.");
        }

        foreach ((string name, string value) in tags)
        {
            string? fault =
                name.Length == 0 ? "a tag has no name"
                : name.Length > LongestName ? $"the name of the tag '{name[..40]}…' has more than {LongestName} characters"
                : name.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) ? $"the tag '{name}' begins with aws:, which is reserved"
                : value.Length > LongestValue ? $"the value of the tag '{name}' has more than {LongestValue} characters"
                : null;
            if (fault is not null)
            {
                throw Invalid(bucket, "InvalidTag", fault + ".");
            }
        }
    }

    /// <summary>Replaces all tags of a bucket.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="tags">Its tags from now on; none removes all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: InvalidTag, NoSuchBucket.</returns>
    public Task SetAsync(string bucket, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation = default)
    {
        Validate(bucket, tags);
        PutBucketTaggingRequest request = new()
        {
            BucketName = bucket,
            TagSet = [.. tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })],
        };
        return tags.Count == 0
            ? RemoveAsync(bucket, cancellation)
            : Client.CallSdkAsync(bucket, s3 => s3.PutBucketTaggingAsync(request, cancellation), cancellation);
    }

    /// <summary>Adds tags, or changes them where they are there, and leaves the others as they are.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="tags">Values by names.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: InvalidTag, NoSuchBucket.</returns>
    public async Task AddAsync(string bucket, IReadOnlyDictionary<string, string> tags, CancellationToken cancellation = default)
    {
        Validate(bucket, tags);
        Dictionary<string, string> all = await TagsAsync(bucket, cancellation);
        foreach ((string name, string value) in tags)
        {
            all[name] = value;
        }

        await SetAsync(bucket, all, cancellation);
    }

    /// <summary>Removes single tags and leaves the others as they are. That one is not there is no error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="names">Their names.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are gone. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public async Task RemoveAsync(string bucket, IReadOnlyCollection<string> names, CancellationToken cancellation = default)
    {
        Dictionary<string, string> all = await TagsAsync(bucket, cancellation);
        if (names.Count(all.Remove) > 0)
        {
            await SetAsync(bucket, all, cancellation);
        }
    }

    private protected override async Task<IReadOnlyList<LabBucketTags>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetBucketTaggingResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = bucket }, cancellation), cancellation);
        return answer.TagSet is not { Count: > 0 } tags ? [] : [new LabBucketTags { Bucket = bucket, Tag = tags.ToDictionary(tag => tag.Key, tag => tag.Value) }];
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteBucketTaggingAsync(new DeleteBucketTaggingRequest { BucketName = bucket }, cancellation), cancellation);

    private async Task<Dictionary<string, string>> TagsAsync(string bucket, CancellationToken cancellation) =>
        (await FindAsync(bucket, cancellation)) is [{ } tags] ? tags.Tag : [];
}
