using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;

namespace CloudLab.Core.Storage.Wire;

/// <summary>
/// AWS Signature Version 4 for S3, in headers and in the query string of a presigned URL. Paths are encoded once, as S3 wants it, and
/// nothing in them is normalized. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
/// </summary>
internal sealed class SigV4
{
    /// <summary>SHA-256 of nothing, in hexadecimal.</summary>
    public const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>Stands for a hash of the body where the connection itself protects it.</summary>
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    private const string Algorithm = "AWS4-HMAC-SHA256";

    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    private static readonly SearchValues<char> UnreservedAndSlash =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/");

    // Signing keys are good for a day; nearly always it is the same one.
    private SigningKey? lastKey;

    /// <summary>Percent-encodes text as the signature wants it: all but letters, digits, <c>-._~</c>, in upper-case hexadecimal of UTF-8.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="keepSlash">True for a path.</param>
    /// <returns>ASCII.</returns>
    public static string Encode(string text, bool keepSlash = false)
    {
        SearchValues<char> plain = keepSlash ? UnreservedAndSlash : Unreserved;
        int first = text.AsSpan().IndexOfAnyExcept(plain);
        if (first < 0)
        {
            return text;
        }

        StringBuilder encoded = new(text.Length + 16);
        encoded.Append(text, 0, first);
        Span<byte> bytes = stackalloc byte[4];
        ReadOnlySpan<char> rest = text.AsSpan(first);
        while (rest.Length > 0)
        {
            if (plain.Contains(rest[0]))
            {
                encoded.Append(rest[0]);
                rest = rest[1..];
                continue;
            }

            Rune.DecodeFromUtf16(rest, out Rune rune, out int consumed);
            foreach (byte b in bytes[..rune.EncodeToUtf8(bytes)])
            {
                encoded.Append('%').Append("0123456789ABCDEF"[b >> 4]).Append("0123456789ABCDEF"[b & 15]);
            }

            rest = rest[consumed..];
        }

        return encoded.ToString();
    }

    /// <summary>A query in the canonical order.</summary>
    /// <param name="parameters">Names and values, neither encoded.</param>
    /// <returns><c>a=1&amp;b=2</c>.</returns>
    public static string Query(IEnumerable<(string Name, string Value)> parameters) => string.Join('&', parameters
        .Select(p => (Name: Encode(p.Name), Value: Encode(p.Value)))
        .OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Value, StringComparer.Ordinal)
        .Select(p => p.Name + "=" + p.Value));

    /// <summary>Signs a request in its headers.</summary>
    /// <param name="keys">Whose signature.</param>
    /// <param name="address">Where to.</param>
    /// <param name="method">GET, PUT, …</param>
    /// <param name="path">Encoded path.</param>
    /// <param name="query">Canonical query, without question mark.</param>
    /// <param name="headers">Headers to sign; those for date, hash and token are added.</param>
    /// <param name="payloadHash">SHA-256 of the body in hexadecimal, or <see cref="Unsigned"/>.</param>
    /// <param name="time">The time.</param>
    public void Sign(
        ImmutableCredentials keys, S3Address address, string method, string path, string query, List<(string Name, string Value)> headers,
        string payloadHash, DateTimeOffset time)
    {
        string date = Date(time);
        headers.Add(("x-amz-content-sha256", payloadHash));
        headers.Add(("x-amz-date", date));
        if (keys.UseToken)
        {
            headers.Add((address.TokenName, keys.Token));
        }

        List<(string Name, string Value)> signed = [("host", address.Host)];
        foreach ((string name, string value) in headers)
        {
            if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase) || name.Equals("content-type", StringComparison.OrdinalIgnoreCase)
                || name.Equals("content-md5", StringComparison.OrdinalIgnoreCase))
            {
                signed.Add((name.ToLowerInvariant(), Trim(value)));
            }
        }

        signed.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        string names = string.Join(';', signed.Select(h => h.Name));
        string scope = Scope(address, date);
        string signature = Signature(keys, address, method, path, query, signed, names, payloadHash, date, scope);
        headers.Add(("Authorization", $"{Algorithm} Credential={keys.AccessKey}/{scope}, SignedHeaders={names}, Signature={signature}"));
    }

    /// <summary>Makes a URL that carries its signature.</summary>
    /// <param name="keys">Whose signature.</param>
    /// <param name="address">Where to.</param>
    /// <param name="method">The method it will be used with.</param>
    /// <param name="path">Encoded path.</param>
    /// <param name="parameters">Query, not encoded.</param>
    /// <param name="headers">Headers that whoever uses the URL has to send, exactly so.</param>
    /// <param name="life">How long it is good, up to seven days.</param>
    /// <param name="time">From when on.</param>
    /// <returns>The URL.</returns>
    public string Presign(
        ImmutableCredentials keys, S3Address address, string method, string path, IEnumerable<(string Name, string Value)> parameters,
        IEnumerable<(string Name, string Value)> headers, TimeSpan life, DateTimeOffset time)
    {
        List<(string Name, string Value)> signed =
            [("host", address.Host), .. headers.Select(h => (h.Name.ToLowerInvariant(), Trim(h.Value)))];
        signed.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        string names = string.Join(';', signed.Select(h => h.Name));
        string date = Date(time), scope = Scope(address, date);
        List<(string Name, string Value)> all =
        [
            .. parameters,
            ("X-Amz-Algorithm", Algorithm),
            ("X-Amz-Credential", keys.AccessKey + "/" + scope),
            ("X-Amz-Date", date),
            ("X-Amz-Expires", ((long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            ("X-Amz-SignedHeaders", names),
        ];
        if (keys.UseToken)
        {
            all.Add((address.TokenName == S3Address.ExpressTokenName ? "X-Amz-S3session-Token" : "X-Amz-Security-Token", keys.Token));
        }

        string query = Query(all);
        string signature = Signature(keys, address, method, path, query, signed, names, Unsigned, date, scope);
        return $"{address.Origin}{path}?{query}&X-Amz-Signature={signature}";
    }

    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static string Scope(S3Address address, string date) => $"{date.AsSpan(0, 8)}/{address.Region}/{address.Service}/aws4_request";

    // Runs of spaces count as one.
    private static string Trim(string value) =>
        value.Contains("  ", StringComparison.Ordinal) ? string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : value.Trim();

    private string Signature(
        ImmutableCredentials keys, S3Address address, string method, string path, string query, List<(string Name, string Value)> signed,
        string names, string payloadHash, string date, string scope)
    {
        StringBuilder canonical = new(512);
        canonical.Append(method).Append('\n').Append(path).Append('\n').Append(query).Append('\n');
        foreach ((string name, string value) in signed)
        {
            canonical.Append(name).Append(':').Append(value).Append('\n');
        }

        canonical.Append('\n').Append(names).Append('\n').Append(payloadHash);
        string toSign = $"{Algorithm}\n{date}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        byte[] key = KeyFor(keys.SecretKey, date[..8], address.Region, address.Service);
        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }

    private byte[] KeyFor(string secret, string day, string region, string service)
    {
        SigningKey? known = lastKey;
        if (known is not null && known.Day == day && known.Region == region && known.Service == service && known.Secret == secret)
        {
            return known.Key;
        }

        byte[] key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (string step in (ReadOnlySpan<string>)[day, region, service, "aws4_request"])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(step));
        }

        lastKey = new SigningKey(secret, day, region, service, key);
        return key;
    }

    private static string Hex(byte[] bytes) => string.Create(bytes.Length * 2, bytes, static (text, from) =>
    {
        for (int i = 0; i < from.Length; i++)
        {
            text[2 * i] = "0123456789abcdef"[from[i] >> 4];
            text[(2 * i) + 1] = "0123456789abcdef"[from[i] & 15];
        }
    });

    private sealed class SigningKey(string secret, string day, string region, string service, byte[] key)
    {
        public string Secret { get; } = secret;

        public string Day { get; } = day;

        public string Region { get; } = region;

        public string Service { get; } = service;

        public byte[] Key { get; } = key;
    }
}
