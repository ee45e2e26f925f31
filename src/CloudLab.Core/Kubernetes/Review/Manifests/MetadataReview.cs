using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Reviews names, labels and the keys of annotations, as the server checks them for every kind.</summary>
internal static partial class MetadataReview
{
    private const int LongestLabel = 63, LongestName = 253, LargestAnnotations = 262_144;

    /// <summary>Looks at the metadata of an object and of its pod template.</summary>
    /// <param name="one">The object.</param>
    /// <returns>The findings.</returns>
    public static IEnumerable<LabManifestFinding> Check(ReviewedObject one)
    {
        if (one.HasName && !IsName(one, out string allowed) && !IsFilledIn(one.Name))
        {
            yield return one.Find(ManifestRule.InvalidName, "metadata.name", $"The name '{one.Name}' is not valid: it must be {allowed}.", $"Write {allowed}.");
        }

        IEnumerable<(JsonObject? Metadata, string Path)> places = [(one.Content.Object("metadata"), "metadata")];
        if (one.TemplatePath.Length > 0)
        {
            places = places.Append((one.Template?.Object("metadata"), one.TemplatePath + ".metadata"));
        }

        foreach ((JsonObject? metadata, string path) in places)
        {
            int size = 0;
            foreach ((string list, bool isLabel) in new[] { ("labels", true), ("annotations", false) })
            {
                foreach ((string key, JsonNode? value) in metadata?.Object(list) ?? [])
                {
                    string at = FieldPath.Of($"{path}.{list}", key);
                    if (!IsKey(isLabel ? key : key.ToLowerInvariant()) && !IsFilledIn(key))
                    {
                        yield return one.Find(
                            ManifestRule.InvalidName, at, $"'{key}' is not a valid key of {(isLabel ? "a label" : "an annotation")}.",
                            "Write at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends; before it there may be a DNS name and one '/'.");
                    }

                    string text = value is JsonValue plain && plain.TryGetValue(out string? given) ? given : "";
                    size += isLabel ? 0 : key.Length + text.Length;
                    if (isLabel && text.Length > 0 && (text.Length > LongestLabel || !Qualified().IsMatch(text)) && !IsFilledIn(text))
                    {
                        yield return one.Find(
                            ManifestRule.InvalidName, at, $"The value of the label '{key}' is not valid.",
                            "Write at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends; longer text belongs to an annotation.");
                    }
                }
            }

            if (size > LargestAnnotations)
            {
                yield return one.Find(ManifestRule.InvalidName, path + ".annotations", $"The annotations are larger than {LargestAnnotations} bytes.", "Move large texts to a ConfigMap.");
            }
        }
    }

    private static bool IsName(ReviewedObject one, out string allowed)
    {
        switch (one.Kind)
        {
            case "Role" or "ClusterRole" or "RoleBinding" or "ClusterRoleBinding" or "CertificateSigningRequest" or "Event":
                allowed = "a name without '/' and '%'";
                return !one.Name.AsSpan().ContainsAny('/', '%') && one.Name is not ("." or "..");
            case "Namespace" or "Service" when one.Group.Length == 0:
                allowed = "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends";
                return one.Name.Length <= LongestLabel && Dns().IsMatch(one.Name) && !one.Name.Contains('.', StringComparison.Ordinal);
            default:
                allowed = "at most 253 lower-case letters, digits, '-' and '.', with a letter or digit at both ends";
                return one.Name.Length <= LongestName && Dns().IsMatch(one.Name);
        }
    }

    private static bool IsFilledIn(string text) => ReviewedPods.IsPlaceholder(text) || ReviewedPods.IsStandIn(text);

    private static bool IsKey(string key)
    {
        string[] parts = key.Split('/');
        return parts.Length <= 2 && parts[^1].Length is > 0 and <= LongestLabel && Qualified().IsMatch(parts[^1])
            && (parts.Length == 1 || (parts[0].Length is > 0 and <= LongestName && Dns().IsMatch(parts[0])));
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Dns();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Qualified();
}
