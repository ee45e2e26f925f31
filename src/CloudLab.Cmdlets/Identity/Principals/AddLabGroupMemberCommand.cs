using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Adds users to a group.</summary>
/// <remarks>
/// <para>The users get the permissions of the group. A user that is in the group already stays in it.</para>
/// <para>Errors: NoSuchEntity when the user or the group does not exist; LimitExceeded when the user is in too many groups; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Adds two users.</para>
/// <code>$null = New-LabGroup editors; $null = New-LabUser ann, bob; Add-LabGroupMember editors ann, bob</code>
/// </example>
/// <example>
/// <para>Adds every user below a path.</para>
/// <code>$null = New-LabGroup staff; $null = New-LabUser cleo -Path /staff/; Get-LabUser -PathPrefix /staff/ | Add-LabGroupMember staff</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user; or CloudLab.Core.Identity.Principals.LabGroupMember.</inputtype>
[Cmdlet(VerbsCommon.Add, "LabGroupMember", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class AddLabGroupMemberCommand : IdentityCommand
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

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string given in User)
        {
            try
            {
                string user = IamName.Of("user", given), group = IamName.Of("group", Group);
                if (await ShouldProcessAsync($"user '{user}'", $"Add user to group '{group}'"))
                {
                    await Groups.AddMemberAsync(group, user, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, given);
            }
        }
    }
}
