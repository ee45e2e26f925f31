using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Cmdlets.Identity.Sts;

/// <summary>Base of the cmdlets that get temporary credentials.</summary>
public abstract class TemporarySessionCommand : IdentityCommand
{
    /// <summary>MFA device to prove: the ARN of a virtual one, or the serial number of another. Looked up if only -MfaCode is given.</summary>
    [Parameter]
    [Alias("SerialNumber")]
    [ArgumentCompleter(typeof(MfaDeviceCompleter))]
    [ValidatePattern(@"^[\w+=/:,.@-]{9,256}\z")]
    public string? MfaSerial { get; set; }

    /// <summary>Code that the MFA device shows now. If omitted, you are asked for it when one is needed.</summary>
    [Parameter]
    [Alias("TokenCode")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidatePattern(@"^\d{6}\z")]
    public string? MfaCode { get; set; }

    /// <summary>
    /// Writes the credentials as text for other tools, secrets included: lines that set environment variables (Bash, PowerShell, Cmd), or the JSON of a
    /// credential_process (CredentialProcess).
    /// </summary>
    [Parameter]
    public CredentialFormat? Export { get; set; }

    /// <summary>Saves the credentials as this profile in the shared credentials file.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SaveProfile { get; set; }

    /// <summary>Lets -SaveProfile replace a profile that holds long-lived keys.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Checks a duration before anything is sent.</summary>
    /// <param name="duration">-Duration, or null.</param>
    /// <param name="longest">The service's longest, in hours.</param>
    protected static void CheckDuration(TimeSpan? duration, int longest)
    {
        if (duration < TimeSpan.FromMinutes(15) || duration > TimeSpan.FromHours(longest))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DurationInvalid", $"-Duration {duration} is not between 15 minutes and {longest} hours.");
        }
    }

    /// <summary>The caller's session; with -MfaSerial or -MfaCode that of the proved device.</summary>
    /// <param name="duration">How long the session of the device lasts; the service's default if null.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The session.</returns>
    protected async Task<LabSession> ProvedAsync(TimeSpan? duration, CancellationToken cancellation)
    {
        LabSession own = Lab;
        if (MfaSerial is null && MfaCode is null)
        {
            return own;
        }

        string device = MfaSerial ?? await Caller.FindMfaDeviceAsync(cancellation);
        LabSession proved = await new TemporarySessions(own, Reporter).ProveAsync(duration, device, MfaCode, $"MFA device {device}", cancellation);

        // It counts once; the next input of the pipeline uses the same session.
        MfaCode = null;
        MfaSerial = device;
        return proved;
    }

    /// <summary>Writes a session as -Export asks, or saves it as -SaveProfile asks.</summary>
    /// <param name="session">The session.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Whether either was asked for.</returns>
    protected async Task<bool> HandOverAsync(LabSession session, CancellationToken cancellation)
    {
        if (SaveProfile is { } profile)
        {
            string file = await SharedCredentialsFile.SaveAsync(session, profile, Force, Reporter, cancellation);
            Reporter.Verbose($"Profile '{profile}' is in {file}.");
        }

        if (Export is { } format)
        {
            await WriteManyAsync(await CredentialExport.WriteAsync(session, format, Reporter, cancellation), cancellation);
        }

        return SaveProfile is not null || Export is not null;
    }
}
