using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Metrics;

/// <summary>What one container used.</summary>
/// <param name="Name">Name of the container.</param>
/// <param name="Usage">Amounts by resource: <c>cpu</c>, <c>memory</c>.</param>
internal sealed record ContainerMetrics(string Name, ResourceList Usage);

/// <summary>What a pod or a node used.</summary>
/// <param name="Namespace">Namespace of a pod; null for a node.</param>
/// <param name="Name">Name of the pod or node.</param>
/// <param name="Timestamp">When it was measured, in UTC.</param>
/// <param name="Window">Over how long before.</param>
/// <param name="Usage">Amounts by resource, of a pod the sum of its containers.</param>
/// <param name="Containers">The containers of a pod; none of a node.</param>
/// <param name="Content">As the server wrote it: a PodMetrics or NodeMetrics.</param>
internal sealed record ServedMetrics(
    string? Namespace, string Name, DateTimeOffset? Timestamp, TimeSpan? Window, ResourceList Usage, IReadOnlyList<ContainerMetrics> Containers, JsonObject Content);

/// <summary>Reads <c>metrics.k8s.io/v1beta1</c>: what pods and nodes use now, as metrics-server measured it.</summary>
/// <param name="api">The cluster.</param>
internal sealed class MetricStore(KubernetesApi api)
{
    /// <summary>The APIService behind it.</summary>
    public const string Service = "v1beta1.metrics.k8s.io";

    private const string Root = "/apis/metrics.k8s.io/v1beta1";

    /// <summary>Metrics of pods. A pod that has just started has none yet.</summary>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="labelSelector">Which pods; null for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Metrics. Throws <see cref="LabException"/> (<c>MetricsUnavailable</c>) where nobody serves them.</returns>
    public async Task<IReadOnlyList<ServedMetrics>> PodsAsync(string? ns, string? labelSelector, CancellationToken cancellation) =>
        await ListAsync(ns is null ? "/pods" : $"/namespaces/{Uri.EscapeDataString(ns)}/pods", labelSelector, cancellation);

    /// <summary>Metrics of nodes.</summary>
    /// <param name="labelSelector">Which nodes; null for all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Metrics. Throws <see cref="LabException"/> (<c>MetricsUnavailable</c>) where nobody serves them.</returns>
    public async Task<IReadOnlyList<ServedMetrics>> NodesAsync(string? labelSelector, CancellationToken cancellation) =>
        await ListAsync("/nodes", labelSelector, cancellation);

    private static ServedMetrics Read(JsonObject item)
    {
        JsonObject metadata = item.Object("metadata") ?? [];
        string name = metadata.Text("name") ?? "";
        ContainerMetrics[] containers = [.. item.Objects("containers").Select(one => new ContainerMetrics(one.Text("name") ?? "", ResourceList.Read(one["usage"], $"metrics of {name}: usage")))];
        ResourceList usage = ResourceList.Read(item["usage"], $"metrics of {name}: usage");
        foreach (ContainerMetrics container in containers)
        {
            usage.Add(container.Usage);
        }

        return new ServedMetrics(
            metadata.Text("namespace"), name, ResourceParts.Time(item.Text("timestamp")),
            GoText.ReadDuration(item.Text("window") ?? "", out long window) is null ? TimeSpan.FromMicroseconds(window / 1000) : null, usage, containers, item);
    }

    private async Task<IReadOnlyList<ServedMetrics>> ListAsync(string path, string? labelSelector, CancellationToken cancellation)
    {
        try
        {
            JsonObject list = await api.GetAsync($"{Root}{path}?{new ResourceFilter(labelSelector).Query()}".TrimEnd('?', '&'), cancellation);
            return [.. list.Objects("items").Select(Read)];
        }
        catch (LabException e) when (e.StatusCode is 404 or >= 500)
        {
            throw await UnavailableAsync(e, cancellation);
        }
    }

    // A server that is there and does not answer, and one that nobody installed, are put right in different ways.
    private async Task<LabException> UnavailableAsync(LabException failure, CancellationToken cancellation)
    {
        string why = "the cluster has no metrics API (metrics.k8s.io)", what = "install metrics-server, and wait a minute for its first measurement";
        try
        {
            JsonObject service = await api.GetAsync($"/apis/apiregistration.k8s.io/v1/apiservices/{Service}", cancellation);
            JsonObject? available = service.Condition("Available"), behind = service.Object("spec")?.Object("service");
            string reason = available is null || available.Text("status") == "True" ? failure.Message : available.Text("message") ?? available.Text("reason") ?? failure.Message;
            why = $"the metrics API (APIService {Service}) does not answer: {reason.Trim().TrimEnd('.')}";
            what = behind is null
                ? $"Get-LabResource apiservices {Service} shows its conditions"
                : $"check it with Debug-LabPod svc/{behind.Text("name")} -Namespace {behind.Text("namespace")}";
        }
        catch (LabException e) when (!e.StopsCommand && failure.StatusCode == 404)
        {
            // Not registered, or not ours to read.
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            why = $"the metrics API (metrics.k8s.io) does not answer: {failure.Message.Trim().TrimEnd('.')}";
            what = "check metrics-server, usually in kube-system";
        }

        return new LabException(LabErrorKind.ServiceFailed, "MetricsUnavailable", $"There are no metrics, because {why}. To get them, {what}.", failure)
        {
            StatusCode = failure.StatusCode, Target = Service, StopsCommand = true,
        };
    }
}
