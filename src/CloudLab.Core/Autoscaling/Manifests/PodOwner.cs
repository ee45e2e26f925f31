using System.Text.Json.Nodes;

namespace CloudLab.Core.Autoscaling.Manifests;

/// <summary>An object that makes pods, or is one.</summary>
internal sealed record PodOwner
{
    /// <summary>The object.</summary>
    public required JsonObject Object { get; init; }

    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null where it names none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The spec of its pods.</summary>
    public required JsonObject PodSpec { get; init; }

    /// <summary>How many pods run at once; null for one on each node.</summary>
    public int? Pods { get; init; }

    /// <summary>How many more pods run during a rollout.</summary>
    public int Surge { get; init; }

    /// <summary>What the pods are called: the name of a pod, and a form of the names of others.</summary>
    public string PodName => Kind == "Pod" ? Name : Name + "-xxxxx";

    /// <summary>Reads an object.</summary>
    /// <param name="json">An object of Kubernetes.</param>
    /// <returns>The owner; null where the kind has no pods.</returns>
    public static PodOwner? Of(JsonObject json)
    {
        string kind = ManifestObjects.Text(json, "kind") ?? "", name = ManifestObjects.Text(json["metadata"], "name") ?? ManifestObjects.Text(json["metadata"], "generateName") ?? "";
        JsonObject? spec = json["spec"] as JsonObject;
        JsonObject? job = kind == "CronJob" ? (spec?["jobTemplate"] as JsonObject)?["spec"] as JsonObject : spec;
        JsonObject? pod = kind == "Pod" ? spec : (job?["template"] as JsonObject)?["spec"] as JsonObject;
        string path = $"{kind} {name}: spec";
        int? pods = kind switch
        {
            "Pod" => 1,
            "Deployment" or "StatefulSet" or "ReplicaSet" or "ReplicationController" => ManifestObjects.Count(spec, "replicas", path) ?? 1,
            "Job" or "CronJob" when IsTrue(job, "suspend") || (kind == "CronJob" && IsTrue(spec, "suspend")) => 0,
            "Job" or "CronJob" => Math.Min(ManifestObjects.Count(job, "parallelism", path) ?? 1, ManifestObjects.Count(job, "completions", path) ?? int.MaxValue),
            _ => null,
        };
        if (pod is null || (pods is null && kind != "DaemonSet"))
        {
            return null;
        }

        return new()
        {
            Object = json,
            Kind = kind,
            Name = name,
            Namespace = ManifestObjects.Text(json["metadata"], "namespace"),
            PodSpec = pod,
            Pods = pods,
            Surge = kind == "Deployment" && pods > 0 ? SurgeOf(spec!, pods.Value) : 0,
        };
    }

    private static bool IsTrue(JsonObject? json, string name) => ManifestObjects.Text(json, name) == "true";

    private static int SurgeOf(JsonObject spec, int pods)
    {
        JsonObject? strategy = spec["strategy"] as JsonObject;
        if (ManifestObjects.Text(strategy, "type") == "Recreate")
        {
            return 0;
        }

        string surge = ManifestObjects.Text(strategy?["rollingUpdate"], "maxSurge") ?? "25%";
        // A percentage is rounded up.
        return surge.EndsWith('%') && int.TryParse(surge[..^1], out int percent) ? (int)(((long)pods * percent) + 99) / 100
            : int.TryParse(surge, out int count) ? count : 0;
    }
}
