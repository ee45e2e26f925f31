using System.Management.Automation;
using System.Net;
using System.Security;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Takes secrets out of PowerShell's own wrappers.</summary>
internal static class Secrets
{
    /// <summary>An access key and its secret.</summary>
    /// <param name="credential">User name and password stand for access key and secret key.</param>
    /// <param name="sessionToken">Session token of temporary credentials, or null.</param>
    /// <returns>The keys.</returns>
    public static AwsKeys ToKeys(PSCredential credential, SecureString? sessionToken) =>
        new(credential.UserName, Plain(credential.Password), sessionToken is null ? null : Plain(sessionToken));

    /// <summary>A key of the customer's own (SSE-C).</summary>
    /// <param name="key">32 bytes in Base64, or null.</param>
    /// <returns>The key, or null. Throws <see cref="CloudLab.Core.Common.Errors.LabException"/> (InvalidEncryptionKey).</returns>
    public static EncryptionKey? ToEncryptionKey(SecureString? key) => key is null ? null : EncryptionKey.Parse(Plain(key));

    private static string Plain(SecureString secret) => new NetworkCredential(null, secret).Password;
}
