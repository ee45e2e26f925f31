using System.Globalization;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Store;

/// <summary>
/// Objects on shelves (one a kind) with one revision counter and a log of the last changes, from which watches and
/// consistent pages are served. Who reads and then writes holds <see cref="Gate"/>.
/// </summary>
internal sealed class ObjectStore
{
    private readonly Dictionary<string, SortedDictionary<(string Namespace, string Name), StoredObject>> shelves = new(StringComparer.Ordinal);
    private readonly List<StoreEvent> log = [];
    private readonly int historyLength;
    private readonly Journal? journal;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="historyLength">How many changes are remembered.</param>
    /// <param name="journal">Where changes are kept; null for memory only.</param>
    public ObjectStore(int historyLength, Journal? journal)
    {
        this.historyLength = historyLength;
        this.journal = journal;
        if (journal is not null)
        {
            foreach ((string shelf, JsonObject node, long revision) in journal.Load())
            {
                Shelf(shelf)[KeyOf(node)] = new StoredObject(shelf, node, revision);
                Revision = Math.Max(Revision, revision);
            }

            Revision = Math.Max(Revision, journal.Revision);
            Compacted = Revision;
        }
    }

    /// <summary>Held while an object is read, changed and written.</summary>
    public object Gate { get; } = new();

    /// <summary>The revision of the last change.</summary>
    public long Revision { get; private set; } = 1;

    /// <summary>Changes up to this revision are forgotten.</summary>
    public long Compacted { get; private set; }

    /// <summary>Completed at the next change. Take it before looking for changes.</summary>
    public Task NextChange => Volatile.Read(ref changed).Task;

    public StoredObject? Get(string shelf, string ns, string name)
    {
        lock (Gate)
        {
            return shelves.TryGetValue(shelf, out var objects) ? objects.GetValueOrDefault((ns, name)) : null;
        }
    }

    /// <summary>All objects of a shelf, or of one namespace in it, by namespace and name.</summary>
    public List<StoredObject> List(string shelf, string? ns = null)
    {
        lock (Gate)
        {
            if (!shelves.TryGetValue(shelf, out var objects))
            {
                return [];
            }

            return string.IsNullOrEmpty(ns) ? [.. objects.Values] : [.. objects.Values.Where(o => o.Namespace == ns)];
        }
    }

    /// <summary>All objects of a namespace, of every kind.</summary>
    public List<StoredObject> ListNamespace(string ns)
    {
        lock (Gate)
        {
            return [.. shelves.Values.SelectMany(objects => objects.Values).Where(stored => stored.Namespace == ns)];
        }
    }

    /// <summary>What a shelf held at a revision; null when that is forgotten.</summary>
    public List<StoredObject>? ListAt(string shelf, string? ns, long revision)
    {
        lock (Gate)
        {
            if (revision >= Revision)
            {
                return List(shelf, ns);
            }

            if (revision < Compacted)
            {
                return null;
            }

            SortedDictionary<(string, string), StoredObject> then = new(KeyOrder.Instance);
            foreach (StoredObject o in List(shelf, ns))
            {
                then[o.Key] = o;
            }

            for (int i = log.Count - 1; i >= 0 && log[i].Revision > revision; i--)
            {
                StoreEvent change = log[i];
                if (change.Object.Shelf != shelf || (!string.IsNullOrEmpty(ns) && change.Object.Namespace != ns))
                {
                    continue;
                }

                if (change.Previous is { } before)
                {
                    then[before.Key] = before;
                }
                else
                {
                    then.Remove(change.Object.Key);
                }
            }

            return [.. then.Values];
        }
    }

    /// <summary>Writes an object; it gets the next revision as its resourceVersion.</summary>
    public StoredObject Put(string shelf, JsonObject node)
    {
        lock (Gate)
        {
            SetVersion(node, ++Revision);
            StoredObject stored = new(shelf, node, Revision);
            var objects = Shelf(shelf);
            StoredObject? previous = objects.GetValueOrDefault(stored.Key);
            objects[stored.Key] = stored;
            journal?.Append(stored, isDeletion: false);
            Record(new StoreEvent(stored, previous, IsDeletion: false));
            return stored;
        }
    }

    /// <summary>Takes an object away; <paramref name="last"/> is its last state, if that is not what is stored.</summary>
    public StoredObject? Remove(string shelf, string ns, string name, JsonObject? last = null)
    {
        lock (Gate)
        {
            var objects = Shelf(shelf);
            if (!objects.Remove((ns, name), out StoredObject? previous))
            {
                return null;
            }

            JsonObject node = last ?? previous.Parse();
            SetVersion(node, ++Revision);
            StoredObject gone = new(shelf, node, Revision);
            journal?.Append(gone, isDeletion: true);
            Record(new StoreEvent(gone, previous, IsDeletion: true));
            return gone;
        }
    }

    /// <summary>Changes after a revision on one shelf (or all); null when they are forgotten.</summary>
    public List<StoreEvent>? ChangesAfter(long revision, string? shelf, out long upTo)
    {
        lock (Gate)
        {
            upTo = Revision;
            if (revision < Compacted)
            {
                return null;
            }

            int low = 0, high = log.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (log[middle].Revision <= revision)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            List<StoreEvent> changes = [];
            for (int i = low; i < log.Count; i++)
            {
                if (shelf is null || log[i].Object.Shelf == shelf)
                {
                    changes.Add(log[i]);
                }
            }

            return changes;
        }
    }

    private static void SetVersion(JsonObject node, long revision) =>
        node.Ensure("metadata")["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);

    private static (string Namespace, string Name) KeyOf(JsonObject node) =>
        (node.Text("metadata", "namespace") ?? "", node.Text("metadata", "name") ?? "");

    private SortedDictionary<(string Namespace, string Name), StoredObject> Shelf(string shelf)
    {
        if (!shelves.TryGetValue(shelf, out var objects))
        {
            shelves[shelf] = objects = new(KeyOrder.Instance);
        }

        return objects;
    }

    private void Record(StoreEvent change)
    {
        log.Add(change);
        if (log.Count > historyLength + (historyLength / 4))
        {
            Compacted = log[^(historyLength + 1)].Revision;
            log.RemoveRange(0, log.Count - historyLength);
        }

        TaskCompletionSource done = Interlocked.Exchange(
            ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        done.SetResult();
    }

    private sealed class KeyOrder : IComparer<(string Namespace, string Name)>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare((string Namespace, string Name) x, (string Namespace, string Name) y)
        {
            int order = string.CompareOrdinal(x.Namespace, y.Namespace);
            return order != 0 ? order : string.CompareOrdinal(x.Name, y.Name);
        }
    }
}
