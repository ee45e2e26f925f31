using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Review.Services;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>Says what troubles a pod, or a workload or service and its pods.</summary>
/// <param name="api">The cluster.</param>
/// <param name="context">Name of its context, which the pods then have with them; null if none.</param>
public sealed class PodReporter(KubernetesApi api, string? context = null)
{
    private const int MostEvents = 20, MostChecked = 5;

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

        ClusterLists lists = new(api);
        IReadOnlyList<JsonObject> all = await lists.ReadAsync(PodFinder.Pods, ns, cancellation) ?? throw lists.Unread[PodFinder.Pods.Name];
        IReadOnlyList<JsonObject> between = isPod || isService ? [] : await BetweenAsync(lists, ns, content, cancellation);
        JsonObject[] pods = isPod ? [content]
            : isService ? [.. all.Where(pod => Selects(content, pod))]
            : [.. all.Where(pod => pod.IsOwnedBy(content) || between.Any(owner => pod.IsOwnedBy(owner)))];
        IReadOnlyList<JsonObject> happened = await lists.ReadAsync("events", ns, cancellation) ?? [];
        ILookup<string, JsonObject> events = ObjectEvents.ByObject(happened);
        JsonObject[] EventsOf(JsonObject item) => [.. events[item.Uid() ?? ""]];

        List<LabPodFinding> found = [.. pods.SelectMany(pod => PodFindings.Of(pod, EventsOf(pod)))];
        foreach (JsonObject pod in pods.Where(pod => !pod.Holds("Ready") && pod.Phase() is "Pending" or "Running").Take(MostChecked))
        {
            found.AddRange(await ReferencesAsync(ns, pod, cancellation));
        }

        if (!isPod && !isService)
        {
            found.AddRange(Workload(resource, content, pods.Length, between.Prepend(content).SelectMany(EventsOf)));
        }

        // A revision that fails beside one that works: the pods of both are there.
        found.AddRange(await ServicesAsync(lists, ns, content, isService, all, happened, cancellation));
        LabPodFinding[] ordered =
        [
            .. found.GroupBy(one => (one.Rule, one.Container, Message: Alike(one)))
                .Select(same => same.First() with { Pods = [.. same.SelectMany(one => one.Pods).Distinct().Order(StringComparer.Ordinal)] })
                .OrderByDescending(one => one.Severity).ThenByDescending(one => one.Rank).ThenByDescending(one => one.Pods.Count),
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
                .. ObjectEvents.Latest(pods.Concat(between).Append(content).DistinctBy(ObjectMetadata.Uid).SelectMany(EventsOf)).Take(MostEvents).Select(ObjectEvents.Told),
            ],
            Quota = await QuotaAsync(lists, ns, cancellation),
            Log = log,
            LogSource = source,
            Pods = [.. pods.Select(pod => ResourceKinds.Create(pod, PodFinder.Pods, new ResourceOrigin(context, false)))],
        };
    }

    // Restarts and times differ from pod to pod, and still it is the same trouble.
    private static string Alike(LabPodFinding finding) => finding.Rule is "ContainerCrashes" or "OutOfMemory" or "CommandNotFound" or "InitContainerFailing" ? "" : finding.Message;

    private static bool Selects(JsonObject service, JsonObject pod) =>
        service.Object("spec")?.Object("selector") is { Count: > 0 } selector && LabelMatch.ByMap(selector, pod.Labels());

    private static string Labels(JsonObject? labels) => string.Join(", ", (labels ?? []).Select(pair => $"{pair.Key}={pair.Value}"));

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
                $"{pod.Name()}/{container.Text("name")}: {word}, {state?.Number("restartCount") ?? 0} restarts, image {container.Text("image")}", resources, probes,
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
            : missing ? ObjectEvents.Latest(events).FirstOrDefault(e => e.Text("reason") == "FailedCreate")?.Text("message")
            : null;
        if (refusal is not null)
        {
            yield return PodFindings.Refused(refusal);
        }
        else if (wanted == 0 && resource.Kind is not ("DaemonSet" or "CronJob"))
        {
            yield return new LabPodFinding
            {
                Severity = FindingSeverity.Medium, Rule = "ScaledToZero", Message = $"The {resource.Kind} is scaled to 0, so it has no pods.", Action = "Scale it: Set-LabScale.",
            };
        }

        if (spec.Flag("paused") || spec.Flag("suspend"))
        {
            yield return new LabPodFinding
            {
                Severity = FindingSeverity.Medium, Rule = "Suspended", Message = $"The {resource.Kind} is {(spec.Flag("paused") ? "paused, so changes are not rolled out" : "suspended")}.", Action = "Let it go on: Resume-LabRollout.",
            };
        }

        if (resource.Kind == "Job" && content.Condition("Failed") is { } failed && failed.Text("status") == "True")
        {
            yield return new LabPodFinding
            {
                Severity = FindingSeverity.Medium, Rule = failed.Text("reason") ?? "JobFailed", Message = $"The Job has failed: {failed.Text("message")?.TrimEnd('.')}.",
                Action = "Correct what its pods fail at, and create the Job again: a Job's template cannot be changed.", Rank = 60,
            };
        }
    }

    // What is wrong with a service; or the services that would lead to a workload if their selector were right: of the same name, or with the same labels by another value.
    private static async Task<IEnumerable<LabPodFinding>> ServicesAsync(
        ClusterLists lists, string ns, JsonObject content, bool isService, IReadOnlyList<JsonObject> pods, IReadOnlyList<JsonObject> events, CancellationToken cancellation)
    {
        JsonObject labels = (PodTemplate.Of(content) ?? content).Labels() ?? [];
        JsonObject[] services = isService ? [content] :
        [
            .. from service in await lists.ReadAsync("services", ns, cancellation) ?? []
               let selector = service.Object("spec")?.Object("selector")
               where selector is { Count: > 0 } && !pods.Any(pod => Selects(service, pod)) && !LabelMatch.ByMap(selector, labels)
               where service.Name() == content.Name() || selector.Any(pair => labels.ContainsKey(pair.Key))
               select service,
        ];
        if (services.Length == 0)
        {
            return [];
        }

        ServiceSurroundings around = new() { Pods = pods, Events = events, Workloads = await ServiceResolver.WorkloadsAsync(lists, ns, cancellation) };
        return services.Select(service => new ServiceReview(service, around)).SelectMany(review => review.Ports.SelectMany(review.Findings)).Distinct()
            .Where(one => isService || one.Rule == ServiceRule.SelectorMatchesNothing.Id)
            .Select(one => new LabPodFinding
            {
                // That no pod is ready is the consequence; why it is not, the pods themselves say.
                Severity = one.Rule == ServiceRule.NoReadyEndpoints.Id ? FindingSeverity.Medium : one.Severity,
                Rule = one.Rule, Message = one.Message, Action = one.Action, Rank = one.Rule == ServiceRule.NoReadyEndpoints.Id ? 55 : 74,
            });
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
            if (await api.MayExistAsync($"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/{plural}/{Uri.EscapeDataString(name)}", cancellation))
            {
                continue;
            }

            bool pull = kind == "PullSecret";
            found.Add(new LabPodFinding
            {
                // A pull secret is only missed where the image needs it.
                Severity = pull ? FindingSeverity.Medium : FindingSeverity.High,
                Rule = pull ? "PullSecretMissing" : kind == "PersistentVolumeClaim" ? "ClaimMissing" : kind + "Missing",
                Message = $"The pod needs the {shown} '{name}', which does not exist in the namespace.",
                Action = $"Create the {shown}, or correct its name.",
                Pods = [pod.Name()],
                Rank = 81,
            });
        }

        return found;
    }

    // ReplicaSets between a Deployment and its pods, Jobs between a CronJob and its own.
    private static async Task<IReadOnlyList<JsonObject>> BetweenAsync(ClusterLists lists, string ns, JsonObject workload, CancellationToken cancellation)
    {
        string? kind = workload.Text("kind") switch { "Deployment" => "replicasets.apps", "CronJob" => "jobs.batch", _ => null };
        return kind is null ? [] : [.. (await lists.ReadAsync(kind, ns, cancellation) ?? []).Where(item => item.IsOwnedBy(workload))];
    }

    private static async Task<IReadOnlyList<string>> QuotaAsync(ClusterLists lists, string ns, CancellationToken cancellation) =>
    [
        .. from quota in await lists.ReadAsync("resourcequotas", ns, cancellation) ?? []
           let used = quota.Object("status")?.Object("used") ?? []
           from hard in quota.Object("status")?.Object("hard") ?? []
           select $"{quota.Name()}: {hard.Key} {used[hard.Key]} of {hard.Value}",
    ];

    private async Task<(string? Source, IReadOnlyList<string> Lines)> LogAsync(
        string ns, JsonObject[] pods, LabPodFinding[] findings, int tail, CancellationToken cancellation)
    {
        LabPodFinding? about = Array.Find(findings, one => one.Container is not null && one.Pods.Count > 0 && one.Severity > FindingSeverity.Low);
        JsonObject? pod = about is null ? null : Array.Find(pods, pod => pod.Name() == about.Pods[0]);
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
            IReadOnlyList<string> lines = await new PodLogTail(api).ReadAsync(ns, pod.Name(), about!.Container!, tail, before, cancellation);
            if (lines.Count > 0)
            {
                return ($"{pod.Name()} container {about.Container}{(before ? " (before its restart)" : "")}", lines);
            }
        }

        return (null, []);
    }
}
