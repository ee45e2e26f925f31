using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>
/// Scheduler and kubelet in one: gives a pod its node, lets its containers "start" after a moment, run, end or fail, and
/// takes a deleted pod away. Nothing is really run. What an image does is told by its name: with <c>nonexistent</c> or
/// <c>invalid</c> in it, it cannot be pulled; with <c>crash</c> in it, it ends with exit code 1.
/// </summary>
internal sealed class PodController(Cluster cluster, KubernetesOptions options) : Controller(cluster)
{
    private const string Shelf = "/pods", Scheduler = "default-scheduler";

    private readonly Dictionary<string, DateTimeOffset> started = [];
    private readonly Dictionary<string, DateTimeOffset> created = [];
    private int lastAddress;

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => change.Object.Shelf switch
    {
        Shelf when !change.IsDeletion => [change.Object.Key],
        "/persistentvolumeclaims" when !change.IsDeletion => Cluster.List(Shelf, change.Object.Namespace)
            .Where(pod => pod.Parse().Text("spec", "nodeName") is null or "").Select(pod => pod.Key),
        "/nodes" => Cluster.List(Shelf).Where(pod => pod.Parse().Text("spec", "nodeName") is null or "").Select(pod => pod.Key),
        _ => [],
    };

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } pod)
        {
            return null;
        }

        if (Pods.IsDeleting(pod))
        {
            return Stop(pod, ns, name);
        }

        if (pod.Text("spec", "nodeName") is not { Length: > 0 })
        {
            return Schedule(pod, ns, name);
        }

        string phase = pod.Text("status", "phase") ?? "Pending";
        if (phase is "Succeeded" or "Failed")
        {
            return null;
        }

        if (pod.Text("status", "startTime") is null)
        {
            SetStatus(pod, status => Create(pod, status));
            return null;
        }

        return phase == "Pending" ? Start(pod) : Run(pod);
    }

    private static bool CannotPull(string image) => image.Contains("nonexistent", StringComparison.OrdinalIgnoreCase) || image.Contains("invalid", StringComparison.OrdinalIgnoreCase);

    private static bool Crashes(JsonObject pod) => pod.Items("spec", "containers").Any(CrashesAlone);

    private static bool CrashesAlone(JsonObject container) => (container.Text("image") ?? "").Contains("crash", StringComparison.OrdinalIgnoreCase);

    private static void Conditions(JsonObject pod, JsonObject status, bool ready, string reason, string message)
    {
        JsonNode? before = pod["status"];
        status.Remove("conditions");
        foreach ((string type, bool value) in (ReadOnlySpan<(string, bool)>)[("PodReadyToStartContainers", true), ("Initialized", true), ("Ready", ready),
            ("ContainersReady", ready), ("PodScheduled", true)])
        {
            JsonObject? old = before.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);
            string text = value ? "True" : "False";
            JsonObject condition = new() { ["type"] = type, ["status"] = text };
            if (!value && reason.Length > 0)
            {
                condition["reason"] = reason;
                condition["message"] = message;
            }

            condition["lastProbeTime"] = null;
            condition["lastTransitionTime"] = old.Text("status") == text ? old.Text("lastTransitionTime") : Json.Now();
            status.EnsureList("conditions").Add(condition);
        }
    }

    private static JsonObject ContainerStatus(JsonObject container, JsonObject state, bool ready, bool started, long restarts)
    {
        string image = container.Text("image") ?? "";
        return new JsonObject
        {
            ["name"] = container.Text("name"),
            ["state"] = state,
            ["lastState"] = new JsonObject(),
            ["ready"] = ready,
            ["restartCount"] = restarts,
            ["image"] = image,
            ["imageID"] = started ? "emulated://" + image : "",
            ["started"] = started,
        };
    }

    private static JsonObject Waiting(string reason, string message = "")
    {
        JsonObject waiting = new() { ["reason"] = reason };
        if (message.Length > 0)
        {
            waiting["message"] = message;
        }

        return new JsonObject { ["waiting"] = waiting };
    }

    private static string Unready(JsonObject pod) => $"containers with unready status: [{string.Join(' ', pod.Items("spec", "containers").Select(c => c.Text("name")))}]";

    private void SetStatus(JsonObject pod, Action<JsonObject> change)
    {
        JsonObject status = pod.Object("status")?.Copy() ?? [];
        change(status);
        Cluster.SetStatus(Shelf, pod, status, Cluster.Kubelet);
    }

    private TimeSpan? Stop(JsonObject pod, string ns, string name)
    {
        // Nothing runs that would need its grace period.
        if ((pod.Number("metadata", "deletionGracePeriodSeconds") ?? 0) > 0)
        {
            foreach (JsonObject container in pod.Items("spec", "containers"))
            {
                Tell(pod, "Normal", "Killing", $"Stopping container {container.Text("name")}");
            }

            Cluster.Delete(Shelf, ns, name, pod.Text("metadata", "uid"), grace: 0, propagation: null);
        }

        return null;
    }

    private TimeSpan? Schedule(JsonObject pod, string ns, string name)
    {
        if (pod.Items("spec", "schedulingGates").Any())
        {
            return null;
        }

        List<StoredObject> nodes = Cluster.List("/nodes");
        string?[] refusals = [.. nodes.Select(one => NodeFit.Refusal(one.Parse(), pod.Object("spec") ?? [], isDaemon: false))];
        StoredObject? node = nodes.Zip(refusals).FirstOrDefault(pair => pair.Second is null).First;
        if (node is null)
        {
            IEnumerable<string> counts = refusals.GroupBy(refusal => refusal).Select(same => $"{same.Count()} {same.Key}").Order(StringComparer.Ordinal);
            Unschedulable(pod, $"0/{nodes.Count} nodes are available: {string.Join(", ", counts)}.");
            return null;
        }

        foreach (string claim in pod.Items("spec", "volumes").Select(volume => volume.Text("persistentVolumeClaim", "claimName")).OfType<string>())
        {
            JsonObject? found = Cluster.Get("/persistentvolumeclaims", ns, claim);
            if (found.Text("status", "phase") != "Bound")
            {
                Unschedulable(pod, $"0/{nodes.Count} nodes are available: {(found is null ? $"persistentvolumeclaim \"{claim}\" not found" : "pod has unbound immediate PersistentVolumeClaims. not found")}.");
                return null;
            }
        }

        Cluster.Update(Shelf, ns, name, live => live["spec"]!["nodeName"] = node.Name, "binding", "kube-scheduler");
        Cluster.Tell(pod, "Normal", "Scheduled", $"Successfully assigned {ns}/{name} to {node.Name}", Scheduler);
        return null;
    }

    private void Unschedulable(JsonObject pod, string why)
    {
        SetStatus(pod, status => Cluster.SetCondition(status, pod["status"], "PodScheduled", false, "Unschedulable", why));
        Cluster.Tell(pod, "Warning", "FailedScheduling", why, Scheduler);
    }

    private void Tell(JsonObject pod, string type, string reason, string message) => Cluster.Tell(pod, type, reason, message, Cluster.Kubelet);

    private void Create(JsonObject pod, JsonObject status)
    {
        status["phase"] = "Pending";
        status["hostIP"] = "127.0.0.1";
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = "127.0.0.1" });
        status["startTime"] = Json.Now();
        status["observedGeneration"] = pod.Number("metadata", "generation");
        status["containerStatuses"] = new JsonArray([.. pod.Items("spec", "containers").Select(container =>
            ContainerStatus(container, Waiting("ContainerCreating"), false, false, 0))]);
        Conditions(pod, status, false, "ContainersNotReady", Unready(pod));
    }

    private TimeSpan? Start(JsonObject pod)
    {
        List<JsonObject> containers = [.. pod.Items("spec", "containers")];
        bool waits = containers.Concat(pod.Items("spec", "initContainers")).Any(container => CannotPull(container.Text("image") ?? ""));
        if (waits)
        {
            SetStatus(pod, status =>
            {
                status["containerStatuses"] = new JsonArray([.. containers.Select(container =>
                {
                    string image = container.Text("image") ?? "";
                    return CannotPull(image)
                        ? ContainerStatus(container, Waiting("ImagePullBackOff", $"Back-off pulling image \"{image}\": ErrImagePull: {image}: not found"), false, false, 0)
                        : ContainerStatus(container, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = pod.Text("status", "startTime") } }, true, true, 0);
                })]);
                Conditions(pod, status, false, "ContainersNotReady", Unready(pod));
            });
            foreach (string image in containers.Select(container => container.Text("image") ?? "").Where(CannotPull))
            {
                Tell(pod, "Warning", "Failed", $"Failed to pull image \"{image}\": {image}: not found");
                Tell(pod, "Normal", "BackOff", $"Back-off pulling image \"{image}\"");
            }

            return null;
        }

        // An image that was wrong and is right now starts too: the state is read anew each time.
        TimeSpan left = Due(pod, options.PodStartDelay);
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        int address = Interlocked.Increment(ref lastAddress);
        string ip = string.Create(CultureInfo.InvariantCulture, $"10.244.{address / 250 % 250}.{(address % 250) + 2}"), now = Json.Now();
        SetStatus(pod, status =>
        {
            status["phase"] = "Running";
            status["podIP"] = ip;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = ip });
            status["initContainerStatuses"] = new JsonArray([.. pod.Items("spec", "initContainers").Select(container => ContainerStatus(container,
                new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = 0, ["reason"] = "Completed", ["startedAt"] = now, ["finishedAt"] = now } }, true, false, 0))]);
            if (status["initContainerStatuses"] is JsonArray { Count: 0 })
            {
                status.Remove("initContainerStatuses");
            }

            status["containerStatuses"] = new JsonArray([.. containers.Select(container =>
                ContainerStatus(container, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = now } }, !Crashes(pod), true, 0))]);
            Conditions(pod, status, !Crashes(pod), "ContainersNotReady", Unready(pod));
        });
        started[pod.Text("metadata", "uid")!] = DateTimeOffset.UtcNow;
        foreach (JsonObject container in containers)
        {
            string own = container.Text("name") ?? "";
            Tell(pod, "Normal", "Pulled", $"Container image \"{container.Text("image")}\" already present on machine");
            Tell(pod, "Normal", "Created", $"Container created: {own}");
            Tell(pod, "Normal", "Started", $"Container started: {own}");
        }

        return null;
    }

    private TimeSpan? Run(JsonObject pod)
    {
        // Images of a running pod can change; its containers show it.
        bool endsAlone = pod.Text("spec", "restartPolicy") is "Never" or "OnFailure", crashes = Crashes(pod);
        if (!endsAlone && !crashes)
        {
            return null;
        }

        string uid = pod.Text("metadata", "uid")!;
        if (!started.TryGetValue(uid, out DateTimeOffset since))
        {
            started[uid] = since = DateTimeOffset.UtcNow;
        }

        TimeSpan left = since + options.JobDuration - DateTimeOffset.UtcNow;
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        if (Cluster.Node.AwaitsInput(pod))
        {
            return options.JobDuration;
        }

        Dictionary<string, int> codes = pod.Items("spec", "containers").ToDictionary(c => c.Text("name")!, c => CrashesAlone(c) ? 1 : endsAlone ? Cluster.Node.Run(pod, c)?.Code ?? 0 : 0);
        crashes |= codes.Values.Any(code => code != 0);
        bool restarts = crashes && pod.Text("spec", "restartPolicy") != "Never";
        SetStatus(pod, status =>
        {
            foreach (JsonObject container in status.Items("containerStatuses"))
            {
                JsonObject terminated = new()
                {
                    ["exitCode"] = codes.GetValueOrDefault(container.Text("name") ?? ""),
                    ["reason"] = codes.GetValueOrDefault(container.Text("name") ?? "") != 0 ? "Error" : "Completed",
                    ["startedAt"] = container.Text("state", "running", "startedAt") ?? Json.Now(),
                    ["finishedAt"] = Json.Now(),
                };
                container["ready"] = false;
                container["started"] = false;
                if (!restarts)
                {
                    container["state"] = new JsonObject { ["terminated"] = terminated };
                }
                else if (container.At("state", "running") is not null)
                {
                    container["lastState"] = new JsonObject { ["terminated"] = terminated };
                    container["restartCount"] = (container.Number("restartCount") ?? 0) + 1;
                    container["state"] = Waiting("CrashLoopBackOff",
                        $"back-off 10s restarting failed container={container.Text("name")} pod={Cluster.NameOf(pod)}_{Cluster.NamespaceOf(pod)}({uid})");
                }
            }

            status["phase"] = restarts ? "Running" : crashes ? "Failed" : "Succeeded";
            Conditions(pod, status, false, restarts ? "ContainersNotReady" : crashes ? "PodFailed" : "PodCompleted", restarts ? Unready(pod) : "");
        });
        if (!restarts)
        {
            started.Remove(uid);
        }
        else
        {
            Tell(pod, "Warning", "BackOff", $"Back-off restarting failed container in pod {Cluster.NameOf(pod)}_{Cluster.NamespaceOf(pod)}({uid})");
        }

        return null;
    }

    /// <summary>How long until something is due for a pod since it was first seen waiting.</summary>
    private TimeSpan Due(JsonObject pod, TimeSpan delay)
    {
        string uid = pod.Text("metadata", "uid")!;
        if (!created.TryGetValue(uid, out DateTimeOffset since))
        {
            created[uid] = since = DateTimeOffset.UtcNow;
        }

        TimeSpan left = since + delay - DateTimeOffset.UtcNow;
        if (left <= TimeSpan.Zero)
        {
            created.Remove(uid);
        }

        return left;
    }
}
