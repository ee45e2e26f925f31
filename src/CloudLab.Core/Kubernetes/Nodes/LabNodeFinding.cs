using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>One thing that troubles a node: High where pods do not run on it, Medium where that may come, Low where it is only worth knowing.</summary>
public sealed record LabNodeFinding : Finding
{
    /// <summary>Pods that it is about: <c>namespace/name</c>.</summary>
    public IReadOnlyList<string> Pods { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}
