using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>What kubectl's columns say of a pod, by the rules of <c>printPod</c> in kubernetes <c>pkg/printers/internalversion/printers.go</c>.</summary>
/// <param name="Ready">Containers that are ready.</param>
/// <param name="Total">Containers that should be: sidecars count, other init containers do not.</param>
/// <param name="State">State in a word: <c>Running</c>, <c>Init:1/2</c>, <c>CrashLoopBackOff</c>.</param>
/// <param name="Restarts">Restarts of its containers.</param>
/// <param name="LastRestart">When a container last ended before a restart.</param>
internal sealed record PodSummary(int Ready, int Total, string State, long Restarts, DateTimeOffset? LastRestart)
{
    /// <summary>The first two columns.</summary>
    public (string? Ready, string? State) Words => (string.Create(CultureInfo.InvariantCulture, $"{Ready}/{Total}"), State);

    /// <summary>Sums a pod up.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>How many of its containers are ready, its state in a word, and how often containers were restarted.</returns>
    public static PodSummary Of(JsonObject pod)
    {
        JsonObject spec = pod.Object("spec") ?? [], status = pod.Object("status") ?? [];
        string state = status.Text("reason") ?? status.Text("phase") ?? "Unknown";
        if (pod.Condition("PodScheduled")?.Text("reason") == "SchedulingGated")
        {
            state = "SchedulingGated";
        }

        HashSet<string> sidecars = [.. spec.Objects("initContainers").Where(c => c.Text("restartPolicy") == "Always").Select(c => c.Text("name") ?? "")];
        int total = spec.Objects("containers").Count() + sidecars.Count, ready = 0, at = 0;
        bool initializing = false;
        (long Count, DateTimeOffset? Last) restarts = default, ofSidecars = default;
        foreach (JsonObject container in status.Objects("initContainerStatuses"))
        {
            JsonObject? ended = container.Object("state")?.Object("terminated");
            string? waiting = container.Object("state")?.Object("waiting")?.Text("reason");
            bool sidecar = sidecars.Contains(container.Text("name") ?? "");
            restarts = Add(restarts, container);
            ofSidecars = sidecar ? Add(ofSidecars, container) : ofSidecars;
            if (ended?.Number("exitCode") == 0)
            {
            }
            else if (sidecar && container.Flag("started"))
            {
                ready += container.Flag("ready") ? 1 : 0;
            }
            else
            {
                state = ended is not null ? "Init:" + Ended(ended)
                    : waiting is not (null or "PodInitializing") ? "Init:" + waiting
                    : $"Init:{at}/{spec.Objects("initContainers").Count()}";
                initializing = true;
                break;
            }

            at++;
        }

        if (!initializing || pod.Holds("Initialized"))
        {
            (state, int running) = Containers(pod, status, state);
            ready += running;
            // Init containers that are done no longer matter.
            restarts = status.Objects("containerStatuses").Aggregate(ofSidecars, Add);
        }

        if (pod.IsLeaving())
        {
            state = status.Text("reason") == "NodeLost" ? "Unknown" : status.Text("phase") is "Succeeded" or "Failed" ? state : "Terminating";
        }

        return new PodSummary(ready, total, state, restarts.Count, restarts.Last);
    }

    private static (long Count, DateTimeOffset? Last) Add((long Count, DateTimeOffset? Last) sum, JsonObject container)
    {
        DateTimeOffset? ended = ResourceParts.Time(container.Object("lastState")?.Object("terminated")?.Text("finishedAt"));
        return (sum.Count + (container.Number("restartCount") ?? 0), sum.Last is null || ended > sum.Last ? ended ?? sum.Last : sum.Last);
    }

    private static (string State, int Ready) Containers(JsonObject pod, JsonObject status, string state)
    {
        int ready = 0;
        bool running = false;
        string? error = null;
        foreach (JsonObject container in status.Objects("containerStatuses").Reverse())
        {
            JsonObject? now = container.Object("state");
            if (now?.Object("waiting")?.Text("reason") is { } waiting)
            {
                state = waiting;
            }
            else if (now?.Object("terminated") is { } ended)
            {
                state = Ended(ended);
                error = ended.Number("exitCode") is not (null or 0) ? state : error;
            }
            else if (container.Flag("ready") && now?.Object("running") is not null)
            {
                running = true;
                ready++;
            }
        }

        if (state == "Completed")
        {
            state = running && pod.Holds("Ready") ? "Running" : error ?? (running ? "NotReady" : state);
        }

        return (state, ready);
    }

    private static string Ended(JsonObject terminated) =>
        terminated.Text("reason")
        ?? (terminated.Number("signal") is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{terminated.Number("exitCode")}");
}
