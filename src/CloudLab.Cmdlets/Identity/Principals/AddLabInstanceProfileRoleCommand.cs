using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Puts a role into an instance profile.</summary>
/// <remarks>
/// <para>A profile has one role. A role that was created a moment ago is waited for.</para>
/// <para>Errors: NoSuchEntity when the profile or the role does not exist; LimitExceeded when the profile has a role already; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Gives a profile its role.</para>
/// <code>$null = New-LabInstanceProfile movies-server; $null = New-LabRole movies-server -Service ec2; Add-LabInstanceProfileRole movies-server movies-server</code>
/// </example>
/// <example>
/// <para>Replaces the role of a profile.</para>
/// <code>$null = 'old', 'new' | New-LabRole -Service ec2; $null = New-LabInstanceProfile movies-server -Role old; Remove-LabInstanceProfileRole movies-server old -Force; Add-LabInstanceProfileRole movies-server new</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabInstanceProfile, or System.String: name of an instance profile.</inputtype>
[Cmdlet(VerbsCommon.Add, "LabInstanceProfileRole", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class AddLabInstanceProfileRoleCommand : IdentityCommand
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

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string profile = IamName.Of("instance-profile", Name), role = IamName.Of("role", Role);
            if (await ShouldProcessAsync($"instance profile '{profile}'", $"Put role '{role}' into instance profile"))
            {
                await InstanceProfiles.AddRoleAsync(profile, role, cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
