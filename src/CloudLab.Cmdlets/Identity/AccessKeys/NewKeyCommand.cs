using System.Management.Automation;
using System.Net;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Base of the cmdlets that hand out the secret of a new access key, which the service tells once.</summary>
public abstract class NewKeyCommand : IdentityCommand
{
    /// <summary>
    /// Writes a key with a property <c>Credential</c>, PowerShell's own wrapper: its id as user name, its secret as password. Comes back when the
    /// pipeline has taken it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="secret">Its secret.</param>
    /// <returns>Done when it is taken. Throws where the pipeline was stopped before.</returns>
    private protected async Task HandOutAsync(LabAccessKey key, AwsKeys secret)
    {
        PSObject written = new(key);
        written.TypeNames.Insert(0, typeof(LabAccessKey).FullName + "#New");
        written.Properties.Add(new PSNoteProperty("Credential", new PSCredential(key.AccessKeyId, new NetworkCredential(null, secret.RevealSecret()).SecurePassword)));
        bool taken = false;
        try
        {
            await AskAsync(() =>
            {
                // What stops the pipeline from here on has had the key: Select-Object -First, an error in the next command, Ctrl+C while that runs.
                taken = !Stopping;
                WriteObject(written);
                return true;
            });
        }
        catch (Exception) when (taken)
        {
            // The pipeline thread ends the pipeline; what is left to do for this key goes on.
        }
    }
}
