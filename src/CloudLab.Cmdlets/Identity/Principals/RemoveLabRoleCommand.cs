using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Removes roles; with -Force also their policies.</summary>
/// <remarks>
/// <para>Without -Force only a role without policies and instance profiles is removed, after confirmation; otherwise one error lists all that hangs on it.
/// With -Force it first leaves its instance profiles, its inline policies are deleted and its managed policies
/// detached, without confirmation unless -Confirm is given. Sessions of the role end with it. A wildcard asks in any case.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when something hangs on it and -Force is missing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>Remove-LabRole movies-reader -Force -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes every role whose name begins with tmp-.</para>
/// <code>'tmp-a', 'tmp-b' | New-LabRole; Get-LabRole tmp-* | Remove-LabRole -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, or System.String: name of a role.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabRole", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabRoleCommand : IdentityCommand
{
    /// <summary>Names of the roles, or their ARNs. What a wildcard finds is asked for one by one, even with -Force; -Confirm:$false answers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName", "Role")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also removes what hangs on it, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => RemoveNamedAsync(
        "role", "role", Name, () => Roles.ListAsync(null, cancellation).Select(item => item.Name), Force ? "Remove role and its policies" : "Remove role", Force,
        name => Roles.RemoveAsync(name, Force, cancellation), cancellation);
}
