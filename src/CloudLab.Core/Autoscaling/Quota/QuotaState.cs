using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Quota;

/// <summary>A ResourceQuota with what is used of it.</summary>
internal sealed class QuotaState
{
    private static readonly string[] Scopes =
        ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass"];

    private readonly IReadOnlyList<(string Scope, string Operator, string[] Values)> selectors;

    /// <summary>Reads a quota.</summary>
    /// <param name="json">A ResourceQuota.</param>
    public QuotaState(JsonObject json)
    {
        Name = ManifestObjects.Text(json["metadata"], "name") ?? "";
        Namespace = ManifestObjects.Text(json["metadata"], "namespace");
        JsonObject? spec = json["spec"] as JsonObject, status = json["status"] as JsonObject;
        Hard = ResourceList.Read(spec?["hard"] ?? status?["hard"], $"ResourceQuota {Name}: spec.hard");
        if (Hard.Count == 0)
        {
            throw ManifestObjects.Invalid("QuotaInvalid", $"ResourceQuota {Name} has no spec.hard: name what is limited, as in hard: {{ requests.cpu: \"4\", pods: \"10\" }}.");
        }

        IsCounted = status?["used"] is JsonObject;
        Used = ResourceList.Read(status?["used"], $"ResourceQuota {Name}: status.used");
        foreach (string name in Hard.Keys)
        {
            Used.TryAdd(name, default);
        }

        selectors =
        [
            .. (spec?["scopes"] as JsonArray ?? []).Select(scope => (Known(scope?.ToString() ?? ""), "Exists", Array.Empty<string>())),
            .. ManifestObjects.List(spec?["scopeSelector"], "matchExpressions").Select(one => (
                Known(ManifestObjects.Text(one, "scopeName") ?? ""), Operator(one), ((one["values"] as JsonArray ?? []).Select(value => value?.ToString() ?? "").ToArray()))),
        ];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its namespace; null where it names none.</summary>
    public string? Namespace { get; }

    /// <summary>What is allowed.</summary>
    public ResourceList Hard { get; }

    /// <summary>What is used.</summary>
    public ResourceList Used { get; }

    /// <summary>What was asked for, accepted or not.</summary>
    public ResourceList Requested { get; } = [];

    /// <summary>Whether the quota says itself what is used.</summary>
    public bool IsCounted { get; }

    /// <summary>Whether the quota counts an item.</summary>
    /// <param name="item">The item.</param>
    /// <returns>True where its scopes and one of its resources match.</returns>
    public bool Matches(QuotaItem item) => Hard.Keys.Any(item.Counts) && selectors.All(one => Matches(item, one));

    /// <summary>What of an item the quota counts.</summary>
    /// <param name="item">The item.</param>
    /// <returns>Amounts above 0.</returns>
    public ResourceList Charge(QuotaItem item)
    {
        ResourceList charge = [];
        foreach ((string name, Quantity amount) in item.Usage)
        {
            if (amount.Sign > 0 && Hard.ContainsKey(name))
            {
                charge[name] = amount;
            }
        }

        return charge;
    }

    /// <summary>What of a charge does not fit.</summary>
    /// <param name="charge">The charge.</param>
    /// <returns>The resources.</returns>
    public string[] Exceeded(ResourceList charge) => [.. charge.Where(one => Used.Of(one.Key) + one.Value > Hard[one.Key]).Select(one => one.Key)];

    private static string Known(string scope) => Scopes.Contains(scope)
        ? scope
        : throw ManifestObjects.Invalid("QuotaInvalid", $"'{scope}' is not a scope of a ResourceQuota: write {string.Join(", ", Scopes[..^1])} or {Scopes[^1]}.");

    private static string Operator(JsonObject selector) => ManifestObjects.Text(selector, "operator") is "In" or "NotIn" or "Exists" or "DoesNotExist"
        ? ManifestObjects.Text(selector, "operator")!
        : throw ManifestObjects.Invalid("QuotaInvalid", $"'{ManifestObjects.Text(selector, "operator")}' is not an operator of a scopeSelector: write In, NotIn, Exists or DoesNotExist.");

    private static bool Matches(QuotaItem item, (string Scope, string Operator, string[] Values) selector)
    {
        string? value = selector.Scope == "VolumeAttributesClass" ? item.AttributesClass : item.Pod is { } of ? ManifestObjects.Text(of.Spec, "priorityClassName") : null;
        bool selects = selector.Operator switch
        {
            "In" => value is not null && selector.Values.Contains(value),
            "NotIn" => value is null || !selector.Values.Contains(value),
            "DoesNotExist" => value is null,
            _ => !string.IsNullOrEmpty(value),
        };
        return (selector.Scope, item.Pod) switch
        {
            ("VolumeAttributesClass", null) => item.Group == "persistentvolumeclaims" && selects,
            (_, null) => false,
            ("BestEffort", { } pod) => pod.IsBestEffort,
            ("NotBestEffort", { } pod) => !pod.IsBestEffort,
            ("Terminating", { } pod) => IsTerminating(pod),
            ("NotTerminating", { } pod) => !IsTerminating(pod),
            ("PriorityClass", _) => selects,
            ("CrossNamespacePodAffinity", { } pod) => CrossesNamespaces(pod.Spec["affinity"]),
            _ => false,
        };
    }

    private static bool IsTerminating(PodShape pod) => pod.Spec["activeDeadlineSeconds"] is not null;

    private static bool CrossesNamespaces(JsonNode? affinity) => ((string[])["podAffinity", "podAntiAffinity"]).Select(name => (affinity as JsonObject)?[name])
        .SelectMany(terms => ManifestObjects.List(terms, "requiredDuringSchedulingIgnoredDuringExecution")
            .Concat(ManifestObjects.List(terms, "preferredDuringSchedulingIgnoredDuringExecution").Select(one => one["podAffinityTerm"] as JsonObject ?? [])))
        .Any(term => term["namespaces"] is JsonArray { Count: > 0 } || term["namespaceSelector"] is JsonObject);
}
