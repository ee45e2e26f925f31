using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>Sets how many replicas an object has, through its scale: any kind that has one, custom resources too.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who is warned of an autoscaler.</param>
public sealed class ResourceScaler(KubernetesApi api, IReporter reporter)
{
    /// <summary>Scales.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="replicas">How many it shall have.</param>
    /// <param name="current">How many it must have now; null for any number.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>How many it had. Throws <see cref="LabException"/>: <c>NotScalable</c>, <c>ReplicasDiffer</c>.</returns>
    public async Task<long> ScaleAsync(ApiResource resource, string? ns, string name, long replicas, long? current, CancellationToken cancellation)
    {
        long had = await ConflictRetry.RunAsync(resource.Describe(ns, name), () => ScaleOnceAsync(resource, ns, name, replicas, current, cancellation), cancellation);
        await WarnAsync(resource, ns, name, replicas, cancellation);
        return had;
    }

    private async Task<long> ScaleOnceAsync(ApiResource resource, string? ns, string name, long replicas, long? current, CancellationToken cancellation)
    {
        string path = resource.Path(ns, name) + "/scale", description = resource.Describe(ns, name);
        JsonObject scale;
        try
        {
            scale = await api.GetAsync(path, cancellation);
        }
        catch (LabException e) when (e.StatusCode is 404 or 405 && e.Message.Contains("could not find the requested resource", StringComparison.Ordinal))
        {
            throw new LabException(LabErrorKind.NotSupported, "NotScalable", $"A {resource.Kind} cannot be scaled: it has no replicas.", e) { Target = description };
        }

        long had = scale.Object("spec")?.Number("replicas") ?? 0;
        if (current is { } wanted && had != wanted)
        {
            throw new LabException(
                LabErrorKind.Conflict, "ReplicasDiffer", $"{description} has {had} replicas and not {wanted}, so it was not scaled.") { Target = description };
        }

        if (had == replicas)
        {
            return had;
        }

        JsonObject spec = scale.Object("spec") ?? [];
        spec["replicas"] = replicas;
        scale["spec"] = spec.DeepClone();

        // The version of what was read goes with it: the number that was looked at is the one that is replaced.
        await api.SendAsync(HttpMethod.Put, $"{path}?fieldManager={ResourceEditor.Manager}", Encoding.UTF8.GetBytes(scale.ToJsonString()), null, cancellation);
        return had;
    }

    private async Task WarnAsync(ApiResource resource, string? ns, string name, long replicas, CancellationToken cancellation)
    {
        if (ns is null)
        {
            return;
        }

        IEnumerable<JsonObject> scalers;
        try
        {
            scalers = (await api.GetAsync($"/apis/autoscaling/v2/namespaces/{Uri.EscapeDataString(ns)}/horizontalpodautoscalers", cancellation)).Objects("items");
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            // Who may scale need not be allowed to look at autoscalers.
            RequestLog.Current.Verbose($"Autoscalers in {ns} cannot be read ({e.Message})");
            return;
        }

        foreach (JsonObject scaler in scalers)
        {
            JsonObject spec = scaler.Object("spec") ?? [];
            JsonObject target = spec.Object("scaleTargetRef") ?? [];
            if (target.Text("kind") != resource.Kind || target.Text("name") != name || (target.Text("apiVersion") ?? "").Split('/')[0] != (resource.Group.Length == 0 ? resource.Version : resource.Group))
            {
                continue;
            }

            string own = scaler.Name();
            long least = spec.Number("minReplicas") ?? 1, most = spec.Number("maxReplicas") ?? 0;
            reporter.Warning(replicas == 0
                ? $"The HorizontalPodAutoscaler '{own}' does nothing for {resource.Describe(ns, name)} while it has 0 replicas."
                : $"The HorizontalPodAutoscaler '{own}' sets the replicas of {resource.Describe(ns, name)} itself ({least} to {most}) and will undo this"
                    + (replicas < least || replicas > most ? $": change its {(replicas < least ? "minReplicas" : "maxReplicas")}." : " as soon as its metrics say so."));
        }
    }
}
