using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.Sts;

/// <summary>Assumes a role: its temporary credentials become those of the session.</summary>
/// <remarks>
/// <para>Asks STS for temporary credentials of the role (AssumeRole) and makes them the default of this PowerShell session: from then on every cmdlet
/// without its own -Session, -ProfileName or -Credential acts as the role. Disconnect-Lab or Connect-Lab ends this. -PassThru also writes
/// the session, for use with -Session.</para>
/// <para>With -SaveProfile the credentials go into the credentials file that all AWS tools share (AWS_SHARED_CREDENTIALS_FILE, else
/// ~/.aws/credentials) under that profile name, and the session's own default does not change: use them with -ProfileName here, or
/// with AWS_PROFILE elsewhere. Other profiles in the file are not changed.</para>
/// <para>-Policy limits the session further: only actions that both the role and this policy allow are permitted.</para>
/// <para>Errors: AccessDenied when the role's trust policy or the caller's own policies do not allow it; NoSuchEntity when no role has that name;
/// ValidationError when the duration exceeds the role's maximum; MalformedPolicyDocument; ProfileExists when -SaveProfile would overwrite long-lived keys and
/// -Force is missing.</para>
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
/// <inputtype>CloudLab.Core.Identity.Principals.LabRole, or another object with a property RoleArn.</inputtype>
[Cmdlet(VerbsOther.Use, "LabRole", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(LabSession))]
public sealed partial class UseLabRoleCommand : IdentityCommand
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

    /// <summary>External id that the role requires from callers of other accounts.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateLength(2, 1224)]
    public string? ExternalId { get; set; }

    /// <summary>Saves the credentials as this profile in the shared credentials file, instead of making them the session's default.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SaveProfile { get; set; }

    /// <summary>Lets -SaveProfile replace a profile that holds long-lived keys.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the role's session.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        policy = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Identity);
        if (Duration < TimeSpan.FromMinutes(15) || Duration > TimeSpan.FromHours(12))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DurationInvalid", $"-Duration {Duration} is not between 15 minutes and 12 hours.");
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        LabSession caller = Lab;
        string named = ParameterSetName == "Arn" ? RoleArn : Name;
        string action = SaveProfile is null ? "Assume role for this session" : $"Assume role and save it as profile '{SaveProfile}'";
        if (!await ShouldProcessAsync($"role '{named}'", action))
        {
            return;
        }

        (string arn, DateTimeOffset? created) = named.StartsWith("arn:", StringComparison.Ordinal)
            ? (named, null)
            : await Caller.FindRoleAsync(named, cancellation);
        RoleCredentials role = await Caller.AssumeAsync(
            arn, SessionName ?? DefaultSessionName(), Duration, policy, ExternalId, created, cancellation);
        Reporter.Verbose(string.Create(
            CultureInfo.InvariantCulture, $"{role.AssumedRoleArn} until {role.Expiration:u}."));

        LabSession session = LabSession.Resolve(
            new SessionOptions { Keys = role.Keys, Identity = role.AssumedRoleArn }, $"Use-LabRole {named}", caller);
        if (SaveProfile is { } profile)
        {
            string file = SharedCredentialsFile.Save(caller, profile, role.Keys, role.Expiration, Force);
            Reporter.Verbose($"Profile '{profile}' is in {file}.");
        }
        else
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
