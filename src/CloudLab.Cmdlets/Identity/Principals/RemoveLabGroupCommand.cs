using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Removes groups; with -Force also their policies and memberships.</summary>
/// <remarks>
/// <para>Without -Force only a group without users and policies is removed, after confirmation; otherwise one error lists all that it has. With -Force its
/// users are taken out of it (they stay), its inline policies removed and its managed ones detached, without confirmation unless -Confirm is given.
/// A wildcard asks in any case.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when something hangs on it and -Force is missing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>$null = New-LabGroup editors; Remove-LabGroup editors -Force -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes two groups; their users stay.</para>
/// <code>$null = New-LabGroup tmp-a, tmp-b; Remove-LabGroup tmp-a, tmp-b -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabGroup, or System.String: name of a group.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabGroup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabGroupCommand : IdentityCommand
{
    /// <summary>Names of the groups, or their ARNs. What a wildcard finds is asked for one by one, even with -Force; -Confirm:$false answers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("GroupName", "Group")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also removes what hangs on it, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => RemoveNamedAsync(
        "group", "group", Name, () => Groups.ListAsync(null, cancellation).Select(item => item.Name), Force ? "Remove group, its policies and memberships" : "Remove group", Force,
        name => Groups.RemoveAsync(name, Force, cancellation), cancellation);
}
