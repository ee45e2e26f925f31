using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Removes roles; with -Force also their policies.</summary>
/// <remarks>
/// <para>Without -Force only a role without policies is removed, after confirmation. With -Force its inline policies are first deleted, its managed policies
/// detached and the role removed from its instance profiles, without confirmation unless -Confirm is given. Sessions of the role end with it.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when it has policies and -Force is missing; AccessDenied.</para>
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
    /// <summary>Names of the roles. No wildcards: pipe Get-LabRole instead.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateLength(1, 64)]
    [ValidatePattern(NamePattern)]
    public string[] Name { get; set; } = [];

    /// <summary>Also removes its policies, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Name)
        {
            try
            {
                if (await ShouldProcessAsync($"role '{name}'", Force ? "Remove role and its policies" : "Remove role", Force))
                {
                    await Roles.RemoveAsync(name, Force, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
