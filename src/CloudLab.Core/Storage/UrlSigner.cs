using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage;

/// <summary>
/// Signature Version 4 in the query of a URL (Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters").
/// The SDK's own way to it loses slashes at the beginning of a key.
/// </summary>
internal static class UrlSigner
{
    /// <summary>Signs.</summary>
    /// <param name="keys">Who signs.</param>
    /// <param name="region">Region of the scope.</param>
    /// <param name="method">HTTP method.</param>
    /// <param name="endpoint">Scheme, host and port.</param>
    /// <param name="path">Path, encoded.</param>
    /// <param name="query">Further query, not encoded.</param>
    /// <param name="headers">Headers that have to be sent.</param>
    /// <param name="date">From when it is valid.</param>
    /// <param name="lifetime">How long it is valid; whole seconds.</param>
    /// <returns>The URL.</returns>
    public static string Sign(
        AwsKeys keys, string region, string method, Uri endpoint, string path, IEnumerable<KeyValuePair<string, string?>> query,
        IReadOnlyDictionary<string, string> headers, DateTimeOffset date, TimeSpan lifetime)
    {
        string stamp = date.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string scope = $"{stamp[..8]}/{region}/s3/aws4_request";
        SortedDictionary<string, string> signed = new(StringComparer.Ordinal) { ["host"] = endpoint.Authority };
        foreach ((string name, string value) in headers)
        {
            signed[name.ToLowerInvariant()] = value.Trim();
        }

        string names = string.Join(';', signed.Keys);
        SortedDictionary<string, string> all = new(StringComparer.Ordinal)
        {
            ["X-Amz-Algorithm"] = "AWS4-HMAC-SHA256",
            ["X-Amz-Credential"] = $"{keys.AccessKey}/{scope}",
            ["X-Amz-Date"] = stamp,
            ["X-Amz-Expires"] = ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            ["X-Amz-SignedHeaders"] = names,
        };
        if (keys.SessionToken is { } token)
        {
            all["X-Amz-Security-Token"] = token;
        }

        foreach ((string name, string? value) in query)
        {
            all[name] = value ?? "";
        }

        string text = string.Join('&', all.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        string canonical = $"{method}\n{path}\n{text}\n{string.Concat(signed.Select(header => $"{header.Key}:{header.Value}\n"))}\n{names}\nUNSIGNED-PAYLOAD";
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + keys.SecretKey);
        foreach (string part in scope.Split('/'))
        {
            key = Hmac(key, part);
        }

        string signature = Convert.ToHexString(
            Hmac(key, $"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))).ToLowerInvariant()}"));
        return $"{endpoint.Scheme}://{endpoint.Authority}{path}?{text}&X-Amz-Signature={signature.ToLowerInvariant()}";
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
