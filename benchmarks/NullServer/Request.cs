using System.Globalization;
using System.Text;

namespace CloudLab.NullServer;

/// <summary>The head of a request, in path style: <c>/bucket/key?query</c>.</summary>
internal sealed class Request
{
    private readonly Dictionary<string, string> query = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a head.</summary>
    /// <param name="head">All up to the empty line, without it.</param>
    public Request(ReadOnlySpan<byte> head)
    {
        string[] lines = Encoding.Latin1.GetString(head).Split("\r\n");
        string[] first = lines[0].Split(' ');
        Method = first[0];
        string[] target = first[1].Split('?', 2);
        string path = target[0].TrimStart('/');
        int slash = path.IndexOf('/', StringComparison.Ordinal);
        Bucket = slash < 0 ? path : path[..slash];
        Key = slash < 0 ? "" : Uri.UnescapeDataString(path[(slash + 1)..]);
        foreach (string pair in target.Length == 1 ? [] : target[1].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            query[parts[0]] = parts.Length == 1 ? "" : Uri.UnescapeDataString(parts[1].Replace('+', ' '));
        }

        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
    }

    public string Method { get; }

    public string Bucket { get; }

    public string Key { get; }

    /// <summary>Length of the body; null where it comes in chunks.</summary>
    public long? ContentLength => Header("Transfer-Encoding") is null
        ? long.Parse(Header("Content-Length") ?? "0", CultureInfo.InvariantCulture)
        : null;

    public bool Asks(string name) => query.ContainsKey(name);

    public string? Query(string name) => query.GetValueOrDefault(name);

    public string? Header(string name) => headers.GetValueOrDefault(name);

    /// <summary>The headers that S3 keeps with an object, as an answer repeats them.</summary>
    /// <returns>Lines of a head.</returns>
    public string KeptHeaders() => string.Concat(headers
        .Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        .Select(header => $"{header.Key}: {header.Value}\r\n"));
}
