using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Removes users; with -Force also what belongs to them.</summary>
/// <remarks>
/// <para>Without -Force only a user with nothing is removed, after confirmation; otherwise one error lists all that it has. With -Force its access keys,
/// password, MFA devices and inline policies are removed first, its managed policies detached and its memberships ended, without confirmation unless
/// -Confirm is given. A wildcard asks in any case.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when something hangs on it and -Force is missing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>$null = New-LabUser ann; Remove-LabUser ann -Force -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes the users below a path with everything they have.</para>
/// <code>$null = New-LabUser tmp-a, tmp-b -Path /tmp/; Get-LabUser -PathPrefix /tmp/ | Remove-LabUser -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabUser", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabUserCommand : IdentityCommand
{
    /// <summary>Names of the users, or their ARNs. What a wildcard finds is asked for one by one, even with -Force; -Confirm:$false answers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "User")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also removes what hangs on it, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => RemoveNamedAsync(
        "user", "user", Name, () => Users.ListAsync(null, cancellation).Select(item => item.Name), Force ? "Remove user and everything it has" : "Remove user", Force,
        name => Users.RemoveAsync(name, Force, cancellation), cancellation);
}
