namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>One resource of a ResourceQuota: how much is used, asked for and left.</summary>
public sealed record LabQuotaUsage
{
    /// <summary>Namespace of the quota.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the quota.</summary>
    public required string Quota { get; init; }

    /// <summary>The resource, as in <c>requests.cpu</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>The most that is allowed.</summary>
    public required string Hard { get; init; }

    /// <summary>What is used already.</summary>
    public required string Used { get; init; }

    /// <summary>What is left of it.</summary>
    public required string Left { get; init; }

    /// <summary>What the manifests ask for, whether it fits or not.</summary>
    public required string Requested { get; init; }

    /// <summary>What is left with all that fits of the manifests.</summary>
    public required string LeftAfter { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Quota}: {Used} of {Hard} {Resource} used, {Left} left";
}
