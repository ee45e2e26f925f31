using System.Globalization;
using Amazon.Runtime;
using Amazon.SecurityToken.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>Roles that a profile or the environment names: assumed with other credentials, or with a token of an identity provider.</summary>
/// <param name="aws">Where STS is.</param>
internal sealed class RoleCredentialSource(AwsConnection aws)
{
    /// <summary>A role that is assumed with other credentials.</summary>
    /// <param name="profile">The profile: <c>role_arn</c> and what goes with it.</param>
    /// <param name="source">The other credentials.</param>
    /// <returns>Credentials; nothing is sent yet.</returns>
    public CredentialSource Assume(SharedProfile profile, CredentialSource source)
    {
        string role = profile.Required("role_arn"), name = SessionName(profile["role_session_name"]);
        string? externalId = profile["external_id"], device = profile["mfa_serial"];
        int? duration = Duration(profile);
        string key = TemporaryCredentials.KeyOf("role", Place, source.Key, role, profile["role_session_name"], externalId, device, $"{duration}");
        return CredentialSource.Of(new TemporaryCredentials(key, async cancellation =>
        {
            AssumeRoleRequest request = new()
            {
                RoleArn = role, RoleSessionName = name, ExternalId = externalId, DurationSeconds = duration, SerialNumber = device,
                TokenCode = device is null ? null : await AskCodeAsync($"Profile '{profile.Name}'", device, SessionAdvice.MfaCode, cancellation),
            };
            return await CallAsync(
                $"Profile '{profile.Name}' cannot assume role '{role}'", source.Credentials,
                async sts => (await sts.AssumeRoleAsync(request, cancellation)).Credentials, cancellation);
        }), role);
    }

    /// <summary>A role that is assumed with the token of an identity provider, which stands in a file.</summary>
    /// <param name="owner">Who asks for it, for an error: <c>Profile 'ci'</c>.</param>
    /// <param name="role">ARN of the role.</param>
    /// <param name="tokenFile">The file; read for each renewal, since its owner replaces it.</param>
    /// <param name="sessionName">Name of the session, or null.</param>
    /// <returns>Credentials; nothing is read or sent yet.</returns>
    public CredentialSource AssumeWithToken(string owner, string role, string tokenFile, string? sessionName) => CredentialSource.Of(new TemporaryCredentials(
        TemporaryCredentials.KeyOf("token", Place, role, tokenFile, sessionName),
        async cancellation =>
        {
            string token = await ReadTokenAsync(owner, role, tokenFile, cancellation);
            AssumeRoleWithWebIdentityRequest request = new() { RoleArn = role, RoleSessionName = SessionName(sessionName), WebIdentityToken = token };
            return await CallAsync(
                $"{owner} cannot assume role '{role}'", new AnonymousAWSCredentials(),
                async sts => (await sts.AssumeRoleWithWebIdentityAsync(request, cancellation)).Credentials, cancellation);
        }), role);

    /// <summary>Reads the token of an identity provider.</summary>
    /// <param name="owner">Who asks for it, for an error: <c>Profile 'ci'</c>.</param>
    /// <param name="role">ARN of the role.</param>
    /// <param name="tokenFile">The file.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>The token. Throws <see cref="LabException"/> (TokenFileUnreadable).</returns>
    public static async Task<string> ReadTokenAsync(string owner, string role, string tokenFile, CancellationToken cancellation)
    {
        try
        {
            return (await File.ReadAllTextAsync(tokenFile, cancellation)).Trim() is { Length: > 0 } token ? token : throw new IOException($"'{tokenFile}' is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.AuthenticationFailed, "TokenFileUnreadable", $"{owner} cannot assume role '{role}': the token file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Asks for the current code of an MFA device.</summary>
    /// <param name="owner">Who needs it: <c>Profile 'ops'</c>.</param>
    /// <param name="device">The device.</param>
    /// <param name="advice">What to do where nobody can be asked.</param>
    /// <param name="cancellation">Cancels the question.</param>
    /// <returns>The code. Throws <see cref="LabException"/> (MfaCodeRequired).</returns>
    public static async Task<string> AskCodeAsync(string owner, string device, string advice, CancellationToken cancellation) =>
        await RequestLog.Current.AskAsync(owner, $"Code from the MFA device {device}").WaitAsync(cancellation) is { Length: > 0 } code
            ? code.Trim()
            : throw new LabException(
                LabErrorKind.AuthenticationFailed, "MfaCodeRequired", $"{owner} needs a code from the MFA device {device}, but cannot ask for it here.")
            {
                Advice = advice,
            };

    private string Place => $"{aws.Endpoint("STS")}|{aws.Region}";

    private static string SessionName(string? given) => given ?? "cloudlab-" + DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static int? Duration(SharedProfile profile) => profile["duration_seconds"] is not { } text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? seconds
            : throw profile.Unusable($"'duration_seconds' is '{text}', not a number");

    private async Task<(ImmutableCredentials Keys, DateTime End)> CallAsync(
        string subject, AWSCredentials credentials, Func<StsClient, Task<Credentials>> call, CancellationToken cancellation)
    {
        using StsClient sts = new(aws, credentials);
        try
        {
            Credentials keys = await call(sts);
            return (
                new ImmutableCredentials(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken),
                TemporaryCredentials.EndOf(keys.Expiration?.ToUniversalTime() - aws.ClockOffset("STS")));
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            throw AwsErrors.From(e, aws, "STS", subject).Stopping();
        }
    }
}
