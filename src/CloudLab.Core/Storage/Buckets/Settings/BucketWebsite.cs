using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The websites of buckets.</summary>
/// <param name="client">The service.</param>
public sealed class BucketWebsite(StorageClient client) : RemovableConfiguration<LabBucketWebsite>(client, "website", "NoSuchWebsiteConfiguration")
{
    // Regions older than the rule "s3-website.<region>"; https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
    private static readonly string[] RegionsWithHyphen =
    [
        "us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1",
    ];

    /// <summary>The address of a website at Amazon.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="region">Its region.</param>
    /// <returns>An http URL: S3's websites know no TLS.</returns>
    public static Uri Endpoint(string bucket, string region) => new(
        $"http://{bucket}.s3-website{(RegionsWithHyphen.Contains(region) ? '-' : '.')}{region}.amazonaws.com"
        + (region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : ""));

    /// <summary>Makes a website of a bucket.</summary>
    /// <param name="website">Bucket and website; <see cref="LabBucketWebsite.Endpoint"/> does not matter.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: WebsiteInvalid, NoSuchBucket.</returns>
    public Task SetAsync(LabBucketWebsite website, CancellationToken cancellation = default)
    {
        string bucket = website.Bucket;
        string? redirect = NullIfEmpty(website.RedirectAllRequestsTo), index = NullIfEmpty(website.IndexDocument), error = NullIfEmpty(website.ErrorDocument);
        string? fault =
            redirect is null && index is null ? "give -IndexDocument, or -RedirectAllRequestsTo"
            : redirect is not null && (index ?? error) is not null ? "-RedirectAllRequestsTo cannot be combined with -IndexDocument or -ErrorDocument"
            : redirect is not null && website.RoutingRule.Count > 0 ? "-RedirectAllRequestsTo cannot be combined with -RoutingRule"
            : index?.Contains('/', StringComparison.Ordinal) is true ? $"-IndexDocument '{index}' contains a slash; give only the file name, which applies to every folder"
            : null;
        if (fault is not null)
        {
            throw Invalid(bucket, "WebsiteInvalid", fault + ".");
        }

        PutBucketWebsiteRequest request = new()
        {
            BucketName = bucket,
            WebsiteConfiguration = redirect is not null ? new WebsiteConfiguration { RedirectAllRequestsTo = Redirect(bucket, redirect) } : new WebsiteConfiguration
            {
                IndexDocumentSuffix = index,
                ErrorDocument = error,
                RoutingRules = website.RoutingRule.Count == 0 ? null : [.. website.RoutingRule.Select(Write)],
            },
        };
        return Client.CallSdkAsync(bucket, s3 => s3.PutBucketWebsiteAsync(request, cancellation), cancellation);
    }

    private protected override async Task<IReadOnlyList<LabBucketWebsite>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetBucketWebsiteResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetBucketWebsiteAsync(new GetBucketWebsiteRequest { BucketName = bucket }, cancellation), cancellation);
        if (answer.WebsiteConfiguration is not { } website || (website.IndexDocumentSuffix is null && website.RedirectAllRequestsTo is null))
        {
            return [];
        }

        RoutingRuleRedirect? all = website.RedirectAllRequestsTo;
        return
        [
            new LabBucketWebsite
            {
                Bucket = bucket,
                IndexDocument = NullIfEmpty(website.IndexDocumentSuffix),
                ErrorDocument = NullIfEmpty(website.ErrorDocument),
                RedirectAllRequestsTo = all is null ? null : string.IsNullOrEmpty(all.Protocol) ? all.HostName : $"{all.Protocol}://{all.HostName}",
                RoutingRule = [.. (website.RoutingRules ?? []).Select(Read)],
                Endpoint = Client.HasOwnEndpoint ? null : Endpoint(bucket, await RegionAsync(bucket, cancellation)),
            },
        ];
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteBucketWebsiteAsync(new DeleteBucketWebsiteRequest { BucketName = bucket }, cancellation), cancellation);

    private async Task<string> RegionAsync(string bucket, CancellationToken cancellation)
    {
        try
        {
            return (await new BucketStore(Client).FindAsync(bucket, cancellation))?.Region ?? Client.Region;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Who answered for the website's configuration is in the region that was asked.
            return Client.Region;
        }
    }

    private static RoutingRuleRedirect Redirect(string bucket, string target)
    {
        int scheme = target.IndexOf("://", StringComparison.Ordinal);
        string? protocol = scheme < 0 ? null : target[..scheme].ToLowerInvariant();
        string host = (scheme < 0 ? target : target[(scheme + 3)..]).TrimEnd('/');
        return protocol is null or "http" or "https" && host.Length > 0 && host.IndexOfAny(['/', '?', '#', ' ']) < 0
            ? new RoutingRuleRedirect { HostName = host, Protocol = protocol }
            : throw Invalid(bucket, "WebsiteInvalid", $"-RedirectAllRequestsTo '{target}' is not a host: write movies.example or https://movies.example.");
    }

    private static LabBucketRoutingRule Read(RoutingRule rule) => new()
    {
        KeyPrefix = NullIfEmpty(rule.Condition?.KeyPrefixEquals),
        HttpErrorCode = NullIfEmpty(rule.Condition?.HttpErrorCodeReturnedEquals),
        HostName = NullIfEmpty(rule.Redirect?.HostName),
        Protocol = NullIfEmpty(rule.Redirect?.Protocol),
        ReplaceKeyPrefixWith = rule.Redirect?.ReplaceKeyPrefixWith,
        ReplaceKeyWith = NullIfEmpty(rule.Redirect?.ReplaceKeyWith),
        HttpRedirectCode = NullIfEmpty(rule.Redirect?.HttpRedirectCode),
    };

    private static RoutingRule Write(LabBucketRoutingRule rule) => new()
    {
        Condition = (rule.KeyPrefix ?? rule.HttpErrorCode) is null ? null
            : new RoutingRuleCondition { KeyPrefixEquals = rule.KeyPrefix, HttpErrorCodeReturnedEquals = rule.HttpErrorCode },
        Redirect = new RoutingRuleRedirect
        {
            HostName = rule.HostName,
            Protocol = rule.Protocol,
            ReplaceKeyPrefixWith = rule.ReplaceKeyPrefixWith,
            ReplaceKeyWith = rule.ReplaceKeyWith,
            HttpRedirectCode = rule.HttpRedirectCode,
        },
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
