using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Store;

/// <summary>
/// Keeps the objects in one file, a line for each change: revision, <c>+</c> or <c>-</c>, shelf, object. Lines are only
/// ever added, so an end in the middle of a write costs that line alone; at the next start the file is written anew with
/// what is left, beside the old one, and takes its place in one step.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly string path;
    private FileStream? file;

    public Journal(string folder)
    {
        Directory.CreateDirectory(folder);
        path = Path.Combine(folder, "objects.jsonl");
    }

    /// <summary>The last revision that was used, for an object that is there or gone.</summary>
    public long Revision { get; private set; }

    /// <summary>Reads what is kept, cleans the file up and opens it for changes.</summary>
    public List<(string Shelf, JsonObject Node, long Revision)> Load()
    {
        Dictionary<(string, string, string), (string Shelf, JsonObject Node, long Revision)> objects = [];
        if (File.Exists(path))
        {
            foreach (string line in File.ReadLines(path))
            {
                string[] parts = line.Split(' ', 4);
                if (parts.Length < 4 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long revision))
                {
                    continue;
                }

                JsonObject node;
                try
                {
                    node = Json.ParseObject(Encoding.UTF8.GetBytes(parts[3]));
                }
                catch (Exception e) when (e is JsonException or InvalidCastException)
                {
                    // The write that an end of the process cut off.
                    continue;
                }

                Revision = Math.Max(Revision, revision);
                (string, string, string) key = (parts[2], node.Text("metadata", "namespace") ?? "", node.Text("metadata", "name") ?? "");
                if (parts[1] == "+")
                {
                    objects[key] = (parts[2], node, revision);
                }
                else
                {
                    objects.Remove(key);
                }
            }
        }

        string fresh = path + ".new";
        using (FileStream stream = new(fresh, FileMode.Create, FileAccess.Write))
        {
            foreach ((string shelf, JsonObject node, long revision) in objects.Values)
            {
                stream.Write(Line(revision, '+', shelf, Json.Bytes(node)));
            }

            // The counter must not fall back behind what clients have seen.
            stream.Write(Line(Revision, '-', "/none", "{}"u8));
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
        file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        return [.. objects.Values];
    }

    public void Append(StoredObject stored, bool isDeletion) =>
        file?.Write(Line(stored.Revision, isDeletion ? '-' : '+', stored.Shelf, stored.Utf8.Span));

    public void Dispose() => file?.Dispose();

    private static byte[] Line(long revision, char sign, string shelf, ReadOnlySpan<byte> json)
    {
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{revision} {sign} {shelf} "));
        byte[] line = new byte[head.Length + json.Length + 1];
        head.CopyTo(line, 0);
        json.CopyTo(line.AsSpan(head.Length));
        line[^1] = (byte)'\n';
        return line;
    }
}
