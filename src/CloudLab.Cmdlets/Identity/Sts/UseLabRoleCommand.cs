using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Identity.Sts;

/// <summary>Assumes a role: its temporary credentials become those of the session.</summary>
/// <remarks>
/// <para>Asks STS for temporary credentials of the role (AssumeRole) and makes them the default of this PowerShell session: from then on every cmdlet
/// without its own -Session, -ProfileName or -Credential acts as the role. Disconnect-Lab or Connect-Lab ends this. -PassThru also writes
/// the session, for use with -Session.</para>
/// <para>The session renews itself shortly before its credentials expire, as long as the caller's own credentials last; those of a role that was assumed
/// with another role are renewed from the first. Get-LabSession shows who you are, and until when the current credentials are valid.</para>
/// <para>With -SaveProfile the credentials go into the credentials file that all AWS tools share (AWS_SHARED_CREDENTIALS_FILE, else
/// ~/.aws/credentials) under that profile name, and the session's own default does not change: use them with -ProfileName here, or
/// with AWS_PROFILE elsewhere. Other profiles in the file are not changed. -Export writes the credentials as text for other tools instead. Neither
/// of these copies is renewed.</para>
/// <para>-Policy and -ManagedPolicy limit the session further: only actions that both the role and one of these policies allow are permitted.</para>
/// <para>-MfaSerial, or -MfaCode alone if you have one device, proves an MFA device first. This gives a session of 12 hours (GetSessionToken), with which
/// roles are assumed and renewed; it is kept until it ends, so that one code is enough for all roles in this process.</para>
/// <para>-WebIdentityTokenFile assumes the role with the token of an identity provider, such as a Kubernetes service account or a CI job
/// (AssumeRoleWithWebIdentity), and without any other credentials. The file is read again for each renewal.</para>
/// <para>A role sees the buckets of its own account, and Get-LabBucket lists them only if it has the permission s3:ListAllMyBuckets; one bucket can be given
/// by name without it.</para>
/// <para>Errors: AccessDenied when the role's trust policy or the caller's own policies do not allow it; MfaRequired when the trust policy asks for MFA;
/// MfaCodeRequired when nobody can be asked for the code; NoSuchEntity when no role has that name;
/// ValidationError when the duration exceeds the role's maximum; MalformedPolicyDocument; ProfileExists when -SaveProfile would overwrite long-lived keys and
/// -Force is missing; TokenFileUnreadable.</para>
/// </remarks>
/// <example>
/// <para>Creates a role, assumes it, and shows the resulting identity.</para>
/// <code>$null = New-LabRole movies-guest; $me = Use-LabRole movies-guest -PassThru; Get-LabCallerIdentity -Session $me</code>
/// </example>
/// <example>
/// <para>Gets credentials for other tools, valid for 15 minutes.</para>
/// <code>$null = New-LabRole movies-tool; Use-LabRole movies-tool -Duration 00:15:00 -SaveProfile movies-tool</code>
/// </example>
/// <example>
/// <para>Assumes a role, limited to one prefix for this session.</para>
/// <code>$null = New-LabRole movies-editor -Policy (New-LabPolicyDocument -Bucket movies -ReadWrite); Use-LabRole movies-editor -Policy (New-LabPolicyDocument -Bucket movies -Prefix data/ -ReadOnly)</code>
/// </example>
/// <example>
/// <para>Writes the role's credentials as environment variables for bash.</para>
/// <code>$null = New-LabRole movies-shell; Use-LabRole movies-shell -Export Bash</code>
/// </example>
/// <example>
/// <para>Assumes a role with session tags, of which one is passed on to roles assumed from it.</para>
/// <code>$null = New-LabRole movies-job -TrustPolicy @{ Version = '2012-10-17'; Statement = @{ Effect = 'Allow'; Principal = '*'; Action = 'sts:AssumeRole', 'sts:TagSession' } }; Use-LabRole movies-job -Tag @{ team = 'movies'; stage = 'test' } -TransitiveTagKey team</code>
/// </example>
/// <example>
/// <para>Shows what assuming a role with MFA would do; without -MfaCode you are asked for the code.</para>
/// <code>Use-LabRole movies-admin -MfaSerial arn:aws:iam::123456789012:mfa/ann -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, or another object with a property RoleArn.</inputtype>
[Cmdlet(VerbsOther.Use, "LabRole", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(LabSession), typeof(string))]
public sealed partial class UseLabRoleCommand : TemporarySessionCommand
{
    private PolicyDocument? policy;

    /// <summary>Name of a role of your own account; an ARN is accepted as well.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [Alias("RoleName")]
    [ArgumentCompleter(typeof(RoleNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>ARN of the role, of your own account or another.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Arn")]
    [Alias("Arn")]
    [ArgumentCompleter(typeof(RoleArnCompleter))]
    [ValidatePattern(@"^arn:[^:]+:iam:[!-~]*\z")]
    public string RoleArn { get; set; } = "";

    /// <summary>Name of the session, 2 to 64 characters, shown in logs and usable in policies; derived from the user name if omitted.</summary>
    [Parameter]
    [Alias("RoleSessionName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(2, 64)]
    [ValidatePattern(NamePattern)]
    public string? SessionName { get; set; }

    /// <summary>How long the credentials are valid, 15 minutes to 12 hours; a number means seconds. One hour if omitted.</summary>
    [Parameter]
    [Alias("DurationSeconds")]
    [Seconds]
    public TimeSpan? Duration { get; set; }

    /// <summary>Session policy: a policy document, a hashtable, JSON text or the path of a JSON file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <summary>ARNs of managed policies that limit the session, up to 10.</summary>
    [Parameter]
    [Alias("PolicyArn")]
    [ArgumentCompleter(typeof(PolicyArnCompleter))]
    [ValidateCount(1, 10)]
    [ValidatePattern(@"^arn:[^:]+:iam::[^:]*:policy/[!-~]+\z")]
    public string[]? ManagedPolicy { get; set; }

    /// <summary>External id that the role requires from callers of other accounts.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(2, 1224)]
    public string? ExternalId { get; set; }

    /// <summary>Session tags, which policies can use as aws:PrincipalTag: <c>@{ team = 'movies' }</c>. The trust policy must allow sts:TagSession.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Keys of session tags that are passed on to roles assumed from this one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? TransitiveTagKey { get; set; }

    /// <summary>Name of the person behind the session, for logs and policies; it stays when other roles are assumed from this one. The trust policy must allow sts:SetSourceIdentity.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(2, 64)]
    [ValidatePattern(NamePattern)]
    public string? SourceIdentity { get; set; }

    /// <summary>File with the token of an identity provider (OpenID Connect), to assume the role with instead of your own credentials. Needs the role's ARN.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WebIdentityTokenFile { get; set; }

    /// <summary>Writes the role's session.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        policy = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity);
        CheckDuration(Duration, 12);
        if (WebIdentityTokenFile is not null)
        {
            string? other = MfaSerial is not null || MfaCode is not null ? "MFA" : ExternalId is not null ? "-ExternalId"
                : Tag is not null || TransitiveTagKey is not null ? "-Tag" : SourceIdentity is not null ? "-SourceIdentity" : null;
            if (other is not null)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "WebIdentityAmbiguous", $"{other} cannot be combined with -WebIdentityTokenFile: the token says it.");
            }

            WebIdentityTokenFile = FilePath.Of(this, WebIdentityTokenFile);
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        string named = ParameterSetName == "Arn" ? RoleArn : Name;
        string action = SaveProfile is not null ? $"Assume role and save it as profile '{SaveProfile}'"
            : Export is not null ? "Assume role and write its credentials" : "Assume role for this session";
        bool isArn = named.StartsWith("arn:", StringComparison.Ordinal);
        if (WebIdentityTokenFile is not null && !isArn)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "RoleArnRequired", $"-WebIdentityTokenFile needs the ARN of the role: without credentials the name '{named}' cannot be looked up.");
        }

        if (!await ShouldProcessAsync($"role '{named}'", action))
        {
            return;
        }

        LabSession caller = await ProvedAsync(null, cancellation);
        (string arn, DateTimeOffset? created) = isArn
            ? (named, null)
            : await new CallerStore(new(caller, Reporter)).FindRoleAsync(named, cancellation);
        RoleRequest request = new()
        {
            RoleArn = arn,
            SessionName = SessionName ?? DefaultSessionName(),
            Duration = Duration,
            SessionPolicy = policy,
            ManagedPolicies = ManagedPolicy ?? [],
            ExternalId = ExternalId,
            Tags = PlainObject.Texts(Tag),
            TransitiveTagKeys = TransitiveTagKey ?? [],
            SourceIdentity = SourceIdentity,
            WebIdentityTokenFile = WebIdentityTokenFile,
            Created = created,
        };
        (LabSession session, RoleCredentials role) = await new TemporarySessions(caller, Reporter).AssumeAsync(request, $"Use-LabRole {named}", cancellation);
        Reporter.Verbose($"{role.AssumedRoleArn} until {role.Expiration.UtcDateTime:u}.");
        if (!await HandOverAsync(session, cancellation))
        {
            await AskAsync(() =>
            {
                DefaultSession.Set(session);
                return true;
            });
        }

        if (PassThru)
        {
            await WriteAsync(session, cancellation);
        }
    }

    private static string DefaultSessionName()
    {
        string name = "cloudlab-" + NotAllowed().Replace(Environment.UserName, "-");
        return name.Length > 64 ? name[..64] : name;
    }

    [GeneratedRegex("[^A-Za-z0-9_+=,.@-]")]
    private static partial Regex NotAllowed();
}
