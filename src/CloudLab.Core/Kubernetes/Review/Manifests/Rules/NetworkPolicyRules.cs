using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about network policies.</summary>
internal static class NetworkPolicyRules
{
    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Selectors, Directions, Dns];

    private static IEnumerable<ReviewedObject> Policies(ReviewedSet set) => set.OfKind("NetworkPolicy").Where(one => one.Group == "networking.k8s.io");

    private static IEnumerable<LabManifestFinding> Selectors(ReviewedSet set)
    {
        ReviewedObject[] owners = [.. set.PodOwners()];
        foreach (ReviewedObject one in Policies(set))
        {
            if (one.Content.Object("spec")?.Object("podSelector") is { Count: > 0 } selector && !Array.Exists(owners, owner => one.SharesNamespace(owner) && LabelMatch.BySelector(selector, owner.PodLabels()))
                && selector.Object("matchLabels") is { Count: > 0 } labels
                && Array.Find(owners, owner => one.CouldMean(labels, owner)) is { } meant)
            {
                yield return one.Find(
                    ManifestRule.NetworkPolicySelectsNothing, "spec.podSelector", $"No pods have the labels {ReviewedPods.Text(labels)}; those of {meant.Label} have {ReviewedPods.Text(meant.PodLabels())}.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Directions(ReviewedSet set)
    {
        foreach (ReviewedObject one in Policies(set))
        {
            JsonObject spec = one.Content.Object("spec") ?? [];
            IReadOnlyList<string> types = spec.Texts("policyTypes");
            foreach ((string field, string type) in new[] { ("ingress", "Ingress"), ("egress", "Egress") })
            {
                if (types.Count > 0 && !types.Contains(type) && spec[field] is JsonArray { Count: > 0 })
                {
                    yield return one.Find(ManifestRule.NetworkPolicyRulesIgnored, "spec." + field, $"{one.Label} has rules for {field}, and policyTypes has only {string.Join(", ", types)}.", $"Add {type} to policyTypes.");
                }
            }
        }
    }

    // Only where each rule names pods: any address, any port 53 or a rule without 'to' lets DNS through. Another policy may allow it.
    private static IEnumerable<LabManifestFinding> Dns(ReviewedSet set)
    {
        ReviewedObject[] policies = [.. Policies(set)];
        foreach (ReviewedObject one in policies)
        {
            JsonObject[] rules = [.. one.Content.Object("spec")?.Objects("egress") ?? []];
            if (rules.Length > 0 && Array.TrueForAll(rules, IsOnlyToPods)
                && !policies.Any(other => !ReferenceEquals(other, one) && one.SharesNamespace(other) && (other.Content.Object("spec")?.Objects("egress") ?? []).Any(rule => !IsOnlyToPods(rule))))
            {
                yield return one.Find(ManifestRule.NetworkPolicyBlocksDns, "spec.egress", $"{one.Label} lets its pods reach other pods, and not port 53 of the DNS server.");
            }
        }
    }

    private static bool IsOnlyToPods(JsonObject rule) => rule["to"] is JsonArray { Count: > 0 }
        && rule.Objects("to").All(peer => peer.Object("podSelector") is { Count: > 0 } && peer["namespaceSelector"] is null);
}
