using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloudLab.Emulator.Identity;

namespace CloudLab.Emulator.S3;

/// <summary>
/// Verifies presigned URLs of Signature Version 2: what <c>aws s3 presign</c>, boto3 and s3cmd still make where the
/// endpoint is not Amazon's.
/// </summary>
/// <param name="account">Who holds which key.</param>
/// <param name="time">The clock.</param>
internal sealed class SigV2UrlVerifier(IAccount account, TimeProvider time)
{
    /// <summary>Query names that are part of the resource that is signed.</summary>
    private static readonly HashSet<string> Signed = new(StringComparer.Ordinal)
    {
        "acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy", "requestPayment", "tagging",
        "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website", "response-cache-control",
        "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type", "response-expires",
    };

    /// <summary>Whether a request is signed in this way.</summary>
    /// <param name="request">The request.</param>
    /// <returns>True if so.</returns>
    public static bool Applies(S3Request request) =>
        request.Has("AWSAccessKeyId") && request.Has("Signature") && request.Has("Expires") && !request.Headers.Contains("Authorization");

    /// <summary>Verifies the policy of a form.</summary>
    /// <param name="policy">The policy in Base64.</param>
    /// <param name="fields">The form's fields by name in lower case.</param>
    /// <returns>The key that signed. Throws <see cref="SignatureException"/> otherwise.</returns>
    public VerifiedSignature VerifyPolicy(string policy, IReadOnlyDictionary<string, string> fields)
    {
        AccessKeyRecord key = Key(fields.GetValueOrDefault("awsaccesskeyid") ?? "", fields.GetValueOrDefault("x-amz-security-token"));
        return SameSignature(key, policy, fields.GetValueOrDefault("signature") ?? "")
            ? new VerifiedSignature(key, [], "", "", "", "UNSIGNED-PAYLOAD", presigned: true)
            : throw Mismatch(key, policy, fields.GetValueOrDefault("signature") ?? "");
    }

    /// <summary>Verifies a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The key that signed. Throws <see cref="SignatureException"/> otherwise.</returns>
    public VerifiedSignature Verify(S3Request request)
    {
        AccessKeyRecord key = Key(
            request.Query("AWSAccessKeyId")!, request.Query("x-amz-security-token") ?? request.Headers.Get("x-amz-security-token"));
        if (!long.TryParse(request.Query("Expires"), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || seconds > 253402300799)
        {
            throw new SignatureException(SignatureProblem.Expired, "Invalid date (should be seconds since epoch): " + request.Query("Expires"));
        }

        DateTimeOffset now = time.GetUtcNow(), expires = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (now > expires)
        {
            throw new SignatureException(
                SignatureProblem.Expired, "Request has expired",
                ("Expires", expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
                ("ServerTime", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        }

        string text = StringToSign(request);
        if (!SameSignature(key, text, request.Query("Signature")!))
        {
            throw Mismatch(key, text, request.Query("Signature")!);
        }

        return new VerifiedSignature(key, [], "", "", "", "UNSIGNED-PAYLOAD", presigned: true);
    }

    private static SignatureException Mismatch(AccessKeyRecord key, string text, string provided) => new(
        SignatureProblem.Mismatch,
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ("AWSAccessKeyId", key.AccessKeyId), ("StringToSign", text), ("SignatureProvided", provided));

    private static bool SameSignature(AccessKeyRecord key, string text, string provided)
    {
#pragma warning disable CA5350 // The scheme is what it is.
        byte[] expected = HMACSHA1.HashData(Encoding.UTF8.GetBytes(key.SecretKey), Encoding.Latin1.GetBytes(text));
#pragma warning restore CA5350
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Convert.ToBase64String(expected)), Encoding.Latin1.GetBytes(provided));
    }

    private static string StringToSign(S3Request request)
    {
        StringBuilder text = new();
        text.Append(request.Method).Append('\n')
            .Append(request.Headers.Get("Content-MD5")).Append('\n')
            .Append(request.Headers.Get("Content-Type")).Append('\n')
            .Append(request.Query("Expires")).Append('\n');
        foreach (IGrouping<string, string> header in request.Headers
            .Where(field => field.Name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
            .Concat(request.QueryPairs.Where(pair => pair.Key == "x-amz-security-token").Select(pair => (Name: pair.Key, pair.Value)))
            .GroupBy(field => field.Name.ToLowerInvariant(), field => field.Value)
            .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append(header.Key).Append(':').AppendJoin(',', header).Append('\n');
        }

        text.Append(request.Resource);
        char separator = '?';
        foreach ((string name, string value) in request.QueryPairs.Where(pair => Signed.Contains(pair.Key)).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append(separator).Append(name);
            if (value.Length > 0)
            {
                text.Append('=').Append(value);
            }

            separator = '&';
        }

        return text.ToString();
    }

    private AccessKeyRecord Key(string accessKeyId, string? token)
    {
        AccessKeyRecord key = account.FindKey(accessKeyId)
            ?? throw new SignatureException(
                SignatureProblem.UnknownKey, "The AWS Access Key Id you provided does not exist in our records.", ("AWSAccessKeyId", accessKeyId));
        return token != key.SessionToken
            ? throw new SignatureException(SignatureProblem.WrongToken, "The provided token is malformed or otherwise invalid.")
            : key.Expires <= time.GetUtcNow()
                ? throw new SignatureException(SignatureProblem.ExpiredToken, "The provided token has expired.")
                : key;
    }
}
