using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Replaces an access key by a new one: creates it, verifies it, deactivates the old one and deletes it.</summary>
/// <remarks>
/// <para>The new key is verified by a real call, and waited for until the service knows it everywhere. Whatever fails on the way, the old key works as before and
/// the new one is removed again; the error says so. The property Credential of the result is a PSCredential with the secret, as of New-LabAccessKey.</para>
/// <para>With -KeepOld the old key is deactivated and kept: Remove-LabAccessKey -Activate brings it back if something still needed it.</para>
/// <para>If the key is the one that this session works with, sign in with the new one afterwards: Connect-Lab -Credential.</para>
/// <para>Errors: AccessKeyAmbiguous when the user has two keys, since there is no room for a third; NoAccessKey; RotationHalfDone, with the state, when a failure could not
/// be undone; NoSuchEntity; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Replaces the key of a user.</para>
/// <code>$null = New-LabUser ann | New-LabAccessKey; $new = Update-LabAccessKey ann; Get-LabCallerIdentity -Credential $new.Credential</code>
/// </example>
/// <example>
/// <para>Shows which keys older than 90 days would be replaced.</para>
/// <code>Get-LabUser | Get-LabAccessKey | Where-Object CreateDate -LT (Get-Date).AddDays(-90) | Update-LabAccessKey -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.AccessKeys.LabAccessKey; or CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user.</inputtype>
[Cmdlet(VerbsData.Update, "LabAccessKey", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(LabAccessKey))]
public sealed class UpdateLabAccessKeyCommand : IdentityCommand
{
    /// <summary>Name of the user, or its ARN. The caller if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "Name")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The key to replace; the user's only key if omitted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(AccessKeyIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string? AccessKeyId { get; set; }

    /// <summary>Keeps the old key, inactive, instead of deleting it.</summary>
    [Parameter]
    public SwitchParameter KeepOld { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string? user = User is null ? null : IamName.Of("user", User);
            KeyRotation rotation = new(Client);
            string old = AccessKeyId ?? (await rotation.FindAsync(user, cancellation)).AccessKeyId;
            string whose = user is null ? "" : $" of user '{user}'";
            if (await ShouldProcessAsync(
                $"access key {old}{whose}", KeepOld ? "Create a new key, verify it, deactivate the old one" : "Create a new key, verify it, delete the old one"))
            {
                (LabAccessKey key, AwsKeys secret) = await rotation.RotateAsync(user, old, KeepOld, cancellation);
                await WriteAsync(SecretKey.WithCredential(key, secret.RevealSecret()), CancellationToken.None);
                if (await rotation.IsOwnAsync(old, cancellation))
                {
                    Reporter.Warning($"This session worked with {old}, which no longer works: Connect-Lab -Credential (the result's Credential) signs in with the new key.");
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, User);
        }
    }
}
