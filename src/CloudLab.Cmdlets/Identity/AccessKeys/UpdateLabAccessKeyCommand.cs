using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.AccessKeys;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.AccessKeys;

/// <summary>Replaces an access key by a new one: creates it, verifies it, deactivates the old one, writes the new one and deletes the old one.</summary>
/// <remarks>
/// <para>The new key is verified by calls that it signs, repeated until the service accepts it, for a minute at most. What fails before the new key is written is undone: the
/// old key is as before and the new one is removed again, and the error says what could not be undone. The old key is deleted last; if that fails, it is inactive and the
/// new key works. The property Credential of the result is a PSCredential with the secret, as of New-LabAccessKey.</para>
/// <para>The key must be one of the user's and active. -Force also replaces an inactive key, by one that is active.</para>
/// <para>With -KeepOld the old key is deactivated and kept: Remove-LabAccessKey -Activate brings it back if something still needed it.</para>
/// <para>If the key is the one that this session works with, sign in with the new one afterwards: Connect-Lab -Credential.</para>
/// <para>Errors: AccessKeyAmbiguous when the user has two keys, since there is no room for a third; NoAccessKey; NoSuchEntity when the key is not one of the user's;
/// AccessKeyInactive; RotationHalfDone, with the state, when a failure could not be undone; OldKeyLeft when the old key could not be deleted; AccessDenied.</para>
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
public sealed class UpdateLabAccessKeyCommand : NewKeyCommand
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

    /// <summary>Also replaces a key that is inactive; the new one is active.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string? user = User is null ? null : IamName.Of("user", User);
            KeyRotation rotation = new(Client);
            LabAccessKey old = await rotation.FindAsync(user, AccessKeyId, Force, cancellation);
            string whose = user is null ? "" : $" of user '{user}'";
            if (await ShouldProcessAsync(
                $"access key {old}{whose}", KeepOld ? "Create a new key, verify it, deactivate the old one" : "Create a new key, verify it, delete the old one"))
            {
                bool own = await rotation.IsOwnAsync(old.AccessKeyId, cancellation);
                await rotation.RotateAsync(
                    user, old, KeepOld,
                    async (key, secret) =>
                    {
                        await HandOutAsync(key, secret);
                        if (own)
                        {
                            Reporter.Warning($"This session worked with {old}, which no longer works: Connect-Lab -Credential (the result's Credential) signs in with the new key.");
                        }
                    },
                    cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, AccessKeyId ?? User);
        }
    }
}
