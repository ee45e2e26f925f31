using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;
using CloudLab.Emulator.Kubernetes.Tables;

namespace CloudLab.Emulator.Kubernetes.Watch;

/// <summary>Streams changes, a line of JSON each, until the client, its timeout or the server ends it.</summary>
internal sealed class WatchHandler(ObjectService objects, CancellationToken stopping)
{
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);

    public async Task HandleAsync(ApiRequest request, ResourceKind kind, string ns, string name)
    {
        LabelSelector labels = LabelSelector.Parse(request.Query("labelSelector"));
        FieldSelector fields = FieldSelector.Parse(name.Length > 0 ? "metadata.name=" + name : request.Query("fieldSelector"), kind);
        bool bookmarks = request.IsSet("allowWatchBookmarks"), initial = request.IsSet("sendInitialEvents");
        string asked = request.Query("resourceVersion") ?? "";
        if (!long.TryParse(asked.Length == 0 ? "0" : asked, NumberStyles.None, CultureInfo.InvariantCulture, out long revision))
        {
            throw ApiError.BadRequest($"resourceVersion: Invalid value: \"{asked}\": strconv.ParseUint: parsing \"{asked}\": invalid syntax");
        }

        if (initial && request.Query("resourceVersionMatch") != "NotOlderThan")
        {
            throw ApiError.Option("ListOptions", FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        }

        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(request.Exchange.Aborted, stopping);
        if (request.WholeNumber("timeoutSeconds") is > 0 and { } seconds)
        {
            ending.CancelAfter(TimeSpan.FromSeconds(seconds));
        }

        Stream stream = new(this, request, kind, ns, labels, fields);
        await request.Exchange.StartAsync(200, Answer.Headers(request, "application/json"), contentLength: null);
        if (initial || revision == 0)
        {
            List<StoredObject> all;
            lock (objects.Store.Gate)
            {
                all = objects.Store.List(kind.StorageKey, ns);
                revision = objects.Store.Revision;
            }

            foreach (StoredObject stored in all)
            {
                if (stream.Select(stored) is { } node)
                {
                    await stream.SendAsync("ADDED", node);
                }
            }

            if (initial && bookmarks)
            {
                await stream.BookmarkAsync(revision, endsInitial: true);
            }
        }

        try
        {
            await FollowAsync(stream, kind, revision, bookmarks, ending.Token);
        }
        catch (OperationCanceledException) when (!request.Exchange.Aborted.IsCancellationRequested)
        {
            // Its time is up, or the server stops: the stream ends well.
        }
    }

    private async Task FollowAsync(Stream stream, ResourceKind kind, long revision, bool bookmarks, CancellationToken ending)
    {
        while (true)
        {
            Task change = objects.Store.NextChange;
            if (objects.Store.ChangesAfter(revision, kind.StorageKey, out long upTo) is not { } changes)
            {
                await stream.SendAsync("ERROR", ApiError.Expired($"too old resource version: {revision} ({objects.Store.Compacted})").Status());
                return;
            }

            foreach (StoreEvent e in changes)
            {
                await stream.SendAsync(e);
            }

            revision = Math.Max(revision, upTo);
            while (!change.IsCompleted)
            {
                try
                {
                    await change.WaitAsync(BookmarkEvery, ending);
                }
                catch (TimeoutException)
                {
                    if (bookmarks)
                    {
                        await stream.BookmarkAsync(revision, endsInitial: false);
                    }
                }
            }
        }
    }

    /// <summary>One client's view of the changes.</summary>
    private sealed class Stream(WatchHandler owner, ApiRequest request, ResourceKind kind, string ns, LabelSelector labels, FieldSelector fields)
    {
        private readonly bool asTable = TableBuilder.Wanted(request);
        private readonly bool asMetadata = PartialMetadata.Wanted(request);
        private bool hasColumns;

        /// <summary>The object, if this client selects it.</summary>
        public JsonObject? Select(StoredObject stored)
        {
            if ((ns.Length > 0 && stored.Namespace != ns) || !labels.Matches(stored.Labels))
            {
                return null;
            }

            JsonObject node = owner.View(kind, stored);
            return fields.IsEmpty || fields.Matches(node) ? node : null;
        }

        public async Task SendAsync(StoreEvent e)
        {
            JsonObject? before = e.Previous is null ? null : Select(e.Previous), now = e.IsDeletion ? null : Select(e.Object);
            if (now is not null)
            {
                await SendAsync(before is null ? "ADDED" : "MODIFIED", now);
            }
            else if (before is not null)
            {
                // Gone, or changed so that it is not selected any more: its last selected state, at the revision of the change.
                JsonObject last = e.IsDeletion ? owner.View(kind, e.Object) : before;
                last["metadata"]!["resourceVersion"] = e.Revision.ToString(CultureInfo.InvariantCulture);
                await SendAsync("DELETED", last);
            }
        }

        public Task BookmarkAsync(long revision, bool endsInitial)
        {
            JsonObject metadata = new() { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
            if (endsInitial)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            return SendAsync("BOOKMARK", new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata });
        }

        public Task SendAsync(string type, JsonObject node)
        {
            if (asTable && type != "ERROR")
            {
                node = TableBuilder.Build(request, kind, type == "BOOKMARK" ? [] : [node],
                    new JsonObject { ["resourceVersion"] = node.Text("metadata", "resourceVersion") }, withColumns: !hasColumns);
                hasColumns = true;
            }
            else if (asMetadata && type != "ERROR")
            {
                node = PartialMetadata.Of(node);
            }

            byte[] line = Json.Bytes(new JsonObject { ["type"] = type, ["object"] = node });
            byte[] framed = new byte[line.Length + 1];
            line.CopyTo(framed, 0);
            framed[^1] = (byte)'\n';
            return request.Exchange.WriteAsync(framed);
        }
    }

    private JsonObject View(ResourceKind kind, StoredObject stored) => objects.View(kind, stored);
}
