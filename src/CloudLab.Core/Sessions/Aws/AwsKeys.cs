namespace CloudLab.Core.Sessions.Aws;

/// <summary>An access key with its secret. Prints as its access key only.</summary>
/// <param name="accessKey">Access key id: <c>AKIA…</c> or, temporary, <c>ASIA…</c>.</param>
/// <param name="secretKey">The secret key.</param>
/// <param name="sessionToken">Session token of temporary credentials, else null.</param>
/// <param name="expiration">When temporary credentials end, where that is known.</param>
public sealed class AwsKeys(string accessKey, string secretKey, string? sessionToken = null, DateTimeOffset? expiration = null)
{
    /// <summary>Access key id; no secret.</summary>
    public string AccessKey { get; } = accessKey;

    /// <summary>When they stop to be valid; null for lasting keys and for temporary ones whose end nobody told.</summary>
    public DateTimeOffset? Expiration { get; } = expiration;

    /// <summary>Credentials that these are the first of and that renew themselves; null where these are all there are.</summary>
    internal TemporaryCredentials? Renewing { get; init; }

    internal string SecretKey { get; } = secretKey;

    internal string? SessionToken { get; } = sessionToken;

    /// <summary>The secret key, for whoever hands it out: a key that was just created.</summary>
    /// <returns>The secret.</returns>
    public string RevealSecret() => SecretKey;

    /// <inheritdoc/>
    public override string ToString() => AccessKey;
}
