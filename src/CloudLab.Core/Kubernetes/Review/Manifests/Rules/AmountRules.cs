using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about requests, limits and quotas.</summary>
internal static class AmountRules
{
    private static readonly Quantity LeastMemory = Quantity.Parse("1Mi"), MostCpu = Quantity.Parse("128"), LargeMemory = Quantity.Parse("64Gi");

    private static readonly string[] Standard = ["cpu", "memory", "ephemeral-storage"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Containers, Quotas];

    private static IEnumerable<LabManifestFinding> Containers(ReviewedSet set)
    {
        foreach (ReviewedObject one in set.PodOwners())
        {
            bool filled = set.OfKind("LimitRange").Any(one.SharesNamespace) || one.PodSpec!.Object("resources") is not null || !one.IsBuiltIn();
            foreach (ReviewedContainer container in one.Containers)
            {
                JsonObject? resources = container.Content.Object("resources"), requests = resources?.Object("requests"), limits = resources?.Object("limits");
                string path = container.Path + ".resources";
                bool none = !Any(requests) && !Any(limits), runs = container.Stays;
                if (none && !filled && runs)
                {
                    yield return one.Find(ManifestRule.RequestsMissing, path, $"Container {container.Name} has no requests of CPU and memory.");
                }
                else if (!filled && runs && requests is { Count: > 0 } && limits?["memory"] is null)
                {
                    yield return one.Find(ManifestRule.MemoryLimitMissing, path, $"Container {container.Name} has no limit of memory.");
                }

                if (!filled && limits is { Count: > 0 } && new[] { "cpu", "memory" }.Where(name => limits[name] is not null && requests?[name] is null).ToArray() is { Length: > 0 } without)
                {
                    yield return one.Find(ManifestRule.LimitsWithoutRequests, path + ".limits", $"Container {container.Name} has a limit of {string.Join(" and ", without)}, and no request of it.");
                }

                foreach (LabManifestFinding finding in Amounts(one, container, requests, limits, path))
                {
                    yield return finding;
                }
            }
        }
    }

    private static bool Any(JsonObject? amounts) => amounts?["cpu"] is not null || amounts?["memory"] is not null;

    private static IEnumerable<LabManifestFinding> Amounts(ReviewedObject one, ReviewedContainer container, JsonObject? requests, JsonObject? limits, string path)
    {
        foreach ((JsonObject? amounts, string field) in new[] { (requests, "requests"), (limits, "limits") })
        {
            foreach ((string name, JsonNode? node) in amounts ?? [])
            {
                if (one.IsBuiltIn() && !IsResource(name))
                {
                    yield return one.Find(
                        ManifestRule.UnknownField, FieldPath.Of($"{path}.{field}", name), $"Container {container.Name} has {field}.{name}, which is no resource of containers.",
                        NearestNames.Find(name, Standard) is { } near ? $"Write {near}."
                            : $"Write {string.Join(", ", Standard)} or hugepages-SIZE, or the whole name of an extended resource: example.com/{name}.");
                }

                if (node is JsonValue value && Quantity.TryParse(value.ToString(), out Quantity amount) && Unlikely(name, value.ToString(), amount, amounts!) is { } why)
                {
                    yield return one.Find(ManifestRule.QuantityUnlikely, FieldPath.Of($"{path}.{field}", name), $"Container {container.Name} has {field}.{name} {value}: {why}.");
                }
            }
        }

        foreach ((string name, JsonNode? node) in requests ?? [])
        {
            if (node is JsonValue asked && limits?[name] is JsonValue limit && Quantity.TryParse(asked.ToString(), out Quantity request) && Quantity.TryParse(limit.ToString(), out Quantity most) && request > most)
            {
                yield return one.Find(ManifestRule.RequestOverLimit, FieldPath.Of(path + ".requests", name), $"Container {container.Name} requests {asked} of {name}, and its limit is {limit}.");
            }
        }
    }

    // Others have a domain before them: nvidia.com/gpu.
    private static bool IsResource(string name) =>
        Standard.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal) || name.Contains('/', StringComparison.Ordinal) || ReviewedPods.IsPlaceholder(name);

    private static string? Unlikely(string resource, string text, Quantity amount, JsonObject beside) => resource switch
    {
        "memory" or "ephemeral-storage" when text.EndsWith('m') => $"that is thousandths of a byte, and {text[..^1]}Mi is meant",
        "memory" when amount.Sign > 0 && amount < LeastMemory => "that is less than a program needs to start",
        "cpu" when text.EndsWith('i') => "CPU has no binary units",
        // Machines of that size exist, and their pods ask for much memory, too.
        "cpu" when amount > MostCpu && !(beside["memory"] is JsonValue memory && Quantity.TryParse(memory.ToString(), out Quantity bytes) && bytes >= LargeMemory) => $"that is {amount.CanonicalText} whole cores",
        _ => null,
    };

    // The quota's own reader refuses what is not valid, which is the schema's finding. One folder and namespace at a time.
    private static IEnumerable<LabManifestFinding> Quotas(ReviewedSet set)
    {
        ReviewedObject[] limiting = [.. set.Objects.Where(one => one.Group.Length == 0 && one.Kind is "ResourceQuota" or "LimitRange")];
        foreach (IGrouping<(string? Folder, string? Namespace), ReviewedObject> group in limiting.GroupBy(one => (one.File is null ? null : Path.GetDirectoryName(one.File), one.Namespace)))
        {
            ReviewedObject[] pods = [.. set.PodOwners().Where(one => one.IsBuiltIn() && one.IsBeside(group.First()) && one.Namespace == group.Key.Namespace)];
            IReadOnlyList<LabQuotaCheck>? checks = pods.Length == 0 ? null : Check([.. group.Concat(pods).Select(one => one.Content)], group.Key.Namespace);
            foreach (LabQuotaCheck check in checks?.Where(check => !check.Fits) ?? [])
            {
                if (Array.Find(pods, one => one.Kind == check.Kind && one.Name == check.Name) is { } refused)
                {
                    yield return refused.Find(ManifestRule.QuotaExceeded, refused.PodSpecPath, $"{refused.Label}: {check.Reason.TrimEnd('.')}.");
                }
            }
        }
    }

    private static IReadOnlyList<LabQuotaCheck>? Check(IReadOnlyList<JsonObject> objects, string? ns)
    {
        try
        {
            return new QuotaCalculator(objects, [], ns ?? "default", nodes: 1).Checks;
        }
        catch (LabException)
        {
            return null;
        }
    }
}
