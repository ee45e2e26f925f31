using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>A VerticalPodAutoscaler as people write it: its policies.</summary>
public sealed class VpaManifest
{
    private const string Kind = "VerticalPodAutoscaler";
    private const string IntegerCpuPrefix = "vpa-post-processor.kubernetes.io/";
    private const string IntegerCpuSuffix = "_integerCPU";

    private static readonly string[] Gated = ["oomBumpUpRatio", "oomMinBumpUp", "memoryAggregationIntervalSeconds", "memoryAggregationIntervalCount"];

    internal static readonly string[] AllResources = ["cpu", "memory"];

    private VpaManifest()
    {
    }

    /// <summary>A manifest without policies.</summary>
    public static VpaManifest None { get; } = new();

    /// <summary>What is in the manifest but has no effect, in words.</summary>
    public IReadOnlyList<string> Doubts { get; private init; } = [];

    /// <summary>The policies in their order.</summary>
    internal IReadOnlyList<VpaPolicy> Policies { get; private init; } = [];

    /// <summary>Containers whose CPU is rounded up to whole cores.</summary>
    internal IReadOnlySet<string> IntegerCpu { get; private init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Takes the autoscaler out of several objects.</summary>
    /// <param name="objects">Objects.</param>
    /// <param name="source">Where they came from, for messages; empty for none.</param>
    /// <returns>The autoscaler in it. Throws <see cref="LabException"/> where there is not exactly one, or where a policy is wrong.</returns>
    public static VpaManifest Of(IReadOnlyList<JsonObject> objects, string source)
    {
        JsonObject[] found = [.. objects.Where(o => ManifestObjects.Text(o, "kind") == Kind)];
        if (found.Length != 1)
        {
            throw ManifestObjects.Invalid(found.Length == 0 ? "NotAVerticalAutoscaler" : "SeveralAutoscalers", found.Length == 0
                ? $"{ManifestObjects.Named(source)} has no {Kind} but {ManifestObjects.Describe(objects)}: give the manifest of the autoscaler, with kind: {Kind}."
                : $"{ManifestObjects.Named(source)} has {found.Length} autoscalers ({ManifestObjects.Describe(found)}): give one of them.");
        }

        JsonObject vpa = found[0];
        string version = ManifestObjects.Text(vpa, "apiVersion") ?? "";
        if (version is not ("autoscaling.k8s.io/v1" or "autoscaling.k8s.io/v1beta2" or ""))
        {
            throw ManifestObjects.Invalid("VersionNotServed", $"{ManifestObjects.Named(source)} has apiVersion {version}: write autoscaling.k8s.io/v1.");
        }

        JsonObject[] policies = [.. ManifestObjects.List((vpa["spec"] as JsonObject)?["resourcePolicy"], "containerPolicies")];
        return new()
        {
            Policies = [.. policies.Select(Checked)],
            Doubts = [.. policies.SelectMany(policy => Gated.Where(policy.ContainsKey)).Distinct(StringComparer.Ordinal)
                .Select(field => $"{field} is left out: it needs the feature gate PerVPAConfig of the recommender, which is off.")],
            IntegerCpu = ((vpa["metadata"] as JsonObject)?["annotations"] as JsonObject ?? [])
                .Where(one => one.Key.StartsWith(IntegerCpuPrefix, StringComparison.Ordinal) && one.Key.EndsWith(IntegerCpuSuffix, StringComparison.Ordinal)
                    && one.Key.Length >= IntegerCpuPrefix.Length + IntegerCpuSuffix.Length && one.Value is JsonValue value && value.ToString() == "true")
                .Select(one => one.Key[IntegerCpuPrefix.Length..^IntegerCpuSuffix.Length]).ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>A manifest with one policy for each of some containers.</summary>
    /// <param name="policies">Entries of <c>containerPolicies</c>.</param>
    /// <returns>The manifest.</returns>
    internal static VpaManifest With(IEnumerable<JsonObject> policies) => new() { Policies = [.. policies.Select(Policy)] };

    /// <summary>The policy of a container.</summary>
    /// <param name="container">Name.</param>
    /// <returns>Its own, else the one for all others, else null.</returns>
    internal VpaPolicy? PolicyFor(string container) =>
        Policies.FirstOrDefault(policy => policy.Container == container) ?? Policies.LastOrDefault(policy => policy.Container == "*");

    // What the recommender takes, but the webhook of the autoscaler refuses.
    private static VpaPolicy Checked(JsonObject json, int number)
    {
        VpaPolicy policy = Policy(json, number);
        foreach (string resource in AllResources)
        {
            if (policy.MaxAllowed.Of(resource).Sign > 0 && policy.MinAllowed.Of(resource) > policy.MaxAllowed.Of(resource))
            {
                throw Refused($"{Path(number)}.maxAllowed.{resource} {policy.MaxAllowed[resource]} is below minAllowed {policy.MinAllowed[resource]}: raise it, or lower minAllowed.");
            }
        }

        return policy;
    }

    private static string Path(int number) => $"spec.resourcePolicy.containerPolicies[{number}]";

    private static VpaPolicy Policy(JsonObject policy, int number)
    {
        string path = Path(number);
        string mode = ManifestObjects.Text(policy, "mode") ?? "Auto";
        if (mode is not ("Auto" or "Off"))
        {
            throw Refused($"{path}.mode '{mode}' is not a choice: write Auto or Off.");
        }

        string[] controlled = policy["controlledResources"] is JsonArray list ? [.. list.Select(one => one?.ToString() ?? "")] : AllResources;
        if (Array.Find(controlled, one => !AllResources.Contains(one)) is { } other)
        {
            throw Refused($"{path}.controlledResources has '{other}': only cpu and memory can be controlled.");
        }

        ResourceList min = ResourceList.Read(policy["minAllowed"], path + ".minAllowed"), max = ResourceList.Read(policy["maxAllowed"], path + ".maxAllowed");
        return new()
        {
            Container = ManifestObjects.Text(policy, "containerName") ?? throw Refused($"{path}.containerName is missing: name a container, or '*' for all others."),
            IsOff = mode == "Off",
            ControlledResources = controlled,
            MinAllowed = min,
            MaxAllowed = max,
        };
    }

    private static LabException Refused(string message) => ManifestObjects.Invalid("VerticalAutoscalerInvalid", message);
}
