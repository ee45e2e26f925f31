using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>Which pods are meant: one by its name, or those of a workload, a service or a label selector.</summary>
/// <param name="Target">How they were named, for messages: <c>deploy/web</c>.</param>
/// <param name="Namespace">Their namespace; null for all.</param>
internal sealed record PodSelection(string Target, string? Namespace)
{
    /// <summary>Name of the one pod; null where several are meant.</summary>
    public string? PodName { get; init; }

    /// <summary>Label selector; null for all.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>What they belong to; null for a pod or a selector.</summary>
    public JsonObject? Owner { get; init; }

    /// <summary>Kind of the owner.</summary>
    public ApiResource? OwnerKind { get; init; }

    /// <summary>Selects on the server.</summary>
    public ResourceFilter Filter => new(LabelSelector, PodName is null ? null : "metadata.name=" + PodName);
}

/// <summary>Finds the pods that people name.</summary>
/// <param name="api">The cluster.</param>
internal sealed class PodFinder(KubernetesApi api)
{
    /// <summary>The kind of pods, which every cluster has.</summary>
    public static ApiResource Pods { get; } = new()
    {
        Group = "", Version = "v1", Kind = "Pod", Plural = "pods", Singular = "pod", Namespaced = true, ShortNames = ["po"],
    };

    /// <summary>Reads what somebody names.</summary>
    /// <param name="kind">Kind of the object; null where the name says it, or for a pod.</param>
    /// <param name="name">A pod, or <c>deploy/web</c>, <c>svc/web</c>, <c>job/x</c>.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The selection. Throws <see cref="LabException"/> (<c>NotFound</c>, <c>KindNotFound</c>, <c>NoPodsOfKind</c>).</returns>
    public async Task<PodSelection> SelectAsync(string? kind, string name, string ns, CancellationToken cancellation)
    {
        if (name.Split('/', 2) is [var type, var bare])
        {
            (kind, name) = (type, bare);
        }

        if (kind is null || IsPod(kind))
        {
            return new PodSelection(name, ns) { PodName = name };
        }

        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        (JsonObject owner, ApiResource resource) = await GetAsync(catalog.Match(kind).FirstOrDefault() ?? throw catalog.Unknown(kind), name, ns, cancellation);
        return new PodSelection($"{kind}/{name}", ns)
        {
            LabelSelector = await SelectorAsync(resource, owner, ns, cancellation) ?? throw new LabException(
                LabErrorKind.InvalidData, "NoPodsOfKind", $"The {resource.Singular} '{name}' selects no pods: name a pod, or a workload or service that has a selector.") { Target = $"{kind}/{name}" },
            Owner = owner,
            OwnerKind = resource,
        };
    }

    /// <summary>Reads an object that somebody named.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="name">Its name.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object. Throws <see cref="LabException"/> (<c>NotFound</c>) with the nearest names.</returns>
    public async Task<(JsonObject Object, ApiResource Kind)> GetAsync(ApiResource resource, string name, string ns, CancellationToken cancellation)
    {
        try
        {
            return (await api.GetAsync(resource.Path(ns, name), cancellation), resource);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            throw new LabException(
                LabErrorKind.NotFound, "NotFound",
                $"There is no {resource.Singular} '{name}' in namespace {ns}.{NearestNames.Say(name, await NamesAsync(resource, ns, cancellation))}", e)
            {
                Target = $"{resource.Singular}/{name}", Advice = $"Get-LabResource {resource.Plural} -Namespace {ns} lists the existing ones.",
            };
        }
    }

    /// <summary>Lists the pods.</summary>
    /// <param name="selection">Which ones.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The pods by name. Throws <see cref="LabException"/> (<c>NotFound</c>) for a pod that is not there.</returns>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(PodSelection selection, CancellationToken cancellation)
    {
        if (selection.PodName is { } name)
        {
            try
            {
                return [await api.GetAsync(Pods.Path(selection.Namespace, name), cancellation)];
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                throw new LabException(
                    LabErrorKind.NotFound, "NotFound", $"There is no pod '{name}' in namespace {selection.Namespace}.{NearestNames.Say(name, await NamesAsync(Pods, selection.Namespace, cancellation))}", e)
                {
                    Target = name, Advice = $"Get-LabResource pods -Namespace {selection.Namespace} lists the existing ones; a workload is named with its kind, as in deploy/web.",
                };
            }
        }

        return await new ResourceStore(api).ItemsAsync(Pods, selection.Namespace, selection.Filter, cancellation).ToListAsync(cancellation);
    }

    /// <summary>The one pod to talk to: a running one, ready before others, the oldest of these.</summary>
    /// <param name="selection">Which ones.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The pod. Throws <see cref="LabException"/> (<c>NotFound</c>, <c>PodNotRunning</c>).</returns>
    public async Task<JsonObject> OneAsync(PodSelection selection, CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject> pods = await ListAsync(selection, cancellation);
        return Best(pods) ?? throw NotRunning(selection, pods);
    }

    /// <summary>The pod to talk to among several.</summary>
    /// <param name="pods">The pods.</param>
    /// <returns>A running one, ready before others; null where none runs.</returns>
    public static JsonObject? Best(IEnumerable<JsonObject> pods) => pods
        .Where(pod => pod.Phase() == "Running")
        .OrderBy(pod => pod.IsLeaving())
        .ThenBy(pod => !pod.Holds("Ready"))
        .ThenBy(pod => pod.Object("metadata")?.Text("creationTimestamp"), StringComparer.Ordinal)
        .ThenBy(ObjectMetadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>The error for pods none of which runs.</summary>
    /// <param name="selection">What was asked for.</param>
    /// <param name="pods">The pods.</param>
    /// <returns>The error, with what is wrong with them.</returns>
    public static LabException NotRunning(PodSelection selection, IReadOnlyList<JsonObject> pods)
    {
        string why = pods.Count == 0 ? "it has no pods"
            : string.Join("; ", pods.Take(3).Select(pod => $"pod {pod.Name()} is {ResourceSummary.Of("Pod", pod).State}{string.Concat(ResourceSummary.Troubles(pod).Take(1).Select(trouble => $" ({trouble})"))}"));
        return new LabException(LabErrorKind.Conflict, "PodNotRunning", $"'{selection.Target}' in namespace {selection.Namespace} has no running pod: {why}.")
        {
            Target = selection.Target, Advice = "Wait until a pod is ready, or look at its events.",
        };
    }

    /// <summary>The containers of a pod: its own, then those that ran before and those that were added for debugging.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Their specs, each with the status field that tells of it.</returns>
    public static IEnumerable<(JsonObject Container, string StatusField)> Containers(JsonObject pod)
    {
        JsonObject spec = pod.Object("spec") ?? [];
        return spec.Objects("containers").Select(c => (c, "containerStatuses"))
            .Concat(spec.Objects("initContainers").Select(c => (c, "initContainerStatuses")))
            .Concat(spec.Objects("ephemeralContainers").Select(c => (c, "ephemeralContainerStatuses")));
    }

    /// <summary>The container that is meant where none is named: the one that an annotation names, or the first.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>Its name.</returns>
    public static string DefaultContainer(JsonObject pod)
    {
        string[] names = [.. (pod.Object("spec") ?? []).Objects("containers").Select(c => c.Text("name") ?? "")];
        string? chosen = pod.Object("metadata")?.Object("annotations")?.Text("kubectl.kubernetes.io/default-container");
        return chosen is not null && names.Contains(chosen) ? chosen : names.FirstOrDefault() ?? "";
    }

    /// <summary>The status of a container.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="container">Its name.</param>
    /// <returns>The status; null where there is none yet.</returns>
    public static JsonObject? StatusOf(JsonObject pod, string container) =>
        new[] { "containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses" }
            .SelectMany(field => (pod.Object("status") ?? []).Objects(field)).FirstOrDefault(status => status.Text("name") == container);

    /// <summary>The error for a container that a pod does not have.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="container">What was asked for.</param>
    /// <returns>The error.</returns>
    public static LabException NoContainer(JsonObject pod, string container) => new(
        LabErrorKind.NotFound, "PodContainerNotFound",
        $"The pod '{pod.Name()}' has no container '{container}': it has {string.Join(", ", Containers(pod).Select(c => c.Container.Text("name")))}.") { Target = $"{pod.Name()}/{container}" };

    private static bool IsPod(string kind) => kind.ToLowerInvariant() is "pod" or "pods" or "po";

    private async Task<string?> SelectorAsync(ApiResource resource, JsonObject owner, string ns, CancellationToken cancellation)
    {
        if (resource.Kind == "CronJob")
        {
            string? uid = owner.Uid();
            List<string> jobs = [];
            await foreach (JsonObject job in new ResourceStore(api).ItemsAsync(Jobs(resource), ns, ResourceFilter.None, cancellation))
            {
                if ((job.Object("metadata") ?? []).Objects("ownerReferences").Any(reference => reference.Text("uid") == uid))
                {
                    jobs.Add(job.Name());
                }
            }

            return $"batch.kubernetes.io/job-name in ({string.Join(',', jobs)})";
        }

        return ResourceParts.SelectorOf(owner) ?? owner.Object("status")?.Text("labelSelector") ?? owner.Object("status")?.Text("selector");
    }

    private static ApiResource Jobs(ApiResource cronJobs) => cronJobs with { Kind = "Job", Plural = "jobs", Singular = "job" };

    private async Task<string[]> NamesAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        try
        {
            return await new ResourceStore(api).NamesAsync(resource, ns, cancellation).ToArrayAsync(cancellation);
        }
        catch (LabException)
        {
            // The names are an addition to what is said anyway.
            return [];
        }
    }
}
