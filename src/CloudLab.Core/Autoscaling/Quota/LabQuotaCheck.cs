using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>Whether an object of a manifest, and the pods and claims that it makes, would be accepted.</summary>
public sealed record LabQuotaCheck
{
    /// <summary>Namespace that it goes to.</summary>
    public required string Namespace { get; init; }

    /// <summary>Kind of the object.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the object.</summary>
    public required string Name { get; init; }

    /// <summary>Whether all of it is accepted.</summary>
    public required bool Fits { get; init; }

    /// <summary>How many pods it makes.</summary>
    public required int PodCount { get; init; }

    /// <summary>How many of them are accepted.</summary>
    public required int AcceptedPodCount { get; init; }

    /// <summary>How many more pods of the same kind would be accepted after that; null where no quota counts them, or where it makes no pods.</summary>
    public int? MorePodCount { get; init; }

    /// <summary>What one pod, or the object itself, is charged for, as in <c>requests.cpu=500m</c>.</summary>
    public required string Charge { get; init; }

    /// <summary>What LimitRanges fill in.</summary>
    public IReadOnlyList<string> Defaults { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>What the API server would say of what it refuses.</summary>
    public IReadOnlyList<string> Refusals { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>The result in words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
