using System.Text.RegularExpressions;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests.Rules;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Reviews manifests: their syntax, their fields by the schema of their kinds, and then <see cref="ManifestRule.All"/> the other rules.</summary>
public static class ManifestReview
{
    /// <summary>Annotation of an object, or of its pod template, with the ids of rules that it may break: <c>RuleA, RuleB</c>; <c>*</c> for all.</summary>
    internal const string IgnoreAnnotation = "cloudlab/ignore";

    // The checks of the rules, by area.
    private static readonly IReadOnlyList<ManifestCheck> Checks =
    [
        .. WorkloadRules.Checks, .. ContainerRules.Checks, .. ServiceRules.Checks, .. IngressRules.Checks, .. NetworkPolicyRules.Checks, .. AutoscalingRules.Checks,
        .. BudgetRules.Checks, .. ScheduleRules.Checks, .. AmountRules.Checks, .. ConfigRules.Checks, .. PodSecurityRules.Checks, .. AccessRules.Checks,
    ];

    /// <summary>Reviews manifests.</summary>
    /// <param name="items">All that was read, for a review (<see cref="ManifestReader"/>).</param>
    /// <param name="options">How.</param>
    /// <returns>Findings in the order of the files, by line.</returns>
    public static IReadOnlyList<LabManifestFinding> Review(IEnumerable<ManifestItem> items, ManifestReviewOptions options)
    {
        List<LabManifestFinding> findings = [];
        List<ReviewedObject> objects = [];
        foreach (ManifestItem item in items)
        {
            if (item.Problem is null)
            {
                objects.Add(new ReviewedObject(item));
            }
            else
            {
                findings.Add(Broken(item));
            }
        }

        ReviewedSet set = new(objects, options);
        findings.AddRange(Checks.SelectMany(check => check(set)));
        return findings;
    }

    private static LabManifestFinding Broken(ManifestItem item) => throw new NotImplementedException();
}
