using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.Identity;

/// <summary>
/// Verifies AWS Signature Version 4, in the Authorization header or in the query (presigned). The payload hash is the
/// caller's business: S3 takes it from a header and checks the body as it streams, the query services hash the body first.
/// </summary>
/// <param name="account">Who holds which key.</param>
/// <param name="time">The clock.</param>
internal sealed partial class SigV4Verifier(IAccount account, TimeProvider time)
{
    /// <summary>SHA-256 of nothing, in hex.</summary>
    public const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const int MaxExpiresSeconds = 7 * 24 * 3600;
    private static readonly TimeSpan AllowedSkew = TimeSpan.FromMinutes(15);

    // Deriving a signing key takes four HMACs; clients reuse theirs for a day.
    private readonly ConcurrentDictionary<(string Secret, string Scope), byte[]> signingKeys = new();

    /// <summary>The service that a request is signed for, before anything is verified: what one port of several services routes by.</summary>
    /// <param name="exchange">The request.</param>
    /// <returns><c>s3</c>, <c>sts</c>, <c>iam</c>; null where the request is not signed.</returns>
    public static string? ServiceOf(HttpExchange exchange)
    {
        string? credential = exchange.Headers.Get("Authorization") is { } header && CredentialField().Match(header) is { Success: true } match
            ? match.Groups[1].Value
            : UrlText.ParseQuery(exchange.RawQuery).FirstOrDefault(p => p.Name == "X-Amz-Credential").Value;
        return credential?.Split('/') is { Length: >= 5 } parts ? parts[^2] : null;
    }

    /// <summary>Whether a request carries a signature of any kind.</summary>
    /// <param name="exchange">The request.</param>
    /// <returns>False for an anonymous request.</returns>
    public static bool IsSigned(HttpExchange exchange) =>
        exchange.Headers.Contains("Authorization")
        || UrlText.ParseQuery(exchange.RawQuery).Any(p => p.Name is "X-Amz-Algorithm" or "X-Amz-Signature" or "X-Amz-Credential" or "Signature");

    /// <summary>Verifies a request's signature.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="service">The service it must be signed for.</param>
    /// <param name="payloadHash">The payload hash that went into the signature: hex of the body's SHA-256, or S3's words in its place.</param>
    /// <returns>The key that signed. Throws <see cref="SignatureException"/> otherwise.</returns>
    public VerifiedSignature Verify(HttpExchange exchange, string service, string payloadHash)
    {
        List<(string Name, string Value)> query = [.. UrlText.ParseQuery(exchange.RawQuery)];
        SignedRequest signed = exchange.Headers.Get("Authorization") is { } authorization
            ? FromHeader(exchange, authorization)
            : FromQuery(query);

        string[] scope = signed.Credential.Split('/');
        if (scope.Length < 5 || scope[^1] != "aws4_request")
        {
            throw Malformed(signed, "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
        }

        if (scope[^2] != service)
        {
            throw new SignatureException(
                SignatureProblem.Unsupported,
                $"The authorization header is malformed; incorrect service \"{scope[^2]}\". This endpoint belongs to \"{service}\".");
        }

        if (!DateTimeOffset.TryParseExact(
                signed.Date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)
            || scope[^4] != signed.Date[..8])
        {
            throw Malformed(signed, "the date is missing, not of the form YYYYMMDDTHHMMSSZ, or another day than the credential's.");
        }

        // An access key may hold slashes on other servers; never here, but the scope is always the last four parts.
        string accessKeyId = string.Join('/', scope[..^4]);
        AccessKeyRecord key = FindKey(accessKeyId);
        CheckToken(key, signed.Token);
        CheckTime(signed, date);
        CheckSignedHeaders(exchange, signed);

        string scopeText = string.Join('/', scope[^4..]);
        byte[] signingKey = SigningKey(key.SecretKey, scope[^4], scope[^3], scope[^2]);
        string canonicalQuery = CanonicalQuery(query, signed.Presigned);
        string? stringToSign = null, canonicalRequest = null;

        // S3 encodes the decoded path once. Some clients sign the very path they send, with characters left unencoded.
        string encodedPath = UrlText.Encode(UrlText.DecodeBytes(exchange.RawPath), keepSlash: true);
        foreach (string path in encodedPath == exchange.RawPath ? [encodedPath] : new[] { encodedPath, exchange.RawPath })
        {
            foreach (bool collapse in new[] { true, false })
            {
                string canonical =
                    $"{exchange.Method}\n{path}\n{canonicalQuery}\n{CanonicalHeaders(exchange, signed, collapse)}\n{string.Join(';', signed.Headers)}\n{payloadHash}";
                string text = $"{Algorithm}\n{signed.Date}\n{scopeText}\n{Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(canonical))).ToLowerInvariant()}";
                byte[] expected = HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(text));
                if (SameSignature(expected, signed.Signature))
                {
                    key.Use(scope[^2], scope[^3]);
                    return new VerifiedSignature(key, signingKey, signed.Date, scopeText, signed.Signature, payloadHash, signed.Presigned);
                }

                canonicalRequest ??= canonical;
                stringToSign ??= text;
            }
        }

        throw new SignatureException(
            SignatureProblem.Mismatch,
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            ("AWSAccessKeyId", accessKeyId),
            ("StringToSign", stringToSign!),
            ("SignatureProvided", signed.Signature),
            ("StringToSignBytes", Spaced(stringToSign!)),
            ("CanonicalRequest", canonicalRequest!),
            ("CanonicalRequestBytes", Spaced(canonicalRequest!)));
    }

    /// <summary>Verifies the policy of a form, which is signed as it stands.</summary>
    /// <param name="policy">The policy in Base64.</param>
    /// <param name="fields">The form's fields by name in lower case.</param>
    /// <returns>The key that signed. Throws <see cref="SignatureException"/> otherwise.</returns>
    public VerifiedSignature VerifyPolicy(string policy, IReadOnlyDictionary<string, string> fields)
    {
        string[] scope = (fields.GetValueOrDefault("x-amz-credential") ?? "").Split('/');
        string signature = fields.GetValueOrDefault("x-amz-signature") ?? "", date = fields.GetValueOrDefault("x-amz-date") ?? "";
        if (scope.Length < 5 || scope[^1] != "aws4_request" || fields.GetValueOrDefault("x-amz-algorithm") != Algorithm)
        {
            throw new SignatureException(
                SignatureProblem.Unsupported, "The form must have an x-amz-credential and the x-amz-algorithm AWS4-HMAC-SHA256.");
        }

        AccessKeyRecord key = FindKey(string.Join('/', scope[..^4]));
        CheckToken(key, fields.GetValueOrDefault("x-amz-security-token"));
        byte[] signingKey = SigningKey(key.SecretKey, scope[^4], scope[^3], scope[^2]);
        return SameSignature(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(policy)), signature)
            ? new VerifiedSignature(key, signingKey, date, string.Join('/', scope[^4..]), signature, "UNSIGNED-PAYLOAD", presigned: true)
            : throw new SignatureException(
                SignatureProblem.Mismatch,
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
                ("AWSAccessKeyId", key.AccessKeyId), ("StringToSign", policy), ("SignatureProvided", signature));
    }

    private static string Spaced(string text) =>
        string.Join(' ', Encoding.Latin1.GetBytes(text).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));

    private static bool SameSignature(byte[] expected, string provided) =>
        provided.Length == expected.Length * 2
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Convert.ToHexString(expected).ToLowerInvariant()), Encoding.ASCII.GetBytes(provided));

    private static SignedRequest FromHeader(HttpExchange exchange, string authorization)
    {
        if (!authorization.StartsWith(Algorithm, StringComparison.Ordinal))
        {
            throw new SignatureException(
                SignatureProblem.Unsupported,
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
        }

        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (string field in authorization[Algorithm.Length..].Split(','))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                fields[field[..equals].Trim()] = field[(equals + 1)..].Trim();
            }
        }

        string Field(string name) => fields.GetValueOrDefault(name) is { Length: > 0 } value
            ? value
            : throw new SignatureException(
                SignatureProblem.Malformed, $"The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature. {name} is missing.");

        string date = exchange.Headers.Get("x-amz-date") ?? "";
        if (date.Length == 0 && DateTimeOffset.TryParse(exchange.Headers.Get("Date"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset plain))
        {
            date = plain.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        }

        return new SignedRequest(
            Field("Credential"), Field("SignedHeaders").Split(';'), Field("Signature"), date,
            exchange.Headers.Get("x-amz-security-token"), null, Presigned: false);
    }

    private static SignedRequest FromQuery(List<(string Name, string Value)> query)
    {
        string? Find(string name) => query.Find(p => p.Name == name).Value;

        if (Find("X-Amz-Algorithm") is not { } algorithm)
        {
            throw query.Exists(p => p.Name is "X-Amz-Signature" or "X-Amz-Credential")
                ? Incomplete()
                : query.Exists(p => p.Name == "Signature")
                    ? new SignatureException(
                        SignatureProblem.Unsupported,
                        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
                    : new SignatureException(SignatureProblem.Missing, "Missing Authentication Token");
        }

        if (algorithm != Algorithm)
        {
            throw new SignatureException(SignatureProblem.Malformed, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        }

        if (Find("X-Amz-Credential") is not { } credential || Find("X-Amz-Signature") is not { } signature
            || Find("X-Amz-Date") is not { } date || Find("X-Amz-SignedHeaders") is not { } headers || Find("X-Amz-Expires") is not { } expires)
        {
            throw Incomplete();
        }

        if (!int.TryParse(expires, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seconds))
        {
            throw new SignatureException(SignatureProblem.Malformed, "X-Amz-Expires should be a number");
        }

        if (seconds is < 0 or > MaxExpiresSeconds)
        {
            throw new SignatureException(
                SignatureProblem.Malformed,
                seconds < 0
                    ? "X-Amz-Expires must be non-negative"
                    : "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
        }

        return new SignedRequest(
            credential, headers.Split(';'), signature, date, Find("X-Amz-Security-Token"), TimeSpan.FromSeconds(seconds), Presigned: true);

        static SignatureException Incomplete() => new(
            SignatureProblem.Malformed,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    }

    private static SignatureException Malformed(SignedRequest signed, string what) => new(
        SignatureProblem.Malformed,
        signed.Presigned ? "Error parsing the X-Amz-Credential parameter; " + what : "The authorization header is malformed; " + what);

    private static void CheckSignedHeaders(HttpExchange exchange, SignedRequest signed)
    {
        IEnumerable<string> needed = exchange.Headers
            .Select(field => field.Name.ToLowerInvariant())
            .Where(name => name == "host" || name.StartsWith("x-amz-", StringComparison.Ordinal));
        List<string> unsigned = needed.Where(name => !signed.Headers.Contains(name)).Distinct().ToList();

        // A presigned URL fixes the payload hash by itself; clients add this header when they use one.
        if (signed.Presigned)
        {
            unsigned.Remove("x-amz-content-sha256");
        }

        if (unsigned.Count > 0)
        {
            throw new SignatureException(
                SignatureProblem.HeadersNotSigned,
                "There were headers present in the request which were not signed",
                ("HeadersNotSigned", string.Join(", ", unsigned)));
        }
    }

    private static string CanonicalHeaders(HttpExchange exchange, SignedRequest signed, bool collapse)
    {
        StringBuilder result = new();
        foreach (string name in signed.Headers)
        {
            IEnumerable<string> values = exchange.Headers.All(name);
            if (collapse)
            {
                values = values.Select(value => value.Contains("  ", StringComparison.Ordinal) ? Spaces().Replace(value, " ") : value);
            }

            result.Append(name).Append(':').AppendJoin(',', values).Append('\n');
        }

        return result.ToString();
    }

    private static string CanonicalQuery(List<(string Name, string Value)> query, bool presigned)
    {
        List<(string Name, string Value)> encoded = query
            .Where(p => !presigned || p.Name != "X-Amz-Signature")
            .Select(p => (UrlText.Encode(p.Name), UrlText.Encode(p.Value)))
            .ToList();
        encoded.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var order && order != 0 ? order : string.CompareOrdinal(a.Value, b.Value));
        return string.Join('&', encoded.Select(p => p.Name + "=" + p.Value));
    }

    private AccessKeyRecord FindKey(string accessKeyId) => account.FindKey(accessKeyId)
        ?? throw new SignatureException(
            SignatureProblem.UnknownKey, "The AWS Access Key Id you provided does not exist in our records.", ("AWSAccessKeyId", accessKeyId));

    private void CheckToken(AccessKeyRecord key, string? token)
    {
        bool same = key.SessionToken is null
            ? token is null
            : token is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key.SessionToken), Encoding.UTF8.GetBytes(token));
        if (!same)
        {
            throw key.SessionToken is not null && token is null
                ? new SignatureException(
                    SignatureProblem.UnknownKey, "The AWS Access Key Id you provided does not exist in our records.", ("AWSAccessKeyId", key.AccessKeyId))
                : new SignatureException(SignatureProblem.WrongToken, "The provided token is malformed or otherwise invalid.");
        }

        if (key.Expires is { } expires && expires <= time.GetUtcNow())
        {
            throw new SignatureException(SignatureProblem.ExpiredToken, "The provided token has expired.");
        }
    }

    private void CheckTime(SignedRequest signed, DateTimeOffset date)
    {
        DateTimeOffset now = time.GetUtcNow();
        string serverTime = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        if (signed.Expires is not { } lifetime)
        {
            if ((now - date).Duration() > AllowedSkew)
            {
                throw new SignatureException(
                    SignatureProblem.Skewed,
                    "The difference between the request time and the current time is too large.",
                    ("RequestTime", signed.Date),
                    ("ServerTime", serverTime),
                    ("MaxAllowedSkewMilliseconds", AllowedSkew.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)));
            }
        }
        else if (date - now > AllowedSkew)
        {
            throw new SignatureException(SignatureProblem.Expired, "Request is not yet valid", ("ServerTime", serverTime));
        }
        else if (now > date + lifetime)
        {
            throw new SignatureException(
                SignatureProblem.Expired,
                "Request has expired",
                ("X-Amz-Expires", ((int)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
                ("Expires", (date + lifetime).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
                ("ServerTime", serverTime));
        }
    }

    private byte[] SigningKey(string secret, string date, string region, string service)
    {
        (string Secret, string Scope) id = (secret, date + "/" + region + "/" + service);
        if (signingKeys.TryGetValue(id, out byte[]? known))
        {
            return known;
        }

        if (signingKeys.Count > 1000)
        {
            signingKeys.Clear();
        }

        byte[] key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (string part in new[] { date, region, service, "aws4_request" })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        signingKeys[id] = key;
        return key;
    }

    [GeneratedRegex("Credential=([^, ]+)")]
    private static partial Regex CredentialField();

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();

    private sealed record SignedRequest(
        string Credential, string[] Headers, string Signature, string Date, string? Token, TimeSpan? Expires, bool Presigned);
}
