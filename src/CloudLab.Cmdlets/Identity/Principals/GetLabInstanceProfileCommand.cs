using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets instance profiles, which hand a role to virtual machines: one by name, or a list.</summary>
/// <remarks>
/// <para>RoleName binds the next cmdlet: Get-LabInstanceProfile x | Get-LabRole.</para>
/// <para>Errors: NoSuchEntity when a profile given by name does not exist; ArnInvalid when an ARN is not one of a profile; AccessDenied; MethodNotAllowed
/// from a server without instance profiles, such as Ceph's radosgw.</para>
/// </remarks>
/// <example>
/// <para>Creates a profile and shows it.</para>
/// <code>$null = New-LabInstanceProfile movies-server; Get-LabInstanceProfile movies-server</code>
/// </example>
/// <example>
/// <para>Profiles without a role.</para>
/// <code>Get-LabInstanceProfile | Where-Object -Not RoleName</code>
/// </example>
/// <inputtype>System.String: name of an instance profile. Or an object with a property Name or InstanceProfileName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabInstanceProfile")]
[OutputType(typeof(LabInstanceProfile))]
public sealed class GetLabInstanceProfileCommand : IdentityCommand
{
    /// <summary>Names of instance profiles, or their ARNs; wildcards are allowed. All profiles if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceProfileName")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceProfileNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Prefix of the profiles' paths: <c>/movies/</c>. The result is a list.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^/")]
    public string? PathPrefix { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => WriteNamedAsync(
        "instance-profile", Name, name => InstanceProfiles.GetAsync(name, cancellation), () => InstanceProfiles.ListAsync(PathPrefix, cancellation),
        profile => profile.Name, null, 1, PathPrefix is not null, cancellation);
}
