using System.Management.Automation;
using System.Net;
using System.Security;
using CloudLab.Core.Sessions;

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

    private static string Plain(SecureString secret) => new NetworkCredential(null, secret).Password;
}
