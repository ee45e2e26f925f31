using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about roles and who gets them.</summary>
internal static class AccessRules
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    // What Kubernetes itself gives to everybody.
    private static readonly string[] Harmless = ["system:basic-user", "system:discovery", "system:service-account-issuer-discovery"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Roles, Bindings, Tokens];

    private static IEnumerable<ReviewedObject> Of(ReviewedSet set, params ReadOnlySpan<string> kinds)
    {
        List<ReviewedObject> found = [];
        foreach (string kind in kinds)
        {
            found.AddRange(set.OfKind(kind).Where(one => one.Group == RbacGroup));
        }

        return found;
    }

    private static IEnumerable<LabManifestFinding> Roles(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "Role", "ClusterRole"))
        {
            foreach ((JsonObject rule, string path) in one.Content.Items("rules", ""))
            {
                bool verbs = rule.Texts("verbs").Contains("*"), resources = rule.Texts("resources").Contains("*"), groups = rule.Texts("apiGroups").Contains("*");
                if (resources && verbs)
                {
                    yield return one.Find(
                        ManifestRule.RbacWildcard, path + ".verbs",
                        groups ? $"{one.Label} grants every verb on every resource." : $"{one.Label} grants every verb on every resource of {Groups(rule)}.",
                        severity: groups && one.Kind == "ClusterRole" ? FindingSeverity.Critical : groups || rule.Texts("apiGroups").Contains("") ? null : FindingSeverity.Medium);
                }
                else if (resources && groups)
                {
                    yield return one.Find(ManifestRule.RbacWildcard, path + ".resources", $"{one.Label} grants {string.Join(", ", rule.Texts("verbs"))} on every resource, Secrets among them.");
                }
                else if (verbs && rule.Texts("resources").Contains("secrets"))
                {
                    yield return one.Find(ManifestRule.RbacWildcard, path + ".verbs", $"{one.Label} grants every verb on secrets.", severity: FindingSeverity.Medium);
                }

                string[] escalating = [.. rule.Texts("verbs").Where(verb => verb is "escalate" or "bind" or "impersonate")];
                if (escalating.Length > 0 && rule.Texts("resourceNames").Count == 0)
                {
                    yield return one.Find(ManifestRule.RbacEscalation, path + ".verbs", $"{one.Label} grants {string.Join(" and ", escalating)} on {string.Join(", ", rule.Texts("resources"))}.");
                }
            }
        }
    }

    private static string Groups(JsonObject rule) => string.Join(", ", rule.Texts("apiGroups").Select(group => group.Length == 0 ? "the core group" : group));

    private static IEnumerable<LabManifestFinding> Bindings(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "RoleBinding", "ClusterRoleBinding"))
        {
            JsonObject role = one.Content.Object("roleRef") ?? [];
            string name = role.Text("name") ?? "";
            foreach ((JsonObject subject, string path) in one.Content.Items("subjects", ""))
            {
                if (subject.Text("kind") == "ServiceAccount" && one.Kind == "ClusterRoleBinding" && subject["namespace"] is null)
                {
                    yield return one.Find(ManifestRule.SubjectNamespaceMissing, path, $"The subject ServiceAccount {subject.Text("name")} has no namespace.");
                }

                if (subject.Text("name") is "system:anonymous" or "system:unauthenticated" or "system:authenticated" or "system:serviceaccounts" && !Harmless.Contains(name) && !name.EndsWith("public-info-viewer", StringComparison.Ordinal))
                {
                    bool open = subject.Text("name") is "system:anonymous" or "system:unauthenticated";
                    yield return one.Find(
                        ManifestRule.BoundToEverybody, path + ".name", $"{one.Label} gives {role.Text("kind")} {name} to {subject.Text("name")}.",
                        severity: open || name == "cluster-admin" ? null : FindingSeverity.Medium);
                }
                else if (one.Kind == "ClusterRoleBinding" && name == "cluster-admin" && subject.Text("kind") == "ServiceAccount")
                {
                    yield return one.Find(
                        ManifestRule.ClusterAdminBinding, path, $"{one.Label} makes account {subject.Text("namespace")}/{subject.Text("name")} cluster-admin.",
                        severity: subject.Text("name") == "default" ? FindingSeverity.Critical : null);
                }
            }

            // A name that is nearly right: roles that somebody else applies are none of our business.
            ReviewedObject[] roles = [.. Of(set, role.Text("kind") ?? "").Where(other => other.Kind == "ClusterRole" || one.SharesNamespace(other))];
            if (name.Length > 0 && !ReviewedPods.IsPlaceholder(name) && !Array.Exists(roles, other => other.Name == name)
                && Array.Find(roles, other => one.IsBeside(other) && ReviewedPods.IsSlip(name, other.Name) && !IsBound(set, other.Name)) is { } near)
            {
                yield return one.Find(ManifestRule.RoleMissing, "roleRef.name", $"There is no {role.Text("kind")} {name}, but {near.Name}, which nothing binds.");
            }
        }
    }

    private static bool IsBound(ReviewedSet set, string role) => Of(set, "RoleBinding", "ClusterRoleBinding").Any(one => one.Content.Object("roleRef")?.Text("name") == role);

    // Only what is bound in the whole cluster.
    private static IEnumerable<LabManifestFinding> Tokens(ReviewedSet set)
    {
        HashSet<string> all = [.. Of(set, "ClusterRole").Where(IsEverything).Select(one => one.Name), "cluster-admin"];
        ReviewedObject[] bindings = [.. Of(set, "ClusterRoleBinding").Where(one => one.Content.Object("roleRef") is { } role && role.Text("kind") == "ClusterRole" && all.Contains(role.Text("name") ?? ""))];
        foreach (ReviewedObject one in bindings.Length == 0 ? [] : set.PodOwners())
        {
            string account = one.PodSpec!.Text("serviceAccountName") ?? one.PodSpec!.Text("serviceAccount") ?? "default";
            ReviewedObject? binding = Array.Find(bindings, binding => binding.Content.Objects("subjects").Any(subject =>
                subject.Text("kind") == "ServiceAccount" && subject.Text("name") == account && (subject.Text("namespace") ?? "default") == (one.Namespace ?? (account == "default" ? "default" : subject.Text("namespace")))));
            bool without = IsFalse(one.PodSpec!["automountServiceAccountToken"])
                || (one.PodSpec!["automountServiceAccountToken"] is null && set.OfKind("ServiceAccount").Any(other => other.Name == account && one.SharesNamespace(other) && IsFalse(other.Content["automountServiceAccountToken"])));
            if (binding is not null && !without)
            {
                yield return one.Find(
                    ManifestRule.WorkloadHasAllRights, one.PodSpec!["serviceAccountName"] is null ? one.PodSpecPath : one.PodSpecPath + ".serviceAccountName",
                    $"{one.Label} runs as account {account}, to which {binding.Label} gives {binding.Content.Object("roleRef")!.Text("name")}.");
            }
        }
    }

    private static bool IsEverything(ReviewedObject role) => role.Content.Objects("rules")
        .Any(rule => rule.Texts("verbs").Contains("*") && rule.Texts("resources").Contains("*") && rule.Texts("apiGroups").Contains("*"));

    private static bool IsFalse(JsonNode? node) => node?.GetValueKind() == JsonValueKind.False;
}
