using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Attachments;

/// <summary>Base of the cmdlets for the policies of users, groups and roles.</summary>
public abstract class AttachmentCommand : IdentityCommand
{
    /// <summary>Names of roles, or their ARNs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Role { get; set; } = [];

    /// <summary>Names of users, or their ARNs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("UserName")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] User { get; set; } = [];

    /// <summary>Names of groups, or their ARNs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("GroupName")]
    [ArgumentCompleter(typeof(GroupNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Group { get; set; } = [];

    /// <summary>The users, groups and roles that are meant.</summary>
    /// <param name="input">One from the pipeline, or null.</param>
    /// <returns>Kind, and name or ARN, of each. Throws <see cref="LabException"/> (<c>PrincipalMissing</c>).</returns>
    private protected List<(PrincipalKind Kind, string Name)> Principals(LabPrincipal? input)
    {
        List<(PrincipalKind, string)> meant =
        [
            .. Role.Select(name => (PrincipalKind.Role, name)),
            .. User.Select(name => (PrincipalKind.User, name)),
            .. Group.Select(name => (PrincipalKind.Group, name)),
        ];
        if (input is not null)
        {
            meant.Add((input switch { LabRole => PrincipalKind.Role, LabUser => PrincipalKind.User, _ => PrincipalKind.Group }, input.Name));
        }

        return meant.Count > 0 ? meant : throw new LabException(
            LabErrorKind.InvalidArgument, "PrincipalMissing", "Whose policies? Give -Role, -User or -Group, or pipe Get-LabRole, Get-LabUser or Get-LabGroup.");
    }

    /// <summary>The name that a name or an ARN stands for.</summary>
    /// <param name="kind">What it should be of.</param>
    /// <param name="given">The name or ARN.</param>
    /// <returns>The name. Throws <see cref="LabException"/> (<c>ArnInvalid</c>).</returns>
    private protected static string NameOf(PrincipalKind kind, string given) => IamName.Of(Words(kind), given);

    /// <summary>What it is called.</summary>
    /// <param name="kind">What.</param>
    /// <returns><c>role</c>, <c>user</c>, <c>group</c>.</returns>
    private protected static string Words(PrincipalKind kind) => kind.ToString().ToLowerInvariant();
}
