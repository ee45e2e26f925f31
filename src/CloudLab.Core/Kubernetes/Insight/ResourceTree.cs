using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Insight;

/// <summary>
/// Who owns what, by <c>metadata.ownerReferences</c>, for any kind: the metadata of all objects of a namespace is listed, one request a kind and many at once; only what is in
/// the tree is read as a whole.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="origin">What the objects say of where they were read.</param>
/// <param name="reporter">Hears what could not be listed.</param>
public sealed class ResourceTree(KubernetesApi api, ResourceOrigin origin, IReporter reporter)
{
    private const int AtOnce = 16;

    // From here on a list is quicker than the objects one by one.
    private const int ListFrom = 6;

    // Events are owned by nobody, and are the most of a namespace; the server warns of the others, which nobody owns either.
    private static readonly HashSet<string> Without = ["events", "events.events.k8s.io", "endpoints", "componentstatuses"];

    private readonly Dictionary<string, Listing> known = [];

    /// <summary>Draws the tree of an object.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="target">The object.</param>
    /// <param name="fromTop">Begins with the owner of all owners.</param>
    /// <param name="withContainers">Adds the containers of pods.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects from the top down, as they are drawn.</returns>
    public async Task<IReadOnlyList<LabResourceNode>> DrawAsync(ApiResource resource, LabResource target, bool fromTop, bool withContainers, CancellationToken cancellation)
    {
        JsonObject content = target.ToObject();
        Item top = new(resource, content);
        List<string> missing = [];
        while (true)
        {
            (Item? owner, List<string> gone) = await OwnerAsync(top, cancellation);
            missing.AddRange(gone);
            if (owner is null || !fromTop)
            {
                break;
            }

            top = owner;
        }

        Listing listing = await ItemsAsync(top.Resource.Namespaced ? top.Namespace : null, cancellation);
        ILookup<string, Item> children = listing.Children;
        List<Item> inTree = [];
        HashSet<string> seen = [];
        Collect(top);
        Dictionary<string, JsonObject> whole = await WholeAsync(inTree, cancellation);
        List<LabResourceNode> nodes = [];
        Draw(top, "", "", 0, null);
        return nodes;

        void Collect(Item item)
        {
            // Owners in a circle, and two ways to one object.
            if (seen.Add(item.Uid))
            {
                inTree.Add(item);
                foreach (Item child in children[item.Uid])
                {
                    Collect(child);
                }
            }
        }

        void Draw(Item item, string lines, string below, int depth, string? owner)
        {
            if (!seen.Remove(item.Uid))
            {
                return;
            }

            JsonObject? full = whole.GetValueOrDefault(item.Uid);
            string title = $"{item.Resource.Kind}/{item.Name}";
            ReadyReport? report = full is null ? null : Readiness.Judge(item.Resource, full);
            string[] gone = [.. item.Owners.Where(one => Gone(one, listing, missing)).Select(one => $"{one.Text("kind")}/{one.Text("name")}")];
            bool leaving = item.Content.IsLeaving();
            string words = string.Join("; ", new[]
            {
                gone.Length == 0 ? null : $"its owner {string.Join(", ", gone)} does not exist{(gone.Length == item.Owners.Count ? ", so it is being removed" : "")}",
                leaving ? "it is being deleted" : null, report is { State: not ReadyState.Ready } waits ? waits.Seen : null,
            }.OfType<string>());
            nodes.Add(new LabResourceNode(ResourceParts.WithoutValues(full ?? item.Content), item.Resource)
            {
                Context = origin.Context, OneOfSeveral = origin.OneOfSeveral, Depth = depth, Owner = owner, Tree = lines + title,
                Health = report?.State.ToString(), Message = words.Length == 0 ? null : words, MissingOwners = gone,
            });
            Item[] own = [.. children[item.Uid].OrderBy(child => child.Resource.Kind, StringComparer.Ordinal).ThenBy(child => child.Name, StringComparer.Ordinal)];
            JsonObject[] containers = withContainers && item.Resource.Name == "pods" && full is not null ? [.. PodTemplate.Containers(full.Object("spec") ?? [])] : [];
            int left = own.Length + containers.Length;
            foreach (JsonObject container in containers)
            {
                nodes.Add(Container(full!, container, below + (--left == 0 ? "└─" : "├─"), depth + 1, title));
            }

            foreach (Item child in own)
            {
                bool last = --left == 0;
                Draw(child, below + (last ? "└─" : "├─"), below + (last ? "  " : "│ "), depth + 1, title);
            }
        }
    }

    // An owner of a kind that was listed would be among what was found.
    private static bool Gone(JsonObject owner, Listing listing, List<string> missing) =>
        missing.Contains(owner.Text("uid") ?? "")
        || (!listing.Items.ContainsKey(owner.Text("uid") ?? "") && listing.Kinds.Contains((owner.Text("apiVersion") ?? "", owner.Text("kind") ?? "")));

    private LabResourceNode Container(JsonObject pod, JsonObject container, string lines, int depth, string owner)
    {
        string name = container.Text("name") ?? "";
        JsonObject status = pod.Object("status") ?? [];
        JsonObject? state = status.Objects("initContainerStatuses").Concat(status.Objects("containerStatuses")).FirstOrDefault(one => one.Text("name") == name);
        JsonObject? now = state?.Object("state");
        string word = now?.Object("running") is not null ? "Running" : now?.Object("waiting")?.Text("reason") ?? now?.Object("terminated")?.Text("reason") ?? "Waiting";
        bool done = now?.Object("terminated")?.Number("exitCode") == 0;
        JsonObject content = new()
        {
            ["apiVersion"] = "v1", ["kind"] = "Container", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = pod.Object("metadata")?.Text("namespace") },
            ["status"] = new JsonObject { ["phase"] = word },
        };
        return new LabResourceNode(content)
        {
            Context = origin.Context, OneOfSeveral = origin.OneOfSeveral, Depth = depth, Owner = owner, Tree = $"{lines}Container/{name}", Health = state?.Flag("ready") == true || done ? "Ready" : "Waiting",
        };
    }

    // The controller, or else the first owner; and those that are not there.
    private async Task<(Item? Owner, List<string> Missing)> OwnerAsync(Item item, CancellationToken cancellation)
    {
        List<string> missing = [];
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        foreach (JsonObject owner in item.Owners.OrderByDescending(one => one.Flag("controller")))
        {
            string uid = owner.Text("uid") ?? "";
            if (catalog.Find(owner.Text("apiVersion") ?? "", owner.Text("kind") ?? "") is not { } resource)
            {
                continue;
            }

            try
            {
                JsonObject found = await api.GetAsync(resource.Path(item.Namespace ?? "", owner.Text("name") ?? ""), cancellation);
                if (found.Uid() == uid)
                {
                    return (new Item(resource, found), missing);
                }

                missing.Add(uid);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                missing.Add(uid);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                reporter.Warning($"The owner {resource.Describe(item.Namespace, owner.Text("name") ?? "")} cannot be read ({e.Code}).");
            }
        }

        return (null, missing);
    }

    private async Task<Listing> ItemsAsync(string? ns, CancellationToken cancellation)
    {
        if (known.TryGetValue(ns ?? "", out Listing? before))
        {
            return before;
        }

        Listing listing = new([], []);
        List<string> unread = [];
        ResourceStore store = new(api);
        ApiResource[] kinds =
        [
            .. (await api.CatalogAsync(cancellation)).Resources.Where(one => (one.Namespaced || ns is null) && one.Verbs.Contains("list") && !Without.Contains(one.Name)).DistinctBy(one => one.Name),
        ];
        await foreach ((ApiResource kind, List<JsonObject>? found, LabException? problem) in ParallelStream.SelectAsync(kinds.ToAsyncEnumerable(), AtOnce, async (kind, token) =>
        {
            try
            {
                return (kind, await store.MetadataListAsync(kind, ns, token), (LabException?)null);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                return (kind, (List<JsonObject>?)null, e);
            }
        }, cancellation))
        {
            foreach (JsonObject one in found ?? [])
            {
                // A list of metadata does not say what it is of.
                (one["apiVersion"], one["kind"]) = (kind.ApiVersion, kind.Kind);
                Item item = new(kind, one);
                listing.Items.TryAdd(item.Uid, item);
            }

            if (found is not null)
            {
                listing.Kinds.Add((kind.ApiVersion, kind.Kind));
            }

            // What cannot be listed at all has no objects either: metrics of pods that no server provides.
            if (problem is { Kind: LabErrorKind.AccessDenied })
            {
                unread.Add(kind.Kind);
            }
            else if (problem is not null)
            {
                reporter.Verbose($"{kind} cannot be listed: {problem.Message}");
            }
        }

        if (unread.Count > 0)
        {
            reporter.Warning($"The tree may lack objects: you are not allowed to list {SomeOf.Names(unread.Order(StringComparer.Ordinal), 5, "kinds")}.");
        }

        return known[ns ?? ""] = listing;
    }

    private async Task<Dictionary<string, JsonObject>> WholeAsync(List<Item> items, CancellationToken cancellation)
    {
        Dictionary<string, JsonObject> found = [];
        List<Func<CancellationToken, Task<IEnumerable<JsonObject>>>> reads = [];
        // The top was read as a whole.
        foreach (Item item in items.Where(item => item.Content.ContainsKey("status") || item.Content.ContainsKey("spec")))
        {
            found[item.Uid] = item.Content;
        }

        // Their data says nothing of their state, and is often large.
        foreach (IGrouping<(ApiResource Resource, string? Namespace), Item> same in items.Where(item => !found.ContainsKey(item.Uid) && item.Resource.Name is not ("secrets" or "configmaps")).GroupBy(item => (item.Resource, item.Namespace)))
        {
            if (same.Count() >= ListFrom)
            {
                reads.Add(async token => await new ResourceStore(api).ItemsAsync(same.Key.Resource, same.Key.Namespace, ResourceFilter.None, token).ToListAsync(token));
            }
            else
            {
                reads.AddRange(same.Where(item => item.Resource.Verbs.Contains("get")).Select(item => (Func<CancellationToken, Task<IEnumerable<JsonObject>>>)(async token => [await api.GetAsync(item.Resource.Path(item.Namespace, item.Name), token)])));
            }
        }

        await foreach (IEnumerable<JsonObject> some in ParallelStream.SelectAsync(reads.ToAsyncEnumerable(), AtOnce, async (read, token) =>
        {
            try
            {
                return await read(token);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                // Gone in between, or not to be read: its name is known all the same.
                return [];
            }
        }, cancellation))
        {
            foreach (JsonObject one in some)
            {
                found.TryAdd(one.Uid() ?? "", one);
            }
        }

        return found;
    }

    private sealed record Listing(Dictionary<string, Item> Items, HashSet<(string ApiVersion, string Kind)> Kinds)
    {
        // By the owner's uid; made once for the trees of all objects of a namespace.
        public ILookup<string, Item> Children => field ??= Items.Values.SelectMany(item => item.Owners.Select(owner => (Uid: owner.Text("uid") ?? "", Item: item))).ToLookup(pair => pair.Uid, pair => pair.Item);
    }

    private sealed record Item(ApiResource Resource, JsonObject Content)
    {
        public string Uid { get; } = Content.Uid() ?? "";

        public string Name { get; } = Content.Name();

        public string? Namespace { get; } = Content.Object("metadata")?.Text("namespace");

        public IReadOnlyList<JsonObject> Owners { get; } = [.. Content.Object("metadata")?.Objects("ownerReferences") ?? []];
    }
}
