using CloudLab.Core.Common;

namespace CloudLab.Core.Identity.Catalogue;

/// <summary>An action that a policy can allow: what <c>s3:GetObject</c> means. <see cref="Action"/> binds <c>-Allow</c> of New-LabPolicyDocument.</summary>
public sealed class LabAction
{
    /// <summary>As a policy names it: <c>s3:GetObject</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Prefix of the service: <c>s3</c>.</summary>
    public required string Service { get; init; }

    /// <summary>Name of the service: <c>Amazon S3</c>.</summary>
    public required string ServiceName { get; init; }

    /// <summary>What it does to a resource.</summary>
    public required AccessLevel AccessLevel { get; init; }

    /// <summary>What it permits, in words.</summary>
    public required string Description { get; init; }

    /// <summary>Kinds of resource that it can be limited to; empty if it always applies to everything (<c>"Resource": "*"</c>).</summary>
    public IReadOnlyList<LabActionResource> Resource { get; init => field = TextList.Of(value); } = new TextList<LabActionResource>([]);

    /// <summary>Condition keys that a request for it can have, beyond the global ones. A key that is not here never has a value.</summary>
    public IReadOnlyList<string> ConditionKey { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Actions that the caller may need as well.</summary>
    public IReadOnlyList<string> DependentAction { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <inheritdoc/>
    public override string ToString() => Action;
}

/// <summary>A kind of resource that an action applies to.</summary>
/// <param name="Name">Its name in the Service Authorization Reference: <c>object</c>.</param>
/// <param name="Arn">Template of its ARN: <c>arn:${Partition}:s3:::${BucketName}/${ObjectName}</c>.</param>
/// <param name="Required">True if every request for the action involves such a resource.</param>
public sealed record LabActionResource(string Name, string Arn, bool Required)
{
    /// <summary>Condition keys that come with this kind of resource.</summary>
    public IReadOnlyList<string> ConditionKey { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
