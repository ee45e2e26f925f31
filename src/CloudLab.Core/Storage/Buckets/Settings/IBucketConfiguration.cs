using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>One kind of configuration that buckets can have, whatever it holds.</summary>
public interface IBucketConfiguration
{
    /// <summary>What it is called in messages: <c>CORS rules</c>.</summary>
    string Name { get; }

    /// <summary>Reads it where it may not be there.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What the bucket has of it: one object, or one for each rule; nothing where it has none. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    Task<IReadOnlyList<object>> FindAsync(string bucket, CancellationToken cancellation = default);

    /// <summary>Reads it.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>At least one object. Throws <see cref="LabException"/> with S3's own code where the bucket has none.</returns>
    Task<IReadOnlyList<object>> GetAsync(string bucket, CancellationToken cancellation = default);
}
