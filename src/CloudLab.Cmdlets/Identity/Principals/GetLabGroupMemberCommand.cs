using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Gets who is in a group, or which groups a user is in.</summary>
/// <remarks>
/// <para>Several groups or users from the pipeline are asked for at once, so that their members come in any order.</para>
/// <para>Errors: NoSuchEntity when the group or user does not exist; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The users of a group.</para>
/// <code>$null = New-LabGroup editors; $null = New-LabUser ann -Group editors; Get-LabGroupMember editors</code>
/// </example>
/// <example>
/// <para>The groups of a user.</para>
/// <code>$null = New-LabUser bob; Get-LabGroupMember -User bob</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabGroup or LabUser; or System.String: name of a group.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabGroupMember", DefaultParameterSetName = "Group")]
[OutputType(typeof(LabGroupMember))]
public sealed class GetLabGroupMemberCommand : IdentityCommand
{
    /// <summary>Names of groups, or their ARNs.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Group")]
    [Alias("GroupName")]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Group { get; set; } = [];

    /// <summary>Names of users, or their ARNs.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "User")]
    [Alias("UserName")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] User { get; set; } = [];

    /// <summary>A group or a user, from Get-LabGroup or Get-LabUser.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Principal")]
    [ValidateNotNull]
    public LabPrincipal? InputObject { get; set; }

    /// <summary>How many groups or users from the pipeline are asked for at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        GroupStore groups = Groups;
        bool ofUser = InputObject is LabUser || ParameterSetName == "User";
        foreach (string given in InputObject is { } principal ? [principal.Name] : ofUser ? User : Group)
        {
            await StartAsync(given, token => WriteAllAsync(
                ofUser ? groups.GroupsOfAsync(IamName.Of("user", given), token) : groups.MembersAsync(IamName.Of("group", given), token), token));
        }
    }
}
