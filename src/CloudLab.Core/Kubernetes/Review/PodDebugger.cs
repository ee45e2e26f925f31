using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>What is started to look into a pod.</summary>
public sealed record PodDebugOptions
{
    /// <summary>Image of the new container; in a copy, of the container that is changed. Null to keep that.</summary>
    public string? Image { get; init; }

    /// <summary>Name of the new container, or of the one that a copy changes; null to make one up, or for the first.</summary>
    public string? Container { get; init; }

    /// <summary>The container whose processes the new one sees; null for none.</summary>
    public string? Target { get; init; }

    /// <summary>What is run; empty for what the image runs.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>How long to wait until it runs; zero to not wait.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Adds containers to running pods for a look inside, and makes copies of pods with something changed.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress.</param>
public sealed class PodDebugger(KubernetesApi api, IReporter reporter)
{
    /// <summary>Adds an ephemeral container, as <c>kubectl debug --image</c> does. It stays in the pod until the pod goes.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="options">What is added.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The container. Throws <see cref="LabException"/>: <c>ContainerNotFound</c>, <c>DebugContainerFailed</c>, <c>WaitTimeout</c>.</returns>
    public async Task<LabDebugContainer> AddAsync(LabResource pod, PodDebugOptions options, CancellationToken cancellation)
    {
        string ns = pod.Namespace ?? "", description = PodFinder.Pods.Describe(ns, pod.Name);
        JsonObject spec = pod.ToObject().Object("spec") ?? [];
        string[] known = [.. PodTemplate.Containers(spec).Concat(spec.Objects("ephemeralContainers")).Select(container => container.Text("name")).OfType<string>()];
        if (options.Target is { } target && !known.Contains(target))
        {
            throw new LabException(LabErrorKind.NotFound, "ContainerNotFound", $"{description} has no container '{target}': it has {string.Join(", ", known)}.") { Target = description };
        }

        string name = options.Container ?? $"debugger-{Guid.NewGuid().ToString("N")[..5]}";
        JsonObject container = new()
        {
            ["name"] = name, ["image"] = options.Image, ["imagePullPolicy"] = "IfNotPresent", ["stdin"] = true, ["tty"] = true, ["terminationMessagePolicy"] = "File",
        };
        if (options.Target is not null)
        {
            container["targetContainerName"] = options.Target;
        }

        if (options.Command.Count > 0)
        {
            container["command"] = new JsonArray([.. options.Command.Select(word => (JsonNode)word)]);
        }

        JsonObject patch = new() { ["spec"] = new JsonObject { ["ephemeralContainers"] = new JsonArray(container) } };
        await api.SendAsync(
            HttpMethod.Patch, $"{PodFinder.Pods.Path(ns, pod.Name)}/ephemeralcontainers?fieldManager={ResourceEditor.Manager}", Encoding.UTF8.GetBytes(patch.ToJsonString()),
            "application/strategic-merge-patch+json", cancellation);
        LabDebugContainer added = new()
        {
            Name = pod.Name, Namespace = ns, Container = name, Image = options.Image!, Target = options.Target, State = "Added",
        };
        return options.Timeout > TimeSpan.Zero ? added with { State = await StartedAsync(pod, name, options, cancellation) } : added;
    }

    /// <summary>Makes a copy of a pod, as <c>kubectl debug --copy-to</c> does: without its labels, so that no service or controller takes it for its own, and without probes.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="name">Name of the copy.</param>
    /// <param name="options">What is changed in it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>: <c>ContainerNotFound</c>, and the server's own.</returns>
    public async Task<LabResource> CopyAsync(LabResource pod, string name, PodDebugOptions options, CancellationToken cancellation)
    {
        string description = PodFinder.Pods.Describe(pod.Namespace, pod.Name);
        JsonObject spec = pod.ToObject().Object("spec") ?? [];
        foreach (string field in new[] { "nodeName", "ephemeralContainers" })
        {
            spec.Remove(field);
        }

        foreach (JsonObject container in spec.Objects("containers"))
        {
            foreach (string field in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
            {
                container.Remove(field);
            }
        }

        JsonObject changed = (options.Container is null ? spec.Objects("containers").FirstOrDefault() : PodTemplate.Containers(spec).FirstOrDefault(c => c.Text("name") == options.Container))
            ?? throw new LabException(
                LabErrorKind.NotFound, "ContainerNotFound",
                $"{description} has no container '{options.Container}': it has {string.Join(", ", PodTemplate.Containers(spec).Select(c => c.Text("name")))}.") { Target = description };
        if (options.Image is not null)
        {
            changed["image"] = options.Image;
        }

        if (options.Command.Count > 0)
        {
            changed["command"] = new JsonArray([.. options.Command.Select(word => (JsonNode)word)]);
            changed.Remove("args");
        }

        JsonObject metadata = new() { ["name"] = name };
        if (pod.ToObject().Object("metadata")?.Object("annotations") is { } annotations)
        {
            metadata["annotations"] = annotations.DeepClone();
        }

        JsonObject copy = new() { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec.DeepClone() };
        (_, JsonObject made) = await api.SendAsync(
            HttpMethod.Post, $"{PodFinder.Pods.Path(pod.Namespace)}?fieldManager={ResourceEditor.Manager}", Encoding.UTF8.GetBytes(copy.ToJsonString()), null, cancellation);
        return ResourceKinds.Create(made, PodFinder.Pods, new ResourceOrigin(pod.Context, false));
    }

    private async Task<string> StartedAsync(LabResource pod, string container, PodDebugOptions options, CancellationToken cancellation)
    {
        string state = "Added";
        LabException? problem = null;
        WaitPlan plan = new()
        {
            Targets = [new WaitTarget(PodFinder.Pods, pod.Namespace, pod.Name, null)],
            Conditions = [new StartedCondition(container)],
            Timeout = options.Timeout,
            FailureCode = "DebugContainerFailed",
            FailureAdvice = "The container stays in the pod; add another one with an image that the node can start.",
        };
        await new ResourceWaiter(api, reporter).WaitAsync(
            plan,
            end =>
            {
                (state, problem) = (end.Seen, end.Problem);
                return Task.CompletedTask;
            },
            cancellation);
        return problem is null ? state : throw problem;
    }

    private sealed class StartedCondition(string container) : WaitCondition("Started", $"to start the container {container}")
    {
        internal override ReadyReport Judge(ApiResource kind, JsonObject resource)
        {
            JsonObject? state = resource.Object("status")?.Objects("ephemeralContainerStatuses").FirstOrDefault(s => s.Text("name") == container)?.Object("state");
            string? reason = state?.Object("waiting")?.Text("reason");
            return state?.Object("running") is not null ? new ReadyReport(ReadyState.Ready, "Running")
                : state?.Object("terminated") is { } ended ? ended.Number("exitCode") == 0
                    ? new ReadyReport(ReadyState.Ready, "Ended")
                    : new ReadyReport(ReadyState.Failed, $"{ended.Text("reason")}, exit code {ended.Number("exitCode")} {ended.Text("message")}".TrimEnd())
                : reason is "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "CreateContainerError" or "CreateContainerConfigError"
                    ? new ReadyReport(ReadyState.Failed, $"{reason} ({state!.Object("waiting")!.Text("message")})")
                : new ReadyReport(ReadyState.Waiting, reason ?? "not started yet");
        }
    }
}
