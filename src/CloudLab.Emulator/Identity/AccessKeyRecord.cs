namespace CloudLab.Emulator.Identity;

/// <summary>An access key and whom it stands for.</summary>
/// <param name="accessKeyId">Key id.</param>
/// <param name="secretKey">Secret key.</param>
/// <param name="principal">Whom it stands for.</param>
/// <param name="sessionToken">The token that must come with it, for temporary keys.</param>
/// <param name="expires">When it stops to be valid; null for never.</param>
internal sealed class AccessKeyRecord(
    string accessKeyId, string secretKey, Principal principal, string? sessionToken = null, DateTimeOffset? expires = null)
{
    /// <summary>Key id.</summary>
    public string AccessKeyId { get; } = accessKeyId;

    /// <summary>Secret key.</summary>
    public string SecretKey { get; } = secretKey;

    /// <summary>Whom the key stands for.</summary>
    public Principal Principal { get; } = principal;

    /// <summary>The token that must come with the key; null for a long-lived key.</summary>
    public string? SessionToken { get; } = sessionToken;

    /// <summary>When the key stops to be valid; null for never.</summary>
    public DateTimeOffset? Expires { get; } = expires;
}
