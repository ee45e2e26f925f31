namespace CloudLab.Core.Sessions;

/// <summary>An access key with its secret. Prints as its access key only.</summary>
/// <param name="accessKey">Access key id: <c>AKIA…</c> or, temporary, <c>ASIA…</c>.</param>
/// <param name="secretKey">The secret key.</param>
/// <param name="sessionToken">Session token of temporary credentials, else null.</param>
public sealed class AwsKeys(string accessKey, string secretKey, string? sessionToken = null)
{
    /// <summary>Access key id; no secret.</summary>
    public string AccessKey { get; } = accessKey;

    internal string SecretKey { get; } = secretKey;

    internal string? SessionToken { get; } = sessionToken;

    /// <inheritdoc/>
    public override string ToString() => AccessKey;
}
