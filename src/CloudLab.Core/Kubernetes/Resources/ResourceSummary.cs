using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>
/// The two columns everybody looks at first. Pods follow <c>printPod</c> of kubernetes
/// <c>pkg/printers/internalversion/printers.go</c>; other kinds what their conditions say.
/// </summary>
internal static class ResourceSummary
{
    /// <summary>Sums an object up.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="resource">The object.</param>
    /// <returns>How much of it is ready (<c>2/3</c>) and its state in a word; null where the kind has no such thing.</returns>
    public static (string? Ready, string? State) Of(string kind, JsonObject resource)
    {
        JsonObject spec = resource.Object("spec") ?? [], status = resource.Object("status") ?? [];
        string? terminating = !resource.IsLeaving() ? null : "Terminating";
        (string? ready, string? state) = kind switch
        {
            "Pod" => PodSummary.Of(resource).Words,
            "Deployment" => (Part(status, "readyReplicas", spec.Number("replicas") ?? 1), Rollout(resource)),
            "StatefulSet" or "ReplicaSet" or "ReplicationController" => (Part(status, "readyReplicas", spec.Number("replicas") ?? 1), null),
            "DaemonSet" => (Part(status, "numberReady", status.Number("desiredNumberScheduled") ?? 0), null),
            "Job" => (Part(status, "succeeded", spec.Number("completions") ?? 1), Job(resource, spec)),
            "CronJob" => ((string?)null, spec.Flag("suspend") ? "Suspended" : "Active"),
            "Node" => (null, (resource.Holds("Ready") ? "Ready" : "NotReady") + (spec.Flag("unschedulable") ? ",SchedulingDisabled" : "")),
            "Service" => (null, spec.Text("type")),
            "Secret" => (null, resource.Text("type")),
            "HorizontalPodAutoscaler" => (Part(status, "currentReplicas", status.Number("desiredReplicas") ?? 0), null),
            "CustomResourceDefinition" => (null, resource.Holds("Established") ? "Established" : "NotEstablished"),
            "Event" => (null, resource.Text("reason")),
            _ => (null, status.Text("phase") ?? Conditions(resource)),
        };
        return (ready, kind == "Pod" ? state : terminating ?? state);
    }

    /// <summary>Why the containers of a pod do not run, each in a few words.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>One text a container that waits or failed: <c>container web: ImagePullBackOff (Back-off pulling image "x")</c>.</returns>
    public static IEnumerable<string> Troubles(JsonObject pod)
    {
        JsonObject status = pod.Object("status") ?? [];
        foreach (JsonObject container in status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses")))
        {
            JsonObject? waiting = container.Object("state")?.Object("waiting"), ended = container.Object("state")?.Object("terminated");
            JsonObject? before = container.Object("lastState")?.Object("terminated");
            if (waiting?.Text("reason") is { } reason && reason is not ("ContainerCreating" or "PodInitializing"))
            {
                string last = before is null ? "" : $", last exit code {before.Number("exitCode")}";
                yield return $"container {container.Text("name")}: {reason}{Words(waiting.Text("message"))}{last}";
            }
            else if (ended is not null && ended.Number("exitCode") is not (null or 0))
            {
                yield return $"container {container.Text("name")}: {ended.Text("reason") ?? "Error"}, exit code {ended.Number("exitCode")}";
            }
            else if (container["ready"] is not null && !container.Flag("ready") && container.Object("state")?.Object("running") is not null)
            {
                string last = before is null ? "" : $", last exit code {before.Number("exitCode")}";
                yield return $"container {container.Text("name")}: running, not ready{last}";
            }
        }

        if (pod.Condition("PodScheduled") is { } scheduled && scheduled.Text("status") == "False")
        {
            yield return $"{scheduled.Text("reason")}{Words(scheduled.Text("message"))}";
        }
    }

    private static string Words(string? message)
    {
        string line = OneLine.Of(message);
        return line.Length == 0 ? "" : line.Length > 200 ? $" ({line[..200]}…)" : $" ({line})";
    }

    private static string Part(JsonObject status, string field, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{status.Number(field) ?? 0}/{whole}");

    private static string? Rollout(JsonObject resource) =>
        resource.Condition("Progressing")?.Text("reason") == "ProgressDeadlineExceeded" ? "ProgressDeadlineExceeded"
        : resource.Holds("ReplicaFailure") ? resource.Condition("ReplicaFailure")!.Text("reason")
        : resource.Condition("Available") is { } available ? available.Text("status") == "True" ? "Available" : "Progressing"
        : null;

    private static string Job(JsonObject resource, JsonObject spec) =>
        resource.Holds("Complete") ? "Complete"
        : resource.Holds("Failed") ? "Failed"
        : spec.Flag("suspend") ? "Suspended"
        : "Running";

    private static string? Conditions(JsonObject resource)
    {
        foreach (string type in new[] { "Ready", "Available", "Established", "Accepted" })
        {
            if (resource.Condition(type) is { } condition)
            {
                return condition.Text("status") == "True" ? type : condition.Text("reason") ?? "Not" + type;
            }
        }

        return null;
    }
}
