using System.Management.Automation;
using System.Net;
using CloudLab.Core.Identity.AccessKeys;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Hands out the secret of a new access key, which the service tells once, in PowerShell's own wrapper.</summary>
internal static class SecretKey
{
    /// <summary>An access key with a property <c>Credential</c>: its id as user name, its secret as password.</summary>
    /// <param name="key">The key.</param>
    /// <param name="secret">Its secret.</param>
    /// <returns>The object to write.</returns>
    public static PSObject WithCredential(LabAccessKey key, string secret)
    {
        PSObject written = new(key);
        written.Properties.Add(new PSNoteProperty("Credential", new PSCredential(key.AccessKeyId, new NetworkCredential(null, secret).SecurePassword)));
        return written;
    }
}
