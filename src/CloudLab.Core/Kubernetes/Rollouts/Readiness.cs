using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>How far an object is on its way to being ready.</summary>
internal enum ReadyState
{
    /// <summary>It is ready.</summary>
    Ready,

    /// <summary>It is not, and may become so.</summary>
    Waiting,

    /// <summary>It says itself that it will not.</summary>
    Failed,
}

/// <summary>What an object's status says about it.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Seen">That in words.</param>
internal readonly record struct ReadyReport(ReadyState State, string Seen);

/// <summary>
/// When an object counts as ready. Deployments, daemon sets and stateful sets: exactly <c>kubectl rollout status</c>
/// (kubernetes <c>staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go</c>).
/// </summary>
internal static class Readiness
{
    private static readonly HashSet<string> Kinds =
    [
        "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Pod", "Job", "Namespace",
        "CustomResourceDefinition", "PersistentVolumeClaim", "Service", "APIService",
    ];

    /// <summary>Whether a kind has anything to wait for.</summary>
    /// <param name="item">Group and kind.</param>
    /// <returns>False for kinds that are ready as soon as they are there.</returns>
    public static bool Applies(ApiResource item) => Kinds.Contains(item.Kind) && ApiResource.IsBuiltIn(item.Group);

    /// <summary>Judges an object of any kind.</summary>
    /// <param name="item">Its group and kind: a custom resource may have the name of a kind of Kubernetes.</param>
    /// <param name="resource">The object.</param>
    /// <returns>How far it is.</returns>
    public static ReadyReport Judge(ApiResource item, JsonObject resource) =>
        ApiResource.IsBuiltIn(item.Group) ? Judge(item.Kind, resource) : Standard(resource);

    /// <summary>Judges an object.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="resource">The object.</param>
    /// <returns>How far it is.</returns>
    public static ReadyReport Judge(string kind, JsonObject resource)
    {
        JsonObject spec = resource.Object("spec") ?? [], status = resource.Object("status") ?? [];
        return kind switch
        {
            "Deployment" => Deployment(resource, spec, status),
            "DaemonSet" => DaemonSet(resource, spec, status),
            "StatefulSet" => StatefulSet(resource, spec, status),
            "ReplicaSet" or "ReplicationController" => ReplicaSet(resource, spec, status),
            "Pod" => Pod(resource, status),
            "Job" => Job(resource, spec, status),
            "Namespace" => Phase(status, "Active"),
            "PersistentVolumeClaim" => Phase(status, "Bound"),
            "CustomResourceDefinition" => Definition(resource),
            "APIService" => resource.Holds("Available")
                ? Ready("Available")
                : Waiting(resource.Condition("Available")?.Text("message") ?? "its server has not answered yet"),
            "Service" => Service(spec, status),
            _ => Standard(resource),
        };
    }

    /// <summary>
    /// The rules of kstatus (kubernetes-sigs/cli-utils <c>pkg/kstatus</c>) for kinds that it has no other for: what is deleted is not ready, then the observed
    /// generation, the conditions Reconciling and Stalled, and Ready; an object that says nothing of itself is ready.
    /// </summary>
    private static ReadyReport Standard(JsonObject resource)
    {
        JsonObject status = resource.Object("status") ?? [];
        return resource.IsLeaving() ? Waiting("it is being deleted")
            : status.Number("observedGeneration") is { } seen && seen != (resource.Object("metadata")?.Number("generation") ?? 0)
                ? Waiting("the controller has not seen the change yet")
            : resource.Holds("Stalled") ? Failed("stalled" + Told(resource.Condition("Stalled")))
            : resource.Holds("Reconciling") ? Waiting("being reconciled" + Told(resource.Condition("Reconciling")))
            : resource.Condition("Ready") is not { } ready ? Ready("Exists")
            : ready.Text("status") == "True" ? Ready("Ready")
            : Waiting("not ready" + Told(resource.Condition("Ready")));
    }

    /// <summary>What a condition says of itself, to be put behind what is said of it.</summary>
    /// <param name="condition">The condition; null where the object has none.</param>
    /// <returns><c> (reason: message)</c>; nothing where it says nothing.</returns>
    public static string Told(JsonObject? condition) =>
        string.Join(": ", new[] { condition?.Text("reason"), condition?.Text("message") }.OfType<string>()) is { Length: > 0 } words ? $" ({words})" : "";

    private static ReadyReport Ready(string seen) => new(ReadyState.Ready, seen);

    private static ReadyReport Counted(long ready, long wanted) => Ready(string.Create(CultureInfo.InvariantCulture, $"{ready}/{wanted} ready"));

    private static ReadyReport Waiting(FormattableString seen) => new(ReadyState.Waiting, seen.ToString(CultureInfo.InvariantCulture));

    private static ReadyReport Waiting(string seen) => new(ReadyState.Waiting, seen);

    private static ReadyReport Failed(string seen) => new(ReadyState.Failed, seen);

    private static bool Observed(JsonObject resource, JsonObject status) =>
        (resource.Object("metadata")?.Number("generation") ?? 0) <= (status.Number("observedGeneration") ?? 0);

    private static long Count(JsonObject status, string field) => status.Number(field) ?? 0;

    private static ReadyReport Deployment(JsonObject resource, JsonObject spec, JsonObject status)
    {
        if (!Observed(resource, status))
        {
            return Waiting("the controller has not seen the change yet");
        }

        if (resource.Condition("Progressing") is { } progressing && progressing.Text("reason") == "ProgressDeadlineExceeded")
        {
            return Failed("exceeded its progress deadline");
        }

        long updated = Count(status, "updatedReplicas"), all = Count(status, "replicas"), available = Count(status, "availableReplicas");
        return spec.Number("replicas") is { } wanted && updated < wanted
                ? Waiting($"{updated} of {wanted} new replicas have been updated{Failure(resource)}")
            : all > updated ? Waiting($"{all - updated} old replicas are pending termination")
            : available < updated ? Waiting($"{available} of {updated} updated replicas are available")
            : Counted(available, updated);
    }

    private static string Failure(JsonObject resource) =>
        resource.Holds("ReplicaFailure") ? $" ({resource.Condition("ReplicaFailure")!.Text("message")})" : "";

    private static ReadyReport DaemonSet(JsonObject resource, JsonObject spec, JsonObject status)
    {
        if (!Observed(resource, status))
        {
            return Waiting("the controller has not seen the change yet");
        }

        long wanted = Count(status, "desiredNumberScheduled"), updated = Count(status, "updatedNumberScheduled"), available = Count(status, "numberAvailable");
        // With OnDelete the pods stay as they are until somebody deletes them.
        bool rolls = spec.Object("updateStrategy")?.Text("type") is null or "RollingUpdate";
        return rolls && updated < wanted ? Waiting($"{updated} of {wanted} new pods have been updated")
            : available < wanted ? Waiting($"{available} of {wanted} updated pods are available")
            : Counted(available, wanted);
    }

    private static ReadyReport StatefulSet(JsonObject resource, JsonObject spec, JsonObject status)
    {
        if (Count(status, "observedGeneration") == 0 || !Observed(resource, status))
        {
            return Waiting("the controller has not seen the change yet");
        }

        long? wanted = spec.Number("replicas");
        long ready = Count(status, "readyReplicas"), updated = Count(status, "updatedReplicas");
        if (wanted is not null && ready < wanted)
        {
            return Waiting($"{ready} of {wanted} pods are ready");
        }

        JsonObject? strategy = spec.Object("updateStrategy");
        if (strategy?.Text("type") is not (null or "RollingUpdate"))
        {
            return Counted(ready, wanted ?? ready);
        }

        if (strategy?.Object("rollingUpdate") is { } rolling)
        {
            return wanted is not null && rolling.Number("partition") is { } partition && updated < wanted - partition
                ? Waiting($"{updated} of {wanted - partition} new pods have been updated")
                : Counted(ready, wanted ?? ready);
        }

        return status.Text("updateRevision") != status.Text("currentRevision")
            ? Waiting($"{updated} pods are at revision {status.Text("updateRevision")}")
            : Counted(ready, wanted ?? ready);
    }

    private static ReadyReport ReplicaSet(JsonObject resource, JsonObject spec, JsonObject status)
    {
        long wanted = spec.Number("replicas") ?? 1, available = Count(status, "availableReplicas");
        return !Observed(resource, status) ? Waiting("the controller has not seen the change yet")
            : available < wanted ? Waiting($"{available} of {wanted} replicas are available{Failure(resource)}")
            : Counted(available, wanted);
    }

    private static ReadyReport Pod(JsonObject resource, JsonObject status)
    {
        (string? ready, string? state) = ResourceSummary.Of("Pod", resource);
        return status.Text("phase") switch
        {
            "Succeeded" => Ready("Succeeded"),
            "Failed" => Failed($"failed: {string.Join("; ", ResourceSummary.Troubles(resource).DefaultIfEmpty(state ?? "Failed"))}"),
            _ when resource.Holds("Ready") => Ready($"{ready} ready"),
            _ when Hopeless(resource) is { } why => Failed($"will not run: {why}"),
            _ => Waiting(string.Join("; ", ResourceSummary.Troubles(resource).DefaultIfEmpty($"{state}, {ready} containers are ready"))),
        };
    }

    // Neither another start nor time helps: the image has no such program or no possible name, or nothing starts the container again.
    private static string? Hopeless(JsonObject pod)
    {
        bool never = pod.Object("spec")?.Text("restartPolicy") == "Never";
        JsonObject status = pod.Object("status") ?? [];
        foreach (JsonObject container in status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses")))
        {
            JsonObject? waiting = container.Object("state")?.Object("waiting"), ended = container.Object("state")?.Object("terminated");
            JsonObject? last = ended ?? container.Object("lastState")?.Object("terminated");
            bool noProgram = last?.Text("reason") is "StartError" or "ContainerCannotRun"
                && last.Text("message") is { } message
                && (message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal)
                    || message.Contains("permission denied", StringComparison.Ordinal));
            if (noProgram || waiting?.Text("reason") == "InvalidImageName" || (never && ended?.Number("exitCode") is not (null or 0)))
            {
                return string.Join("; ", ResourceSummary.Troubles(pod).DefaultIfEmpty($"container {container.Text("name")} cannot start"));
            }
        }

        return null;
    }

    private static ReadyReport Job(JsonObject resource, JsonObject spec, JsonObject status)
    {
        if (resource.Condition("Failed") is { } failed && failed.Text("status") == "True")
        {
            return Failed($"failed: {failed.Text("reason")} ({failed.Text("message")})");
        }

        long succeeded = Count(status, "succeeded"), wanted = spec.Number("completions") ?? 1;
        return resource.Holds("Complete") ? Ready(string.Create(CultureInfo.InvariantCulture, $"{succeeded}/{wanted} complete"))
            : spec.Flag("suspend") ? Ready("Suspended")
            : Waiting($"{succeeded} of {wanted} completions, {Count(status, "active")} active");
    }

    private static ReadyReport Phase(JsonObject status, string wanted) =>
        status.Text("phase") is var phase && phase == wanted ? Ready(wanted)
        : phase == "Lost" ? Failed("its volume is lost")
        : Waiting(phase ?? "new");

    private static ReadyReport Definition(JsonObject resource) =>
        resource.Holds("Established") ? Ready("Established")
        : resource.Condition("NamesAccepted") is { } names && names.Text("status") == "False"
            ? Failed($"its names are not accepted: {names.Text("message")}")
        : Waiting("not established yet");

    private static ReadyReport Service(JsonObject spec, JsonObject status)
    {
        if (spec.Text("type") != "LoadBalancer" || spec["externalIPs"] is JsonArray { Count: > 0 })
        {
            return Ready("Exists");
        }

        string[] addresses = [.. (status.Object("loadBalancer")?.Objects("ingress") ?? []).Select(i => i.Text("ip") ?? i.Text("hostname") ?? "?")];
        return addresses.Length > 0 ? Ready(string.Join(", ", addresses)) : Waiting("its load balancer has no address yet");
    }
}
