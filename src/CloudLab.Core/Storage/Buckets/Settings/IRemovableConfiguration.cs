using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>A kind of configuration that a bucket can also be without.</summary>
public interface IRemovableConfiguration : IBucketConfiguration
{
    /// <summary>Removes it. That it is not there is no error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    Task RemoveAsync(string bucket, CancellationToken cancellation = default);
}
