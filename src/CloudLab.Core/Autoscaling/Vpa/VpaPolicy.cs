using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>What a VerticalPodAutoscaler says of one container, or of all others.</summary>
internal sealed record VpaPolicy
{
    /// <summary>The container; <c>*</c> for all without a policy of their own.</summary>
    public required string Container { get; init; }

    /// <summary>Whether the container gets no recommendation: <c>mode: Off</c>.</summary>
    public bool IsOff { get; init; }

    /// <summary>Resources that are recommended.</summary>
    public IReadOnlyList<string> ControlledResources { get; init; } = VpaManifest.AllResources;

    /// <summary>Least amounts; 0 is none.</summary>
    public ResourceList MinAllowed { get; init; } = [];

    /// <summary>Largest amounts; 0 is none.</summary>
    public ResourceList MaxAllowed { get; init; } = [];

    /// <summary>An amount within what is allowed.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="resource">Resource.</param>
    /// <returns>The amount, or the limit that it exceeds; the maximum comes last.</returns>
    public Quantity Cap(Quantity amount, string resource)
    {
        Quantity min = MinAllowed.Of(resource), max = MaxAllowed.Of(resource);
        amount = min.Sign > 0 && amount < min ? min : amount;
        return max.Sign > 0 && amount > max ? max : amount;
    }
}
