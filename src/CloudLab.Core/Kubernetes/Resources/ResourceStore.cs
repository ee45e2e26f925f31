using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Reads objects: one, a list as it comes, or everything that happens to them.</summary>
/// <param name="api">The cluster.</param>
/// <param name="origin">What the objects say of where they were read.</param>
public sealed class ResourceStore(KubernetesApi api, ResourceOrigin origin = default)
{
    private const int PageSize = 500;
    private const string NamesOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
    private const string AsTable = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json", WithObjects = "includeObject=Object";
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Reads one object.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="ns">Its namespace; ignored where the kind has none.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object. Throws <see cref="LabException"/> (NotFound) where there is none.</returns>
    public async Task<LabResource> GetAsync(ApiResource resource, string ns, string name, CancellationToken cancellation)
    {
        string path = resource.Path(ns, name);
        if (!HasColumns(resource))
        {
            return ResourceKinds.Create(await api.GetAsync(path, cancellation), resource, origin);
        }

        JsonObject answer = await api.GetAsync($"{path}?{WithObjects}", cancellation, AsTable);
        return Rows(answer) is [var (item, columns)] ? Created(item, columns, resource) : ResourceKinds.Create(answer, resource, origin);
    }

    /// <summary>Lists objects, page by page, the first before the last is asked for.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>The objects as the server orders them.</returns>
    public async IAsyncEnumerable<LabResource> ListAsync(
        ApiResource resource, string? ns, ResourceFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((JsonObject item, JsonObject? columns) in PagesAsync(resource, ns, filter, HasColumns(resource) ? AsTable : null, cancellation))
        {
            yield return Created(item, columns, resource);
        }
    }

    /// <summary>Reads a part of an object that has an address of its own.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace; ignored where the kind has none.</param>
    /// <param name="name">Its name.</param>
    /// <param name="subresource">The part: <c>status</c>, <c>scale</c>.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What the server answers with: the object itself, or one of another kind (<c>Scale</c>).</returns>
    public async Task<LabResource> GetSubresourceAsync(ApiResource resource, string ns, string name, string subresource, CancellationToken cancellation) =>
        ResourceKinds.Create(await api.GetAsync($"{resource.Path(ns, name)}/{Uri.EscapeDataString(subresource)}", cancellation), resource, origin);

    /// <summary>Tells what objects there are, and then what happens to them, until it is stopped.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="changesOnly">Leaves out what is there already.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The objects, each with what happened to it: <c>Added</c>, <c>Modified</c>, <c>Deleted</c>.</returns>
    public async IAsyncEnumerable<LabResource> WatchAsync(
        ApiResource resource, string? ns, ResourceFilter filter, bool changesOnly, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Dictionary<string, string> versions = new(StringComparer.Ordinal);
        bool listed = false;
        await foreach (ResourceEvent happened in FollowAsync(resource, ns, filter, cancellation))
        {
            if (happened.Resource is not { } item)
            {
                listed = true;
                continue;
            }

            string uid = Uid(item), version = item.Object("metadata")?.Text("resourceVersion") ?? "";
            bool known = versions.TryGetValue(uid, out string? before);
            if (happened.Kind == ResourceEventKind.Gone)
            {
                versions.Remove(uid);
            }
            else
            {
                versions[uid] = version;
                if (before == version)
                {
                    // Listed again.
                    continue;
                }
            }

            if (listed || !changesOnly)
            {
                string word = happened.Kind == ResourceEventKind.Gone ? "Deleted" : known ? "Modified" : "Added";
                yield return ResourceKinds.Create(item, resource, origin, word);
            }
        }
    }

    /// <summary>The same as they are on the wire.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>The objects as the server orders them.</returns>
    internal async IAsyncEnumerable<JsonObject> ItemsAsync(
        ApiResource resource, string? ns, ResourceFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, filter, null, cancellation))
        {
            yield return item;
        }
    }

    /// <summary>Names of the objects of a kind.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>Names.</returns>
    public async IAsyncEnumerable<string> NamesAsync(ApiResource resource, string? ns, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, ResourceFilter.None, NamesOnly, cancellation))
        {
            yield return item.Name();
        }
    }

    /// <summary>Labels of the objects of a kind.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>Each label of each object, in the order of the objects.</returns>
    public async IAsyncEnumerable<(string Name, string Value)> LabelsAsync(ApiResource resource, string? ns, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, ResourceFilter.None, NamesOnly, cancellation))
        {
            foreach ((string name, JsonNode? value) in item.Object("metadata")?.Object("labels") ?? [])
            {
                yield return (name, value?.ToString() ?? "");
            }
        }
    }

    /// <summary>Metadata of the objects of a kind: what tells a change from none.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>Objects that have nothing but metadata, by name.</returns>
    internal async Task<Dictionary<string, JsonObject>> MetadataAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        Dictionary<string, JsonObject> found = new(StringComparer.Ordinal);
        foreach (JsonObject item in await MetadataListAsync(resource, ns, cancellation))
        {
            found[item.Name()] = item;
        }

        return found;
    }

    /// <summary>The same where objects of several namespaces may have one name.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>Objects that have nothing but metadata.</returns>
    internal async Task<List<JsonObject>> MetadataListAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        List<JsonObject> found = [];
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, ResourceFilter.None, NamesOnly, cancellation))
        {
            found.Add(item);
        }

        return found;
    }

    /// <summary>
    /// Tells what objects there are and then what happens to them, without end: a broken watch is taken up where it
    /// stopped, and where the server has forgotten that point, everything is listed again.
    /// </summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Events.</returns>
    internal async IAsyncEnumerable<ResourceEvent> FollowAsync(
        ApiResource resource, string? ns, ResourceFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Dictionary<string, JsonObject> known = new(StringComparer.Ordinal);
        string? version = null;
        TimeSpan pause = TimeSpan.Zero;
        bool listedOnce = false;
        while (true)
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, cancellation);
            }

            if (version is null)
            {
                List<JsonObject>? items = null;
                try
                {
                    (items, version) = await SnapshotAsync(resource, ns, filter, cancellation);
                }
                catch (LabException e) when ((listedOnce && Passes(e)) || e.StatusCode == 410)
                {
                    pause = Longer(pause);
                    continue;
                }

                HashSet<string> there = [.. items.Select(Uid)];
                foreach (string uid in known.Keys.Where(uid => !there.Contains(uid)).ToList())
                {
                    known.Remove(uid, out JsonObject? gone);
                    yield return new ResourceEvent(ResourceEventKind.Gone, gone);
                }

                foreach (JsonObject item in items)
                {
                    known[Uid(item)] = item;
                    yield return new ResourceEvent(ResourceEventKind.Present, item);
                }

                listedOnce = true;
                yield return new ResourceEvent(ResourceEventKind.Listed, null);
            }

            string path = $"{resource.Path(ns)}?{filter.Query()}watch=1&allowWatchBookmarks=true&timeoutSeconds={Random.Shared.Next(240, 480)}&resourceVersion={Uri.EscapeDataString(version)}";
            long start = Environment.TickCount64;
            IAsyncEnumerator<JsonObject> events = api.WatchAsync(path, cancellation).GetAsyncEnumerator(cancellation);
            await using (events)
            {
                while (true)
                {
                    LabException? trouble = null;
                    try
                    {
                        if (!await events.MoveNextAsync())
                        {
                            // A server that ends watches at once must not be asked in a tight loop.
                            pause = Environment.TickCount64 - start < 1000 ? Longer(pause) : TimeSpan.Zero;
                            break;
                        }
                    }
                    catch (LabException e) when (Passes(e) || e.StatusCode == 410)
                    {
                        trouble = e;
                    }

                    JsonObject body = trouble is null ? events.Current.Object("object") ?? [] : [];
                    string type = trouble is null ? events.Current.Text("type") ?? "" : "";
                    if (type == "ERROR")
                    {
                        trouble = KubeStatus.ToException((int)(body.Number("code") ?? 500), body, api.Server);
                        if (!Passes(trouble) && trouble.StatusCode != 410)
                        {
                            throw trouble;
                        }
                    }

                    if (trouble is not null)
                    {
                        RequestLog.Current.Verbose($"The watch on {resource} ended ({trouble.Message})");
                        version = trouble.StatusCode == 410 ? null : version;
                        pause = trouble.StatusCode == 410 ? TimeSpan.Zero : Longer(pause);
                        break;
                    }

                    pause = TimeSpan.Zero;
                    version = body.Object("metadata")?.Text("resourceVersion") ?? version;
                    if (type == "DELETED")
                    {
                        known.Remove(Uid(body));
                        yield return new ResourceEvent(ResourceEventKind.Gone, body);
                    }
                    else if (type is "ADDED" or "MODIFIED")
                    {
                        known[Uid(body)] = body;
                        yield return new ResourceEvent(ResourceEventKind.Present, body);
                    }
                }
            }
        }
    }

    // Only the definition of a custom kind knows what is shown of it, and only the server may always read that.
    private static bool HasColumns(ApiResource resource) => !ApiResource.IsBuiltIn(resource.Group);

    // The objects of a page, where it is a table with what the server prints of each; its columns for name and age are left out, since every object has these.
    private static List<(JsonObject Item, JsonObject? Columns)> Rows(JsonObject page)
    {
        if (page.Text("kind") != "Table")
        {
            return [.. page.Objects("items").Select(item => (item, (JsonObject?)null))];
        }

        (string Name, int At)[] shown =
        [
            .. page.Objects("columnDefinitions").Select((column, at) => (Name: column.Text("name") ?? "", At: at, Priority: column.Number("priority") ?? 0))
                .Where(column => column.Priority == 0 && column.Name is not ("Name" or "Age")).Select(column => (column.Name, column.At)),
        ];
        return
        [
            .. from row in page.Objects("rows")
               let item = row.Object("object")
               where item is not null
               select ((JsonObject)item.DeepClone(), new JsonObject(shown.DistinctBy(column => column.Name)
                   .Select(column => KeyValuePair.Create(column.Name, (row["cells"] as JsonArray)?.ElementAtOrDefault(column.At)?.DeepClone())))),
        ];
    }

    private LabResource Created(JsonObject item, JsonObject? columns, ApiResource resource)
    {
        LabResource created = ResourceKinds.Create(item, resource, origin);
        created.Columns = columns is { Count: > 0 } ? ResourceMap.FromJson(columns) as ResourceMap : null;
        return created;
    }

    private static string Uid(JsonObject item) => item.Uid() ?? item.Name();

    /// <summary>Whether a failure is one that passes: a server that restarts, a limit.</summary>
    /// <param name="e">The failure.</param>
    /// <returns>True if so.</returns>
    internal static bool Passes(LabException e) => e.Kind is LabErrorKind.ConnectionFailed or LabErrorKind.ServiceFailed
        or LabErrorKind.LimitExceeded or LabErrorKind.Timeout;

    private static TimeSpan Longer(TimeSpan pause)
    {
        TimeSpan next = pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : pause * 2;
        return next < LongestPause ? next : LongestPause;
    }

    private async Task<(List<JsonObject> Items, string Version)> SnapshotAsync(
        ApiResource resource, string? ns, ResourceFilter filter, CancellationToken cancellation)
    {
        List<JsonObject> items = [];
        string version = "";
        string path = $"{resource.Path(ns)}?{filter.Query()}limit={PageSize}";
        string? next = "";
        while (next is not null)
        {
            JsonObject page = await api.GetAsync(next.Length == 0 ? path : $"{path}&continue={Uri.EscapeDataString(next)}", cancellation);
            items.AddRange(page.Objects("items"));
            JsonObject metadata = page.Object("metadata") ?? [];
            version = metadata.Text("resourceVersion") ?? version;
            next = metadata.Text("continue");
        }

        return (items, version);
    }

    // The next page is on its way while this one is handled. No more than that: a list of any length takes the memory of two pages.
    private async IAsyncEnumerable<(JsonObject Item, JsonObject? Columns)> PagesAsync(
        ApiResource resource, string? ns, ResourceFilter filter, string? accept, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string path = $"{resource.Path(ns)}?{filter.Query()}limit={PageSize}{(accept == AsTable ? "&" + WithObjects : "")}";
        HashSet<string>? seen = null;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<JsonObject>? coming = api.GetAsync(path, end.Token, accept);
        bool first = true;
        try
        {
            while (coming is not null)
            {
                JsonObject page;
                try
                {
                    page = await coming;
                }
                catch (LabException e) when (e.StatusCode == 410 && !first)
                {
                    // The server forgot where the list was (slow consumer): list again, without what was told already.
                    RequestLog.Current.Verbose($"The list of {resource} expired; reading it again");
                    (first, coming) = (true, api.GetAsync(path, end.Token, accept));
                    continue;
                }

                JsonObject metadata = page.Object("metadata") ?? [];
                string? next = metadata.Text("continue");
                coming = next is null ? null : api.GetAsync($"{path}&continue={Uri.EscapeDataString(next)}", end.Token, accept);
                bool single = first && next is null && seen is null;
                first = false;
                foreach ((JsonObject item, JsonObject? columns) in Rows(page))
                {
                    if (single || (seen ??= []).Add(Uid(item)))
                    {
                        yield return (item, columns);
                    }
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await (coming ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
