using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Which events are wanted.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>; null for both.</param>
/// <param name="Since">Only what happened last at this time or later; null for all.</param>
/// <param name="FieldSelector">What the server selects by; null for all.</param>
public sealed record EventQuery(string? Type = null, DateTimeOffset? Since = null, string? FieldSelector = null);

/// <summary>
/// What happened to objects and to what they own (a deployment's replica sets and their pods), in order. The API has events twice
/// (v1 and events.k8s.io/v1); both are the same objects, so one is read.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="origin">What the events say of where they were read.</param>
public sealed class EventTimeline(KubernetesApi api, ResourceOrigin origin = default)
{
    private static readonly (string ApiVersion, string Kind)[] Owners =
    [
        ("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob"),
        ("batch/v1", "Job"), ("v1", "Pod"), ("v1", "PersistentVolumeClaim"),
    ];

    private static readonly TimeSpan OwnersAge = TimeSpan.FromSeconds(1);

    private readonly ResourceStore store = new(api, origin);

    /// <summary>The events there are, oldest first.</summary>
    /// <param name="ns">Namespace; null for all.</param>
    /// <param name="about">Objects of that namespace; null for everything in it.</param>
    /// <param name="query">Which events.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The events.</returns>
    public async Task<IReadOnlyList<LabEvent>> ReadAsync(
        string? ns, IReadOnlyCollection<LabResource>? about, EventQuery query, CancellationToken cancellation)
    {
        Subjects? subjects = await SubjectsAsync(ns, about, cancellation);
        List<LabEvent> found = [];
        await foreach (LabResource item in store.ListAsync(await KindAsync(cancellation), ns, Filter(query), cancellation))
        {
            if (item is LabEvent happened && Fits(happened, query) && subjects?.Contains(happened.Involved) != false)
            {
                found.Add(happened);
            }
        }

        return [.. found.OrderBy(happened => happened.LastSeen).ThenBy(happened => happened.Object, StringComparer.Ordinal)];
    }

    /// <summary>The same, and then each event when it happens, until it is stopped.</summary>
    /// <param name="ns">Namespace; null for all.</param>
    /// <param name="about">Objects of that namespace; null for everything in it. What they own later counts, too.</param>
    /// <param name="query">Which events.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The events.</returns>
    public async IAsyncEnumerable<LabEvent> WatchAsync(
        string? ns, IReadOnlyCollection<LabResource>? about, EventQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (LabEvent happened in await ReadAsync(ns, about, query, cancellation))
        {
            told.Add(Version(happened));
            yield return happened;
        }

        Subjects? subjects = await SubjectsAsync(ns, about, cancellation);
        await foreach (LabResource item in store.WatchAsync(await KindAsync(cancellation), ns, Filter(query), changesOnly: false, cancellation))
        {
            if (item is not LabEvent happened || item.EventType == "Deleted" || !Fits(happened, query) || told.Remove(Version(happened)))
            {
                continue;
            }

            if (subjects?.Contains(happened.Involved) == false)
            {
                if (!subjects.MayBeNew(happened.Involved))
                {
                    continue;
                }

                subjects = (await SubjectsAsync(ns, about, cancellation))!;
                if (!subjects.Contains(happened.Involved))
                {
                    continue;
                }
            }

            yield return happened;
        }
    }

    private static ResourceFilter Filter(EventQuery query)
    {
        string selector = string.Join(',', new[] { query.FieldSelector, query.Type is null ? null : "type=" + query.Type }.OfType<string>());
        return new ResourceFilter(FieldSelector: selector.Length == 0 ? null : selector);
    }

    private static bool Fits(LabEvent happened, EventQuery query) => query.Since is not { } since || happened.LastSeen >= since;

    private static string Version(LabEvent happened) => $"{happened.Metadata["uid"]} {happened.Metadata["resourceVersion"]}";

    private async Task<ApiResource> KindAsync(CancellationToken cancellation) =>
        (await api.CatalogAsync(cancellation)).Find("v1", "Event")
        ?? throw new LabException(LabErrorKind.NotSupported, "KindNotFound", $"The cluster at {api.Address} has no events.");

    // Everything that the objects own, directly or not: owners are named by their identity.
    private async Task<Subjects?> SubjectsAsync(string? ns, IReadOnlyCollection<LabResource>? about, CancellationToken cancellation)
    {
        if (about is null)
        {
            return null;
        }

        HashSet<string> uids = [.. about.Select(item => item.Metadata["uid"] as string).OfType<string>()];
        HashSet<(string Kind, string Name)> names = [.. about.Select(item => (item.Kind, item.Name))];
        if (about.All(item => item.Kind is "Pod" or "Node" or "Event"))
        {
            return new Subjects(uids, names, DateTimeOffset.MaxValue);
        }

        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        IEnumerable<JsonObject>[] lists = await Task.WhenAll(
            Owners.Select(owner => catalog.Find(owner.ApiVersion, owner.Kind)).OfType<ApiResource>().Select(kind => MetadataAsync(kind, ns, cancellation)));
        ILookup<string, string> owned =
            (from item in lists.SelectMany(list => list)
             let metadata = item.Object("metadata") ?? []
             from owner in metadata.Objects("ownerReferences")
             select (Owner: owner.Text("uid") ?? "", Uid: metadata.Text("uid") ?? "")).ToLookup(pair => pair.Owner, pair => pair.Uid);
        Queue<string> todo = new(uids);
        while (todo.TryDequeue(out string? uid))
        {
            foreach (string next in owned[uid].Where(uids.Add))
            {
                todo.Enqueue(next);
            }
        }

        return new Subjects(uids, names, DateTimeOffset.UtcNow + OwnersAge);
    }

    private async Task<IEnumerable<JsonObject>> MetadataAsync(ApiResource kind, string? ns, CancellationToken cancellation)
    {
        try
        {
            return await store.MetadataListAsync(kind, ns, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            // Who may read events need not read every kind: what such objects own is then left out.
            RequestLog.Current.Verbose($"Owners of kind {kind} are not known: {e.Message}");
            return [];
        }
    }

    private sealed class Subjects(HashSet<string> uids, HashSet<(string Kind, string Name)> names, DateTimeOffset staleAt)
    {
        // Events about nodes have the node's name for an identity.
        public bool Contains(JsonObject involved) =>
            uids.Contains(involved.Text("uid") ?? "")
            || (involved.Text("kind") == "Node" && names.Contains(("Node", involved.Text("name") ?? "")));

        public bool MayBeNew(JsonObject involved) =>
            DateTimeOffset.UtcNow >= staleAt && Array.Exists(Owners, owner => owner.Kind == involved.Text("kind"));
    }
}
