using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Creates instance profiles, with their role.</summary>
/// <remarks>
/// <para>A virtual machine that is started with the profile gets the credentials of its role, which must trust ec2.amazonaws.com (New-LabRole -Service ec2). A
/// role that was created a moment ago is waited for. If the role cannot be put into the profile, the profile is removed again.</para>
/// <para>Errors: EntityAlreadyExists; NoSuchEntity when the role does not exist; InstanceProfileHalfMade when it could not be removed again; AccessDenied;
/// MethodNotAllowed from a server without instance profiles, such as Ceph's radosgw.</para>
/// </remarks>
/// <example>
/// <para>A profile with its role.</para>
/// <code>New-LabRole movies-server -Service ec2 | New-LabInstanceProfile</code>
/// </example>
/// <example>
/// <para>A profile without a role yet.</para>
/// <code>New-LabInstanceProfile movies-batch -Path /movies/</code>
/// </example>
/// <inputtype>System.String: name of an instance profile. Or CloudLab.Core.Identity.Principals.LabRole: the profile gets the name of the role, and the role.</inputtype>
[Cmdlet(VerbsCommon.New, "LabInstanceProfile", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(LabInstanceProfile))]
public sealed class NewLabInstanceProfileCommand : IdentityCommand
{
    /// <summary>Name of the profile, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "Name")]
    [Parameter(Position = 0, ParameterSetName = "InputObject")]
    [Alias("InstanceProfileName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    [ValidatePattern(NamePattern)]
    public string Name { get; set; } = "";

    /// <summary>Role of the profile, by name or ARN.</summary>
    [Parameter(Position = 1, ParameterSetName = "Name")]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Role { get; set; }

    /// <summary>Role of the profile, from New-LabRole or Get-LabRole; the profile has its name unless another is given.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNull]
    public LabRole? InputObject { get; set; }

    /// <summary>Path that groups profiles, beginning and ending with a slash: <c>/movies/</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
    public string? Path { get; set; }

    /// <summary>Tags: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string name = Name.Length == 0 ? InputObject!.Name : Name;
        try
        {
            string? role = InputObject?.Name ?? (Role is null ? null : IamName.Of("role", Role));
            if (await ShouldProcessAsync($"instance profile '{name}'", role is null ? "Create instance profile" : $"Create instance profile with role '{role}'"))
            {
                await WriteAsync(await InstanceProfiles.CreateAsync(name, Path, role, PlainObject.Texts(Tag), cancellation), cancellation);
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, name);
        }
    }
}
