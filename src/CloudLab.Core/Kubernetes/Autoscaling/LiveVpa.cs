using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Vpa;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Metrics;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>Which requests a VerticalPodAutoscaler would recommend for a workload, by what its pods use now.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who hears of doubts.</param>
public sealed class LiveVpa(KubernetesApi api, IReporter reporter)
{
    private const string Vertical = "VerticalPodAutoscaler";

    private readonly AutoscalerReader reader = new(api);
    private readonly ResourceStore store = new(api);

    /// <summary>Recommends requests for each container.</summary>
    /// <param name="resource">A workload, a pod, or a VerticalPodAutoscaler, which means its target.</param>
    /// <param name="given">Policies; null for those of the workload's VerticalPodAutoscaler.</param>
    /// <param name="givenScaler">An autoscaler of the same workload; null for the one in the cluster.</param>
    /// <param name="settings">Settings of the recommender.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>A recommendation for each container. Throws <see cref="LabException"/>: <c>MetricsUnavailable</c>, <c>NoSamples</c>, <c>KindNotSupported</c>, <c>TargetMissing</c>.</returns>
    public async Task<IReadOnlyList<LabVpaRecommendation>> RecommendAsync(
        LabResource resource, VpaManifest? given, HpaManifest? givenScaler, VpaSettings settings, CancellationToken cancellation)
    {
        string ns = resource.Namespace ?? "";
        JsonObject workload = resource.ToObject();
        JsonObject? vertical = null;
        if (resource.Kind == Vertical)
        {
            vertical = workload;
            workload = await TargetAsync(workload, ns, cancellation);
        }

        string kind = workload.Text("kind") ?? "", name = workload.Name();
        vertical ??= (await reader.ListAsync("autoscaling.k8s.io/v1", Vertical, ns, cancellation)).FirstOrDefault(one => Targets(one, "targetRef", kind, name));
        if (vertical is not null)
        {
            vertical["kind"] ??= Vertical;
        }

        ResourceFilter filter = kind == "Pod" ? new(FieldSelector: $"metadata.name={name}")
            : ResourceParts.SelectorOf(workload) is { } selector ? new(selector)
            : throw new LabException(LabErrorKind.NotSupported, "KindNotSupported", $"{resource} has no selector of pods: give a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or Pod.") { Target = name };
        Dictionary<string, JsonObject> pods = await store.ItemsAsync(PodFinder.Pods, ns, filter, cancellation)
            .ToDictionaryAsync(ObjectMetadata.Name, StringComparer.Ordinal, cancellation);
        VpaSamples samples = new();
        ServedMetrics[] measured = [.. (await new MetricStore(api).PodsAsync(ns, filter.LabelSelector, cancellation)).Where(one => pods.ContainsKey(one.Name))];
        foreach (ServedMetrics one in measured)
        {
            foreach (ContainerMetrics container in one.Containers)
            {
                samples.Reader.AddRow(
                [
                    new("Time", (one.Timestamp ?? DateTimeOffset.UtcNow).ToString("O", CultureInfo.InvariantCulture)), new("Namespace", ns), new("Pod", one.Name),
                    new("Container", container.Name), new("Cpu", container.Usage.Of("cpu").CanonicalText), new("Memory", container.Usage.Of("memory").CanonicalText),
                ]);
            }
        }

        if (measured.Length == 0)
        {
            throw new LabException(
                LabErrorKind.NotFound, "NoSamples",
                $"{kind}/{name} has {(pods.Count == 0 ? "no pods" : $"no metrics yet for its {pods.Count} {Counted.Noun(pods.Count, "pod")}")}: {(pods.Count == 0 ? "scale it up" : "wait a minute after they started")}, and try again.") { Target = name };
        }

        foreach (JsonObject oom in pods.Values.SelectMany(Ooms))
        {
            samples.AddOom(oom);
        }

        HpaManifest? scaler = givenScaler ?? ((await reader.ListAsync("autoscaling/v2", "HorizontalPodAutoscaler", ns, cancellation))
            .FirstOrDefault(one => Targets(one, "scaleTargetRef", kind, name)) is { } found ? Read(found) : null);
        VpaManifest policies = given ?? (vertical is null ? VpaManifest.None : VpaManifest.Of([vertical], ""));
        IReadOnlyList<VpaRecommendation> recommended = VpaCalculator.Recommend(samples, policies, settings, scaler);
        reporter.Warning($"{kind}/{name}: {measured.Length} {(measured.Length == 1 ? "sample" : "samples")} of each container, of this moment only. The recommender trusts a day with one sample a minute: give -SamplePath a history for a recommendation to keep.");
        foreach (string doubt in policies.Doubts.Concat(samples.Doubts).Concat(recommended.Select(one => one.Conflict).OfType<string>().Distinct(StringComparer.Ordinal)))
        {
            reporter.Warning($"{kind}/{name}: {doubt}");
        }

        JsonObject[] status = [.. vertical?.Object("status")?.Object("recommendation")?.Objects("containerRecommendations") ?? []];
        JsonObject[] containers = [.. PodTemplate.Containers(pods.Values.First().Object("spec") ?? [])];
        return [.. recommended.Select(one => new LabVpaRecommendation(one)
        {
            Workload = $"{kind}/{name}",
            Namespace = ns,
            PodCount = measured.Length,
            CpuRequest = Request(one.Container, "cpu"),
            MemoryRequest = Request(one.Container, "memory"),
            StatusCpuTarget = Status(one.Container, "cpu"),
            StatusMemoryTarget = Status(one.Container, "memory"),
            VerticalPodAutoscaler = vertical is null ? null : vertical.Name(),
        })];

        string? Request(string container, string of) => Array.Find(containers, one => one.Text("name") == container)?.Object("resources")?.Object("requests")?[of]?.ToString();

        string? Status(string container, string of) => Array.Find(status, one => one.Text("containerName") == container)?.Object("target")?[of]?.ToString();
    }

    private async Task<JsonObject> TargetAsync(JsonObject vertical, string ns, CancellationToken cancellation)
    {
        JsonObject target = vertical.Object("spec")?.Object("targetRef") ?? [];
        string apiVersion = target.Text("apiVersion") ?? "", kind = target.Text("kind") ?? "", name = target.Text("name") ?? "";
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        try
        {
            return await api.GetAsync((catalog.Find(apiVersion, kind) ?? throw catalog.Unknown(apiVersion, kind)).Path(ns, name), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw new LabException(LabErrorKind.NotFound, "TargetMissing", $"The VerticalPodAutoscaler {vertical.Name()} is for {kind}/{name}, which cannot be read: {e.Message.TrimEnd('.')}. Correct spec.targetRef.", e) { Target = name };
        }
    }

    // What a container ran out of since its pod was started; what came before is in no API.
    private static IEnumerable<JsonObject> Ooms(JsonObject pod) =>
        from state in pod.Object("status")?.Objects("containerStatuses") ?? []
        let ended = new[] { state.Object("state"), state.Object("lastState") }.Select(one => one?.Object("terminated")).FirstOrDefault(one => one?.Text("reason") == "OOMKilled")
        let container = pod.Object("spec")?.Objects("containers").FirstOrDefault(one => one.Text("name") == state.Text("name"))
        let memory = (container?.Object("resources")?.Object("requests") ?? container?.Object("resources")?.Object("limits"))?["memory"]
        where ended?.Text("finishedAt") is not null && memory is not null
        select new JsonObject
        {
            ["Time"] = ended.Text("finishedAt"), ["Memory"] = memory.ToString(), ["Container"] = state.Text("name"), ["Pod"] = pod.Name(),
            ["Namespace"] = pod.Object("metadata")?.Text("namespace"),
        };

    private static HpaManifest Read(JsonObject scaler)
    {
        scaler["kind"] ??= "HorizontalPodAutoscaler";
        return HpaManifest.Of([scaler], "");
    }

    private static bool Targets(JsonObject scaler, string field, string kind, string name) =>
        scaler.Object("spec")?.Object(field) is { } target && target.Text("kind") == kind && target.Text("name") == name;

}
