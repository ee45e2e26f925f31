using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>What all kinds of bucket configuration share: reading one that may not be there.</summary>
/// <typeparam name="T">What it is made of: the whole, or one rule.</typeparam>
public abstract class BucketConfiguration<T> : IBucketConfiguration
    where T : class
{
    private readonly string missingCode;

    private protected BucketConfiguration(StorageClient client, string name, string missingCode)
    {
        Client = client;
        Name = name;
        this.missingCode = missingCode;
    }

    /// <inheritdoc/>
    public string Name { get; }

    private protected StorageClient Client { get; }

    /// <inheritdoc cref="IBucketConfiguration.FindAsync"/>
    public async Task<IReadOnlyList<T>> FindAsync(string bucket, CancellationToken cancellation = default)
    {
        try
        {
            return await ReadAsync(bucket, cancellation);
        }
        catch (LabException e) when (IsAbsent(e))
        {
            return [];
        }
    }

    /// <inheritdoc cref="IBucketConfiguration.GetAsync"/>
    public async Task<IReadOnlyList<T>> GetAsync(string bucket, CancellationToken cancellation = default)
    {
        IReadOnlyList<T> found = await FindAsync(bucket, cancellation);
        return found.Count > 0 ? found : throw new LabException(
            LabErrorKind.NotFound, missingCode, $"Bucket '{bucket}' has no {Name} ({missingCode}).")
        {
            Target = bucket, StatusCode = 404, Advice = AwsErrors.AdviceOn(missingCode),
        };
    }

    async Task<IReadOnlyList<object>> IBucketConfiguration.FindAsync(string bucket, CancellationToken cancellation) =>
        await FindAsync(bucket, cancellation);

    async Task<IReadOnlyList<object>> IBucketConfiguration.GetAsync(string bucket, CancellationToken cancellation) =>
        await GetAsync(bucket, cancellation);

    /// <summary>Asks the service.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What there is; where there is nothing, either an empty list or an exception of kind NotFound.</returns>
    private protected abstract Task<IReadOnlyList<T>> ReadAsync(string bucket, CancellationToken cancellation);

    /// <summary>Whether an error says that the bucket is there and the configuration is not.</summary>
    /// <param name="problem">The error.</param>
    /// <returns>True where nothing is configured.</returns>
    private protected static bool IsAbsent(LabException problem) => problem is { Kind: LabErrorKind.NotFound, Code: not "NoSuchBucket" };

    /// <summary>A value that the service would refuse, found before it is sent.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="code">Id of the error.</param>
    /// <param name="problem">What is wrong, and what to do.</param>
    /// <returns>The exception to throw.</returns>
    private protected static LabException Invalid(string bucket, string code, string problem) =>
        new(LabErrorKind.InvalidData, code, $"Bucket '{bucket}': {problem}") { Target = bucket };
}
