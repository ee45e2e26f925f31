using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets groups of users: one by name, or a list.</summary>
/// <remarks>
/// <para>Get-LabGroupMember shows who is in a group, Get-LabPolicyAttachment what its users may do.</para>
/// <para>Errors: NoSuchEntity when a group given by name does not exist; ArnInvalid when an ARN is not one of a group; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Creates a group and shows it.</para>
/// <code>$null = New-LabGroup editors; Get-LabGroup editors</code>
/// </example>
/// <example>
/// <para>The policies of all groups.</para>
/// <code>Get-LabGroup | Get-LabPolicyAttachment</code>
/// </example>
/// <inputtype>System.String: name of a group. Or an object with a property Name or GroupName.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabGroup")]
[OutputType(typeof(LabGroup))]
public sealed class GetLabGroupCommand : IdentityCommand
{
    /// <summary>Names of groups, or their ARNs; wildcards are allowed. All groups if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("GroupName", "Group")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Prefix of the groups' paths: <c>/staff/</c>. The result is a list.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern("^/")]
    public string? PathPrefix { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => WriteNamedAsync(
        "group", Name, name => Groups.GetAsync(name, cancellation), () => Groups.ListAsync(PathPrefix, cancellation), group => group.Name,
        null, 1, PathPrefix is not null, cancellation);
}
