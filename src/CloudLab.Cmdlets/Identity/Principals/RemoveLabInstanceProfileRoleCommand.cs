using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Takes a role out of an instance profile.</summary>
/// <remarks>
/// <para>Machines that run with the profile lose the credentials of the role when those that they have end. It asks before, unless -Force or -Confirm:$false is given.</para>
/// <para>Errors: NoSuchEntity when the profile or the role does not exist, or the role is not in the profile; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Takes the role out of a profile.</para>
/// <code>$null = New-LabRole movies-server -Service ec2 | New-LabInstanceProfile; Remove-LabInstanceProfileRole movies-server movies-server -Force</code>
/// </example>
/// <example>
/// <para>Empties all profiles whose names begin with tmp-.</para>
/// <code>Get-LabInstanceProfile tmp-* | Where-Object RoleName | Remove-LabInstanceProfileRole -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabInstanceProfile, or System.String: name of an instance profile.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabInstanceProfileRole", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabInstanceProfileRoleCommand : IdentityCommand
{
    /// <summary>Name of the instance profile, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceProfileName", "InstanceProfile")]
    [ArgumentCompleter(typeof(InstanceProfileNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Name of the role, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Role { get; set; } = "";

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string profile = IamName.Of("instance-profile", Name), role = IamName.Of("role", Role);
            if (await ShouldProcessAsync($"instance profile '{profile}'", $"Take role '{role}' out of instance profile", Force))
            {
                await InstanceProfiles.RemoveRoleAsync(profile, role, cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
