using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Changes a user: its name, path, tags or permissions boundary.</summary>
/// <remarks>
/// <para>What is not given stays as it is. A new name or path changes the ARN of the user; IAM changes it in trust policies that name the user, but
/// not in bucket policies.</para>
/// <para>Errors: NoSuchEntity; EntityAlreadyExists when the new name is taken; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Renames a user.</para>
/// <code>$null = New-LabUser ann; Set-LabUser ann -NewName ann.lee -PassThru</code>
/// </example>
/// <example>
/// <para>Limits the permissions of a user, and removes the limit.</para>
/// <code>$null = New-LabUser bob; Set-LabUser bob -PermissionsBoundary AmazonS3ReadOnlyAccess; Set-LabUser bob -RemovePermissionsBoundary</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabUser, or System.String: name of a user.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabUser", SupportsShouldProcess = true)]
[OutputType(typeof(LabUser))]
public sealed class SetLabUserCommand : IdentityCommand
{
    /// <summary>Name of the user, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("UserName", "User")]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>New name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 64)]
    [ValidatePattern(NamePattern)]
    public string? NewName { get; set; }

    /// <summary>New path, beginning and ending with a slash.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
    public string? NewPath { get; set; }

    /// <summary>Managed policy that limits the permissions, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [NotEmpty("-RemovePermissionsBoundary removes the boundary of a user.")]
    public string? PermissionsBoundary { get; set; }

    /// <summary>Removes the permissions boundary, so that nothing limits the permissions any more.</summary>
    [Parameter]
    public SwitchParameter RemovePermissionsBoundary { get; set; }

    /// <summary>All tags that the user has afterwards: <c>@{ team = 'movies' }</c>. An empty table removes them.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Writes the user.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        CheckBoundary(PermissionsBoundary, RemovePermissionsBoundary);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string name = IamName.Of("user", Name);
            if (await ShouldProcessAsync($"user '{name}'", NewName is null ? "Change user" : $"Rename user to '{NewName}'"))
            {
                await Users.ChangeAsync(
                    name,
                    new IdentityChange
                    {
                        NewName = NewName,
                        NewPath = NewPath,
                        PermissionsBoundary = RemovePermissionsBoundary ? "" : await BoundaryArnAsync(PermissionsBoundary, cancellation),
                        Tags = Tag is null ? null : PlainObject.Texts(Tag),
                    },
                    cancellation);
                if (PassThru)
                {
                    await WriteAsync(await Users.ReadBackAsync(NewName ?? name, cancellation), cancellation);
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
