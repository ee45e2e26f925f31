using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>Starts pods and Jobs, and stays with them to their end.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Sees progress.</param>
public sealed partial class PodRunner(KubernetesApi api, IReporter reporter)
{
    private const string Letters = "bcdfghjklmnpqrstvwxz2456789";
    private static readonly TimeSpan RemovalTime = TimeSpan.FromSeconds(10);

    /// <summary>Kind of Jobs.</summary>
    internal static readonly ApiResource Jobs = new()
    {
        Group = "batch", Version = "v1", Kind = "Job", Plural = "jobs", Singular = "job", Namespaced = true,
    };

    private static readonly ApiResource CronJobs = Jobs with { Kind = "CronJob", Plural = "cronjobs", Singular = "cronjob" };

    // What does not pass by itself, or not soon enough for somebody who waits.
    private static readonly HashSet<string> Stuck =
    [
        "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff",
    ];

    /// <summary>Creates a pod.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The pod. Throws <see cref="LabException"/> with the server's reason.</returns>
    public async Task<LabResource> StartAsync(PodRunOptions options, CancellationToken cancellation)
    {
        string name = options.Name ?? $"{NameOf(options.Image)}-{Suffix()}";
        JsonObject pod = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = options.Namespace, ["labels"] = Labels(options, "run", name) },
            ["spec"] = Spec(options, name),
        };
        return ResourceKinds.Create(await api.CreateAsync(PodFinder.Pods, options.Namespace, pod, cancellation), PodFinder.Pods);
    }

    /// <summary>Creates a Job with a pod of one container.</summary>
    /// <param name="options">What the pod shall be.</param>
    /// <param name="backoffLimit">How often a failed pod is replaced.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The Job.</returns>
    public async Task<LabResource> StartJobAsync(PodRunOptions options, int backoffLimit, CancellationToken cancellation)
    {
        string name = options.Name ?? $"{NameOf(options.Image)}-{Suffix()}";
        JsonObject job = new()
        {
            ["apiVersion"] = Jobs.ApiVersion,
            ["kind"] = Jobs.Kind,
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = options.Namespace, ["labels"] = Labels(options, null, name) },
            ["spec"] = new JsonObject
            {
                ["backoffLimit"] = backoffLimit,
                ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = Labels(options, null, name) }, ["spec"] = Spec(options, name) },
            },
        };
        return ResourceKinds.Create(await api.CreateAsync(Jobs, options.Namespace, job, cancellation), Jobs);
    }

    /// <summary>Creates a Job as a CronJob would, now.</summary>
    /// <param name="cronJob">Name of the CronJob.</param>
    /// <param name="name">Name of the Job; made from the CronJob's if null.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The Job. Throws <see cref="LabException"/> (<c>NotFound</c>).</returns>
    public async Task<LabResource> StartJobAsync(string cronJob, string? name, string ns, CancellationToken cancellation)
    {
        JsonObject source = (await new PodFinder(api).GetAsync(CronJobs, cronJob, ns, cancellation)).Object;
        JsonObject template = source.Object("spec")?.Object("jobTemplate") ?? [];
        JsonObject annotations = (JsonObject?)template.Object("metadata")?.Object("annotations")?.DeepClone() ?? [];
        annotations["cronjob.kubernetes.io/instantiate"] = "manual";
        string stem = cronJob.Length > 50 ? cronJob[..50] : cronJob;
        JsonObject job = new()
        {
            ["apiVersion"] = Jobs.ApiVersion,
            ["kind"] = Jobs.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = name ?? $"{stem}-{Suffix()}",
                ["namespace"] = ns,
                ["labels"] = template.Labels()?.DeepClone() ?? new JsonObject(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = CronJobs.ApiVersion, ["kind"] = CronJobs.Kind, ["name"] = cronJob, ["uid"] = source.Uid(), ["controller"] = true,
                }),
            },
            ["spec"] = template.Object("spec")?.DeepClone(),
        };
        return ResourceKinds.Create(await api.CreateAsync(Jobs, ns, job, cancellation), Jobs);
    }

    /// <summary>Waits until the container of a pod has started.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when it runs, or has ended. Throws <see cref="LabException"/> (<c>PodNotStarted</c>) with the reason.</returns>
    public async Task StartedAsync(LabResource pod, TimeSpan timeout, CancellationToken cancellation)
    {
        JsonObject? last = null;
        using ProgressMeter meter = new(reporter, $"Waiting for pod {pod.Name} to start");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            await foreach (ResourceEvent happened in FollowAsync(PodFinder.Pods, pod, limit.Token))
            {
                last = happened.Resource ?? last;
                if (happened.Kind == ResourceEventKind.Gone || (happened.Kind == ResourceEventKind.Listed && last is null))
                {
                    throw Gone(pod);
                }

                if (last is null)
                {
                    continue;
                }

                meter.Note(ResourceSummary.Of("Pod", last).State ?? "");
                if (last.Phase() is "Running" or "Succeeded" or "Failed")
                {
                    return;
                }

                if (IsStuck(last))
                {
                    throw NotStarted(pod, last);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NotStarted(pod, last);
        }
    }

    /// <summary>Writes the output of a pod until it has ended.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="onOutput">Takes the lines.</param>
    /// <param name="cancellation">Ends the reading; the pod runs on.</param>
    /// <returns>Its exit code, and its reason where there is one.</returns>
    public async Task<(int Code, string? Reason)> RunAsync(LabResource pod, Func<IReadOnlyList<LabPodLogLine>, ValueTask> onOutput, CancellationToken cancellation)
    {
        PodSelection selection = new(pod.Name, pod.Namespace) { PodName = pod.Name };
        await foreach (PodLogOutcome outcome in new PodLog(api, reporter).FollowAsync(selection, new PodLogQuery { Follow = true }, cancellation))
        {
            if (outcome.Problem is { } problem)
            {
                throw problem;
            }

            await onOutput(outcome.Lines);
        }

        await foreach (ResourceEvent happened in FollowAsync(PodFinder.Pods, pod, cancellation))
        {
            if (happened.Kind == ResourceEventKind.Gone)
            {
                throw Gone(pod);
            }

            if (happened.Resource is { } now && now.Phase() is "Succeeded" or "Failed")
            {
                JsonObject status = happened.Resource.Object("status")!;
                JsonObject? ended = PodFinder.StatusOf(happened.Resource, PodFinder.DefaultContainer(happened.Resource))?.Object("state")?.Object("terminated");
                string? reason = status.Text("reason") ?? ended?.Text("reason");
                return ((int)(ended?.Number("exitCode") ?? (status.Text("phase") == "Succeeded" ? 0 : 1)), reason is "Completed" or "Error" ? null : reason);
            }
        }

        throw Gone(pod);
    }

    /// <summary>Sends input to the main process of a pod, and ends it.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="input">The input.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when all is sent.</returns>
    public async Task FeedAsync(LabResource pod, ReadOnlyMemory<byte> input, CancellationToken cancellation)
    {
        JsonObject now = await api.GetAsync(PodFinder.Pods.Path(pod.Namespace, pod.Name), cancellation);
        using PodExec attached = await PodExec.StartAsync(api, now, new PodCommandOptions { Input = true }, reporter, cancellation);
        Task reading = DrainAsync();
        await attached.WriteAsync(input);
        await attached.CloseInputAsync();
        await reading;

        async Task DrainAsync()
        {
            while (await attached.NextAsync(cancellation) is not null)
            {
                // The log has it from the first byte on.
            }
        }
    }

    /// <summary>Writes the logs of all pods of a Job until it has ended.</summary>
    /// <param name="job">The Job.</param>
    /// <param name="timeout">When to give up; the Job runs on.</param>
    /// <param name="onOutput">Takes the lines.</param>
    /// <param name="cancellation">Ends the reading; the Job runs on.</param>
    /// <returns>The Job as it is at the end. Throws <see cref="LabException"/> (<c>JobFailed</c>, <c>WaitTimeout</c>) with the reason.</returns>
    public async Task<LabResource> RunJobAsync(LabResource job, TimeSpan timeout, Func<IReadOnlyList<LabPodLogLine>, ValueTask> onOutput, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        string last = "";
        PodSelection selection = await new PodFinder(api).SelectAsync("jobs.batch", job.Name, job.Namespace!, cancellation);
        try
        {
            await foreach (PodLogOutcome outcome in new PodLog(api, reporter).FollowAsync(selection, new PodLogQuery { Follow = true }, limit.Token))
            {
                if (outcome.Problem is { } problem)
                {
                    reporter.Warning(problem.Message);
                    continue;
                }

                last = outcome.Lines.LastOrDefault(line => line.Text.Length > 0)?.Text ?? last;
                await onOutput(outcome.Lines);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new LabException(
                LabErrorKind.Timeout, "WaitTimeout",
                $"The Job '{job.Name}' did not end within {timeout.TotalSeconds:0} s and runs on: {await WhyAsync(selection, cancellation)}.") { Target = job.Name };
        }

        JsonObject now = await api.GetAsync(Jobs.Path(job.Namespace, job.Name), cancellation);
        if (now.Condition("Failed") is { } failed && failed.Text("status") == "True")
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "JobFailed",
                $"The Job '{job.Name}' failed: {failed.Text("reason")} ({failed.Text("message")}); {await WhyAsync(selection, cancellation)}{(last.Length == 0 ? "" : $"; it wrote last: {last}")}.")
            {
                Target = job.Name, Advice = $"Get-LabPodLog job/{job.Name} -Namespace {job.Namespace} reads the whole log while its pods are there.",
            };
        }

        return ResourceKinds.Create(now, Jobs);
    }

    /// <summary>Removes a pod at once, also when nobody waits for it any more.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Done when the server knows.</returns>
    public async Task RemoveAsync(LabResource pod)
    {
        using CancellationTokenSource limit = new(RemovalTime);
        try
        {
            await api.SendAsync(HttpMethod.Delete, PodFinder.Pods.Path(pod.Namespace, pod.Name), Encoding.UTF8.GetBytes("""{"gracePeriodSeconds":0}"""), null, limit.Token);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // Somebody else was faster.
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            reporter.Warning($"The pod '{pod.Name}' in namespace {pod.Namespace} could not be removed ({e.Message.TrimEnd('.')}): remove it by hand.");
        }
    }

    private static JsonObject Labels(PodRunOptions options, string? own, string name)
    {
        JsonObject labels = [];
        if (own is not null && options.Labels.Count == 0)
        {
            labels[own] = name;
        }

        foreach ((string key, string value) in options.Labels)
        {
            labels[key] = value;
        }

        return labels;
    }

    private static JsonObject Spec(PodRunOptions options, string name)
    {
        JsonObject container = new() { ["name"] = name.Length > 63 ? name[..63] : name, ["image"] = options.Image };
        Add("command", [.. options.Command.Select(text => (JsonNode?)text)]);
        Add("args", [.. options.Arguments.Select(text => (JsonNode?)text)]);
        Add("ports", [.. options.Ports.Select(port => (JsonNode?)new JsonObject { ["containerPort"] = port })]);
        Add("env", [.. options.Environment
            .Select(pair => (pair.Key, Value: pair.Value ?? System.Environment.GetEnvironmentVariable(pair.Key)))
            .Where(pair => pair.Value is not null).Select(pair => (JsonNode?)new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value })]);
        JsonObject resources = [];
        foreach ((string kind, IReadOnlyDictionary<string, string> amounts) in new[] { ("requests", options.Requests), ("limits", options.Limits) })
        {
            if (amounts.Count > 0)
            {
                resources[kind] = new JsonObject(amounts.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
            }
        }

        if (resources.Count > 0)
        {
            container["resources"] = resources;
        }

        if (options.PullPolicy is { } pull)
        {
            container["imagePullPolicy"] = pull;
        }

        if (options.Input)
        {
            container["stdin"] = true;
            container["stdinOnce"] = true;
        }

        if (options.Terminal)
        {
            container["tty"] = true;
        }

        JsonObject spec = new() { ["restartPolicy"] = options.Restart.ToString(), ["containers"] = new JsonArray(container) };
        if (options.ServiceAccount is { } account)
        {
            spec["serviceAccountName"] = account;
        }

        return spec;

        void Add(string field, JsonArray values)
        {
            if (values.Count > 0)
            {
                container[field] = values;
            }
        }
    }

    // registry/path/name:tag@digest
    private static string NameOf(string image)
    {
        string name = Forbidden().Replace(image.Split('@')[0].Split('/')[^1].Split(':')[0].ToLowerInvariant(), "-").Trim('-');
        return name.Length == 0 ? "pod" : name[..Math.Min(name.Length, 50)];
    }

    private static string Suffix() => Random.Shared.GetString(Letters, 5);

    /// <summary>Whether a pod waits for what does not come by itself: an image that cannot be pulled, a Secret that is missing.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>True if so.</returns>
    internal static bool IsStuck(JsonObject pod) => PodFinder.Containers(pod)
        .Any(c => PodFinder.StatusOf(pod, c.Container.Text("name") ?? "")?.Object("state")?.Object("waiting")?.Text("reason") is { } reason && Stuck.Contains(reason));

    private static LabException Gone(LabResource pod) => new(
        LabErrorKind.Conflict, "PodGone", $"The pod '{pod.Name}' in namespace {pod.Namespace} was removed before it ended.") { Target = pod.Name };

    private static LabException NotStarted(LabResource pod, JsonObject? last)
    {
        string why = last is null ? "nothing was seen of it" : string.Join("; ", ResourceSummary.Troubles(last).DefaultIfEmpty(ResourceSummary.Of("Pod", last).State ?? ""));
        return new LabException(LabErrorKind.ServiceFailed, "PodNotStarted", $"The pod '{pod.Name}' in namespace {pod.Namespace} did not start: {why}.") { Target = pod.Name };
    }

    private IAsyncEnumerable<ResourceEvent> FollowAsync(ApiResource kind, LabResource resource, CancellationToken cancellation) =>
        new ResourceStore(api).FollowAsync(kind, resource.Namespace, new ResourceFilter(FieldSelector: "metadata.name=" + resource.Name), cancellation);

    private async Task<string> WhyAsync(PodSelection selection, CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject> pods = await new PodFinder(api).ListAsync(selection, cancellation);
        return pods.Count == 0 ? "it has no pods any more"
            : string.Join("; ", pods.TakeLast(3).Select(pod => $"pod {pod.Name()}: {string.Join(", ", ResourceSummary.Troubles(pod).DefaultIfEmpty(ResourceSummary.Of("Pod", pod).State ?? ""))}"));
    }

    [GeneratedRegex("[^a-z0-9-]+")]
    private static partial Regex Forbidden();
}
