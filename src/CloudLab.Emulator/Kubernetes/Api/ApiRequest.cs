using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>A request, its path and query taken apart.</summary>
internal sealed class ApiRequest
{
    private readonly Dictionary<string, string> query = new(StringComparer.Ordinal);

    public ApiRequest(HttpExchange exchange)
    {
        Exchange = exchange;
        Segments = [.. exchange.RawPath.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        foreach (string pair in exchange.RawQuery.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = Decode(equals < 0 ? pair : pair[..equals]);
            query.TryAdd(name, equals < 0 ? "" : Decode(pair[(equals + 1)..]));
        }
    }

    public HttpExchange Exchange { get; }

    public string[] Segments { get; }

    public string Method => Exchange.Method;

    public string Accept => Exchange.Headers.Get("Accept") ?? "";

    /// <summary>Media type of the body, without parameters.</summary>
    public string ContentType => (Exchange.Headers.Get("Content-Type") ?? "").Split(';')[0].Trim();

    /// <summary>Warnings that go along with the answer.</summary>
    public List<string> Warnings { get; } = [];

    public bool IsDryRun { get; set; }

    /// <summary>Who changes: the fieldManager, else the first part of the user agent.</summary>
    public string Manager
    {
        get
        {
            if (Query("fieldManager") is { Length: > 0 } name)
            {
                return name;
            }

            string agent = (Exchange.Headers.Get("User-Agent") ?? "").Split('/')[0];
            return agent.Length == 0 ? "unknown" : agent[..Math.Min(agent.Length, 128)];
        }
    }

    public string? Query(string name) => query.GetValueOrDefault(name);

    public bool IsSet(string name) => Query(name) is "true" or "1";

    public int? WholeNumber(string name)
    {
        if (Query(name) is not { Length: > 0 } text)
        {
            return null;
        }

        return int.TryParse(text, out int value) ? value
            : throw ApiError.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }

    public async Task<byte[]> ReadBodyAsync()
    {
        using MemoryStream body = new();
        byte[] buffer = new byte[32 * 1024];
        int count;
        while ((count = await Exchange.Body.ReadAsync(buffer, Exchange.Aborted)) > 0)
        {
            body.Write(buffer, 0, count);
            if (body.Length > 3 * 1024 * 1024)
            {
                throw new ApiError(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");
            }
        }

        return body.ToArray();
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
