using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Metrics;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>
/// Reads what the controller of a HorizontalPodAutoscaler reads: its target, the pods, their metrics, and what it did before. What concerns the other autoscalers of its namespace is read
/// once for all that come one after the other.
/// </summary>
/// <param name="api">The cluster.</param>
internal sealed partial class AutoscalerReader(KubernetesApi api)
{
    // Those of a watch do not share it.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(3);

    private readonly ResourceStore store = new(api);
    private ClusterLists lists = new(api);
    private ConcurrentDictionary<(string Namespace, string Kind, string Name), Lazy<Task<IReadOnlyList<string>>>> selected = [];
    private long made = Environment.TickCount64;

    /// <summary>Reads everything.</summary>
    /// <param name="autoscaler">The HorizontalPodAutoscaler, of autoscaling/v2.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What there is. What cannot be read is part of it; only a cluster that does not answer is an exception.</returns>
    public async Task<AutoscalerView> ReadAsync(JsonObject autoscaler, CancellationToken cancellation)
    {
        if (Environment.TickCount64 - made > Freshness.TotalMilliseconds)
        {
            (lists, selected, made) = (new ClusterLists(api), [], Environment.TickCount64);
        }

        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        string ns = autoscaler.Namespace();
        JsonObject reference = autoscaler.Object("spec")?.Object("scaleTargetRef") ?? [];
        (JsonObject? target, JsonObject? scale, LabException? problem) = await TargetAsync(catalog, ns, reference, cancellation);
        if (target is not null)
        {
            target["kind"] ??= reference.Text("kind");
        }

        HpaManifest manifest = HpaManifest.Of(target is null ? [autoscaler] : [autoscaler, target], "");
        AutoscalerView view = new() { Autoscaler = autoscaler, Now = DateTimeOffset.UtcNow, Manifest = manifest, Target = target, Scale = scale, ScaleProblem = problem };
        IReadOnlyList<JsonObject> pods = view.Selector is { } selector ? await PodsAsync(ns, selector, cancellation) : [];
        List<MetricAnswer> answers = [];
        if (scale is not null)
        {
            JsonObject[] metrics = [.. autoscaler.Object("spec")?.Objects("metrics") ?? []];
            for (int i = 0; i < manifest.Spec.Metrics.Count; i++)
            {
                answers.Add(await MetricAsync(catalog, ns, manifest.Spec.Metrics[i], i < metrics.Length ? metrics[i] : [], view.Selector ?? "", cancellation));
            }
        }

        return view with
        {
            // The metrics are read after the autoscaler: the arithmetic must not see one from the future.
            Now = DateTimeOffset.UtcNow,
            Pods = pods,
            Metrics = answers,
            Others = await OthersAsync(catalog, ns, autoscaler, reference, pods, cancellation),
            Rescales = await RescalesAsync(ns, autoscaler.Uid() ?? "", cancellation),
        };
    }

    /// <summary>Objects of a kind in a namespace; none where the cluster has no such kind or they may not be read.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="ns">Namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects.</returns>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(string apiVersion, string kind, string ns, CancellationToken cancellation) =>
        (await api.CatalogAsync(cancellation)).Find(apiVersion, kind) is { } resource ? await lists.ReadAsync(resource, ns, cancellation) ?? [] : [];

    private async Task<(JsonObject? Target, JsonObject? Scale, LabException? Problem)> TargetAsync(
        ApiCatalog catalog, string ns, JsonObject reference, CancellationToken cancellation)
    {
        string apiVersion = reference.Text("apiVersion") ?? "", kind = reference.Text("kind") ?? "", name = reference.Text("name") ?? "";
        string group = ApiResource.GroupOf(apiVersion);
        // The controller takes any version of the group.
        if ((catalog.Find(apiVersion, kind) ?? catalog.Resources.FirstOrDefault(r => r.Kind == kind && r.Group == group)) is not { } resource)
        {
            return (null, null, catalog.Unknown(apiVersion, kind));
        }

        try
        {
            JsonObject target = await api.GetAsync(resource.Path(ns, name), cancellation);
            return (target, await api.GetAsync(resource.Path(ns, name) + "/scale", cancellation), null);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            return (null, null, e);
        }
    }

    private async Task<IReadOnlyList<JsonObject>> PodsAsync(string ns, string selector, CancellationToken cancellation) =>
        await store.ItemsAsync(PodFinder.Pods, ns, new ResourceFilter(selector), cancellation).ToListAsync(cancellation);

    private async Task<MetricAnswer> MetricAsync(
        ApiCatalog catalog, string ns, HpaMetricSpec metric, JsonObject spec, string selector, CancellationToken cancellation)
    {
        string labels = Uri.EscapeDataString(selector), name = Uri.EscapeDataString(metric.Name), space = $"namespaces/{Uri.EscapeDataString(ns)}";
        JsonObject source = spec.Object(FirstLetter.Lower(metric.Type.ToString())) ?? [];
        string? own = ResourceParts.Selector(source.Object("metric")?.Object("selector"));
        string server = metric.Type switch { HpaMetricType.Pods or HpaMetricType.Object => "custom", HpaMetricType.External => "external", _ => "resource" };
        try
        {
            if (server == "resource")
            {
                return new([.. (await new MetricStore(api).PodsAsync(ns, selector, cancellation)).Select(pod => pod.Content)], null);
            }

            string path = metric.Type switch
            {
                HpaMetricType.Pods => $"{await CustomAsync(cancellation)}/{space}/pods/*/{name}?labelSelector={labels}{And("metricLabelSelector", own)}",
                HpaMetricType.Object => $"{await CustomAsync(cancellation)}/{Described(catalog, ns, source.Object("describedObject") ?? [])}/{name}?{And("metricLabelSelector", own).TrimStart('&')}",
                _ => $"/apis/external.metrics.k8s.io/v1beta1/{space}/{name}?{And("labelSelector", own).TrimStart('&')}",
            };
            JsonObject answer = await api.GetAsync(path.TrimEnd('?'), cancellation);
            JsonObject[] items = [.. answer.Objects("items")];
            foreach (JsonObject item in items.Where(_ => metric.Type == HpaMetricType.Object))
            {
                // One value, whatever it describes.
                item.Remove("describedObject");
            }

            return new(items, null);
        }
        catch (LabException e) when (e.Code == "MetricsUnavailable" || (!e.StopsCommand && e.StatusCode is not null))
        {
            return new([], e) { Error = $"unable to fetch metrics from {server} metrics API: {e.Message.TrimEnd('.')}" };
        }

        static string And(string parameter, string? value) => value is null ? "" : $"&{parameter}={Uri.EscapeDataString(value)}";
    }

    private async Task<string> CustomAsync(CancellationToken cancellation) =>
        $"/apis/{(await api.GetAsync("/apis/custom.metrics.k8s.io", cancellation)).Object("preferredVersion")?.Text("groupVersion") ?? "custom.metrics.k8s.io/v1beta2"}";

    private static string Described(ApiCatalog catalog, string ns, JsonObject described)
    {
        string apiVersion = described.Text("apiVersion") ?? "", kind = described.Text("kind") ?? "", name = Uri.EscapeDataString(described.Text("name") ?? "");
        string group = ApiResource.GroupOf(apiVersion);
        if (kind == "Namespace" && group.Length == 0)
        {
            return $"namespaces/{name}/metrics";
        }

        ApiResource? resource = catalog.Resources.FirstOrDefault(r => r.Kind == kind && r.Group == group);
        return $"namespaces/{Uri.EscapeDataString(ns)}/{resource?.Name ?? kind.ToLowerInvariant()}/{name}";
    }

    private async Task<IReadOnlyList<OtherAutoscaler>> OthersAsync(
        ApiCatalog catalog, string ns, JsonObject autoscaler, JsonObject reference, IReadOnlyList<JsonObject> pods, CancellationToken cancellation)
    {
        string name = autoscaler.Name();
        HashSet<string> mine = [.. pods.Select(ObjectMetadata.Name)];
        List<OtherAutoscaler> others = [];
        foreach (JsonObject other in await ListAsync("autoscaling/v2", "HorizontalPodAutoscaler", ns, cancellation))
        {
            if (other.Name() == name || other.Object("spec")?.Object("scaleTargetRef") is not { } its)
            {
                continue;
            }

            bool same = its.Text("kind") == reference.Text("kind") && its.Text("name") == reference.Text("name");
            IReadOnlyList<string> shared = [.. mine];
            if (!same)
            {
                shared = mine.Count == 0 ? [] : [.. (await SelectedAsync(catalog, ns, its, cancellation)).Where(mine.Contains)];
            }

            if (same || shared.Count > 0)
            {
                others.Add(new(other.Name(), same, shared));
            }
        }

        return others;
    }

    // The pods of another autoscaler's target.
    private Task<IReadOnlyList<string>> SelectedAsync(ApiCatalog catalog, string ns, JsonObject reference, CancellationToken cancellation) =>
        selected.GetOrAdd((ns, reference.Text("kind") ?? "", reference.Text("name") ?? ""), key => new(async () =>
        {
            (_, JsonObject? scale, _) = await TargetAsync(catalog, ns, reference, cancellation);
            return scale?.Object("status")?.Text("selector") is { } selector ? [.. (await PodsAsync(ns, selector, cancellation)).Select(ObjectMetadata.Name)] : [];
        })).Value;

    private async Task<IReadOnlyList<(DateTimeOffset Time, int Size)>> RescalesAsync(string ns, string uid, CancellationToken cancellation)
    {
        try
        {
            return
            [
                .. (await ObjectEvents.ReadAsync(api, ns, $"involvedObject.uid={uid},reason=SuccessfulRescale", cancellation))
                    .Select(told => (told, size: NewSize().Match(told.Text("message") ?? "")))
                    .Where(one => one.size.Success)
                    // An event that was repeated has no more than its first and its last time.
                    .SelectMany(one => new[] { one.told.Text("firstTimestamp"), one.told.Text("lastTimestamp"), one.told.Text("eventTime") }
                        .Select(ResourceParts.Time).OfType<DateTimeOffset>().Distinct()
                        .Select(time => (time, int.Parse(one.size.Groups[1].ValueSpan, CultureInfo.InvariantCulture))))
                    .OrderBy(one => one.time),
            ];
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return [];
        }
    }

    [GeneratedRegex(@"^New size: (\d+);")]
    private static partial Regex NewSize();
}
