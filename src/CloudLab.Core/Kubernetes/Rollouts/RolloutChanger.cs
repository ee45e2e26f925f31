using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>Starts, stops and steers rollouts.</summary>
/// <param name="editor">Who changes the objects.</param>
public sealed class RolloutChanger(ResourceEditor editor)
{
    // kubectl's own, so that its history shows the same.
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    /// <summary>The names of the containers that an object describes, those that initialize first.</summary>
    /// <param name="resource">A pod, or an object with a pod template.</param>
    /// <returns>Names; none where it describes no pods.</returns>
    public static IReadOnlyList<string> ContainersOf(LabResource resource) => PodTemplate.SpecOf(resource.Kind, resource.ToObject()) is { } spec
        ? [.. PodTemplate.Containers(spec).Select(container => container.Text("name")).OfType<string>()]
        : [];

    /// <summary>Replaces all pods of a workload, as <c>kubectl rollout restart</c> does.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The workload afterwards. Throws <see cref="LabException"/>: <c>RolloutPaused</c>, <c>KindNotSupported</c>.</returns>
    public async Task<LabResource> RestartAsync(ApiResource resource, LabResource workload, CancellationToken cancellation)
    {
        string description = resource.Describe(workload.Namespace, workload.Name);
        if (!RolloutHistory.Applies(resource))
        {
            throw Unsupported(resource, description, "restarted", "deployments, statefulsets and daemonsets");
        }

        // Two restarts within a second are two.
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return (await editor.ChangeAsync(resource, workload.Namespace, workload.Name, live =>
        {
            if (live.Object("spec")?.Flag("paused") == true)
            {
                throw Paused(description, "restarted");
            }

            JsonObject annotations = Ensure(Ensure((JsonObject)live["spec"]!["template"]!, "metadata"), "annotations");
            annotations[RestartedAt] = annotations.Text(RestartedAt) == now
                ? DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)
                : now;
        }, cancellation)).Object;
    }

    /// <summary>Halts a deployment's rollout or a job's or cron job's work, or lets it go on.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="workload">The object.</param>
    /// <param name="suspend">True to halt.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it was otherwise before. Throws <see cref="LabException"/> (<c>KindNotSupported</c>).</returns>
    public async Task<(LabResource Object, bool Changed)> SuspendAsync(ApiResource resource, LabResource workload, bool suspend, CancellationToken cancellation)
    {
        string field = resource switch
        {
            { Group: "apps", Kind: "Deployment" } => "paused",
            { Group: "batch", Kind: "Job" or "CronJob" } => "suspend",
            _ => throw Unsupported(resource, resource.Describe(workload.Namespace, workload.Name), suspend ? "suspended" : "resumed", "deployments, jobs and cronjobs"),
        };
        return await editor.ChangeAsync(resource, workload.Namespace, workload.Name, live =>
        {
            JsonObject spec = (JsonObject)live["spec"]!;
            if (spec.Flag(field) != suspend)
            {
                spec[field] = suspend;
            }
        }, cancellation);
    }

    /// <summary>Sets images of containers.</summary>
    /// <param name="resource">Kind of the object: any with a pod template, or pods.</param>
    /// <param name="workload">The object.</param>
    /// <param name="images">Images by name of the container; <c>*</c> stands for all, an empty name for the only one.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it changed. Throws <see cref="LabException"/>: <c>ContainerNotFound</c>, <c>ContainerMissing</c>, <c>KindNotSupported</c>.</returns>
    public Task<(LabResource Object, bool Changed)> SetImageAsync(
        ApiResource resource, LabResource workload, IReadOnlyList<KeyValuePair<string, string>> images, CancellationToken cancellation)
    {
        string description = resource.Describe(workload.Namespace, workload.Name);
        return editor.ChangeAsync(resource, workload.Namespace, workload.Name, live =>
        {
            JsonObject spec = PodTemplate.SpecOf(resource.Kind, live) ?? throw new LabException(
                LabErrorKind.NotSupported, "KindNotSupported", $"{description} has no pod template, so it has no images.") { Target = description };
            JsonObject[] all = [.. PodTemplate.Containers(spec)];
            string names = string.Join(", ", all.Select(container => container.Text("name")));
            foreach ((string name, string image) in images)
            {
                JsonObject[] meant = name switch
                {
                    "*" => all,
                    "" => [.. spec.Objects("containers")],
                    _ => [.. all.Where(container => container.Text("name") == name)],
                };
                if (name.Length == 0 && meant.Length > 1)
                {
                    throw new LabException(
                        LabErrorKind.InvalidData, "ContainerMissing", $"{description} has several containers ({names}): say which, as in -Image {meant[0].Text("name")}={image}, or *={image} for all.") { Target = description };
                }

                if (meant.Length == 0)
                {
                    throw new LabException(LabErrorKind.NotFound, "ContainerNotFound", $"{description} has no container '{name}': it has {names}.") { Target = description };
                }

                foreach (JsonObject container in meant)
                {
                    container["image"] = image;
                }
            }
        }, cancellation);
    }

    internal static LabException Paused(string description, string done) => new(
        LabErrorKind.InvalidData, "RolloutPaused", $"{description} is paused, so it cannot be {done}: Resume-LabRollout it first.") { Target = description };

    private static LabException Unsupported(ApiResource resource, string description, string done, string kinds) => new(
        LabErrorKind.NotSupported, "KindNotSupported", $"A {resource.Kind} cannot be {done}: {kinds} can.") { Target = description };

    private static JsonObject Ensure(JsonObject owner, string field)
    {
        if (owner[field] is not JsonObject part)
        {
            owner[field] = part = [];
        }

        return part;
    }
}
