using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>A rule of the review of manifests.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Severity">How much harm it usually does; a finding can differ.</param>
/// <param name="Title">What it finds, in one sentence.</param>
/// <param name="Help">Why that matters.</param>
/// <param name="Fix">What to do.</param>
public sealed partial record ManifestRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix)
{
    /// <summary>Whether it is looked for only where it is asked for by its id: good manifests break it, too.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether it is about security.</summary>
    public bool IsSecurity { get; init; }

    /// <summary>All rules, as docs/manifest-review.md lists them.</summary>
    public static IReadOnlyList<ManifestRule> All => field ??= [.. Schema, .. Workloads, .. Network, .. Scaling, .. Config, .. Security];

    /// <summary>Rules with similar names, as a sentence to put behind an error.</summary>
    /// <param name="name">What was typed.</param>
    /// <returns>The sentence; empty where there is none.</returns>
    public static string Similar(string name) => NearestNames.Say(name, All.Select(rule => rule.Id));
}
