using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>A kind of configuration that is a list of rules with ids.</summary>
public interface IBucketRules : IRemovableConfiguration
{
    /// <summary>Removes single rules and leaves the others as they are. That one is not there is no error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="ids">Their ids.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are gone. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    Task RemoveAsync(string bucket, IReadOnlyCollection<string> ids, CancellationToken cancellation = default);
}
