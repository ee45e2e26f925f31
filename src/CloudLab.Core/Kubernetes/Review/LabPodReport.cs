using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>What is known of a pod, or of a workload and its pods, and what troubles it.</summary>
public sealed record LabPodReport
{
    /// <summary>Kind of the object: <c>Pod</c>, <c>Deployment</c>, <c>Service</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the object.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string? Namespace { get; init; }

    /// <summary>Its state in a word.</summary>
    public string? State { get; init; }

    /// <summary>How much of it is ready.</summary>
    public string? Ready { get; init; }

    /// <summary>What keeps it from running, in a sentence; null where nothing does.</summary>
    public string? Cause => Findings is [{ Severity: > FindingSeverity.Low } first, ..] ? first.Message : null;

    /// <summary>What to do about it; null where nothing is wrong.</summary>
    public string? Action => Cause is null ? null : Findings[0].Action;

    /// <summary>Everything that was found, the most important first.</summary>
    public required IReadOnlyList<LabPodFinding> Findings { get; init => field = TextList.Of(value); }

    /// <summary>The pods, with their states.</summary>
    public required IReadOnlyList<LabResource> Pods { get; init => field = TextList.Of(value); }

    /// <summary>Nodes that the pods are on.</summary>
    public IReadOnlyList<string> Nodes { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Images of the containers.</summary>
    public IReadOnlyList<string> Images { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Containers of the pods: restarts, state, resources, probes; one line each.</summary>
    public IReadOnlyList<string> Containers { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>The latest events of the object, its pods and what lies between them, the latest first.</summary>
    public IReadOnlyList<string> Events { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Resource quotas of the namespace: what is used of them.</summary>
    public IReadOnlyList<string> Quota { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Last lines of the log of the container that failed, from before it was restarted.</summary>
    public IReadOnlyList<string> Log { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Where these lines are from: <c>web-1 container web (before its restart)</c>.</summary>
    public string? LogSource { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}: {Cause ?? State ?? "nothing found"}";
}
