using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>A kind of configuration that a bucket can also be without.</summary>
/// <typeparam name="T">What it is made of.</typeparam>
public abstract class RemovableConfiguration<T> : BucketConfiguration<T>, IRemovableConfiguration
    where T : class
{
    private protected RemovableConfiguration(StorageClient client, string name, string missingCode)
        : base(client, name, missingCode)
    {
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(string bucket, CancellationToken cancellation = default)
    {
        try
        {
            await DeleteAsync(bucket, cancellation);
        }
        catch (LabException e) when (IsAbsent(e))
        {
            Client.Reporter.Verbose($"Bucket '{bucket}' has no {Name}: nothing to remove.");
        }
    }

    /// <summary>Asks the service.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone, or an exception of kind NotFound where there was nothing.</returns>
    private protected abstract Task DeleteAsync(string bucket, CancellationToken cancellation);
}

/// <summary>A kind of configuration that a bucket can also be without.</summary>
public interface IRemovableConfiguration : IBucketConfiguration
{
    /// <summary>Removes it. That it is not there is no error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    Task RemoveAsync(string bucket, CancellationToken cancellation = default);
}
