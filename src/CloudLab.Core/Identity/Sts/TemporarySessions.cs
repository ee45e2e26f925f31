using System.Globalization;
using Amazon.Runtime;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Sts;

/// <summary>
/// Sessions with temporary credentials that renew themselves, as long as the caller's own credentials last: of roles, of users, of users who have
/// proved their MFA device. The session of an MFA device is kept for the process, since each code counts once.
/// </summary>
/// <param name="caller">Whose credentials are used.</param>
/// <param name="reporter">Hears of the first requests; those of a renewal go to whoever runs the command then.</param>
public sealed class TemporarySessions(LabSession caller, IReporter reporter)
{
    /// <summary>Takes a role on.</summary>
    /// <param name="request">Which, and how.</param>
    /// <param name="source">What the session's settings name as their source: <c>Use-LabRole viewer</c>.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The session, and its credentials as they are now. Throws <see cref="LabException"/>.</returns>
    public async Task<(LabSession Session, RoleCredentials Role)> AssumeAsync(RoleRequest request, string source, CancellationToken cancellation)
    {
        RoleCredentials role = await new CallerStore(new IdentityClient(caller, reporter)).AssumeAsync(request, cancellation);
        AwsKeys keys = Renewing(role.Keys, $"The session of role '{request.RoleArn}'", async (client, token) =>
            (await new CallerStore(client).AssumeAsync(request with { Created = null }, token)).Keys);
        return (Session(keys, role.AssumedRoleArn, source), role);
    }

    /// <summary>Gets temporary credentials of the caller's own.</summary>
    /// <param name="duration">How long each lasts; the service's default if null.</param>
    /// <param name="source">What the session's settings name as their source.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The session. Throws <see cref="LabException"/>.</returns>
    public async Task<LabSession> GetAsync(TimeSpan? duration, string source, CancellationToken cancellation)
    {
        AwsKeys first = await new CallerStore(new IdentityClient(caller, reporter)).GetSessionTokenAsync(duration, null, null, cancellation);
        return Session(
            Renewing(first, "The session", (client, token) => new CallerStore(client).GetSessionTokenAsync(duration, null, null, token)), caller.Identity.Value, source);
    }

    /// <summary>Proves the caller's MFA device, or finds that done in this process already.</summary>
    /// <param name="duration">How long the session lasts; the service's default (12 hours) if null.</param>
    /// <param name="device">Serial number of the device, or ARN of a virtual one.</param>
    /// <param name="code">Its current code; asked for, where one is needed and this is null.</param>
    /// <param name="source">What the session's settings name as their source.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The session. Throws <see cref="LabException"/> (MfaCodeRequired).</returns>
    public async Task<LabSession> ProveAsync(TimeSpan? duration, string device, string? code, string source, CancellationToken cancellation)
    {
        IdentityClient client = new(caller, reporter);
        AwsConnection aws = caller.Aws;
        ImmutableCredentials own = await client.CallAsync("STS", "Credentials", null, () => aws.Credentials().GetCredentialsAsync(), cancellation);
        string? unused = code;
        TemporaryCredentials credentials = new(
            TemporaryCredentials.KeyOf("mfa", $"{aws.Endpoint("STS")}|{aws.Region}", own.AccessKey, own.SecretKey, own.Token, device, $"{duration}"),
            async token =>
            {
                // A code that was given is good for the first session only.
                string? now = Interlocked.Exchange(ref unused, null)
                    ?? await RoleCredentialSource.AskCodeAsync("The MFA session", device, "Give the code with -MfaCode.", token);
                AwsKeys keys = await new CallerStore(new IdentityClient(caller, RequestLog.Current)).GetSessionTokenAsync(duration, device, now, token);
                return (Immutable(keys), LocalEnd(keys));
            })
        {
            Renewal = "then another MFA code is needed",
        };
        ImmutableCredentials session = await client.CallAsync("STS", "Credentials", null, () => credentials.GetCredentialsAsync(), cancellation);
        if (unused is not null)
        {
            reporter.Verbose(string.Create(
                CultureInfo.InvariantCulture, $"The MFA session of {device} lasts until {credentials.End:u} and is used again: the code is not needed."));
        }

        return Session(
            new AwsKeys(session.AccessKey, session.SecretKey, session.Token, credentials.End) { Renewing = credentials }, caller.Identity.Value, source);
    }

    private static ImmutableCredentials Immutable(AwsKeys keys) => new(keys.AccessKey, keys.SecretKey, keys.SessionToken);

    private AwsKeys Renewing(AwsKeys first, string what, Func<IdentityClient, CancellationToken, Task<AwsKeys>> next) => new(
        first.AccessKey, first.SecretKey, first.SessionToken, first.Expiration)
    {
        Renewing = new TemporaryCredentials(Immutable(first), LocalEnd(first), async cancellation =>
        {
            RequestLog.Current.Verbose($"{what} is renewed.");
            try
            {
                AwsKeys keys = await next(new IdentityClient(caller, RequestLog.Current), cancellation);
                return (Immutable(keys), LocalEnd(keys));
            }
            catch (LabException e)
            {
                throw e.Retold($"{what} cannot be renewed: {e.Message}").Stopping();
            }
        }),
    };

    // By this machine's clock, which may be off.
    private DateTime LocalEnd(AwsKeys keys) => (keys.Expiration!.Value - caller.Aws.ClockOffset("STS")).UtcDateTime;

    private LabSession Session(AwsKeys keys, string? identity, string source) => LabSession.Resolve(new SessionOptions { Keys = keys, Identity = identity }, source, caller);
}
