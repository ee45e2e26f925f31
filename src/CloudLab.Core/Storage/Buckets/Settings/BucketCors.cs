using Amazon.S3.Model;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The CORS rules of buckets.</summary>
/// <param name="client">The service.</param>
public sealed class BucketCors(StorageClient client) : BucketRules<LabBucketCorsRule>(client, "CORS rules", "NoSuchCORSConfiguration")
{
    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE", "HEAD"];

    private protected override async Task<IReadOnlyList<LabBucketCorsRule>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetCORSConfigurationResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetCORSConfigurationAsync(new GetCORSConfigurationRequest { BucketName = bucket }, cancellation), cancellation);
        return [.. (answer.Configuration?.Rules ?? []).Select(rule => new LabBucketCorsRule
        {
            Bucket = bucket,
            Id = rule.Id,
            Origin = [.. rule.AllowedOrigins ?? []],
            Method = [.. rule.AllowedMethods ?? []],
            Header = [.. rule.AllowedHeaders ?? []],
            ExposeHeader = [.. rule.ExposeHeaders ?? []],
            MaxAgeSeconds = rule.MaxAgeSeconds,
        })];
    }

    private protected override string? Fault(LabBucketCorsRule rule) =>
        rule.Origin.Count == 0 ? "it has no origin"
        : rule.Method.Count == 0 ? "it has no method"
        : rule.Method.FirstOrDefault(method => !Methods.Contains(method)) is { } method ? $"'{method}' is not one of {string.Join(", ", Methods)}"
        : Array.Find([.. rule.Origin, .. rule.Header], text => text.Count(c => c == '*') > 1) is { } text ? $"'{text}' has more than one *"
        : rule.MaxAgeSeconds < 0 ? "its maximum age is negative"
        : null;

    private protected override Task WriteAsync(string bucket, IReadOnlyList<LabBucketCorsRule> rules, CancellationToken cancellation)
    {
        PutCORSConfigurationRequest request = new()
        {
            BucketName = bucket,
            Configuration = new CORSConfiguration
            {
                Rules = [.. rules.Select(rule => new CORSRule
                {
                    Id = rule.Id,
                    AllowedOrigins = [.. rule.Origin],
                    AllowedMethods = [.. rule.Method],
                    AllowedHeaders = [.. rule.Header],
                    ExposeHeaders = [.. rule.ExposeHeader],
                    MaxAgeSeconds = rule.MaxAgeSeconds,
                })],
            },
        };
        return Client.CallSdkAsync(bucket, s3 => s3.PutCORSConfigurationAsync(request, cancellation), cancellation);
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteCORSConfigurationAsync(new DeleteCORSConfigurationRequest { BucketName = bucket }, cancellation), cancellation);
}
