using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Changes a role: who may assume it, its description, session duration, tags or permissions boundary.</summary>
/// <remarks>
/// <para>What is not given stays as it is. Policies of the role are changed with Add-LabPolicyAttachment and Remove-LabPolicyAttachment.</para>
/// <para>Errors: NoSuchEntity; MalformedPolicyDocument, with the place in the document; PrincipalInvalid; LimitExceeded; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Lets a service assume a role that your account could assume, for up to two hours.</para>
/// <code>$null = New-LabRole movies-job; Set-LabRole movies-job -TrustedPrincipal lambda.amazonaws.com -MaxSessionDuration 02:00:00 -PassThru</code>
/// </example>
/// <example>
/// <para>Describes and tags a role.</para>
/// <code>$null = New-LabRole movies-job; Set-LabRole movies-job -Description 'Nightly import' -Tag @{ team = 'movies' }</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, or System.String: name of a role.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabRole", SupportsShouldProcess = true, DefaultParameterSetName = "Principal")]
[OutputType(typeof(LabRole))]
public sealed class SetLabRoleCommand : IdentityCommand
{
    private PolicyDocument? trust;

    /// <summary>Name of the role, or its ARN.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName", "Role")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <inheritdoc cref="NewLabRoleCommand.TrustPolicy"/>
    [Parameter(Mandatory = true, ParameterSetName = "TrustPolicy")]
    [Alias("AssumeRolePolicyDocument")]
    [ValidateNotNullOrEmpty]
    public object? TrustPolicy { get; set; }

    /// <inheritdoc cref="NewLabRoleCommand.TrustedPrincipal"/>
    [Parameter(ParameterSetName = "Principal")]
    [ArgumentCompleter(typeof(PrincipalArnCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? TrustedPrincipal { get; set; }

    /// <inheritdoc cref="NewLabRoleCommand.Description"/>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(0, 1000)]
    public string? Description { get; set; }

    /// <summary>Maximum duration of a session, 1 to 12 hours; a number means seconds.</summary>
    [Parameter]
    [Seconds]
    [ValidateNotNull]
    public TimeSpan? MaxSessionDuration { get; set; }

    /// <summary>Managed policy that limits the permissions, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [NotEmpty("-RemovePermissionsBoundary removes the boundary of a role.")]
    public string? PermissionsBoundary { get; set; }

    /// <summary>Removes the permissions boundary, so that nothing limits the permissions any more.</summary>
    [Parameter]
    public SwitchParameter RemovePermissionsBoundary { get; set; }

    /// <summary>All tags that the role has afterwards: <c>@{ team = 'movies' }</c>. An empty table removes them.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Writes the role.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        CheckBoundary(PermissionsBoundary, RemovePermissionsBoundary);
        trust = TrustedPrincipal is null
            ? PolicyArgument.Read(this, nameof(TrustPolicy), TrustPolicy, PolicyKind.Trust)
            : PolicyStatements.Trust(TrustedPrincipal);
        NewLabRoleCommand.CheckDuration(MaxSessionDuration);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            string name = IamName.Of("role", Name);
            if (await ShouldProcessAsync($"role '{name}'", trust is null ? "Change role" : "Change role and who may assume it"))
            {
                await Roles.ChangeAsync(
                    name,
                    new IdentityChange
                    {
                        TrustPolicy = trust,
                        Description = Description,
                        MaxSessionDuration = MaxSessionDuration,
                        PermissionsBoundary = RemovePermissionsBoundary ? "" : await BoundaryArnAsync(PermissionsBoundary, cancellation),
                        Tags = Tag is null ? null : PlainObject.Texts(Tag),
                    },
                    cancellation);
                if (PassThru)
                {
                    await WriteAsync(await Roles.ReadBackAsync(name, cancellation), cancellation);
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
