using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets roles: one by name with its policies, or a list.</summary>
/// <remarks>
/// <para>A role given by name includes its inline policies as policy documents, its attached policies and its tags. A list, or a name
/// with wildcards, streams what the service lists: it includes the trust policy, but the other policies only with -IncludePolicy,
/// because each takes a separate request.</para>
/// <para>Errors: NoSuchEntity when a role given by name does not exist; AccessDenied.</para>
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
/// <inputtype>System.String: name of a role. Or an object with a property Name or RoleName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabRole")]
[OutputType(typeof(LabRole))]
public sealed class GetLabRoleCommand : IdentityCommand
{
    /// <summary>Names of roles; wildcards are allowed. All roles if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName")]
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

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Name ?? ["*"])
        {
            try
            {
                if (PathPrefix is null && !WildcardPattern.ContainsWildcardCharacters(name))
                {
                    await WriteAsync(await Roles.GetAsync(name, cancellation), cancellation);
                    continue;
                }

                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                await foreach (LabRole role in Roles.ListAsync(PathPrefix, cancellation))
                {
                    if (pattern.IsMatch(role.Name))
                    {
                        await WriteAsync(IncludePolicy ? await Roles.GetAsync(role.Name, cancellation) : role, cancellation);
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
