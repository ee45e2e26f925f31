using System.Text.Json.Nodes;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests.Rules;

/// <summary>Rules about horizontal and vertical autoscalers.</summary>
internal static class AutoscalingRules
{
    private static readonly string[] Scalable = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];
    private static readonly string[] NotScalable = ["DaemonSet", "Job", "CronJob", "Pod"];

    /// <summary>The checks.</summary>
    internal static IReadOnlyList<ManifestCheck> Checks { get; } = [Ranges, Targets, Requests, Replicas, Twice, Vertical];

    private static IEnumerable<ReviewedObject> Autoscalers(ReviewedSet set) => set.OfKind("HorizontalPodAutoscaler").Where(one => one.Group == "autoscaling" && one.Content.Object("spec") is not null);

    private static (string? Kind, string? Name) TargetOf(ReviewedObject one, string field = "scaleTargetRef") =>
        one.Content.Object("spec")?.Object(field) is { } target ? (target.Text("kind"), target.Text("name")) : (null, null);

    private static IReadOnlyList<ReviewedObject> Workloads(ReviewedSet set, ReviewedObject one)
    {
        (string? kind, string? name) = TargetOf(one);
        return one.Nearest(set.OfKind(kind ?? "").Where(other => other.Name == name));
    }

    private static IEnumerable<(string Resource, string? Container, bool IsShare, string Path)> ResourceMetrics(ReviewedObject one)
    {
        JsonObject spec = one.Content.Object("spec")!;
        if (spec["metrics"] is null)
        {
            // What is meant where nothing is said.
            yield return ("cpu", null, true, spec.ContainsKey("targetCPUUtilizationPercentage") ? "spec.targetCPUUtilizationPercentage" : "spec");
        }

        foreach ((JsonObject metric, string path) in spec.Items("metrics", "spec"))
        {
            string? field = metric.Text("type") switch { "Resource" => "resource", "ContainerResource" => "containerResource", _ => null };
            if (field is not null && metric.Object(field) is { } source && source.Text("name") is { } resource)
            {
                bool share = source.Object("target")?.Text("type") == "Utilization" || source.Object("target")?["averageUtilization"] is not null || source["targetAverageUtilization"] is not null;
                yield return (resource, field == "resource" ? null : source.Text("container"), share, $"{path}.{field}");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Ranges(ReviewedSet set)
    {
        foreach (ReviewedObject one in Autoscalers(set))
        {
            JsonObject spec = one.Content.Object("spec")!;
            long min = spec.Number("minReplicas") ?? 1;
            long? max = spec.Number("maxReplicas");
            if (max < 1)
            {
                yield return one.Find(ManifestRule.HpaRange, "spec.maxReplicas", $"maxReplicas is {max}.", "Write 1 or more.");
            }
            else if (min > max)
            {
                yield return one.Find(ManifestRule.HpaRange, "spec.minReplicas", $"minReplicas is {min}, and maxReplicas {max}.");
            }
            else if (min < 1 && !spec.Objects("metrics").Any(metric => metric.Text("type") is "Object" or "External"))
            {
                yield return one.Find(ManifestRule.HpaRange, "spec.minReplicas", $"minReplicas is {min}, and no metric is of type Object or External.");
            }
            else if (min == max)
            {
                yield return one.Find(ManifestRule.HpaNeverScales, "spec.maxReplicas", $"minReplicas and maxReplicas are {min}.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Targets(ReviewedSet set)
    {
        foreach (ReviewedObject one in Autoscalers(set))
        {
            (string? kind, string? name) = TargetOf(one);
            if (kind is null || name is null || ReviewedPods.IsPlaceholder(name))
            {
                continue;
            }

            if (NotScalable.Contains(kind))
            {
                yield return one.Find(ManifestRule.HpaTargetNotScalable, "spec.scaleTargetRef.kind", $"{one.Label} is to scale the {kind} {name}.");
            }
            else if (Scalable.Contains(kind) && Workloads(set, one).Count == 0)
            {
                ReviewedObject[] beside = [.. set.Objects.Where(other => Scalable.Contains(other.Kind) && one.IsBeside(other) && other.PodSpec is not null)];
                // Rollouts and other kinds of the same name take the place of a Deployment.
                ReviewedObject? meant = Array.Find(beside, other => other.Name == name)
                    ?? Array.Find(beside, other => other.Kind == kind && one.SharesNamespace(other) && ReviewedPods.IsSlip(name, other.Name))
                    ?? (beside is [var only] && only.File == one.File ? only : null);
                if (meant is not null)
                {
                    yield return one.Find(
                        ManifestRule.HpaTargetMissing, "spec.scaleTargetRef.name",
                        meant.Name == name && meant.Kind == kind ? $"{meant.Label} is in namespace {meant.Namespace}, and the autoscaler in {one.Namespace}." : $"There is no {kind} {name}, but {meant.Label}.");
                }
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Requests(ReviewedSet set)
    {
        foreach (ReviewedObject one in Autoscalers(set))
        {
            foreach (ReviewedObject workload in Workloads(set, one).Where(workload => workload.PodSpec is not null && workload.Containers.All(container => container.Content.Text("image") is not null)).Take(1))
            {
                // A request of the pod as a whole counts for all; a LimitRange may fill in what is missing.
                JsonObject? whole = workload.PodSpec!.Object("resources")?.Object("requests");
                bool filled = set.OfKind("LimitRange").Any(range => range.SharesNamespace(workload));
                ReviewedContainer[] counted = [.. workload.Containers.Where(container => container.Stays)];
                foreach ((string resource, string? container, bool share, string path) in ResourceMetrics(one))
                {
                    if (container is not null && !Array.Exists(counted, other => other.Name == container))
                    {
                        yield return one.Find(
                            ManifestRule.HpaContainerMissing, path + ".container",
                            $"{workload.Label} has no container {container}, but {string.Join(", ", counted.Select(other => other.Name))}.");
                    }
                    else if (share && !filled && whole?[resource] is null
                        && counted.Where(other => container is null || other.Name == container).Where(other => !Has(other, resource)).Select(other => other.Name).ToArray() is { Length: > 0 } lacking)
                    {
                        yield return one.Find(
                            ManifestRule.HpaRequestMissing, path,
                            $"It scales by the utilization of {resource}, and container {string.Join(", ", lacking)} of {workload.Label} has no request of {resource}.",
                            $"Set resources.requests.{resource} in {string.Join(", ", lacking)}.");
                    }
                }
            }
        }
    }

    private static bool Has(ReviewedContainer container, string resource) => container.Content.Object("resources") is { } resources
        && (resources.Object("requests")?[resource] is not null || resources.Object("limits")?[resource] is not null);

    private static IEnumerable<LabManifestFinding> Replicas(ReviewedSet set)
    {
        HashSet<ReviewedObject> seen = [];
        foreach (ReviewedObject one in Autoscalers(set))
        {
            foreach (ReviewedObject workload in Workloads(set, one).Where(workload => workload.Content.Object("spec")?.Number("replicas") is not null).Take(1).Where(seen.Add))
            {
                yield return workload.Find(ManifestRule.ReplicasBesideHpa, "spec.replicas", $"{workload.Label} has replicas {workload.Content.Object("spec")!.Number("replicas")}, and {one.Label} scales it.");
            }
        }
    }

    private static IEnumerable<LabManifestFinding> Twice(ReviewedSet set)
    {
        List<ReviewedObject> before = [];
        foreach (ReviewedObject one in Autoscalers(set))
        {
            // Files of a folder can be variants of one autoscaler.
            ReviewedObject? first = before.Find(other => TargetOf(other) == TargetOf(one) && TargetOf(one).Name is not null && other.File == one.File && other.Namespace == one.Namespace && other.Name != one.Name);
            if (first is not null)
            {
                yield return one.Find(ManifestRule.HpaTwice, "spec.scaleTargetRef", $"{first.Label} scales {TargetOf(one).Kind} {TargetOf(one).Name}, too.");
            }

            before.Add(one);
        }
    }

    private static IEnumerable<LabManifestFinding> Vertical(ReviewedSet set)
    {
        foreach (ReviewedObject vertical in set.OfKind("VerticalPodAutoscaler").Where(one => one.Group == "autoscaling.k8s.io"))
        {
            JsonObject spec = vertical.Content.Object("spec") ?? [];
            // YAML reads Off without quotes as false.
            if (spec.Object("updatePolicy")?.NumberOrText("updateMode") is "Off" or "false" or "Initial")
            {
                continue;
            }

            JsonObject[] policies = [.. spec.Object("resourcePolicy")?.Objects("containerPolicies") ?? []];
            foreach (ReviewedObject one in Autoscalers(set).Where(one => TargetOf(one) == TargetOf(vertical, "targetRef") && TargetOf(one).Name is not null && one.IsBeside(vertical) && one.SharesNamespace(vertical)))
            {
                foreach ((string resource, string? container, bool share, _) in ResourceMetrics(one))
                {
                    if (share && Controls(policies, resource, container))
                    {
                        yield return vertical.Find(ManifestRule.HpaAndVpa, "spec.targetRef", $"It changes the request of {resource}, and {one.Label} scales {TargetOf(one).Kind} {TargetOf(one).Name} by its utilization.");
                        break;
                    }
                }
            }
        }
    }

    private static bool Controls(JsonObject[] policies, string resource, string? container)
    {
        JsonObject[] own = [.. policies.Where(policy => container is null || policy.Text("containerName") == container)];
        JsonObject[] all = [.. policies.Where(policy => policy.Text("containerName") == "*")];
        return resource is "cpu" or "memory"
            && (container is null ? all.Length == 0 || policies.Any(Does) : own.Length > 0 ? own.Any(Does) : all.Length == 0 || all.Any(Does));

        bool Does(JsonObject policy) => policy.NumberOrText("mode") is not ("Off" or "false") && (policy["controlledResources"] is not JsonArray || policy.Texts("controlledResources").Contains(resource));
    }
}
