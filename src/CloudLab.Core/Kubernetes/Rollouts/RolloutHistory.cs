using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>The revisions of Deployments (kept by ReplicaSets), StatefulSets and DaemonSets (by ControllerRevisions).</summary>
/// <param name="api">The cluster.</param>
public sealed class RolloutHistory(KubernetesApi api)
{
    private const string RevisionLabel = "deployment.kubernetes.io/revision", HashLabel = "pod-template-hash", CauseAnnotation = "kubernetes.io/change-cause";

    // As kubectl's rollback: these belong to the Deployment as it is, not to a revision.
    private static readonly HashSet<string> OwnAnnotations = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", RevisionLabel, "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas", "deprecated.daemonset.template.generation",
    };

    /// <summary>Whether a kind has revisions.</summary>
    /// <param name="resource">The kind.</param>
    /// <returns>True for Deployments, StatefulSets and DaemonSets.</returns>
    public static bool Applies(ApiResource resource) => resource.Group == "apps" && resource.Kind is "Deployment" or "StatefulSet" or "DaemonSet";

    /// <summary>The revisions of a workload, the oldest first.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="chosen">Which revisions; all if empty.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The revisions. Throws <see cref="LabException"/> (<c>RevisionNotFound</c>) for one that is not kept, <c>KindNotSupported</c> for a kind without any.</returns>
    public async Task<IReadOnlyList<LabRolloutRevision>> ListAsync(
        ApiResource resource, LabResource workload, IReadOnlyCollection<long> chosen, CancellationToken cancellation)
    {
        JsonObject content = workload.ToObject();
        IReadOnlyList<Kept> kept = await KeptAsync(resource, content, cancellation);
        IReadOnlyDictionary<string, long> counts = await CountsAsync(resource, content, kept, cancellation);
        foreach (long wanted in chosen)
        {
            _ = Find(kept, wanted, resource.Describe(workload.Namespace, workload.Name));
        }

        List<LabRolloutRevision> revisions = [];
        JsonObject? before = null;
        foreach (Kept one in kept)
        {
            bool isChosen = chosen.Count == 0 || chosen.Contains(one.Revision);
            if (isChosen)
            {
                JsonObject spec = one.Template.Object("spec") ?? [];
                revisions.Add(new LabRolloutRevision
                {
                    Revision = one.Revision,
                    Current = one.Current,
                    Kind = resource.Kind,
                    Name = workload.Name,
                    Namespace = workload.Namespace,
                    Images = [.. PodTemplate.Containers(spec).Select(container => container.Text("image")).OfType<string>().Distinct()],
                    Replicas = counts.GetValueOrDefault(one.Source.Name),
                    ChangeCause = one.Source.Annotations[CauseAnnotation] as string,
                    CreationTimestamp = one.Source.CreationTimestamp,
                    Changes = before is null ? [] : ManifestChange.Between(before, one.Template).Select(change => change.ToString()).ToList(),
                    Source = one.Source.Name,
                    Template = new ResourceMap(one.Template),
                });
            }

            // Of several chosen ones, each is compared with the chosen one before it.
            before = isChosen || chosen.Count < 2 || revisions.Count == 0 ? one.Template : before;
        }

        return revisions;
    }

    /// <summary>Makes an earlier revision the wanted one, as <c>kubectl rollout undo</c> does.</summary>
    /// <param name="resource">Kind of the workload.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="revision">The revision; 0 for the one before.</param>
    /// <param name="editor">Who changes it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The workload afterwards, which revision it was, and whether anything changed. Throws <see cref="LabException"/>: <c>RevisionNotFound</c>, <c>RolloutPaused</c>, <c>KindNotSupported</c>.</returns>
    public async Task<(LabResource Object, long Revision, bool Changed)> UndoAsync(
        ApiResource resource, LabResource workload, long revision, ResourceEditor editor, CancellationToken cancellation)
    {
        string description = resource.Describe(workload.Namespace, workload.Name);
        IReadOnlyList<Kept> kept = await KeptAsync(resource, workload.ToObject(), cancellation);
        Kept? current = kept.FirstOrDefault(one => one.Current);
        Kept wanted = revision > 0 ? Find(kept, revision, description)
            : kept.LastOrDefault(one => one != current && (current is null || one.Revision < current.Revision)) ?? throw new LabException(
                LabErrorKind.NotFound, "RevisionNotFound", $"{description} has no earlier revision to go back to: spec.revisionHistoryLimit says how many are kept.") { Target = description };
        (LabResource after, bool changed) = await editor.ChangeAsync(resource, workload.Namespace, workload.Name, live =>
        {
            if (live.Object("spec")?.Flag("paused") == true)
            {
                throw RolloutChanger.Paused(description, "undone");
            }

            live["spec"]!["template"] = wanted.Template.DeepClone();
            if (resource.Kind == "Deployment" && live["metadata"] is JsonObject metadata)
            {
                JsonObject annotations = [];
                foreach ((string key, JsonNode? value) in metadata.Object("annotations") ?? [])
                {
                    if (OwnAnnotations.Contains(key))
                    {
                        annotations[key] = value?.DeepClone();
                    }
                }

                foreach (string key in wanted.Source.Annotations.Keys.Cast<string>().Where(key => !OwnAnnotations.Contains(key)))
                {
                    annotations[key] = wanted.Source.Annotations[key] as string;
                }

                metadata["annotations"] = annotations;
            }
        }, cancellation);
        return (after, wanted.Revision, changed);
    }

    private static Kept Find(IReadOnlyList<Kept> kept, long revision, string description) =>
        kept.FirstOrDefault(one => one.Revision == revision) ?? throw new LabException(
            LabErrorKind.NotFound, "RevisionNotFound",
            $"{description} has no revision {revision}: {(kept.Count == 0 ? "it has none yet" : "it has " + string.Join(", ", kept.Select(one => one.Revision)))}.")
        {
            Target = description,
        };

    private async Task<IReadOnlyList<Kept>> KeptAsync(ApiResource resource, JsonObject workload, CancellationToken cancellation)
    {
        JsonObject metadata = workload.Object("metadata") ?? [];
        string ns = metadata.Text("namespace") ?? "", uid = metadata.Text("uid") ?? "";
        if (!Applies(resource))
        {
            throw new LabException(
                LabErrorKind.NotSupported, "KindNotSupported", $"A {resource.Kind} has no rollout: deployments, statefulsets and daemonsets have.") { Target = resource.Describe(ns, metadata.Text("name") ?? "") };
        }

        bool deployment = resource.Kind == "Deployment";
        string path = $"/apis/apps/v1/namespaces/{Uri.EscapeDataString(ns)}/{(deployment ? "replicasets" : "controllerrevisions")}"
            + $"?labelSelector={Uri.EscapeDataString(ResourceParts.SelectorOf(workload) ?? "")}";
        IEnumerable<JsonObject> mine = (await api.GetAsync(path, cancellation)).Objects("items")
            .Where(item => (item.Object("metadata")?.Objects("ownerReferences") ?? []).Any(owner => owner.Text("uid") == uid));
        List<(long Revision, JsonObject Template, LabResource Source)> found = [];
        foreach (JsonObject item in mine)
        {
            JsonObject? template = deployment ? item.Object("spec")?.Object("template") : item.Object("data")?.Object("spec")?.Object("template");
            long revision = deployment
                ? long.TryParse(item.Object("metadata")?.Object("annotations")?.Text(RevisionLabel), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0
                : item.Number("revision") ?? 0;
            if (template?.DeepClone() is JsonObject copy && revision > 0)
            {
                copy.Remove("$patch");
                (copy["metadata"] as JsonObject)?.Object("labels")?.Remove(HashLabel);
                found.Add((revision, copy, ResourceKinds.Create(item)));
            }
        }

        string? update = workload.Object("status")?.Text("updateRevision");
        long newest = found.Count == 0 ? 0 : found.Max(one => one.Revision);
        return
        [
            .. found.OrderBy(one => one.Revision)
                .Select(one => new Kept(one.Revision, one.Template, one.Source, resource.Kind == "StatefulSet" && update is not null ? one.Source.Name == update : one.Revision == newest)),
        ];
    }

    private async Task<IReadOnlyDictionary<string, long>> CountsAsync(ApiResource resource, JsonObject workload, IReadOnlyList<Kept> kept, CancellationToken cancellation)
    {
        if (resource.Kind == "Deployment")
        {
            return kept.ToDictionary(one => one.Source.Name, one => one.Source.Status?["replicas"] is long count ? count : 0);
        }

        IReadOnlyList<JsonObject> pods = await new WorkloadPods(api).ListAsync(workload.Namespace(), workload, cancellation);
        // A stateful set labels its pods with the whole name of the revision, a daemon set with its last part.
        return kept.ToDictionary(
            one => one.Source.Name,
            one => pods.LongCount(pod => pod.Labels()?.Text("controller-revision-hash") is { } hash
                && (hash == one.Source.Name || one.Source.Name.EndsWith("-" + hash, StringComparison.Ordinal))));
    }

    private sealed record Kept(long Revision, JsonObject Template, LabResource Source, bool Current);
}
