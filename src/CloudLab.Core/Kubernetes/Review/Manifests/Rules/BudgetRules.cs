using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about disruption budgets.</summary>
internal static class BudgetRules
{
    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Fields, Blocking, Overlaps];

    private static IEnumerable<ReviewedObject> Budgets(ReviewedSet set) => set.OfKind("PodDisruptionBudget").Where(one => one.Group == "policy" && one.Content.Object("spec") is not null);

    private static JsonObject? SelectorOf(ReviewedObject one) => one.Content.Object("spec")!.Object("selector");

    private static IReadOnlyList<ReviewedObject> Selected(ReviewedSet set, ReviewedObject one) =>
        one.Nearest(set.PodOwners().Where(owner => LabelMatch.BySelector(SelectorOf(one), owner.PodLabels()) && !owner.RunsToEnd()));

    private static IEnumerable<LabManifestFinding> Fields(ReviewedSet set)
    {
        foreach (ReviewedObject one in Budgets(set))
        {
            JsonObject spec = one.Content.Object("spec")!;
            if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
            {
                yield return one.Find(ManifestRule.PdbBothFields, "spec.maxUnavailable", $"{one.Label} has minAvailable {spec.NumberOrText("minAvailable")} and maxUnavailable {spec.NumberOrText("maxUnavailable")}.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Blocking(ReviewedSet set)
    {
        foreach (ReviewedObject one in Budgets(set))
        {
            JsonObject spec = one.Content.Object("spec")!;
            string? min = spec.NumberOrText("minAvailable"), max = spec.NumberOrText("maxUnavailable");
            IReadOnlyList<ReviewedObject> owners = Selected(set, one);
            if (max is "0" or "0%")
            {
                yield return one.Find(ManifestRule.PdbBlocksDrain, "spec.maxUnavailable", $"maxUnavailable is {max}.");
            }
            else if (min == "100%")
            {
                yield return one.Find(ManifestRule.PdbBlocksDrain, "spec.minAvailable", "minAvailable is 100%.");
            }
            else if (min is not null && owners.Count > 0 && owners.All(owner => owner.IsBuiltIn() && owner.Kind is "Deployment" or "StatefulSet" or "ReplicaSet" or "ReplicationController"))
            {
                long pods = owners.Sum(owner => Pods(set, owner));
                if (pods > 0 && Least(min, pods) is { } least && least >= pods)
                {
                    yield return one.Find(
                        ManifestRule.PdbBlocksDrain, "spec.minAvailable",
                        $"minAvailable is {min}, and {string.Join(" and ", owners.Select(owner => owner.Label))} {(owners.Count == 1 ? "has" : "have")} {pods} {Counted.Noun(pods, "pod")}.");
                }
            }

            if (owners.Count == 0 && SelectorOf(one)?.Object("matchLabels") is { Count: > 0 } labels && !labels.Any(pair => ReviewedPods.IsPlaceholder(pair.Value?.ToString() ?? ""))
                && set.PodOwners().FirstOrDefault(owner => one.CouldMean(labels, owner)) is { } meant)
            {
                yield return one.Find(
                    ManifestRule.PdbSelectsNothing, "spec.selector", $"No pods have the labels {ReviewedPods.Text(labels)}; those of {meant.Label} have {ReviewedPods.Text(meant.PodLabels())}.");
            }
        }
    }

    // An autoscaler decides on the number; what it may go down to is what a drain can meet.
    private static long Pods(ReviewedSet set, ReviewedObject owner)
    {
        ReviewedObject? autoscaler = owner.Nearest(set.OfKind("HorizontalPodAutoscaler").Where(one =>
            one.Content.Object("spec")?.Object("scaleTargetRef") is { } target && target.Text("kind") == owner.Kind && target.Text("name") == owner.Name)).FirstOrDefault();
        return autoscaler is not null ? autoscaler.Content.Object("spec")!.Number("minReplicas") ?? 1 : owner.Content.Object("spec")?.Number("replicas") ?? 1;
    }

    // The controller rounds up.
    private static long? Least(string min, long pods) => min.EndsWith('%')
        ? int.TryParse(min.AsSpan()[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int percent) ? ((pods * percent) + 99) / 100 : null
        : long.TryParse(min, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static IEnumerable<LabManifestFinding> Overlaps(ReviewedSet set)
    {
        List<ReviewedObject> before = [];
        foreach (ReviewedObject one in Budgets(set))
        {
            foreach (ReviewedObject other in before.Where(other => one.IsBeside(other) && one.SharesNamespace(other) && one.Name != other.Name))
            {
                if (Selected(set, one).Intersect(Selected(set, other)).FirstOrDefault() is { } both)
                {
                    yield return one.Find(ManifestRule.PdbTwice, "spec.selector", $"{other.Label} selects the pods of {both.Label}, too.");
                    break;
                }
            }

            before.Add(one);
        }
    }
}
