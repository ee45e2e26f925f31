using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.Sts;

/// <summary>Gets a session with temporary credentials of your own, with or without MFA.</summary>
/// <remarks>
/// <para>Asks STS for temporary credentials of the same user (GetSessionToken) and writes them as a session: give it to other cmdlets with -Session, or
/// make it the default with Connect-Lab -Session. The default of this PowerShell session does not change.</para>
/// <para>The session renews itself shortly before its end, as long as the keys that it comes from are valid. With MFA each renewal needs another code. The
/// session of an MFA device is therefore kept until it ends and used again by every Get-LabSessionToken and Use-LabRole with the same
/// device, in this process.</para>
/// <para>Export writes the credentials as text, secrets included. SaveProfile keeps them in the shared credentials file, for other tools and later
/// sessions.</para>
/// <para>Errors: AccessDenied when the caller has temporary credentials already, or when the MFA code is wrong; MfaCodeRequired when nobody can be
/// asked for the code; MfaSerialRequired when -MfaCode is given and the device cannot be found; DurationInvalid.</para>
/// </remarks>
/// <example>
/// <para>Gets temporary credentials and shows until when they are valid.</para>
/// <code>(Get-LabSessionToken -Duration 01:00:00).Expiration</code>
/// </example>
/// <example>
/// <para>Writes temporary credentials for a shell, valid for 15 minutes.</para>
/// <code>Get-LabSessionToken -Duration 900 -Export Bash</code>
/// </example>
/// <example>
/// <para>Shows what proving an MFA device and saving its session as a profile would do.</para>
/// <code>Get-LabSessionToken -MfaSerial arn:aws:iam::123456789012:mfa/ann -MfaCode 123456 -SaveProfile mfa -WhatIf</code>
/// </example>
/// <seealso cref="Sessions.ConnectLabCommand"/>
/// <seealso cref="UseLabRoleCommand"/>
/// <seealso cref="GetLabCallerIdentityCommand"/>
[Cmdlet(VerbsCommon.Get, "LabSessionToken", SupportsShouldProcess = true)]
[OutputType(typeof(LabSession), typeof(string))]
public sealed class GetLabSessionTokenCommand : TemporarySessionCommand
{
    /// <summary>How long the credentials are valid, 15 minutes to 36 hours; a number means seconds. 12 hours if omitted, one hour for the root user.</summary>
    [Parameter]
    [Alias("DurationSeconds")]
    [Seconds]
    public TimeSpan? Duration { get; set; }

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        CheckDuration(Duration, 36);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (SaveProfile is not null && !await ShouldProcessAsync($"profile '{SaveProfile}'", "Save temporary credentials"))
        {
            return;
        }

        LabSession session = MfaSerial is null && MfaCode is null
            ? await new TemporarySessions(Lab, Reporter).GetAsync(Duration, "Get-LabSessionToken", cancellation)
            : await ProvedAsync(Duration, cancellation);
        if (!await HandOverAsync(session, cancellation))
        {
            await WriteAsync(session, cancellation);
        }
    }
}
