using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Reads objects: one, a list as it comes, or everything that happens to them.</summary>
/// <param name="api">The cluster.</param>
public sealed class ResourceStore(KubernetesApi api)
{
    private const int PageSize = 500;
    private const string NamesOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Reads one object.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="ns">Its namespace; ignored where the kind has none.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object. Throws <see cref="LabException"/> (NotFound) where there is none.</returns>
    public async Task<LabResource> GetAsync(ApiResource resource, string ns, string name, CancellationToken cancellation) =>
        new(await api.GetAsync(resource.Path(ns, name), cancellation), resource);

    /// <summary>Lists objects, page by page, the first before the last is asked for.</summary>
    /// <param name="resource">Their kind.</param>
    /// <param name="ns">Their namespace; null for all.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>The objects as the server orders them.</returns>
    public async IAsyncEnumerable<LabResource> ListAsync(
        ApiResource resource, string? ns, ResourceFilter filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, filter, null, cancellation))
        {
            yield return new LabResource(item, resource);
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
            yield return item.Object("metadata")?.Text("name") ?? "";
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
        await foreach ((JsonObject item, _) in PagesAsync(resource, ns, ResourceFilter.None, NamesOnly, cancellation))
        {
            found[item.Object("metadata")?.Text("name") ?? ""] = item;
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

    private static string Uid(JsonObject item) => item.Object("metadata")?.Text("uid") ?? item.Object("metadata")?.Text("name") ?? "";

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

    private async IAsyncEnumerable<(JsonObject Item, string Version)> PagesAsync(
        ApiResource resource, string? ns, ResourceFilter filter, string? accept, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string path = $"{resource.Path(ns)}?{filter.Query()}limit={PageSize}";
        HashSet<string>? seen = null;
        string? next = "";
        while (next is not null)
        {
            JsonObject page;
            try
            {
                page = await api.GetAsync(next.Length == 0 ? path : $"{path}&continue={Uri.EscapeDataString(next)}", cancellation, accept);
            }
            catch (LabException e) when (e.StatusCode == 410 && next.Length > 0)
            {
                // The server forgot where the list was (slow consumer): list again, without what was told already.
                RequestLog.Current.Verbose($"The list of {resource} expired; reading it again");
                next = "";
                continue;
            }

            JsonObject metadata = page.Object("metadata") ?? [];
            bool single = next.Length == 0 && metadata.Text("continue") is null && seen is null;
            foreach (JsonObject item in page.Objects("items"))
            {
                if (single || (seen ??= []).Add(Uid(item)))
                {
                    yield return (item, metadata.Text("resourceVersion") ?? "");
                }
            }

            next = metadata.Text("continue");
        }
    }
}
