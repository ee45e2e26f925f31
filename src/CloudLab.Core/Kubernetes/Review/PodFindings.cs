using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>What a pod's status and events say that is wrong with it. Pure: it asks no cluster.</summary>
internal static partial class PodFindings
{
    // What a node takes to confirm the end of a pod after its grace period.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    /// <summary>Judges a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="events">Its events, the latest first.</param>
    /// <returns>Findings, in no order.</returns>
    public static IEnumerable<LabPodFinding> Of(JsonObject pod, IReadOnlyList<JsonObject> events)
    {
        JsonObject metadata = pod.Object("metadata") ?? [], spec = pod.Object("spec") ?? [], status = pod.Object("status") ?? [];
        string name = metadata.Text("name") ?? "";
        List<LabPodFinding> found = [.. Scheduling(pod, spec), .. Whole(metadata, status)];
        // What ends because the pod is being deleted did not crash.
        bool going = metadata.Text("deletionTimestamp") is not null;
        foreach (JsonObject state in going ? [] : status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses")))
        {
            string container = state.Text("name") ?? "";
            bool init = status.Objects("initContainerStatuses").Contains(state);
            JsonObject wanted = PodTemplate.Containers(spec).FirstOrDefault(c => c.Text("name") == container) ?? [];
            JsonObject[] own = [.. events.Where(e => e.Object("involvedObject")?.Text("fieldPath") is not { } path || path.Contains($"{{{container}}}", StringComparison.Ordinal))];
            found.AddRange(Container(spec, wanted, state, init, own).Select(one => one with { Container = container }));
        }

        // The kubelet says of a volume that cannot be mounted only in an event.
        if (!going && status.Objects("containerStatuses").Concat(status.Objects("initContainerStatuses")).Any(c => c.Object("state")?.Object("waiting") is not null))
        {
            found.AddRange(Mounts(events));
        }

        return found.Select(one => one with { Pods = [name] });
    }

    /// <summary>What a refusal to create pods means: quotas, limit ranges, admission.</summary>
    /// <param name="message">What the controller was told.</param>
    /// <returns>A finding.</returns>
    public static LabPodFinding Refused(string message)
    {
        string words = OneLine.Of(message);
        if (ExceededQuota().Match(words) is { Success: true } quota)
        {
            return Cause(
                "QuotaExceeded",
                $"The quota '{quota.Groups["name"].Value}' is used up: {quota.Groups["rest"].Value}.",
                $"Lower the requests or replicas, remove what is not needed, or raise the quota (Edit-LabResource resourcequota/{quota.Groups["name"].Value}).", 95);
        }

        if (words.Contains("failed quota", StringComparison.Ordinal))
        {
            return Cause(
                "QuotaNeedsRequests", $"A quota of the namespace wants every container to say what it needs: {After(words, "failed quota: ")}.",
                "Give the containers the requests and limits that are named, or add a LimitRange with defaults to the namespace.", 95);
        }

        if (words.Contains("per Container", StringComparison.Ordinal) || words.Contains("per Pod", StringComparison.Ordinal))
        {
            return Cause("LimitRangeExceeded", $"A LimitRange of the namespace forbids it: {After(words, "forbidden: ")}.", "Change requests and limits to what the LimitRange allows (Get-LabResource limitranges).", 95);
        }

        if (words.Contains("violates PodSecurity", StringComparison.Ordinal))
        {
            return Cause("PodSecurity", $"The namespace's pod security forbids it: {After(words, "forbidden: ")}.", "Set the security context that is named, or change the namespace's pod-security labels.", 95);
        }

        return words.Contains("serviceaccount", StringComparison.OrdinalIgnoreCase) && words.Contains("not found", StringComparison.Ordinal)
            ? Cause("ServiceAccountMissing", $"{words.TrimEnd('.')}.", "Create the service account, or correct spec.serviceAccountName.", 95)
            : Cause("CreateRefused", $"Pods are not created: {words.TrimEnd('.')}.", "Change the pod template to what the server accepts.", 95);
    }

    private static LabPodFinding Cause(string rule, string message, string action, int rank) => new()
    {
        Severity = FindingSeverity.High, Rule = rule, Message = message, Action = action, Rank = rank,
    };

    private static LabPodFinding Warning(string rule, string message, string action, int rank = 0) => new()
    {
        Severity = FindingSeverity.Medium, Rule = rule, Message = message, Action = action, Rank = rank,
    };

    private static IEnumerable<LabPodFinding> Scheduling(JsonObject pod, JsonObject spec)
    {
        if (pod.Condition("PodScheduled") is not { } scheduled || scheduled.Text("status") != "False")
        {
            yield break;
        }

        string message = OneLine.Of(scheduled.Text("message")).TrimEnd('.');
        if (scheduled.Text("reason") == "SchedulingGated")
        {
            yield return Cause(
                "SchedulingGated", $"The pod waits for its scheduling gates: {string.Join(", ", spec.Objects("schedulingGates").Select(gate => gate.Text("name")))}.",
                "Whoever set the gates has to remove them (spec.schedulingGates).", 90);
            yield break;
        }

        string words = PreemptionNote().Replace(message, "").TrimEnd('.', ' ');
        bool any = false;
        if (Insufficient().Matches(words) is { Count: > 0 } lacking)
        {
            any = true;
            string[] resources = [.. lacking.Select(match => match.Groups["what"].Value).Distinct()];
            string asked = string.Join("; ", resources.Select(what => $"{what}: {Requested(spec, what)} requested"));
            yield return Cause(
                "InsufficientResources", $"No node has enough {string.Join(" and ", resources)} left ({asked}). The scheduler says: {words}.",
                $"Lower resources.requests.{resources[0]}, add a node, or remove other pods (kubectl describe nodes shows what is allocated).", 90);
        }

        if (words.Contains("node affinity/selector", StringComparison.Ordinal))
        {
            any = true;
            string selector = string.Join(", ", (spec.Object("nodeSelector") ?? []).Select(pair => $"{pair.Key}={pair.Value}"));
            yield return Cause(
                "NodeSelectorMismatch", $"No node matches the pod's {(selector.Length > 0 ? $"nodeSelector {selector}" : "node affinity")}. The scheduler says: {words}.",
                "Correct nodeSelector or affinity, or label a node (Set-LabLabel node/NAME).", 89);
        }

        if (words.Contains("untolerated taint", StringComparison.Ordinal))
        {
            any = true;
            yield return Cause(
                "UntoleratedTaint", $"Nodes have a taint that the pod does not tolerate: {words}.", "Add a toleration for the taint, or remove it from a node.", 88);
        }

        if (words.Contains("persistentvolumeclaim", StringComparison.OrdinalIgnoreCase))
        {
            any = true;
            // Of one that is unbound, the scheduler says "not found", too: no node was.
            bool missing = words.Contains("\" not found", StringComparison.Ordinal);
            yield return Cause(
                missing ? "ClaimMissing" : "ClaimUnbound", $"{(missing ? "A volume claim of the pod does not exist" : "A volume claim of the pod is not bound")}. The scheduler says: {words}.",
                missing ? "Create the PersistentVolumeClaim, or correct its name in spec.volumes." : "Look at the claim (Get-LabResource pvc): its storage class must exist and provide volumes, or a fitting PersistentVolume must be free.", 91);
        }

        if (words.Contains("anti-affinity", StringComparison.Ordinal) || words.Contains("pod affinity", StringComparison.Ordinal) || words.Contains("topology spread", StringComparison.Ordinal))
        {
            any = true;
            yield return Cause("AffinityMismatch", $"No node fits the pod's affinity to other pods: {words}.", "Loosen podAffinity, podAntiAffinity or topologySpreadConstraints, or add nodes.", 88);
        }

        if (!any)
        {
            yield return Cause("Unschedulable", $"No node takes the pod: {(words.Length == 0 ? scheduled.Text("reason") : words)}.", "Change what the pod asks for, or add a node that has it.", 85);
        }
    }

    private static IEnumerable<LabPodFinding> Whole(JsonObject metadata, JsonObject status)
    {
        string? reason = status.Text("reason"), message = status.Text("message");
        if (status.Text("phase") == "Failed" && reason is not null)
        {
            yield return Cause(
                reason, $"The pod failed: {reason}{(message is null ? "" : $" ({OneLine.Of(message).TrimEnd('.')})")}.",
                reason == "Evicted" ? "Set requests to what the pod really uses, and remove the evicted pod; its controller makes another one." : "Look at the events, and start it again.", 80);
        }

        if (metadata.Text("deletionTimestamp") is { } deleted && DateTimeOffset.TryParse(deleted, CultureInfo.InvariantCulture, out DateTimeOffset time)
            && time + Slack < DateTimeOffset.UtcNow)
        {
            IReadOnlyList<string> finalizers = metadata.Texts("finalizers");
            yield return Warning(
                "StuckTerminating", $"The pod is being deleted and does not go{(finalizers.Count > 0 ? $": held by {string.Join(", ", finalizers)}" : "")}.",
                finalizers.Count > 0 ? "The owner of the finalizer has to remove it; look whether it still runs." : "Look whether its node is ready: a node that is gone cannot confirm it.", 50);
        }
    }

    private static IEnumerable<LabPodFinding> Container(JsonObject spec, JsonObject wanted, JsonObject state, bool init, JsonObject[] events)
    {
        string what = init ? "init container" : "container", name = state.Text("name") ?? "", image = wanted.Text("image") ?? state.Text("image") ?? "";
        JsonObject? waiting = state.Object("state")?.Object("waiting"), ended = state.Object("state")?.Object("terminated");
        JsonObject? running = state.Object("state")?.Object("running"), last = state.Object("lastState")?.Object("terminated");
        string reason = waiting?.Text("reason") ?? "", message = OneLine.Of(waiting?.Text("message"));
        if (reason is "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull" or "ImageInspectError" or "RegistryUnavailable" or "SignatureValidationFailed")
        {
            yield return Image(spec, what, name, image, reason, Failure(message, events));
            yield break;
        }

        if (reason is "CreateContainerConfigError" or "CreateContainerError")
        {
            yield return Config(what, name, message);
            yield break;
        }

        JsonObject? failed = ended?.Number("exitCode") is not (null or 0) ? ended
            : last?.Number("exitCode") is not (null or 0) || last?.Text("reason") == "OOMKilled" ? last : null;
        bool down = running is null || !state.Flag("ready");
        if (failed is not null)
        {
            LabPodFinding crash = Crash(wanted, what, name, failed, state.Number("restartCount") ?? 0, events, image);
            // What runs again and is ready troubles nobody now.
            yield return down ? crash : crash with { Severity = FindingSeverity.Medium, Message = $"{crash.Message.TrimEnd('.')}; it is running again." };
        }
        else if (reason == "CrashLoopBackOff" || (last is not null && !init && down))
        {
            yield return Liveness(events, what, name) ?? Cause(
                "ContainerEnds", $"The {what} '{name}' ends with exit code 0 and is started again and again ({state.Number("restartCount") ?? 0} restarts).",
                "A container of a service must keep running: give it a command that does not end, or use a Job.", 70);
        }

        if (running is not null && !state.Flag("ready") && !init && Find(events, "Unhealthy", "probe failed", "probe errored") is { } probe)
        {
            string text = OneLine.Of(probe.Text("message")), kind = text.StartsWith("Startup", StringComparison.Ordinal) ? "startup" : text.StartsWith("Liveness", StringComparison.Ordinal) ? "liveness" : "readiness";
            yield return Cause(
                $"{char.ToUpperInvariant(kind[0])}{kind[1..]}ProbeFailing", $"The {what} '{name}' runs, but its {kind} probe fails: {After(text, "failed: ").TrimEnd('.')} (probe: {Probe(wanted.Object(kind + "Probe"))}).",
                "Correct the probe's path, port or command, or what the container answers; initialDelaySeconds gives it time to start.", 75);
        }
        else if (running is not null && !state.Flag("ready") && !init && failed is null)
        {
            yield return wanted.ContainsKey("readinessProbe") || wanted.ContainsKey("startupProbe")
                ? Warning("NotReady", $"The {what} '{name}' runs and is not ready yet (probe: {Probe(wanted.Object("readinessProbe") ?? wanted.Object("startupProbe"))}).", "Wait, or look at its log.", 40)
                : Warning("NotReady", $"The {what} '{name}' runs and is not ready.", "Look at its log.", 40);
        }

        if (init && running is not null && wanted.Text("restartPolicy") != "Always" && failed is null)
        {
            yield return Warning(
                "InitContainerRunning", $"The init container '{name}' is still running, and the pod's containers start when it has ended (since {running.Text("startedAt")}).",
                "Look at its log for what it waits for: a service or file that is not there.", 60);
        }
    }

    private static LabPodFinding Image(JsonObject spec, string what, string name, string image, string reason, string message)
    {
        string says = message.Length == 0 ? reason : message;
        (string problem, string why, string action) = reason switch
        {
            "InvalidImageName" => ("InvalidImageName", "is no possible name of an image", "Correct the name: registry/repository:tag in small letters."),
            "ErrImageNeverPull" => ("ImageNeverPulled", "is not on the node, and imagePullPolicy is Never", "Load the image on the node, or set imagePullPolicy: IfNotPresent."),
            _ when Contains(says, "unauthorized", "authentication required", "denied", "401", "403") => (
                "ImagePullDenied", "may not be pulled, or does not exist",
                spec.Objects("imagePullSecrets").Any()
                    ? $"Check the pull secret {string.Join(", ", spec.Objects("imagePullSecrets").Select(s => s.Text("name")))} and the name of the image."
                    : "The pod has no imagePullSecrets: create a secret of type kubernetes.io/dockerconfigjson and name it there; check the name of the image, too."),
            _ when Contains(says, "not found", "manifest unknown", "does not exist", "name unknown") => (
                "ImageNotFound", "does not exist in its registry", "Correct the image's name and tag (Set-LabWorkloadImage), or push it."),
            _ when Contains(says, "no such host", "connection refused", "dial tcp", "timeout", "deadline exceeded", "x509", "certificate", "EOF", "lookup ", "http: server gave HTTP response") => (
                "RegistryUnreachable", "cannot be pulled: its registry does not answer the node", "Check the registry's name in the image, and whether the node reaches it; an image that is on the node already needs imagePullPolicy: IfNotPresent, which is the default for any tag but latest."),
            _ => ("ImagePullFailed", "cannot be pulled", "Check the image's name and tag (Set-LabWorkloadImage), its registry and the pull secret."),
        };
        return Cause(problem, $"The image '{image}' of the {what} '{name}' {why}. The node says: {says.TrimEnd('.')}.", action, 80);
    }

    private static LabPodFinding Config(string what, string name, string message)
    {
        if (MissingReference().Match(message) is { Success: true } missing)
        {
            string kind = missing.Groups["kind"].Value.Equals("secret", StringComparison.OrdinalIgnoreCase) ? "Secret" : "ConfigMap";
            return Cause(
                kind + "Missing", $"The {what} '{name}' needs the {kind} '{missing.Groups["name"].Value}', which does not exist in the namespace.",
                $"Create the {kind}, correct its name, or mark the reference optional: true.", 82);
        }

        if (message.Contains("couldn't find key", StringComparison.Ordinal))
        {
            return Cause("KeyMissing", $"The {what} '{name}' {message.TrimEnd('.')}.", "Add the key, or correct its name in the container's env.", 82);
        }

        return message.Contains("runAsNonRoot", StringComparison.Ordinal)
            ? Cause("RunsAsRoot", $"The {what} '{name}' may not start: {message.TrimEnd('.')}.", "Set securityContext.runAsUser to a user other than 0, or use an image that has one.", 82)
            : Cause("ConfigError", $"The {what} '{name}' cannot be created: {message.TrimEnd('.')}.", "Correct what the message names in the container's spec.", 81);
    }

    private static LabPodFinding Crash(JsonObject wanted, string what, string name, JsonObject ended, long restarts, JsonObject[] events, string image)
    {
        int code = (int)(ended.Number("exitCode") ?? 0);
        string reason = ended.Text("reason") ?? "", message = OneLine.Of(ended.Text("message"));
        string again = restarts > 0 ? $"; {restarts} restart{(restarts == 1 ? "" : "s")}" : "";
        string command = string.Join(' ', wanted.Texts("command").Concat(wanted.Texts("args")));
        if (reason == "OOMKilled")
        {
            string limit = wanted.Object("resources")?.Object("limits")?["memory"]?.ToString() ?? "";
            return Cause(
                "OutOfMemory", $"The {what} '{name}' was killed because it used more memory than {(limit.Length > 0 ? $"its limit of {limit}" : "its node had left; it has no limit")} (OOMKilled, exit code {code}{again}).",
                limit.Length > 0 ? "Raise resources.limits.memory above what it needs, or make it use less." : "Set resources.requests.memory and limits.memory to what it needs.", 79);
        }

        if (reason is "StartError" or "ContainerCannotRun" || code is 126 or 127)
        {
            bool noAccess = code == 126 || message.Contains("permission denied", StringComparison.Ordinal);
            return Cause(
                noAccess ? "CommandNotExecutable" : "CommandNotFound",
                $"The {what} '{name}' cannot start: {(message.Length > 0 ? Program().Match(message) is { Success: true } p ? p.Value : message.TrimEnd('.') : $"its command{(command.Length > 0 ? $" '{command}'" : "")} {(noAccess ? "is not executable" : "was not found")}")} (exit code {code}{again}).",
                $"Correct command and args: the program must be in the image '{image}'{(noAccess ? " and executable" : "")}.", 78);
        }

        if (Liveness(events, what, name) is { } probe && code is 137 or 143)
        {
            return probe;
        }

        string meaning = code switch
        {
            137 => ", killed by SIGKILL: the node ran out of memory, or it did not end in its grace period",
            _ => ExitCodes.SignalOf(code) is { } signal ? $", ended by {signal}" : "",
        };
        bool init = what != "container";
        return Cause(
            init ? "InitContainerFailing" : "ContainerCrashes", $"The {what} '{name}' fails with exit code {code}{meaning}{again}{(message.Length > 0 ? $": {message.TrimEnd('.')}" : "")}.",
            init ? "Look at Log for what it says; the pod's containers start when it succeeds." : "Look at Log for what it said last, and correct its command, configuration or image; Undo-LabRollout goes back to the revision before.",
            init ? 77 : 76);
    }

    private static LabPodFinding? Liveness(JsonObject[] events, string what, string name) =>
        Find(events, "Unhealthy", "Liveness probe") is { } probe
            ? Cause(
                "LivenessProbeFailing", $"The {what} '{name}' is restarted because its liveness probe fails: {After(OneLine.Of(probe.Text("message")), "failed: ").TrimEnd('.')}.",
                "Correct the probe's path, port or command; a startupProbe or initialDelaySeconds gives a slow container time.", 77)
            : null;

    private static IEnumerable<LabPodFinding> Mounts(IReadOnlyList<JsonObject> events)
    {
        foreach (JsonObject happened in events.Where(e => e.Text("reason") is "FailedMount" or "FailedAttachVolume" or "FailedCreatePodSandBox" or "FailedMapVolume").DistinctBy(e => e.Text("reason")))
        {
            string message = OneLine.Of(happened.Text("message"));
            if (MissingReference().Match(message) is { Success: true } missing)
            {
                string kind = missing.Groups["kind"].Value.Equals("secret", StringComparison.OrdinalIgnoreCase) ? "Secret" : "ConfigMap";
                yield return Cause(
                    kind + "Missing", $"A volume of the pod needs the {kind} '{missing.Groups["name"].Value}', which does not exist in the namespace.",
                    $"Create the {kind}, correct its name in spec.volumes, or mark it optional: true.", 82);
            }
            else
            {
                yield return Cause(
                    happened.Text("reason") == "FailedCreatePodSandBox" ? "SandboxFailed" : "VolumeFailed", $"The node cannot prepare the pod: {message.TrimEnd('.')}.",
                    "Correct what the message names; where it is the node's network or storage driver, look at that.", 65);
            }
        }
    }

    private static string Failure(string message, JsonObject[] events)
    {
        // While it backs off, the container says only that it does; the reason came before.
        string? told = events.Where(e => e.Text("reason") == "Failed").Select(e => OneLine.Of(e.Text("message"))).FirstOrDefault(text => text.StartsWith("Failed to pull image", StringComparison.Ordinal));
        string words = message.Contains("ErrImagePull:", StringComparison.Ordinal) ? After(message, "ErrImagePull: ") : told is not null ? After(told, "\": ") : message;
        return words.Length > 300 ? words[..300] + "…" : words;
    }

    private static JsonObject? Find(IEnumerable<JsonObject> events, string reason, params string[] words) =>
        events.FirstOrDefault(e => e.Text("reason") == reason && (e.Text("message") ?? "") is var message && Array.Exists(words, word => message.Contains(word, StringComparison.Ordinal)));

    /// <summary>A probe as its spec says it, in a few words.</summary>
    /// <param name="probe">The probe.</param>
    /// <returns><c>GET :8080/healthz every 10 s</c>; <c>none</c> for null.</returns>
    public static string Probe(JsonObject? probe)
    {
        if (probe is null)
        {
            return "none";
        }

        string action = probe.Object("httpGet") is { } get ? $"GET :{get["port"]}{get.Text("path") ?? "/"}"
            : probe.Object("tcpSocket") is { } socket ? $"tcp :{socket["port"]}"
            : probe.Object("grpc") is { } grpc ? $"grpc :{grpc["port"]}"
            : probe.Object("exec") is { } exec ? string.Join(' ', exec.Texts("command"))
            : "nothing";
        return $"{action} every {probe.Number("periodSeconds") ?? 10} s";
    }

    private static string Requested(JsonObject spec, string resource) =>
        string.Join(" + ", spec.Objects("containers").Select(container => container.Object("resources")?.Object("requests")?[resource]?.ToString()).OfType<string>()) is { Length: > 0 } all ? all : "0";

    private static bool Contains(string text, params string[] words) => Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string After(string text, string word) => text.IndexOf(word, StringComparison.Ordinal) is var at and >= 0 ? text[(at + word.Length)..] : text;

    [GeneratedRegex("exceeded quota: (?<name>[^,]+), (?<rest>.*)$")]
    private static partial Regex ExceededQuota();

    [GeneratedRegex("Insufficient (?<what>[^ ,.]+)")]
    private static partial Regex Insufficient();

    // What follows is about removing other pods for it, which no one asked for.
    [GeneratedRegex(@"\.? ?(preemption: .*|no new claims to deallocate,?.*)$")]
    private static partial Regex PreemptionNote();

    [GeneratedRegex("(?<kind>configmap|secret) \"(?<name>[^\"]+)\" not found", RegexOptions.IgnoreCase)]
    private static partial Regex MissingReference();

    [GeneratedRegex("exec: .*$")]
    private static partial Regex Program();
}
