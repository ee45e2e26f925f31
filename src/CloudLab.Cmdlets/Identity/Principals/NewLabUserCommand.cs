using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Creates users, and adds them to groups.</summary>
/// <remarks>
/// <para>A new user has no permissions and no access key: give it permissions through a group or Add-LabPolicyAttachment, and a key with New-LabAccessKey.
/// If it cannot be added to one of its groups, it is removed again.</para>
/// <para>Errors: EntityAlreadyExists; NoSuchEntity when a group or the permissions boundary does not exist; UserHalfMade when the user could not be added to its groups
/// and not be removed again; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>A user in a group.</para>
/// <code>$null = New-LabGroup editors; New-LabUser ann -Group editors -Tag @{ team = 'movies' }</code>
/// </example>
/// <example>
/// <para>Several users at once, below a path.</para>
/// <code>'bob', 'cleo' | New-LabUser -Path /staff/</code>
/// </example>
/// <inputtype>System.String: name of a user. Or an object with a property Name or UserName.</inputtype>
[Cmdlet(VerbsCommon.New, "LabUser", SupportsShouldProcess = true)]
[OutputType(typeof(LabUser))]
public sealed class NewLabUserCommand : IdentityCommand
{
    /// <summary>Names of the users, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "User")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 64)]
    [ValidatePattern(NamePattern)]
    public string[] Name { get; set; } = [];

    /// <summary>Groups that the users are added to.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Group { get; set; } = [];

    /// <summary>Path that groups users, beginning and ending with a slash: <c>/staff/</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
    public string? Path { get; set; }

    /// <summary>Managed policy that limits the permissions, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? PermissionsBoundary { get; set; }

    /// <summary>Tags: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Name)
        {
            try
            {
                if (await ShouldProcessAsync($"user '{name}'", "Create user"))
                {
                    await WriteAsync(
                        await Users.CreateAsync(
                            new NewUser
                            {
                                Name = name,
                                Path = Path,
                                Groups = [.. Group.Select(group => IamName.Of("group", group))],
                                PermissionsBoundary = await BoundaryArnAsync(PermissionsBoundary, cancellation),
                                Tags = PlainObject.Texts(Tag),
                            },
                            cancellation),
                        cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
