using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Takes users out of a group.</summary>
/// <remarks>
/// <para>The users lose the permissions of the group, and stay. It asks before each, unless -Force or -Confirm:$false is given.</para>
/// <para>Errors: NoSuchEntity when the user or the group does not exist, or the user is not in the group; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Takes a user out of a group.</para>
/// <code>$null = New-LabGroup editors; $null = New-LabUser ann -Group editors; Remove-LabGroupMember editors ann -Force</code>
/// </example>
/// <example>
/// <para>Takes a user out of all its groups.</para>
/// <code>$null = New-LabUser bob; Get-LabGroupMember -User bob | Remove-LabGroupMember -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user; or CloudLab.Core.Identity.Principals.LabGroupMember.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabGroupMember", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabGroupMemberCommand : IdentityCommand
{
    /// <summary>Name of the group, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("GroupName")]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Group { get; set; } = "";

    /// <summary>Names of the users, or their ARNs.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "Name")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] User { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string given in User)
        {
            try
            {
                string user = IamName.Of("user", given), group = IamName.Of("group", Group);
                if (await ShouldProcessAsync($"user '{user}'", $"Remove user from group '{group}'", Force))
                {
                    await Groups.RemoveMemberAsync(group, user, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }
    }
}
