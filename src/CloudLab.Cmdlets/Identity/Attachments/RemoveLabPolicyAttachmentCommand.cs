using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Takes policies from users, groups and roles: removes inline ones, detaches managed ones.</summary>
/// <remarks>
/// <para>An inline policy is gone with its removal; a managed policy stays and is only detached. It asks before each, unless -Force or -Confirm:$false is given.</para>
/// <para>Errors: NoSuchEntity when the user, group, role or policy does not exist, or the policy is not attached; PrincipalMissing; PolicyMissing; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes an inline policy.</para>
/// <code>$null = New-LabRole movies-job -Policy (New-LabPolicyDocument -Bucket movies -ReadOnly) -PolicyName read; Remove-LabPolicyAttachment -Role movies-job -Name read -Force</code>
/// </example>
/// <example>
/// <para>Takes all policies from the roles whose names begin with tmp-.</para>
/// <code>Get-LabRole tmp-* | Get-LabPolicyAttachment | Remove-LabPolicyAttachment -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Attachments.LabPolicyAttachment; or CloudLab.Core.Identity.Principals.LabRole, LabUser or LabGroup, with -Name or -ManagedPolicy.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabPolicyAttachment", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabPolicyAttachmentCommand : AttachmentCommand
{
    /// <summary>A policy from Get-LabPolicyAttachment; or a role, user or group.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Names of inline policies to remove.</summary>
    [Parameter(Position = 0)]
    [Alias("PolicyName")]
    [ArgumentCompleter(typeof(InlinePolicyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Managed policies to detach, by name or ARN.</summary>
    [Parameter]
    [Alias("PolicyArn")]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ManagedPolicy { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        object? input = InputObject?.BaseObject;
        if (input is LabPolicyAttachment piped)
        {
            await RemoveAsync(piped, cancellation);
            return;
        }

        if (Name.Length + ManagedPolicy.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PolicyMissing", "Which policy? Give -Name for an inline one or -ManagedPolicy, or pipe Get-LabPolicyAttachment.");
        }

        foreach ((PrincipalKind kind, string given) in Principals(input as LabPrincipal))
        {
            try
            {
                string owner = NameOf(kind, given);
                foreach (string name in Name)
                {
                    await RemoveAsync(new LabPolicyAttachment { PrincipalKind = kind, Principal = owner, PolicyName = name }, cancellation);
                }

                foreach (string managed in ManagedPolicy)
                {
                    string arn = await ManagedPolicies.FindArnAsync(managed, cancellation);
                    await RemoveAsync(
                        new LabPolicyAttachment { PrincipalKind = kind, Principal = owner, PolicyName = IamName.Of("policy", arn), PolicyArn = arn }, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }
    }

    private async Task RemoveAsync(LabPolicyAttachment attachment, CancellationToken cancellation)
    {
        try
        {
            string action = attachment.IsInline ? $"Remove inline policy '{attachment.PolicyName}'" : $"Detach {attachment.PolicyArn}";
            if (await ShouldProcessAsync($"{Words(attachment.PrincipalKind)} '{attachment.Principal}'", action, Force))
            {
                await Attachments.RemoveAsync(attachment, cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, attachment.PolicyName);
        }
    }
}
