using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.Identity;

namespace CloudLab.Emulator.S3;

/// <summary>One S3 request: what it is about, who makes it, and the answer's common headers.</summary>
internal sealed class S3Request
{
    private const int MaxKeyBytes = 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>What a presigned URL needs for itself; that some clients name the checksum of a body to come says nothing.</summary>
    private static readonly HashSet<string> SignatureNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
        "X-Amz-Security-Token", "X-Amz-Content-Sha256", "x-amz-sdk-checksum-algorithm",
    };

    private readonly HttpExchange exchange;
    private readonly Dictionary<string, string> query = new(StringComparer.Ordinal);

    /// <summary>Reads the request line. Throws where bucket and key cannot be read from it, see <see cref="Locate"/>.</summary>
    /// <param name="exchange">The request.</param>
    public S3Request(HttpExchange exchange)
    {
        this.exchange = exchange;
        foreach ((string name, string value) in UrlText.ParseQuery(exchange.RawQuery))
        {
            query.TryAdd(name, value);
        }

        Span<byte> random = stackalloc byte[8 + 32];
        RandomNumberGenerator.Fill(random);
        RequestId = Convert.ToHexString(random[..8]);
        HostId = Convert.ToBase64String(random[8..]);
    }

    /// <summary>GET, PUT, ….</summary>
    public string Method => exchange.Method;

    /// <summary>Request headers.</summary>
    public HttpHeaderList Headers => exchange.Headers;

    /// <summary>Body as sent.</summary>
    public Stream Body => exchange.Body;

    /// <summary>Cancelled when the client or the server goes.</summary>
    public CancellationToken Aborted => exchange.Aborted;

    /// <summary>Id of this request.</summary>
    public string RequestId { get; }

    /// <summary>Second id of this request, as S3 has it.</summary>
    public string HostId { get; }

    /// <summary>Name of the bucket; empty for the service itself.</summary>
    public string Bucket { get; private set; } = "";

    /// <summary>Key; empty for the bucket itself.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Path as it was sent, for errors and locations.</summary>
    public string Resource => exchange.RawPath;

    /// <summary>The verified signature; null for an anonymous request.</summary>
    public VerifiedSignature? Signature { get; set; }

    /// <summary>Who makes the request.</summary>
    public Principal Principal => Signature?.Key.Principal ?? Principal.Anonymous;

    /// <summary>Further headers of the answer, whatever it is.</summary>
    public HttpHeaderList ExtraHeaders { get; } = [];

    /// <summary>What pages of other origins are told, whatever the answer is.</summary>
    public HttpHeaderList CorsHeaders { get; } = [];

    /// <summary>Takes over the headers that stand in a presigned URL's query, where some clients put them.</summary>
    public void TakeHeadersFromQuery()
    {
        foreach ((string name, string value) in query)
        {
            if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase) && !SignatureNames.Contains(name) && !Headers.Contains(name)
                && value.AsSpan().IndexOfAny('\r', '\n') < 0)
            {
                Headers.Add(name, value);
            }
        }
    }

    /// <summary>Reads bucket and key.</summary>
    public void Locate()
    {
        string path = exchange.RawPath.StartsWith('/') ? exchange.RawPath[1..] : exchange.RawPath;
        if (VirtualHostBucket(Headers.Get("Host")) is { } host)
        {
            Bucket = host;
        }
        else
        {
            int slash = path.IndexOf('/', StringComparison.Ordinal);
            Bucket = UrlText.Decode(slash < 0 ? path : path[..slash]);
            path = slash < 0 ? "" : path[(slash + 1)..];
        }

        Key = ToKey(UrlText.DecodeBytes(path));
    }

    /// <summary>Reads a key from its bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The key. Throws where they are no UTF-8, or too many.</returns>
    public static string ToKey(byte[] bytes)
    {
        if (bytes.Length > MaxKeyBytes)
        {
            throw new S3Exception(
                400, "KeyTooLongError", "Your key is too long",
                ("Size", bytes.Length.ToString(CultureInfo.InvariantCulture)), ("MaxSizeAllowed", "1024"));
        }

        return ToText(bytes);
    }

    /// <summary>Reads text from its bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The text. Throws where they are no UTF-8.</returns>
    public static string ToText(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new S3Exception(400, "InvalidURI", "Couldn't parse the specified URI.");
        }
    }

    /// <summary>Whether the query has a name, with a value or without.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True if so.</returns>
    public bool Has(string name) => query.ContainsKey(name);

    /// <summary>A value of the query.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The value, or null.</returns>
    public string? Query(string name) => query.GetValueOrDefault(name);

    /// <summary>Names in the query.</summary>
    public IEnumerable<string> QueryNames => query.Keys;

    /// <summary>Names and values in the query.</summary>
    public IEnumerable<KeyValuePair<string, string>> QueryPairs => query;

    /// <summary>A number in the query.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="fallback">Value where it is not there.</param>
    /// <param name="max">Largest value; more counts as this.</param>
    /// <returns>The number. Throws where it is none.</returns>
    public int QueryNumber(string name, int fallback, int max = int.MaxValue)
    {
        if (Query(name) is not { Length: > 0 } text)
        {
            return fallback;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number is >= 0 and <= int.MaxValue
            ? (int)Math.Min(number, max)
            : throw S3Exception.InvalidArgument(name, text, $"Argument {name} must be an integer between 0 and 2147483647");
    }

    /// <summary>Answers with an XML document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="status">HTTP status.</param>
    /// <returns>Done when sent.</returns>
    public Task RespondAsync(S3Xml document, int status = 200) => RespondAsync(status, document.Finish(), "application/xml");

    /// <summary>Answers without a body.</summary>
    /// <param name="status">HTTP status.</param>
    /// <returns>Done when sent.</returns>
    public Task RespondAsync(int status) => exchange.RespondAsync(status, CommonHeaders());

    /// <summary>Answers with a document.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The document.</param>
    /// <param name="contentType">Its type.</param>
    /// <returns>Done when sent.</returns>
    public Task RespondAsync(int status, byte[] body, string contentType)
    {
        HttpHeaderList headers = CommonHeaders();
        headers.Add("Content-Type", contentType);
        return exchange.RespondAsync(status, headers, body);
    }

    /// <summary>Begins an answer with a body.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="length">Bytes of the body.</param>
    /// <returns>Done when begun.</returns>
    public Task StartAsync(int status, long length) => exchange.StartAsync(status, CommonHeaders(), length);

    /// <summary>Sends a piece of the body.</summary>
    /// <param name="data">The piece.</param>
    /// <returns>Done when sent.</returns>
    public Task WriteAsync(ReadOnlyMemory<byte> data) => exchange.WriteAsync(data);

    // bucket.localhost or bucket.s3.localhost, where a client will not use path style.
    private static string? VirtualHostBucket(string? host)
    {
        string name = host?.Split(':')[0].ToLowerInvariant() ?? "";
        foreach (string suffix in new[] { ".s3.localhost", ".localhost" })
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return name == "s3.localhost" ? null : name[..^suffix.Length];
            }
        }

        return null;
    }

    private HttpHeaderList CommonHeaders()
    {
        HttpHeaderList headers = [];
        headers.Add("x-amz-id-2", HostId);
        headers.Add("x-amz-request-id", RequestId);
        headers.Add("Server", "AmazonS3");
        foreach ((string name, string value) in ExtraHeaders.Concat(CorsHeaders))
        {
            headers.Add(name, value);
        }

        return headers;
    }
}
