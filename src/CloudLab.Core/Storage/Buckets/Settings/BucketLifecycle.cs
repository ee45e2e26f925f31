using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The lifecycle rules of buckets.</summary>
/// <param name="client">The service.</param>
public sealed class BucketLifecycle(StorageClient client)
    : BucketRules<LabBucketLifecycleRule>(client, "lifecycle rules", "NoSuchLifecycleConfiguration")
{
    private protected override async Task<IReadOnlyList<LabBucketLifecycleRule>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetLifecycleConfigurationResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = bucket }, cancellation), cancellation);
        return [.. (answer.Configuration?.Rules ?? []).Select(rule => Read(bucket, rule))];
    }

    private protected override string? Fault(LabBucketLifecycleRule rule)
    {
        if (rule.Transition.Any(move => move.AfterDays is null == move.Date is null))
        {
            return "a transition to another storage class needs either days or a date";
        }

        if (rule.NoncurrentTransition.Any(move => move.AfterDays is null || move.Date is not null))
        {
            return "a transition of noncurrent versions needs days";
        }

        if (rule.NoncurrentVersionsToKeep is not null && rule.NoncurrentExpireAfterDays is null)
        {
            return "keeping versions also needs a time after which the others expire: give -NoncurrentExpireAfterDays";
        }

        if (rule.ExpireAfterDays is { } gone && rule.Transition.FirstOrDefault(move => move.AfterDays >= gone) is { } late)
        {
            return $"objects expire after {gone} days, before or when they would move to {late.StorageClass}";
        }

        bool dated = rule.ExpireDate is not null || rule.Transition.Any(move => move.Date is not null);
        if (dated && (rule.ExpireAfterDays is not null || rule.Transition.Any(move => move.AfterDays is not null)))
        {
            return "days and dates cannot be combined in one rule";
        }

        int?[] days = [rule.ExpireAfterDays, rule.NoncurrentExpireAfterDays, rule.AbortUploadsAfterDays];
        return days.Any(number => number < 1) ? "a number of days is less than 1"
            : rule.RemoveExpiredDeleteMarkers && (rule.ExpireAfterDays is not null || rule.ExpireDate is not null)
                ? "removing expired delete markers and expiring objects need separate rules"
            : rule.Actions.Length == 0 ? "it has no action: archive or expire objects, or abort uploads"
            : null;
    }

    private protected override Task WriteAsync(string bucket, IReadOnlyList<LabBucketLifecycleRule> rules, CancellationToken cancellation)
    {
        PutLifecycleConfigurationRequest request = new()
        {
            BucketName = bucket,
            Configuration = new LifecycleConfiguration { Rules = [.. rules.Select(Write)] },
        };
        return Client.CallSdkAsync(bucket, s3 => s3.PutLifecycleConfigurationAsync(request, cancellation), cancellation);
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteLifecycleConfigurationAsync(new DeleteLifecycleConfigurationRequest { BucketName = bucket }, cancellation), cancellation);

    private static LabBucketLifecycleRule Read(string bucket, LifecycleRule rule)
    {
        // The SDK writes a filter from its properties, and reads it into predicates.
        LifecycleFilterPredicate[] conditions = rule.Filter?.LifecycleFilterPredicate switch
        {
            null => [],
            LifecycleAndOperator and => [.. and.Operands],
            LifecycleFilterPredicate one => [one],
        };
        Tag[] tags = [.. conditions.OfType<LifecycleTagPredicate>().Select(condition => condition.Tag)];
        return new LabBucketLifecycleRule
        {
            Bucket = bucket,
            Id = rule.Id,
            Enabled = rule.Status == LifecycleRuleStatus.Enabled,
            Prefix = conditions.OfType<LifecyclePrefixPredicate>().FirstOrDefault()?.Prefix ?? OldPrefix(rule) ?? "",
            Tag = tags.Length == 0 ? null : tags.ToDictionary(tag => tag.Key, tag => tag.Value),
            ObjectSizeGreaterThan = conditions.OfType<LifecycleObjectSizeGreaterThanPredicate>().FirstOrDefault()?.ObjectSizeGreaterThan,
            ObjectSizeLessThan = conditions.OfType<LifecycleObjectSizeLessThanPredicate>().FirstOrDefault()?.ObjectSizeLessThan,
            Transition = [.. (rule.Transitions ?? []).Select(move => new LabBucketTransition
            {
                AfterDays = move.Date is null ? move.Days : null,
                Date = Day(move.Date),
                StorageClass = move.StorageClass?.Value ?? "",
            })],
            ExpireAfterDays = rule.Expiration?.Days,
            ExpireDate = Day(rule.Expiration?.Date),
            RemoveExpiredDeleteMarkers = rule.Expiration?.ExpiredObjectDeleteMarker is true,
            NoncurrentTransition = [.. (rule.NoncurrentVersionTransitions ?? []).Select(move => new LabBucketTransition
            {
                AfterDays = move.NoncurrentDays,
                StorageClass = move.StorageClass?.Value ?? "",
                VersionsToKeep = move.NewerNoncurrentVersions,
            })],
            NoncurrentExpireAfterDays = rule.NoncurrentVersionExpiration?.NoncurrentDays,
            NoncurrentVersionsToKeep = rule.NoncurrentVersionExpiration?.NewerNoncurrentVersions,
            AbortUploadsAfterDays = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
        };
    }

    private static DateTimeOffset? Day(DateTime? date) => date is { } day ? new DateTimeOffset(day.ToUniversalTime()) : null;

    // Rules of before 2016 have their prefix here, and some servers still write them so.
#pragma warning disable CS0618
    private static string? OldPrefix(LifecycleRule rule) => rule.Prefix;
#pragma warning restore CS0618

    private static LifecycleRule Write(LabBucketLifecycleRule rule) => new()
    {
        Id = rule.Id,
        Status = rule.Enabled ? LifecycleRuleStatus.Enabled : LifecycleRuleStatus.Disabled,
        Filter = Filter(rule),
        Transitions = rule.Transition.Count == 0 ? null : [.. rule.Transition.Select(move => new LifecycleTransition
        {
            Days = move.AfterDays,
            Date = move.Date?.UtcDateTime.Date,
            StorageClass = S3StorageClass.FindValue(move.StorageClass),
        })],
        Expiration = rule is { ExpireAfterDays: null, ExpireDate: null, RemoveExpiredDeleteMarkers: false } ? null : new LifecycleRuleExpiration
        {
            Days = rule.ExpireAfterDays,
            Date = rule.ExpireDate?.UtcDateTime.Date,
            ExpiredObjectDeleteMarker = rule.RemoveExpiredDeleteMarkers ? true : null,
        },
        NoncurrentVersionTransitions = rule.NoncurrentTransition.Count == 0 ? null
            : [.. rule.NoncurrentTransition.Select(move => new LifecycleRuleNoncurrentVersionTransition
            {
                NoncurrentDays = move.AfterDays,
                NewerNoncurrentVersions = move.VersionsToKeep,
                StorageClass = S3StorageClass.FindValue(move.StorageClass),
            })],
        NoncurrentVersionExpiration = rule.NoncurrentExpireAfterDays is null ? null : new LifecycleRuleNoncurrentVersionExpiration
        {
            NoncurrentDays = rule.NoncurrentExpireAfterDays,
            NewerNoncurrentVersions = rule.NoncurrentVersionsToKeep,
        },
        AbortIncompleteMultipartUpload = rule.AbortUploadsAfterDays is null ? null
            : new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = rule.AbortUploadsAfterDays },
    };

    // One condition stands by itself, several stand in "And".
    private static LifecycleFilter Filter(LabBucketLifecycleRule rule)
    {
        List<Tag> tags = [.. TextTable.Read(rule.Tag).Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];
        int conditions = tags.Count + (rule.Prefix.Length > 0 ? 1 : 0) + (rule.ObjectSizeGreaterThan is null ? 0 : 1) + (rule.ObjectSizeLessThan is null ? 0 : 1);
        return conditions > 1
            ? new LifecycleFilter
            {
                And = new LifecycleRuleAndOperator
                {
                    Prefix = rule.Prefix.Length > 0 ? rule.Prefix : null,
                    Tags = tags.Count > 0 ? tags : null,
                    ObjectSizeGreaterThan = rule.ObjectSizeGreaterThan,
                    ObjectSizeLessThan = rule.ObjectSizeLessThan,
                },
            }
            : new LifecycleFilter
            {
                Prefix = rule.Prefix.Length > 0 || conditions == 0 ? rule.Prefix : null,
                Tag = tags.FirstOrDefault(),
                ObjectSizeGreaterThan = rule.ObjectSizeGreaterThan,
                ObjectSizeLessThan = rule.ObjectSizeLessThan,
            };
    }
}
