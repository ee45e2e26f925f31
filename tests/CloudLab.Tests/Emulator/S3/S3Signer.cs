using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Emulator;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>
/// Signs S3 requests by the book (AWS General Reference, "Signature Version 4"), written apart from the emulator's own
/// code, and lets a test spoil any piece.
/// </summary>
internal sealed class S3Signer(LabEmulatorInfo emulator, DateTimeOffset? at = null)
{
    private readonly DateTimeOffset at = at ?? DateTimeOffset.UtcNow;

    public string AccessKey { get; set; } = emulator.GetEnvironment()["AWS_ACCESS_KEY_ID"];

    public string SecretKey { get; set; } = emulator.GetEnvironment()["AWS_SECRET_ACCESS_KEY"];

    public string? Token { get; set; }

    public string Service { get; set; } = "s3";

    private string Stamp => at.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private string Scope => $"{Stamp[..8]}/{emulator.Region}/{Service}/aws4_request";

    public static string Hash(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));

    /// <summary>Head of a request, signed; the path and query must be encoded as AWS wants them, the query sorted.</summary>
    public string Head(string method, string target, string payloadHash, params (string Name, string Value)[] headers) =>
        Head(method, target, payloadHash, out _, headers);

    public string Head(string method, string target, string payloadHash, out string signature, params (string Name, string Value)[] headers)
    {
        List<(string Name, string Value)> all =
        [
            ("host", emulator.EndpointUrl.Authority), ("x-amz-content-sha256", payloadHash), ("x-amz-date", Stamp),
            .. headers.Select(header => (header.Name.ToLowerInvariant(), header.Value)),
        ];
        if (Token is not null)
        {
            all.Add(("x-amz-security-token", Token));
        }

        all.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        string names = string.Join(';', all.Select(header => header.Name));
        string[] parts = target.Split('?', 2);
        string canonical = $"{method}\n{parts[0]}\n{Query(parts)}\n{string.Concat(all.Select(header => $"{header.Name}:{header.Value}\n"))}\n{names}\n{payloadHash}";
        signature = Sign($"AWS4-HMAC-SHA256\n{Stamp}\n{Scope}\n{Hash(Encoding.Latin1.GetBytes(canonical))}");
        StringBuilder head = new($"{method} {target} HTTP/1.1\r\n");
        foreach ((string name, string value) in all)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return head.Append($"Authorization: AWS4-HMAC-SHA256 Credential={AccessKey}/{Scope}, SignedHeaders={names}, Signature={signature}\r\n").ToString();
    }

    /// <summary>A presigned URL's target.</summary>
    public string Presign(string method, string path, int seconds, string more = "", string? host = null)
    {
        SortedDictionary<string, string> query = new(StringComparer.Ordinal)
        {
            ["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256",
            ["X-Amz-Credential"] = Uri.EscapeDataString($"{AccessKey}/{Scope}"),
            ["X-Amz-Date"] = Stamp,
            ["X-Amz-Expires"] = seconds.ToString(CultureInfo.InvariantCulture),
            ["X-Amz-SignedHeaders"] = "host",
        };
        foreach (string pair in more.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            query[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        string text = string.Join('&', query.Select(pair => pair.Key + "=" + pair.Value));
        string canonical = $"{method}\n{path}\n{text}\nhost:{host ?? emulator.EndpointUrl.Authority}\n\nhost\nUNSIGNED-PAYLOAD";
        return $"{path}?{text}&X-Amz-Signature={Sign($"AWS4-HMAC-SHA256\n{Stamp}\n{Scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}")}";
    }

    /// <summary>A body in signed chunks, with a trailer if there is one.</summary>
    public byte[] Chunks(string seed, IEnumerable<byte[]> chunks, params (string Name, string Value)[] trailer)
    {
        MemoryStream body = new();
        string previous = seed;
        foreach (byte[] chunk in chunks.Append([]))
        {
            previous = Sign($"AWS4-HMAC-SHA256-PAYLOAD\n{Stamp}\n{Scope}\n{previous}\n{Hash([])}\n{Hash(chunk)}");
            body.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x};chunk-signature={previous}\r\n"));
            if (chunk.Length > 0)
            {
                body.Write(chunk);
                body.Write("\r\n"u8);
            }
        }

        if (trailer.Length > 0)
        {
            string lines = string.Concat(trailer.Select(field => $"{field.Name}:{field.Value}\n"));
            string signature = Sign($"AWS4-HMAC-SHA256-TRAILER\n{Stamp}\n{Scope}\n{previous}\n{Hash(Encoding.UTF8.GetBytes(lines))}");
            body.Write(Encoding.ASCII.GetBytes(lines.Replace("\n", "\r\n", StringComparison.Ordinal) + $"x-amz-trailer-signature:{signature}\r\n"));
        }

        body.Write("\r\n"u8);
        return body.ToArray();
    }

    private static string Query(string[] parts) => parts.Length == 1
        ? ""
        : string.Join('&', parts[1].Split('&').Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : pair + "="));

    private string Sign(string text)
    {
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + SecretKey);
        foreach (string part in Scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }
}
