using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Attachments;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Removes managed policies; with -Force also from what they are attached to.</summary>
/// <remarks>
/// <para>Without -Force only a policy that is attached to nothing and has one version is removed, after confirmation; otherwise one error lists all that hangs on it. With
/// -Force it is detached from its users, groups and roles and its other versions are removed first, without confirmation unless -Confirm is given. A wildcard asks in any case.
/// A policy that limits a user or role as its permissions boundary cannot be removed.</para>
/// <para>Errors: NoSuchEntity when it does not exist; DeleteConflict when something hangs on it and -Force is missing; AccessDenied, also for a policy of AWS.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>$null = New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadOnly); Remove-LabPolicy movies-read -Force -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes the policies below a path, and detaches them.</para>
/// <code>Get-LabPolicy -PathPrefix /tmp/ | Remove-LabPolicy -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Attachments.LabPolicy, or System.String: name or ARN of a policy.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabPolicy", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabPolicyCommand : IdentityCommand
{
    /// <summary>Names of the policies, or their ARNs. What a wildcard finds is asked for one by one, even with -Force; -Confirm:$false answers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyArn", "Arn", "PolicyName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also detaches it and removes its versions, and does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => RemoveNamedAsync(
        "policy", "managed policy", Name, () => ManagedPolicies.ListAsync(PolicyScope.Local, null, cancellation).Select(policy => policy.Name),
        Force ? "Detach and remove managed policy" : "Remove managed policy", Force,
        async name => await ManagedPolicies.RemoveAsync(await ManagedPolicies.FindArnAsync(name, cancellation), Force, cancellation), cancellation);
}
