using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Removes versions of managed policies that are not in force.</summary>
/// <remarks>
/// <para>The version in force cannot be removed: put another one in force first, with Set-LabPolicy -DefaultVersion. It asks before each version, unless -Force or -Confirm:$false
/// is given.</para>
/// <para>Errors: NoSuchEntity when the policy or the version does not exist; DeleteConflict when it is in force; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes one version.</para>
/// <code>$null = New-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadOnly); Set-LabPolicy movies-read (New-LabPolicyDocument -Bucket movies -ReadWrite); Remove-LabPolicyVersion movies-read v1 -Force</code>
/// </example>
/// <example>
/// <para>Removes all versions of all policies that are not in force.</para>
/// <code>Get-LabPolicy | Get-LabPolicyVersion | Where-Object -Not IsDefault | Remove-LabPolicyVersion -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Attachments.LabPolicyVersion.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabPolicyVersion", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabPolicyVersionCommand : IdentityCommand
{
    /// <summary>Name of the policy, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("PolicyArn", "Arn", "PolicyName")]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Versions: <c>v2</c>.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(PolicyVersionCompleter))]
    [ValidatePattern(@"^v[1-9][0-9]*\z")]
    public string[] VersionId { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string version in VersionId)
        {
            try
            {
                string arn = await ManagedPolicies.FindArnAsync(Name, cancellation);
                if (await ShouldProcessAsync($"version {version} of managed policy '{arn}'", "Remove version", Force))
                {
                    await ManagedPolicies.RemoveVersionAsync(arn, version, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, Name);
            }
        }
    }
}
