using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Creates an access key for a user, and hands out its secret once.</summary>
/// <remarks>
/// <para>The property Credential of the result is a PSCredential: the access key id as user name, the secret key as password. No service tells the secret
/// again, so assign the result to a variable: the table shows only that the secret is there. Connect-Lab -Credential and -Credential of every cmdlet take it, GetNetworkCredential() shows it. If Ctrl+C stops the command after the key was
/// created, the key is removed again.</para>
/// <para>Errors: NoSuchEntity when the user does not exist; LimitExceeded when it has two keys already; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Creates a user with a key, and asks who it is with the key.</para>
/// <code>$key = New-LabUser ann | New-LabAccessKey; Get-LabCallerIdentity -Credential $key.Credential</code>
/// </example>
/// <example>
/// <para>The variables that other tools take the key from.</para>
/// <code>$null = New-LabUser bob; $secret = (New-LabAccessKey bob).Credential.GetNetworkCredential(); $env = @{ AWS_ACCESS_KEY_ID = $secret.UserName; AWS_SECRET_ACCESS_KEY = $secret.Password }</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user.</inputtype>
[Cmdlet(VerbsCommon.New, "LabAccessKey", SupportsShouldProcess = true)]
[OutputType(typeof(LabAccessKey))]
public sealed class NewLabAccessKeyCommand : NewKeyCommand
{
    /// <summary>Name of the user, or its ARN. The caller if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "Name")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string? user = User is null ? null : IamName.Of("user", User);
            if (await ShouldProcessAsync(user is null ? "your own user" : $"user '{user}'", "Create access key"))
            {
                (LabAccessKey key, AwsKeys secret) = await Keys.CreateAsync(user, cancellation);
                try
                {
                    await HandOutAsync(key, secret);
                }
                catch
                {
                    // Nobody has the secret, and nobody can get it any more.
                    Reporter.Warning(await Keys.TakeBackAsync(user, key.AccessKeyId));
                    throw;
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, User);
        }
    }
}
