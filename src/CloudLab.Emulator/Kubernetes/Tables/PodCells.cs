using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>The cells of a pod.</summary>
internal static class PodCells
{
    private const string None = "<none>";

    public static JsonNode? Of(string column, JsonObject pod) => column switch
    {
        "Ready" => $"{pod.Items("status", "containerStatuses").Count(status => status.Flag("ready"))}/{pod.Items("spec", "containers").Count()}",
        "Status" => Status(pod),
        "Restarts" => Restarts(pod),
        "IP" => pod.Text("status", "podIP") is { Length: > 0 } address ? address : None,
        "Node" => pod.Text("spec", "nodeName") is { Length: > 0 } node ? node : None,
        "Nominated Node" => pod.Text("status", "nominatedNodeName") is { Length: > 0 } nominated ? nominated : None,
        _ => pod.Items("spec", "readinessGates").Count() is > 0 and { } gates ? $"0/{gates}" : None,
    };

    private static string Status(JsonObject pod)
    {
        string reason = pod.Text("status", "reason") ?? pod.Text("status", "phase") ?? "";
        if (pod.Items("status", "conditions").Any(c => c.Text("type") == "PodScheduled" && c.Text("reason") == "SchedulingGated"))
        {
            reason = "SchedulingGated";
        }

        bool isRunning = false;
        foreach (JsonObject container in pod.Items("status", "containerStatuses").Reverse())
        {
            JsonNode? state = container["state"];
            if (state.Text("waiting", "reason") is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (state.Text("terminated", "reason") is { Length: > 0 } ended)
            {
                reason = ended;
            }
            else if (state.At("terminated") is { } terminated)
            {
                reason = "ExitCode:" + (terminated.Number("exitCode") ?? 0);
            }
            else if (container.Flag("ready") && state.At("running") is not null)
            {
                isRunning = true;
            }
        }

        if (reason == "Completed" && isRunning)
        {
            reason = pod.Items("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True") ? "Running" : "NotReady";
        }

        return pod.Text("metadata", "deletionTimestamp") is not null && reason is not ("Succeeded" or "Failed" or "Completed" or "Error") ? "Terminating" : reason;
    }

    private static string Restarts(JsonObject pod)
    {
        long count = pod.Items("status", "containerStatuses").Sum(status => status.Number("restartCount") ?? 0);
        string? last = pod.Items("status", "containerStatuses").Select(status => status.Text("lastState", "terminated", "finishedAt")).Max(StringComparer.Ordinal);
        return count > 0 && last is not null ? $"{count} ({Ages.Since(last)} ago)" : count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
