using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
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
/// <para>A role without -Policy has no permissions; grant only what its work needs (New-LabPolicyDocument helps). Who may
/// assume it: a service (-Service), accounts (-Account), a service account of a Kubernetes cluster (-Federated with -ServiceAccount), workflows on GitHub
/// (-GitHubRepository), the subjects of another identity provider (-Federated with -Subject), any principals (-TrustedPrincipal), or what -TrustPolicy says.
/// With none of these your own account may, and the users' own policies decide who is allowed to.</para>
/// <para>-TrustPolicy and -Policy take a policy document, a hashtable, an object from ConvertFrom-Json, JSON text or the path of a JSON file.
/// They are checked before anything is sent.</para>
/// <para>Role and policies are created together: if the service refuses one, the role is removed again. A user or role that the trust policy names
/// and that was created a moment ago is waited for.</para>
/// <para>Errors: EntityAlreadyExists; MalformedPolicyDocument, with the place in the document; PolicyFileUnreadable; PrincipalInvalid, ServiceInvalid,
/// ProviderInvalid, ServiceAccountInvalid, RepositoryInvalid; LimitExceeded, with how much a policy is too large; NoSuchEntity when a managed policy does not exist;
/// RoleHalfMade when a policy was refused and the role could not be removed again; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>A role that may read the objects below data/ of one bucket.</para>
/// <code>New-LabRole movies-data-reader -Policy (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly)</code>
/// </example>
/// <example>
/// <para>A role for virtual machines, for sessions of up to four hours.</para>
/// <code>New-LabRole movies-server -Service ec2 -ManagedPolicy AmazonS3ReadOnlyAccess -MaxSessionDuration 04:00:00 -Tag @{ team = 'movies' }</code>
/// </example>
/// <example>
/// <para>A policy written as a hashtable.</para>
/// <code>New-LabRole movies-lister -Policy @{ Version = '2012-10-17'; Statement = @{ Effect = 'Allow'; Action = 's3:ListBucket'; Resource = 'arn:aws:s3:::movies' } }</code>
/// </example>
/// <example>
/// <para>A role for a service account of a Kubernetes cluster (EKS), which gets it by web identity.</para>
/// <code>New-LabRole movies-site -Federated arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/5A1C -ServiceAccount movies/site</code>
/// </example>
/// <example>
/// <para>A role that the workflows of one branch of a repository on GitHub may assume.</para>
/// <code>New-LabRole movies-deploy -GitHubRepository example-org/movies:ref:refs/heads/main</code>
/// </example>
/// <inputtype>System.String: name of a role. Or an object with a property Name or RoleName.</inputtype>
[Cmdlet(VerbsCommon.New, "LabRole", SupportsShouldProcess = true, DefaultParameterSetName = "Principal")]
[OutputType(typeof(LabRole))]
public sealed class NewLabRoleCommand : IdentityCommand
{
    private PolicyDocument? trust, policy;

    /// <summary>Name of the role, unique in the account without regard to case.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RoleName", "Role")]
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
    [ArgumentCompleter(typeof(PrincipalArnCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? TrustedPrincipal { get; set; }

    /// <summary>Services of AWS that may assume the role, with or without their domain: <c>ec2</c>, <c>lambda.amazonaws.com</c>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Service")]
    [ArgumentCompleter(typeof(ServiceNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Accounts whose users and roles may assume the role, if their own policies allow it: account ids or ARNs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Account")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Account { get; set; } = [];

    /// <summary>External id that callers of the accounts have to give.</summary>
    [Parameter(ParameterSetName = "Account")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(2, 1224)]
    public string? ExternalId { get; set; }

    /// <summary>Only callers who signed in with an MFA device may assume the role.</summary>
    [Parameter(ParameterSetName = "Account")]
    public SwitchParameter RequireMfa { get; set; }

    /// <summary>ARN of the identity provider (OIDC or SAML) whose users may assume the role.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Federated")]
    [Parameter(Mandatory = true, ParameterSetName = "ServiceAccount")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Federated { get; set; } = "";

    /// <summary>Subjects of the OIDC provider's tokens that may assume the role; wildcards are allowed, <c>*</c> alone means everyone with a token.</summary>
    [Parameter(ParameterSetName = "Federated")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Subject { get; set; } = [];

    /// <summary>Service accounts of the Kubernetes cluster that may assume the role: <c>namespace/name</c>.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ServiceAccount")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ServiceAccount { get; set; } = [];

    /// <summary>
    /// Repositories on GitHub whose workflows may assume the role: <c>org/name</c>, or with a limit, <c>org/name:ref:refs/heads/main</c>,
    /// <c>org/name:environment:production</c>. The account must have the identity provider token.actions.githubusercontent.com.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = "GitHub")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] GitHubRepository { get; set; } = [];

    /// <summary>Managed policies to attach, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] ManagedPolicy { get; set; } = [];

    /// <summary>Managed policy that limits the permissions, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PolicyNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? PermissionsBoundary { get; set; }

    /// <summary>Path that groups roles, beginning and ending with a slash: <c>/movies/</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(PathPattern)]
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

    /// <summary>Refuses a session duration that IAM does not have.</summary>
    /// <param name="duration">-MaxSessionDuration, or null.</param>
    internal static void CheckDuration(TimeSpan? duration)
    {
        if (duration < TimeSpan.FromHours(1) || duration > TimeSpan.FromHours(12))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "MaxSessionDurationInvalid", $"-MaxSessionDuration {duration} is not between 1 and 12 hours.");
        }
    }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        policy = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity);
        trust = ParameterSetName switch
        {
            "TrustPolicy" => PolicyArgument.Read(this, nameof(TrustPolicy), TrustPolicy, PolicyKind.Trust),
            "Service" => RoleTrust.Service(Service),
            "Account" => RoleTrust.Account(Account, ExternalId, RequireMfa),
            "ServiceAccount" => RoleTrust.ServiceAccount(Federated, ServiceAccount),
            "Federated" => RoleTrust.Federated(Federated, Subject),
            // Its provider is one of the account's own, whose id has to be asked for.
            "GitHub" => null,
            _ => TrustedPrincipal is null ? null : PolicyStatements.Trust(TrustedPrincipal),
        };
        CheckDuration(MaxSessionDuration);
        PolicyArgument.WarnOfUnknown(Reporter, trust);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        try
        {
            if (!await ShouldProcessAsync($"role '{Name}'", policy is null && ManagedPolicy.Length == 0 ? "Create role" : "Create role and its policies"))
            {
                return;
            }

            if (trust is null)
            {
                string account = await Caller.GetAccountAsync(cancellation);
                trust = ParameterSetName == "GitHub" ? RoleTrust.GitHubRepository(account, GitHubRepository) : PolicyStatements.Trust([$"arn:aws:iam::{account}:root"]);
            }

            List<string> managed = [];
            foreach (string each in ManagedPolicy)
            {
                managed.Add(await ManagedPolicies.FindArnAsync(each, cancellation));
            }

            await WriteAsync(
                await Roles.CreateAsync(
                    new NewRole
                    {
                        Name = Name,
                        TrustPolicy = trust,
                        Policy = policy,
                        PolicyName = PolicyName ?? Name,
                        ManagedPolicies = managed,
                        PermissionsBoundary = await BoundaryArnAsync(PermissionsBoundary, cancellation),
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
