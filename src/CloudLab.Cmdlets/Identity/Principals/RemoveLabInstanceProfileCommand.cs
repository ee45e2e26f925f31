using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Removes instance profiles; their roles stay.</summary>
/// <remarks>
/// <para>Without -Force only a profile without a role is removed, after confirmation. With -Force its role is taken out of it first, without
/// confirmation unless -Confirm is given. Machines that run with the profile lose its credentials within the hour. A wildcard asks in any case.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when it has a role and -Force is missing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>$null = New-LabInstanceProfile movies-server; Remove-LabInstanceProfile movies-server -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes a profile that has a role; the role stays.</para>
/// <code>$null = New-LabRole movies-server -Service ec2; $null = New-LabInstanceProfile movies-server -Role movies-server; Remove-LabInstanceProfile movies-server -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabInstanceProfile, or System.String: name of an instance profile.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabInstanceProfile", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabInstanceProfileCommand : IdentityCommand
{
    /// <summary>Names of the instance profiles, or their ARNs. What a wildcard finds is asked for one by one, even with -Force; -Confirm:$false answers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceProfileName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceProfileNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also removes what hangs on it, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => RemoveNamedAsync(
        "instance-profile", "instance profile", Name, () => InstanceProfiles.ListAsync(null, cancellation).Select(item => item.Name), Force ? "Take its role out and remove instance profile" : "Remove instance profile", Force,
        name => InstanceProfiles.RemoveAsync(name, Force, cancellation), cancellation);
}
