namespace CloudLab.Emulator;

/// <summary>The account and its root user's key.</summary>
/// <param name="accountId">Twelve digits.</param>
/// <param name="accessKey">Access key id.</param>
/// <param name="secretKey">Secret key.</param>
internal sealed class RootKey(string accountId, string accessKey, string secretKey)
{
    /// <summary>Twelve digits.</summary>
    public string AccountId { get; } = accountId;

    /// <summary>Access key id.</summary>
    public string AccessKey { get; } = accessKey;

    /// <summary>Secret key.</summary>
    public string SecretKey { get; } = secretKey;
}
