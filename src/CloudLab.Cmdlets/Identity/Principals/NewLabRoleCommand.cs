using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Principals;

/// <summary>Creates a role, with its permissions and the principals that may assume it.</summary>
/// <remarks>
/// <para>A role without -Policy has no permissions; grant only what its work needs (New-LabPolicyDocument helps). With
/// neither -TrustPolicy nor -TrustedPrincipal your own account may assume it, and the users' own policies decide who is allowed to.</para>
/// <para>-TrustPolicy and -Policy take a policy document, a hashtable, an object from ConvertFrom-Json, JSON text or the path of a JSON file.
/// They are checked before anything is sent.</para>
/// <para>Role and policy are created together: if the service refuses the policy, the role is removed again.</para>
/// <para>Errors: EntityAlreadyExists; MalformedPolicyDocument, with the place in the document; PolicyFileUnreadable; RoleHalfMade when the policy
/// was refused and the role could not be removed again; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>A role that may read the objects below data/ of one bucket.</para>
/// <code>New-LabRole movies-data-reader -Policy (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly)</code>
/// </example>
/// <example>
/// <para>A role for virtual machines, for sessions of up to four hours.</para>
/// <code>New-LabRole movies-server -TrustedPrincipal ec2.amazonaws.com -MaxSessionDuration 04:00:00 -Tag @{ team = 'movies' }</code>
/// </example>
/// <example>
/// <para>A policy written as a hashtable.</para>
/// <code>New-LabRole movies-lister -Policy @{ Version = '2012-10-17'; Statement = @{ Effect = 'Allow'; Action = 's3:ListBucket'; Resource = 'arn:aws:s3:::movies' } }</code>
/// </example>
/// <inputtype>System.String: name of a role. Or an object with a property Name or RoleName.</inputtype>
[Cmdlet(VerbsCommon.New, "LabRole", SupportsShouldProcess = true, DefaultParameterSetName = "Principal")]
[OutputType(typeof(LabRole))]
public sealed class NewLabRoleCommand : IdentityCommand
{
    private PolicyDocument? trust, policy;

    /// <summary>Name of the role, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 64)]
    [ValidatePattern(NamePattern)]
    public string Name { get; set; } = "";

    /// <summary>Inline policy that defines what the role may do.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <summary>Name of that policy; the role's name if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(1, 128)]
    [ValidatePattern(NamePattern)]
    public string? PolicyName { get; set; }

    /// <summary>Who may assume the role, as a trust policy.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "TrustPolicy")]
    [Alias("AssumeRolePolicyDocument")]
    [ValidateNotNullOrEmpty]
    public object? TrustPolicy { get; set; }

    /// <summary>Who may assume the role: account ids, ARNs of accounts, users or roles, or services such as ec2.amazonaws.com.</summary>
    [Parameter(ParameterSetName = "Principal")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? TrustedPrincipal { get; set; }

    /// <summary>Path that groups roles, beginning and ending with a slash: <c>/movies/</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidatePattern(@"^(/|/[!-~]*/)\z")]
    public string? Path { get; set; }

    /// <summary>Description of the role.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(0, 1000)]
    public string? Description { get; set; }

    /// <summary>Maximum duration of a session, 1 to 12 hours; a number means seconds. One hour if omitted.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? MaxSessionDuration { get; set; }

    /// <summary>Tags: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        policy = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity);
        trust = TrustedPrincipal is null
            ? PolicyArgument.Read(this, nameof(TrustPolicy), TrustPolicy, PolicyKind.Trust)
            : PolicyStatements.Trust(TrustedPrincipal);
        if (MaxSessionDuration < TimeSpan.FromHours(1) || MaxSessionDuration > TimeSpan.FromHours(12))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "MaxSessionDurationInvalid", $"-MaxSessionDuration {MaxSessionDuration} is not between 1 and 12 hours.");
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            if (!await ShouldProcessAsync($"role '{Name}'", policy is null ? "Create role" : "Create role and its policy"))
            {
                return;
            }

            trust ??= PolicyStatements.Trust([$"arn:aws:iam::{await Caller.GetAccountAsync(cancellation)}:root"]);
            await WriteAsync(
                await Roles.CreateAsync(
                    new NewRole
                    {
                        Name = Name,
                        TrustPolicy = trust,
                        Policy = policy,
                        PolicyName = PolicyName ?? Name,
                        Path = Path,
                        Description = Description,
                        MaxSessionDuration = MaxSessionDuration,
                        Tags = PlainObject.Texts(Tag),
                    },
                    cancellation),
                cancellation);
        }
        catch (Exception e)
        {
            WriteProblem(e, Name);
        }
    }
}
