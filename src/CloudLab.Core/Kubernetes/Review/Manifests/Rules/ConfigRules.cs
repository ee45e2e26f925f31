using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about ConfigMaps, Secrets, and the pods that use them. Values never go into a finding.</summary>
internal static partial class ConfigRules
{
    private const int MostBytes = 1024 * 1024;

    private static readonly string[] Similar = ["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [ConfigMaps, Environments, Secrets, Sizes, Keys, References];

    private static IEnumerable<ReviewedObject> Of(ReviewedSet set, string kind) => set.OfKind(kind).Where(one => one.Group.Length == 0);

    private static IEnumerable<LabManifestFinding> ConfigMaps(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "ConfigMap"))
        {
            foreach ((string key, JsonNode? node) in one.Content.Object("data") ?? [])
            {
                string value = node is JsonValue ? node.ToString() : "";
                if (SecretText.KindIn(value) is { } kind)
                {
                    yield return one.Find(ManifestRule.SecretInConfigMap, FieldPath.Of("data", key), $"The value of {key} has {kind} in it.", severity: kind.Contains("address", StringComparison.Ordinal) ? null : FindingSeverity.Critical);
                }
                else if (IsSecret(set, key, value))
                {
                    yield return one.Find(ManifestRule.SecretInConfigMap, FieldPath.Of("data", key), $"{key} says by its name that it is secret.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Environments(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            foreach (ReviewedContainer container in one.Containers)
            {
                foreach ((JsonObject variable, string path) in container.Content.Items("env", container.Path))
                {
                    string name = variable.Text("name") ?? "", value = variable.Text("value") ?? "";
                    if (SecretText.KindIn(value) is { } kind)
                    {
                        yield return one.Find(ManifestRule.SecretInEnvironment, path + ".value", $"The value of {name} has {kind} in it.", severity: kind.Contains("address", StringComparison.Ordinal) ? null : FindingSeverity.Critical);
                    }
                    else if (IsSecret(set, name, value))
                    {
                        yield return one.Find(ManifestRule.SecretInEnvironment, path + ".value", $"{name} says by its name that it is secret.");
                    }
                }

                foreach (string field in new[] { "command", "args" })
                {
                    IReadOnlyList<string> words = container.Content.Texts(field);
                    for (int i = 0; i < words.Count; i++)
                    {
                        if (SecretText.KindIn(words[i]) is { } kind)
                        {
                            yield return one.Find(ManifestRule.SecretInArguments, $"{container.Path}.{field}[{i}]", $"The {field} of {container.Name} has {kind} in it.");
                        }
                        else if (Option().Match(words[i]) is { Success: true } option && IsSecret(set, option.Groups["name"].Value, option.Groups["value"].Value) && !IsReference(option.Groups["name"].Value, option.Groups["value"].Value))
                        {
                            yield return one.Find(ManifestRule.SecretInArguments, $"{container.Path}.{field}[{i}]", $"The option {option.Groups["name"].Value} says by its name that it is secret.");
                        }
                        else if (i > 0 && Word().Match(words[i - 1]) is { Success: true } before && words[i] is not ['-', ..] && IsSecret(set, before.Groups["name"].Value, words[i])
                            && !IsReference(before.Groups["name"].Value, words[i]))
                        {
                            yield return one.Find(ManifestRule.SecretInArguments, $"{container.Path}.{field}[{i}]", $"The option {before.Groups["name"].Value} says by its name that it is secret.");
                        }
                    }
                }
            }
        }
    }

    // A name that says secret, and a value that is neither empty, filled in later, a path nor the name of a Secret.
    private static bool IsSecret(ReviewedSet set, string name, string value)
    {
        string text = value.Trim(), words = Words(name);
        return text.Length > 0 && !text.Contains('\n', StringComparison.Ordinal) && !ReviewedPods.IsPlaceholder(text) && text[0] != '$' && SecretText.IsName(words) && SecretWord().IsMatch(words) && !NoSecretWord().IsMatch(words)
            && !SecretText.IsHarmless(text) && !Stand().IsMatch(text) && !NoSecret().IsMatch(text) && !Of(set, "Secret").Any(one => one.Name == text);
    }

    // --tls-secret=namespace/name: an object, as many controllers take it.
    private static bool IsReference(string option, string value) => option.EndsWith("secret", StringComparison.OrdinalIgnoreCase) && ObjectName().IsMatch(value);

    // db-password, dbPassword and db.password as DB_PASSWORD.
    private static string Words(string name) => Hump().Replace(name, "_").Replace('-', '_').Replace('.', '_');

    private static IEnumerable<LabManifestFinding> Secrets(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "Secret"))
        {
            bool has = (one.Content.Object("data") ?? []).Concat(one.Content.Object("stringData") ?? []).Any(pair => pair.Value?.ToString() is { Length: > 0 } value && !ReviewedPods.IsPlaceholder(value));
            if (one.File is not null && has)
            {
                yield return one.Find(ManifestRule.SecretInManifest, one.Content.ContainsKey("data") ? "data" : "stringData", $"{one.Label} is in the file with its values.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Sizes(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "ConfigMap").Concat(Of(set, "Secret")))
        {
            long bytes = (one.Content.Object(one.Kind == "Secret" ? "stringData" : "data") ?? []).Sum(pair => (long)Encoding.UTF8.GetByteCount(pair.Value?.ToString() ?? ""))
                + (one.Content.Object(one.Kind == "Secret" ? "data" : "binaryData") ?? []).Sum(pair => (pair.Value?.ToString().Length ?? 0) / 4L * 3);
            if (bytes > MostBytes)
            {
                yield return one.Find(ManifestRule.ConfigMapTooLarge, "data", string.Create(CultureInfo.InvariantCulture, $"{one.Label} has {bytes / 1024} KiB."));
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Keys(ReviewedSet set)
    {
        foreach (ReviewedObject one in Of(set, "ConfigMap").Concat(Of(set, "Secret")))
        {
            foreach (string field in new[] { "data", "stringData", "binaryData" })
            {
                foreach ((string key, _) in one.Content.Object(field) ?? [])
                {
                    if (!Key().IsMatch(key) && !ReviewedPods.IsPlaceholder(key))
                    {
                        yield return one.Find(ManifestRule.ConfigKeyInvalid, FieldPath.Of(field, key), $"'{key}' cannot be a key.");
                    }
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> References(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners().Where(one => one.IsBuiltIn()))
        {
            foreach (PodReference reference in PodReferences.Of(one.PodSpec!).Where(reference => !reference.Optional && !ReviewedPods.IsPlaceholder(reference.Name)))
            {
                ReviewedObject[] kind = [.. Of(set, reference.Kind)];
                IReadOnlyList<ReviewedObject> named = one.Nearest(kind.Where(other => other.Name == reference.Name));
                string path = $"{one.PodSpecPath}.{reference.Path}";
                if (named.Count > 0)
                {
                    // An empty one is filled in by others.
                    foreach (string key in named.All(HasKeys) ? reference.Keys.Where(key => !named.Any(other => Holds(other, key))) : [])
                    {
                        yield return one.Find(
                            ManifestRule.ConfigKeyMissing, path, $"{named[0].Label} has no key {key}{(NearestNames.Find(key, AllKeys(named[0])) is { } near ? $", but {near}" : "")}.");
                    }
                }
                else if (Similar.Contains(reference.Kind) && !IsClaimTemplate(one, reference)
                    && Array.Find(kind, other => one.IsBeside(other) && one.SharesNamespace(other) && ReviewedPods.IsSlip(reference.Name, other.Name) && !IsUsed(set, other)) is { } similar)
                {
                    yield return one.Find(ManifestRule.ReferenceMissing, path, $"There is no {reference.Kind} {reference.Name}, but {similar.Name}, which no pod uses.");
                }
            }
        }
    }

    private static bool IsClaimTemplate(ReviewedObject one, PodReference reference) =>
        reference.Kind == "PersistentVolumeClaim" && one.Kind == "StatefulSet" && (one.Content.Object("spec")?.Objects("volumeClaimTemplates") ?? []).Any(claim => reference.Name.StartsWith(claim.Object("metadata")?.Text("name") ?? "\n", StringComparison.Ordinal));

    private static bool IsUsed(ReviewedSet set, ReviewedObject other) =>
        set.PodOwners().Any(owner => owner.SharesNamespace(other) && PodReferences.Of(owner.PodSpec!).Any(reference => reference.Kind == other.Kind && reference.Name == other.Name));

    private static bool HasKeys(ReviewedObject one) => AllKeys(one).Any();

    private static bool Holds(ReviewedObject one, string key) => AllKeys(one).Contains(key);

    private static IEnumerable<string> AllKeys(ReviewedObject one) =>
        new[] { "data", "stringData", "binaryData" }.SelectMany(field => (one.Content.Object(field) ?? []).Select(pair => pair.Key));

    // Of BuildKit's words those that are secret in a manifest, too: a key alone is mostly one of a map.
    [GeneratedRegex("(?:_|^)(?:password|passwd|pword|secret|token|apikey|credential|credentials)(?:_|$)|(?:_|^)(?:api|secret|private|access|encryption|signing|auth|master|account)_key(?:_|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretWord();

    [GeneratedRegex("(?:_|^)(?:endpoint|namespace|ref|lifetime|expiration|duration|max|min|limit|count|policy|rotation|interval|header|field|store|backend|service|server|class|claim|cookie|schema|label|region|bucket|scope|scopes)$|_(?:secret|secrets)_(?:name|store)|^(?:use|enable|allow|require|disable|has|is|no|skip)_", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoSecretWord();

    // A file name, an address, a number with a unit of time.
    [GeneratedRegex(@"^[\w./-]+\.(?:ya?ml|json|pem|crt|key|txt|conf|env)$|^https?://|^\d+[smhd]?$|^[\w-]+-(?:secret|secrets|credentials|token)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoSecret();

    // What somebody is to write instead.
    [GeneratedRegex(@"^(?:your|my|insert|replace|put|todo|fixme|example|placeholder)[-_ A-Z]|^x{3,}$|^\*+$|\.\.\.|^(?:[A-Z]+_)*[A-Z]+$|^yourpassword$", RegexOptions.CultureInvariant)]
    private static partial Regex Stand();

    [GeneratedRegex("^--?(?<name>[A-Za-z][A-Za-z0-9._-]*)=(?<value>.+)$")]
    private static partial Regex Option();

    [GeneratedRegex("^--?(?<name>[A-Za-z][A-Za-z0-9._-]*)$")]
    private static partial Regex Word();

    [GeneratedRegex("^[a-z0-9.-]+(?:/[a-z0-9.-]+)?$")]
    private static partial Regex ObjectName();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex Hump();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]{1,253}$")]
    private static partial Regex Key();
}
