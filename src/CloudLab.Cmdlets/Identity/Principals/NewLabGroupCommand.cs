using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Creates groups of users.</summary>
/// <remarks>
/// <para>A group gives its policies to all its users: Add-LabGroupMember adds users, Add-LabPolicyAttachment policies.</para>
/// <para>Errors: EntityAlreadyExists; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>A group whose users may read the objects of one bucket.</para>
/// <code>New-LabGroup viewers | Add-LabPolicyAttachment -Name read -Policy (New-LabPolicyDocument -Bucket movies -ReadOnly)</code>
/// </example>
/// <example>
/// <para>A group below a path.</para>
/// <code>New-LabGroup editors -Path /staff/</code>
/// </example>
/// <inputtype>System.String: name of a group. Or an object with a property Name or GroupName.</inputtype>
[Cmdlet(VerbsCommon.New, "LabGroup", SupportsShouldProcess = true)]
[OutputType(typeof(LabGroup))]
public sealed class NewLabGroupCommand : IdentityCommand
{
    /// <summary>Names of the groups, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("GroupName", "Group")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    [ValidatePattern(NamePattern)]
    public string[] Name { get; set; } = [];

    /// <summary>Path that groups the groups, beginning and ending with a slash: <c>/staff/</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
    public string? Path { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Name)
        {
            try
            {
                if (await ShouldProcessAsync($"group '{name}'", "Create group"))
                {
                    await WriteAsync(await Groups.CreateAsync(name, Path, cancellation), cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
