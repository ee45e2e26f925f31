using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>One thing that troubles a pod or workload: High where it keeps pods from running, Medium where it may or did before, Low where it is only worth knowing.</summary>
public sealed record LabPodFinding : Finding
{
    /// <summary>The container; null where it is about the whole pod.</summary>
    public string? Container { get; init; }

    /// <summary>The pods that have it.</summary>
    public IReadOnlyList<string> Pods { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    // Among those that matter alike, which one explains the others.
    internal int Rank { get; init; }

    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}
