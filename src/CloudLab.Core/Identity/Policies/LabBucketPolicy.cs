using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Identity.Policies;

/// <summary>The policy of a bucket: who may do what with it. <see cref="Policy"/> binds the <c>-Policy</c> of Set-LabBucketPolicy.</summary>
/// <param name="bucket">The bucket.</param>
/// <param name="policy">JSON as the service has it.</param>
/// <param name="document">The same, read.</param>
public sealed class LabBucketPolicy(string bucket, string policy, PolicyDocument? document) : SessionItem
{
    /// <summary>Bucket.</summary>
    public string Bucket { get; } = bucket;

    /// <summary>The policy as the service has it: JSON text.</summary>
    public string Policy { get; } = policy;

    /// <summary>The same as an object with its statements; null where it is not understood.</summary>
    public PolicyDocument? Document { get; } = document;

    /// <summary>Its statements; none where it is not understood.</summary>
    public IReadOnlyList<PolicyStatement> Statement => Document?.Statement ?? new TextList<PolicyStatement>([]);

    /// <inheritdoc/>
    public override string ToString() => Policy;
}
