using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>Says what troubles a pod, or a workload or service and its pods.</summary>
/// <param name="api">The cluster.</param>
/// <param name="context">Name of its context, which the pods then have with them; null if none.</param>
public sealed class PodReporter(KubernetesApi api, string? context = null)
{
    private const int MostEvents = 20, MostChecked = 5;

    private readonly WorkloadPods workloads = new(api);

    /// <summary>Makes a report.</summary>
    /// <param name="resource">Kind of the object: pods, or anything with a selector.</param>
    /// <param name="target">The object.</param>
    /// <param name="tail">How many lines of the log it has.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The report. Throws <see cref="LabException"/> (<c>KindNotSupported</c>) for a kind that has no pods.</returns>
    public async Task<LabPodReport> ReportAsync(ApiResource resource, LabResource target, int tail, CancellationToken cancellation)
    {
        JsonObject content = target.ToObject();
        string ns = target.Namespace ?? "";
        bool isPod = resource is { Group: "", Kind: "Pod" }, isService = resource is { Group: "", Kind: "Service" };
        if (!isPod && !isService && PodTemplate.Of(content) is null)
        {
            throw new LabException(
                LabErrorKind.NotSupported, "KindNotSupported", $"A {resource.Kind} has no pods: give a pod, a workload or a service.") { Target = resource.Describe(ns, target.Name) };
        }

        JsonObject[] all = [.. (await api.GetAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/pods?limit=500", cancellation)).Objects("items")];
        List<JsonObject> between = isPod || isService ? [] : await BetweenAsync(ns, content, cancellation);
        JsonObject[] pods = isPod ? [content]
            : isService ? [.. all.Where(pod => Selects(content, pod))]
            : [.. all.Where(pod => Owned(pod, content) || between.Exists(owner => Owned(pod, owner)))];
        Dictionary<string, JsonObject[]> events = await EventsAsync(ns, cancellation);
        JsonObject[] EventsOf(JsonObject item) => events.GetValueOrDefault(Uid(item), []);

        List<LabPodFinding> found = [.. pods.SelectMany(pod => PodFindings.Of(pod, EventsOf(pod)))];
        foreach (JsonObject pod in pods.Where(pod => !pod.Holds("Ready") && pod.Object("status")?.Text("phase") is "Pending" or "Running").Take(MostChecked))
        {
            found.AddRange(await ReferencesAsync(ns, pod, cancellation));
        }

        if (!isPod && !isService)
        {
            found.AddRange(Workload(resource, content, pods.Length, between.Prepend(content).SelectMany(EventsOf)));
            // A revision that fails beside one that works: the pods of both are there.
            found.AddRange(await ServicesAsync(ns, content, all, cancellation));
        }

        if (isService)
        {
            found.AddRange(Service(content, all, pods));
        }
        else if (isPod)
        {
            found.AddRange(await ServicesAsync(ns, content, all, cancellation));
        }

        LabPodFinding[] ordered =
        [
            .. found.GroupBy(one => (one.Problem, one.Container, Message: Alike(one)))
                .Select(same => same.First() with { Pods = [.. same.SelectMany(one => one.Pods).Distinct().Order(StringComparer.Ordinal)] })
                .OrderBy(one => one.Importance).ThenByDescending(one => one.Rank).ThenByDescending(one => one.Pods.Count),
        ];
        (string? source, IReadOnlyList<string> log) = tail == 0 ? (null, []) : await LogAsync(ns, pods, ordered, tail, cancellation);
        JsonObject spec = isPod ? content.Object("spec") ?? [] : PodTemplate.Of(content)?.Object("spec") ?? pods.FirstOrDefault()?.Object("spec") ?? [];
        return new LabPodReport
        {
            Kind = resource.Kind,
            Name = target.Name,
            Namespace = target.Namespace,
            State = target.State,
            Ready = target.Ready ?? string.Create(CultureInfo.InvariantCulture, $"{pods.Count(pod => pod.Holds("Ready"))}/{pods.Length}"),
            Findings = ordered,
            Nodes = [.. pods.Select(pod => pod.Object("spec")?.Text("nodeName")).OfType<string>().Distinct()],
            Images = [.. PodTemplate.Containers(spec).Select(container => container.Text("image")).OfType<string>().Distinct()],
            Containers = [.. pods.SelectMany(Containers)],
            Events =
            [
                .. pods.Concat(between).Append(content).DistinctBy(Uid).SelectMany(EventsOf)
                    .OrderByDescending(WorkloadPods.TimeOf, StringComparer.Ordinal).Take(MostEvents).Select(Told),
            ],
            Quota = await QuotaAsync(ns, cancellation),
            Log = log,
            LogSource = source,
            Pods = [.. pods.Select(PodOf)],
        };
    }

    // What is in a list does not say what it is.
    private LabResource PodOf(JsonObject pod)
    {
        JsonObject whole = (JsonObject)pod.DeepClone();
        whole["apiVersion"] = "v1";
        whole["kind"] = "Pod";
        return ResourceKinds.Create(whole, origin: new ResourceOrigin(context, false));
    }

    private static string Uid(JsonObject item) => item.Object("metadata")?.Text("uid") ?? "";

    private static string Name(JsonObject item) => item.Object("metadata")?.Text("name") ?? "";

    private static bool Owned(JsonObject item, JsonObject owner) =>
        (item.Object("metadata")?.Objects("ownerReferences") ?? []).Any(reference => reference.Text("uid") == Uid(owner));

    // Restarts and times differ from pod to pod, and still it is the same trouble.
    private static string Alike(LabPodFinding finding) => finding.Problem is "ContainerCrashes" or "OutOfMemory" or "CommandNotFound" or "InitContainerFailing" ? "" : finding.Message;

    private static bool Selects(JsonObject service, JsonObject pod) =>
        service.Object("spec")?.Object("selector") is { Count: > 0 } selector && LabelMatch.ByMap(selector, pod.Object("metadata")?.Object("labels"));

    private static string Labels(JsonObject? labels) => string.Join(", ", (labels ?? []).Select(pair => $"{pair.Key}={pair.Value}"));

    /// <summary>An event in a line.</summary>
    /// <param name="happened">The event.</param>
    /// <returns>Time, type, reason, object and message.</returns>
    internal static string Told(JsonObject happened)
    {
        JsonObject about = happened.Object("involvedObject") ?? [];
        long count = happened.Object("series")?.Number("count") ?? happened.Number("count") ?? 1;
        string message = string.Join(' ', (happened.Text("message") ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"{WorkloadPods.TimeOf(happened)} {happened.Text("type")} {happened.Text("reason")} {about.Text("kind")}/{about.Text("name")}: {message}{(count > 1 ? $" ({count} times)" : "")}";
    }

    private static IEnumerable<string> Containers(JsonObject pod)
    {
        JsonObject spec = pod.Object("spec") ?? [], status = pod.Object("status") ?? [];
        JsonObject[] states = [.. status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses"))];
        foreach (JsonObject container in PodTemplate.Containers(spec))
        {
            JsonObject? state = states.FirstOrDefault(s => s.Text("name") == container.Text("name"));
            JsonObject? now = state?.Object("state");
            string word = now?.Object("running") is not null ? state!.Flag("ready") ? "ready" : "running"
                : now?.Object("waiting")?.Text("reason") ?? now?.Object("terminated")?.Text("reason") ?? "not started";
            string resources = string.Join(
                ", ", new[] { "requests", "limits" }.Select(part => (part, Labels(container.Object("resources")?.Object(part)))).Where(pair => pair.Item2.Length > 0).Select(pair => $"{pair.part} {pair.Item2}"));
            string probes = string.Join(
                ", ", new[] { "startup", "readiness", "liveness" }.Where(kind => container.ContainsKey(kind + "Probe")).Select(kind => $"{kind} {PodFindings.Probe(container.Object(kind + "Probe"))}"));
            yield return string.Join("; ", new[]
            {
                $"{Name(pod)}/{container.Text("name")}: {word}, {state?.Number("restartCount") ?? 0} restarts, image {container.Text("image")}", resources, probes,
            }.Where(part => part.Length > 0));
        }
    }

    private static IEnumerable<LabPodFinding> Workload(ApiResource resource, JsonObject content, int pods, IEnumerable<JsonObject> events)
    {
        JsonObject spec = content.Object("spec") ?? [];
        long wanted = resource.Kind is "DaemonSet" ? content.Object("status")?.Number("desiredNumberScheduled") ?? 0 : spec.Number(resource.Kind == "Job" ? "parallelism" : "replicas") ?? 1;
        // Old refusals stay in the events for an hour: they count only while pods are missing.
        bool missing = pods < wanted && !content.Holds("Complete");
        string? refusal = content.Condition("ReplicaFailure") is { } failure && failure.Text("status") == "True" ? failure.Text("message")
            : missing ? events.OrderByDescending(WorkloadPods.TimeOf, StringComparer.Ordinal).FirstOrDefault(e => e.Text("reason") == "FailedCreate")?.Text("message")
            : null;
        if (refusal is not null)
        {
            yield return PodFindings.Refused(refusal);
        }
        else if (wanted == 0 && resource.Kind is not ("DaemonSet" or "CronJob"))
        {
            yield return new LabPodFinding
            {
                Importance = FindingImportance.Warning, Problem = "ScaledToZero", Message = $"The {resource.Kind} is scaled to 0, so it has no pods.", Action = "Scale it: Set-LabScale.",
            };
        }

        if (spec.Flag("paused") || spec.Flag("suspend"))
        {
            yield return new LabPodFinding
            {
                Importance = FindingImportance.Warning, Problem = "Suspended", Message = $"The {resource.Kind} is {(spec.Flag("paused") ? "paused, so changes are not rolled out" : "suspended")}.", Action = "Let it go on: Resume-LabRollout.",
            };
        }

        if (resource.Kind == "Job" && content.Condition("Failed") is { } failed && failed.Text("status") == "True")
        {
            yield return new LabPodFinding
            {
                Importance = FindingImportance.Warning, Problem = failed.Text("reason") ?? "JobFailed", Message = $"The Job has failed: {failed.Text("message")?.TrimEnd('.')}.",
                Action = "Correct what its pods fail at, and create the Job again: a Job's template cannot be changed.", Rank = 60,
            };
        }
    }

    private static IEnumerable<LabPodFinding> Service(JsonObject service, JsonObject[] all, JsonObject[] pods)
    {
        JsonObject spec = service.Object("spec") ?? [];
        if (spec.Object("selector") is not { Count: > 0 } selector)
        {
            yield break;
        }

        if (pods.Length == 0)
        {
            yield return Unselective(service, selector, all);
            yield break;
        }

        foreach (JsonObject port in spec.Objects("ports").Where(port => port["targetPort"] is JsonValue named && named.GetValueKind() == System.Text.Json.JsonValueKind.String))
        {
            string target = port["targetPort"]!.GetValue<string>();
            if (!pods.SelectMany(pod => pod.Object("spec")?.Objects("containers") ?? []).SelectMany(container => container.Objects("ports")).Any(open => open.Text("name") == target))
            {
                yield return new LabPodFinding
                {
                    Importance = FindingImportance.Cause, Problem = "PortMissing", Rank = 72,
                    Message = $"The service '{Name(service)}' leads to the port '{target}', and no container of its pods has a port of that name.",
                    Action = "Name the port in the container's ports, or give targetPort as a number.",
                };
            }
        }

        if (!Array.Exists(pods, pod => pod.Holds("Ready")))
        {
            yield return new LabPodFinding
            {
                Importance = FindingImportance.Warning, Problem = "NoReadyEndpoints", Rank = 55,
                Message = $"The service '{Name(service)}' has no endpoint: none of its {pods.Length} pods is ready.", Action = "Correct what keeps the pods from being ready.",
            };
        }
    }

    private static LabPodFinding Unselective(JsonObject service, JsonObject selector, JsonObject[] all)
    {
        // The pod that has most of it is the one that is probably meant.
        JsonObject? near = all
            .Select(pod => (Pod: pod, Labels: pod.Object("metadata")?.Object("labels") ?? []))
            .Select(pair => (pair.Pod, Score: selector.Sum(want => JsonNode.DeepEquals(pair.Labels[want.Key], want.Value) ? 2 : pair.Labels.ContainsKey(want.Key) ? 1 : 0)))
            .Where(pair => pair.Score > 0).OrderByDescending(pair => pair.Score).FirstOrDefault().Pod;
        string hint = near is null ? "" : $"; the pod '{Name(near)}' has {Labels(near.Object("metadata")?.Object("labels"))}";
        return new LabPodFinding
        {
            Importance = FindingImportance.Cause, Problem = "SelectorMatchesNothing", Rank = 74,
            Message = $"The service '{Name(service)}' selects {Labels(selector)}, which no pod of the namespace has, so it has no endpoints{hint}.",
            Action = $"Correct spec.selector of the service (Edit-LabResource service/{Name(service)}), or the labels of the pod template.",
        };
    }

    // Services that would lead here if their selector were right: of the same name, or with the same labels by another value.
    private async Task<IEnumerable<LabPodFinding>> ServicesAsync(string ns, JsonObject content, JsonObject[] all, CancellationToken cancellation)
    {
        JsonObject labels = (PodTemplate.Of(content) ?? content).Object("metadata")?.Object("labels") ?? [];
        IEnumerable<JsonObject> services = await ReadAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/services", cancellation);
        return
        [
            .. from service in services
               let selector = service.Object("spec")?.Object("selector")
               where selector is { Count: > 0 } && !Array.Exists(all, pod => Selects(service, pod)) && !LabelMatch.ByMap(selector, labels)
               where Name(service) == Name(content) || selector.Any(pair => labels.ContainsKey(pair.Key))
               select Unselective(service, selector, all),
        ];
    }

    private async Task<IEnumerable<LabPodFinding>> ReferencesAsync(string ns, JsonObject pod, CancellationToken cancellation)
    {
        IEnumerable<(string Kind, string Name)> wanted = PodReferences.Of(pod.Object("spec") ?? [])
            .Where(reference => reference is { Optional: false, Kind: "ConfigMap" or "Secret" or "PersistentVolumeClaim" })
            .Select(reference => (reference.Use == PodReferenceUse.ImagePull ? "PullSecret" : reference.Kind, reference.Name)).Distinct();
        List<LabPodFinding> found = [];
        foreach ((string kind, string name) in wanted)
        {
            (string plural, string shown) = kind switch
            {
                "ConfigMap" => ("configmaps", kind), "PersistentVolumeClaim" => ("persistentvolumeclaims", kind), _ => ("secrets", "Secret"),
            };
            try
            {
                await api.GetAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/{plural}/{Uri.EscapeDataString(name)}", cancellation, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                bool pull = kind == "PullSecret";
                found.Add(new LabPodFinding
                {
                    // A pull secret is only missed where the image needs it.
                    Importance = pull ? FindingImportance.Warning : FindingImportance.Cause,
                    Problem = pull ? "PullSecretMissing" : kind == "PersistentVolumeClaim" ? "ClaimMissing" : kind + "Missing",
                    Message = $"The pod needs the {shown} '{name}', which does not exist in the namespace.",
                    Action = $"Create the {shown}, or correct its name.",
                    Pods = [Name(pod)],
                    Rank = 81,
                });
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                // Who may not read secrets is not told whether they are there.
            }
        }

        return found;
    }

    // ReplicaSets between a Deployment and its pods, Jobs between a CronJob and its own.
    private async Task<List<JsonObject>> BetweenAsync(string ns, JsonObject workload, CancellationToken cancellation)
    {
        string? path = workload.Text("kind") switch
        {
            "Deployment" => "/apis/apps/v1/namespaces/{0}/replicasets",
            "CronJob" => "/apis/batch/v1/namespaces/{0}/jobs",
            _ => null,
        };
        return path is null ? [] : [.. (await ReadAsync(string.Format(CultureInfo.InvariantCulture, path, Uri.EscapeDataString(ns)), cancellation)).Where(item => Owned(item, workload))];
    }

    private async Task<Dictionary<string, JsonObject[]>> EventsAsync(string ns, CancellationToken cancellation) =>
        (await ReadAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/events", cancellation))
            .GroupBy(e => e.Object("involvedObject")?.Text("uid") ?? "")
            .ToDictionary(same => same.Key, same => same.OrderByDescending(WorkloadPods.TimeOf, StringComparer.Ordinal).ToArray());

    private async Task<IReadOnlyList<string>> QuotaAsync(string ns, CancellationToken cancellation) =>
    [
        .. from quota in await ReadAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/resourcequotas", cancellation)
           let used = quota.Object("status")?.Object("used") ?? []
           from hard in quota.Object("status")?.Object("hard") ?? []
           select $"{Name(quota)}: {hard.Key} {used[hard.Key]} of {hard.Value}",
    ];

    private async Task<IEnumerable<JsonObject>> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return (await api.GetAsync(path, cancellation)).Objects("items");
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            // A report of what may be read is better than none.
            return [];
        }
    }

    private async Task<(string? Source, IReadOnlyList<string> Lines)> LogAsync(
        string ns, JsonObject[] pods, LabPodFinding[] findings, int tail, CancellationToken cancellation)
    {
        LabPodFinding? about = Array.Find(findings, one => one.Container is not null && one.Pods.Count > 0 && one.Importance != FindingImportance.Note);
        JsonObject? pod = about is null ? null : Array.Find(pods, pod => Name(pod) == about.Pods[0]);
        JsonObject? state = (pod?.Object("status")?.Objects("initContainerStatuses") ?? []).Concat(pod?.Object("status")?.Objects("containerStatuses") ?? [])
            .FirstOrDefault(state => state.Text("name") == about!.Container);
        if (pod is null || state is null)
        {
            return (null, []);
        }

        // Where it waits for its next start, what it said is in the log of the one before.
        bool previous = state.Object("state")?.Object("terminated") is null && state.Object("lastState")?.Object("terminated") is not null;
        foreach (bool before in previous ? new[] { true, false } : [false])
        {
            IReadOnlyList<string> lines = await new PodLogTail(api).ReadAsync(ns, Name(pod), about!.Container!, tail, before, cancellation);
            if (lines.Count > 0)
            {
                return ($"{Name(pod)} container {about.Container}{(before ? " (before its restart)" : "")}", lines);
            }
        }

        return (null, []);
    }
}
