using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>The buckets of a service: list, look up, create, remove.</summary>
/// <param name="client">The service.</param>
public sealed class BucketStore(StorageClient client)
{
    private const int BucketsInPage = 1000;

    // What is written while a bucket is emptied is removed by the next attempt.
    private const int EmptyingAttempts = 4;

    /// <summary>Lists the caller's buckets by name.</summary>
    /// <param name="prefix">Beginning of the names, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Buckets, page by page.</returns>
    public async IAsyncEnumerable<LabBucket> ListAsync(
        string? prefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? token = null;
        do
        {
            ListBucketsResponse page = await client.CallSdkAsync(
                "Buckets", null, "NotFound",
                // Amazon tells regions only where a page size is asked for.
                s3 => s3.ListBucketsAsync(new ListBucketsRequest { Prefix = prefix, ContinuationToken = token, MaxBuckets = BucketsInPage }, cancellation),
                cancellation);
            foreach (S3Bucket bucket in page.Buckets ?? [])
            {
                // Some servers leave the prefix out of account.
                if (prefix is null || bucket.BucketName.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield return client.Origin.Mark(new LabBucket
                    {
                        Bucket = bucket.BucketName,
                        Region = string.IsNullOrEmpty(bucket.BucketRegion) ? null : bucket.BucketRegion,
                        CreationDate = bucket.CreationDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
                    });
                }
            }

            token = page.ContinuationToken == token ? null : page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(token));
    }

    /// <summary>Looks one bucket up.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The bucket; its creation date only if it is the caller's own. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public async Task<LabBucket> GetAsync(string bucket, CancellationToken cancellation = default)
    {
        BucketName.Validate(bucket);
        try
        {
            await foreach (LabBucket own in ListAsync(bucket, cancellation))
            {
                if (own.Bucket == bucket)
                {
                    return own.Region is not null ? own : client.Origin.Mark(new LabBucket
                    {
                        Bucket = bucket,
                        Region = await LocationAsync(bucket, cancellation),
                        CreationDate = own.CreationDate,
                    });
                }
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The caller is not allowed to list buckets, so '{bucket}' is shown without its creation date.");
        }

        return await HeadAsync(bucket, cancellation);
    }

    /// <summary>Looks for a bucket that may not be there.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The bucket, or null. Throws <see cref="LabException"/> (AccessDenied) where somebody else owns the name.</returns>
    public async Task<LabBucket?> FindAsync(string bucket, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Counts what is in a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The bucket, with number and size of its objects, and of old versions where it keeps them. Throws <see cref="LabException"/>.</returns>
    public Task<LabBucketUsage> MeasureAsync(LabBucket bucket, CancellationToken cancellation = default) =>
        new BucketMeter(client, bucket).MeasureAsync(cancellation);

    /// <summary>Counts what is in a part of a bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">Beginning of the keys to count; empty for all.</param>
    /// <param name="grouping">What to count apart.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The counts, in the order of the keys. Throws <see cref="LabException"/>.</returns>
    public Task<IReadOnlyList<LabPrefixUsage>> MeasureAsync(LabBucket bucket, string prefix, UsageGrouping grouping, CancellationToken cancellation = default) =>
        new BucketMeter(client, bucket, prefix, grouping).MeasureGroupsAsync(cancellation);

    /// <summary>Creates a bucket with nothing set.</summary>
    /// <param name="bucket">Its name; checked against S3's naming rules first.</param>
    /// <param name="region">Region to create it in; null for the connection's own (a server that is not Amazon's then decides).</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The new bucket. Throws <see cref="LabException"/>: InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou.</returns>
    public Task<LabBucket> CreateAsync(string bucket, string? region = null, CancellationToken cancellation = default) =>
        CreateAsync(new NewBucket { Name = bucket, Region = region }, cancellation);

    /// <summary>Creates a bucket and configures it: both, or neither.</summary>
    /// <param name="bucket">What to create. One with anything set must not exist yet.</param>
    /// <param name="cancellation">Cancels the requests; what is already created is removed again.</param>
    /// <returns>The new bucket. Throws <see cref="LabException"/>: InvalidBucketName, InvalidTag, BucketAlreadyExists, BucketAlreadyOwnedByYou, BucketHalfMade.</returns>
    public async Task<LabBucket> CreateAsync(NewBucket bucket, CancellationToken cancellation = default)
    {
        string name = BucketName.ValidateNew(bucket.Name);
        BucketTagging.Validate(name, bucket.Tags);
        string? where = bucket.Region ?? (client.HasOwnEndpoint ? null : client.Region);
        if (bucket.IsConfigured && await FindAsync(name, cancellation) is not null)
        {
            // Some services answer the creation of one's own bucket with success. Its settings are not this call's to change.
            throw new LabException(LabErrorKind.AlreadyExists, "BucketAlreadyOwnedByYou", $"Bucket '{name}' already exists and was not changed (BucketAlreadyOwnedByYou).")
            {
                Target = name,
                Advice = "Change it with Set-LabBucketVersioning and Set-LabBucketTag, or pick another name.",
            };
        }

        PutBucketRequest request = new()
        {
            BucketName = name,
            ObjectLockEnabledForBucket = bucket.ObjectLock ? true : null,
            // us-east-1 is the one region that must not be named.
            PutBucketConfiguration = where is null or "us-east-1" ? null : new PutBucketConfiguration { LocationConstraint = where },
        };
        await client.CallSdkAsync(name, s3 => s3.PutBucketAsync(request, cancellation), cancellation);
        try
        {
            await ConfigureAsync(bucket, cancellation);
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            throw await UndoAsync(name, e) ?? e;
        }

        return client.Origin.Mark(new LabBucket { Bucket = name, Region = where ?? client.Region, CreationDate = DateTimeOffset.UtcNow });
    }

    /// <summary>Removes a bucket.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="empty">True removes what is in it first: objects with all versions, and unfinished uploads.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Errors of single objects; the bucket is gone if there are none. Throws <see cref="LabException"/>: NoSuchBucket, BucketNotEmpty.</returns>
    public async Task<IReadOnlyList<LabException>> RemoveAsync(string bucket, bool empty, CancellationToken cancellation = default)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (empty && await new BucketEmptier(client, bucket).EmptyAsync(cancellation) is { Count: > 0 } failures)
            {
                return failures;
            }

            try
            {
                await client.CallSdkAsync(
                    bucket, s3 => s3.DeleteBucketAsync(new DeleteBucketRequest { BucketName = bucket }, cancellation), cancellation);
                return [];
            }
            catch (LabException e) when (empty && e.Code == "BucketNotEmpty" && attempt < EmptyingAttempts)
            {
                client.Reporter.Verbose($"Bucket '{bucket}' is not empty: objects are still being written to it. Emptying it again.");
                await Backoff.DelayAsync(attempt, cancellation);
            }
            catch (LabException e) when (empty && e.Code == "NoSuchBucket")
            {
                // It was there when it was emptied: the answer to the first request was lost, or somebody else was faster.
                return [];
            }
        }
    }

    // Where neither the list of buckets nor the answer to HEAD says it.
    private async Task<string?> LocationAsync(string bucket, CancellationToken cancellation)
    {
        try
        {
            GetBucketLocationResponse answer = await client.CallSdkAsync(
                bucket, s3 => s3.GetBucketLocationAsync(new GetBucketLocationRequest { BucketName = bucket }, cancellation), cancellation);
            return answer.Location?.Value switch
            {
                null or "" or "US" => "us-east-1",
                "EU" => "eu-west-1",
                string region => region,
            };
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The service does not report the location of bucket '{bucket}'.");
            return null;
        }
    }

    private async Task<LabBucket> HeadAsync(string bucket, CancellationToken cancellation)
    {
        HeadBucketResponse answer = await client.CallSdkAsync(
            bucket, s3 => s3.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellation), cancellation);
        return client.Origin.Mark(new LabBucket { Bucket = bucket, Region = string.IsNullOrEmpty(answer.BucketRegion) ? null : answer.BucketRegion });
    }

    private async Task ConfigureAsync(NewBucket bucket, CancellationToken cancellation)
    {
        if (bucket.Versioning && !bucket.ObjectLock)
        {
            await new BucketVersioning(client).SetAsync(bucket.Name, BucketVersioningStatus.Enabled, cancellation);
        }

        if (bucket.Tags.Count > 0)
        {
            await new BucketTagging(client).SetAsync(bucket.Name, bucket.Tags, cancellation);
        }
    }

    /// <summary>Removes a bucket that could not be configured.</summary>
    /// <returns>What to say of it; null where cancellation is all there is to say.</returns>
    private async Task<LabException?> UndoAsync(string bucket, Exception problem)
    {
        string cause = problem.Message.TrimEnd('.');
        try
        {
            await client.CallSdkAsync(
                bucket, s3 => s3.DeleteBucketAsync(new DeleteBucketRequest { BucketName = bucket }, CancellationToken.None), CancellationToken.None);
            client.Reporter.Verbose($"Removed bucket '{bucket}' again: it could not be configured.");
            return problem is not LabException known ? null : new LabException(
                known.Kind, known.Code, $"Bucket '{bucket}' was not created because it could not be configured: {cause}.", known)
            {
                StatusCode = known.StatusCode,
                RequestId = known.RequestId,
                Target = bucket,
                Advice = known.Advice,
                StopsCommand = known.StopsCommand,
            };
        }
        catch (LabException e)
        {
            return new LabException(
                LabErrorKind.ServiceFailed, "BucketHalfMade",
                $"Bucket '{bucket}' was created but not configured ({cause}), and it could not be removed again ({e.Message.TrimEnd('.')}).", problem)
            {
                Target = bucket,
                Advice = "Remove it with Remove-LabBucket, then try again.",
            };
        }
    }
}
