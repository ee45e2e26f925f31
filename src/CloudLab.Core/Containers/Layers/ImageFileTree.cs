namespace CloudLab.Core.Containers.Layers;

/// <summary>The files of an image as its layers, one upon the other, make them.</summary>
internal sealed class ImageFileTree
{
    private readonly Node root = new();
    private readonly List<long> wasted = [];

    /// <summary>For each layer so far, the bytes of its files that layers above replace or hide.</summary>
    public IReadOnlyList<long> Wasted => wasted;

    /// <summary>Puts a layer on top.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>What it does.</returns>
    public IReadOnlyList<LabImageFile> Add(LayerContent layer)
    {
        int number = wasted.Count;
        wasted.Add(0);
        List<LabImageFile> files = [];

        // Marks concern the layers below, wherever in the tar file they stand.
        foreach (LayerEntry mark in layer.Entries.Where(entry => entry.IsMark))
        {
            if (mark.HidesFolder && Find(mark.Folder) is { } folder)
            {
                foreach ((string name, Node child) in folder.Children.ToArray())
                {
                    files.Add(Removed($"{mark.Folder}/{name}", child));
                    folder.Children.Remove(name);
                }
            }
            else if (mark.Hides is { } path && Find(mark.Folder) is { } parent && parent.Children.Remove(path[(path.LastIndexOf('/') + 1)..], out Node? hidden))
            {
                files.Add(Removed(path, hidden));
            }
        }

        foreach (LayerEntry entry in layer.Entries.Where(entry => !entry.IsMark && entry.Path != "/"))
        {
            Node node = Make(entry.Path);
            ImageFileChange change = ImageFileChange.Added;
            if (node.Entry is { } before)
            {
                // A layer repeats the folders that its files are in.
                if (before.Kind == ImageFileKind.Directory && before.IsSame(entry))
                {
                    continue;
                }

                change = node.Layer == number ? ImageFileChange.Added : ImageFileChange.Changed;
                wasted[node.Layer] += before.Size;
                if (entry.Kind != ImageFileKind.Directory)
                {
                    foreach (Node child in node.Children.Values)
                    {
                        Waste(child);
                    }

                    node.Children.Clear();
                }
            }

            (node.Entry, node.Layer) = (entry, number);
            files.Add(new LabImageFile(entry.Path, change, entry.Kind, entry.Size, entry.ModeText, entry.LinkTarget));
        }

        return files;
    }

    /// <summary>All files.</summary>
    /// <returns>The files by path.</returns>
    public Dictionary<string, LayerEntry> Files()
    {
        Dictionary<string, LayerEntry> files = new(StringComparer.Ordinal);
        Stack<Node> waiting = new([root]);
        while (waiting.TryPop(out Node? node))
        {
            if (node.Entry is { } entry)
            {
                files[entry.Path] = entry;
            }

            foreach (Node child in node.Children.Values)
            {
                waiting.Push(child);
            }
        }

        return files;
    }

    private LabImageFile Removed(string path, Node node)
    {
        long size = Waste(node);
        return new LabImageFile(
            path, ImageFileChange.Removed, node.Entry?.Kind ?? ImageFileKind.Directory, size, node.Entry?.ModeText ?? "", node.Entry?.LinkTarget);
    }

    private long Waste(Node node)
    {
        long size = node.Entry?.Size ?? 0;
        wasted[node.Layer] += size;
        foreach (Node child in node.Children.Values)
        {
            size += Waste(child);
        }

        return size;
    }

    private Node? Find(string path)
    {
        Node node = root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!node.Children.TryGetValue(part, out Node? next))
            {
                return null;
            }

            node = next;
        }

        return node;
    }

    private Node Make(string path)
    {
        Node node = root;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!node.Children.TryGetValue(part, out Node? next))
            {
                node.Children.Add(part, next = new Node());
            }

            node = next;
        }

        return node;
    }

    private sealed class Node
    {
        public Dictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);

        public LayerEntry? Entry { get; set; }

        public int Layer { get; set; }
    }
}
