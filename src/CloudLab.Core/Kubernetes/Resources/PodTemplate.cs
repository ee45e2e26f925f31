using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Where the pods of a workload are described.</summary>
internal static class PodTemplate
{
    /// <summary>The pod template of a workload.</summary>
    /// <param name="resource">Any object: a Deployment, a CronJob, a custom resource with <c>spec.template</c>.</param>
    /// <returns>The template, part of the object; null where it has none.</returns>
    public static JsonObject? Of(JsonObject resource) =>
        resource.Object("spec") is not { } spec ? null : spec.Object("jobTemplate")?.Object("spec")?.Object("template") ?? spec.Object("template");

    /// <summary>The spec of the pods.</summary>
    /// <param name="kind">Kind of the object.</param>
    /// <param name="resource">The object; a pod is its own template.</param>
    /// <returns>The spec, part of the object; null where it describes no pods.</returns>
    public static JsonObject? SpecOf(string kind, JsonObject resource) =>
        (kind == "Pod" ? resource : Of(resource))?.Object("spec") is { } spec && spec["containers"] is JsonArray ? spec : null;

    /// <summary>The containers of a pod spec, those that initialize first.</summary>
    /// <param name="spec">The spec.</param>
    /// <returns>Containers, parts of the spec.</returns>
    public static IEnumerable<JsonObject> Containers(JsonObject spec) => spec.Objects("initContainers").Concat(spec.Objects("containers"));

    /// <summary>The containers that run as long as the pod does: its own, and the init containers that are sidecars.</summary>
    /// <param name="spec">The spec.</param>
    /// <returns>Containers, parts of the spec.</returns>
    public static IEnumerable<JsonObject> Running(JsonObject spec) =>
        spec.Objects("containers").Concat(spec.Objects("initContainers").Where(container => container.Text("restartPolicy") == "Always"));
}
