namespace CloudLab.Emulator.Identity;

/// <summary>An access key and whom it stands for.</summary>
/// <param name="accessKeyId">Key id.</param>
/// <param name="secretKey">Secret key.</param>
/// <param name="principal">Whom it stands for.</param>
/// <param name="sessionToken">The token that must come with it, for temporary keys.</param>
/// <param name="expires">When it stops to be valid; null for never.</param>
/// <param name="used">Told the service and the region of each request that it signs.</param>
internal sealed class AccessKeyRecord(
    string accessKeyId, string secretKey, Principal principal, string? sessionToken = null, DateTimeOffset? expires = null,
    Action<string, string>? used = null)
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

    /// <summary>Takes note of a request that the key has signed.</summary>
    /// <param name="service">Service: <c>s3</c>.</param>
    /// <param name="region">Region that it was signed for.</param>
    public void Use(string service, string region) => used?.Invoke(service, region);
}
