using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets roles: one by name with its policies, or a list.</summary>
/// <remarks>
/// <para>A role given by name includes its inline policies as policy documents, its attached policies and its tags. A list, or a name
/// with wildcards, streams what the service lists: it includes the trust policy, but the other policies only with -IncludePolicy,
/// because each takes separate requests, which are sent for several roles at once.</para>
/// <para>DeletedPrincipals names the unique ids (AIDA…, AROA…) that IAM left in the trust policy in place of users and roles that were deleted: nobody
/// can assume the role through them, not even a new user or role of the same name.</para>
/// <para>Errors: NoSuchEntity when a role given by name does not exist; ArnInvalid when an ARN is not one of a role; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Creates a role and shows what it may do.</para>
/// <code>New-LabRole movies-viewer -Policy (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly); (Get-LabRole movies-viewer).Policies.Document.Statement</code>
/// </example>
/// <example>
/// <para>All roles whose names begin with movies, and who may assume each.</para>
/// <code>Get-LabRole movies* | Select-Object Name, { $_.TrustPolicy.Statement.Principal }</code>
/// </example>
/// <example>
/// <para>The roles below a path.</para>
/// <code>Get-LabRole -PathPrefix /service-role/</code>
/// </example>
/// <example>
/// <para>Roles that trust somebody who was deleted.</para>
/// <code>Get-LabRole | Where-Object DeletedPrincipals</code>
/// </example>
/// <inputtype>System.String: name of a role. Or an object with a property Name or RoleName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabRole")]
[OutputType(typeof(LabRole))]
public sealed class GetLabRoleCommand : IdentityCommand
{
    /// <summary>Names of roles, or their ARNs; wildcards are allowed. All roles if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName", "Role")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Prefix of the roles' paths: <c>/service-role/</c>. The result is a list.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^/")]
    public string? PathPrefix { get; set; }

    /// <summary>Also gets the policies and tags of each listed role.</summary>
    [Parameter]
    public SwitchParameter IncludePolicy { get; set; }

    /// <summary>How many roles of a list are completed at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        RoleStore roles = Roles;
        return WriteNamedAsync(
            "role", Name, name => roles.GetAsync(name, cancellation), () => roles.ListAsync(PathPrefix, cancellation), role => role.Name,
            IncludePolicy ? (role, token) => roles.GetAsync(role.Name, token) : null, ThrottleLimit, PathPrefix is not null, cancellation);
    }
}
