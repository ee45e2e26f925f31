using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.SSO;
using Amazon.SSO.Model;
using Amazon.SSOOIDC;
using Amazon.SSOOIDC.Model;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Roles of IAM Identity Center (SSO), in both forms that profiles have: with an <c>[sso-session]</c>, whose token is renewed as long as the
/// sign-in lasts, and with <c>sso_start_url</c> in the profile itself. <c>aws sso login</c> signs in; its token is shared.
/// </summary>
/// <param name="aws">The connection.</param>
/// <param name="environment">Says where the files are.</param>
internal sealed class SsoCredentialSource(AwsConnection aws, LabEnvironment environment)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);

    /// <summary>Whether a profile names an SSO role.</summary>
    /// <param name="profile">The profile.</param>
    /// <returns>True where it does, even in part.</returns>
    public static bool IsAskedFor(SharedProfile profile) => profile["sso_session"] is not null || profile["sso_start_url"] is not null || profile["sso_account_id"] is not null;

    /// <summary>The role of a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <returns>Credentials, and who they are; nothing is sent yet. Throws <see cref="LabException"/> (ProfileUnusable).</returns>
    public CredentialSource Of(SharedProfile profile)
    {
        string account = profile.Required("sso_account_id"), role = profile.Required("sso_role_name");
        Portal portal;
        if (profile["sso_session"] is { } name)
        {
            Dictionary<string, string> session = SharedConfigFile.Config(environment).Section("sso-session", name)
                ?? throw profile.Unusable($"there is no section [sso-session {name}]" + SharedProfile.Problems(environment).TrimEnd('.'));
            portal = new Portal(
                name, session.GetValueOrDefault("sso_start_url") ?? throw profile.Unusable($"[sso-session {name}] has no 'sso_start_url'"),
                session.GetValueOrDefault("sso_region") ?? throw profile.Unusable($"[sso-session {name}] has no 'sso_region'"));
        }
        else
        {
            portal = new Portal(null, profile.Required("sso_start_url"), profile.Required("sso_region"));
        }

        AwsConnection.CheckedRegion(new LabSetting("Region", portal.Region, $"sso_region of profile '{profile.Name}'"));

        TemporaryCredentials credentials = new(
            TemporaryCredentials.KeyOf(
                "sso", environment.Home, $"{aws.Endpoint("SSO")}", $"{aws.Endpoint("SSO_OIDC")}", portal.Session, portal.Url, portal.Region, account, role),
            cancellation => FetchAsync(profile, portal, account, role, cancellation));
        return CredentialSource.Of(credentials, $"{role} in account {account}");
    }

    private async Task<(ImmutableCredentials Keys, DateTime End)> FetchAsync(
        SharedProfile profile, Portal portal, string account, string role, CancellationToken cancellation)
    {
        string token = await TokenAsync(profile, portal, cancellation);
        using AmazonSSOClient sso = new(new AnonymousAWSCredentials(), aws.Configure("SSO", new AmazonSSOConfig(), portal.Region));
        try
        {
            RoleCredentials keys = (await sso.GetRoleCredentialsAsync(
                new GetRoleCredentialsRequest { AccessToken = token, AccountId = account, RoleName = role }, cancellation)).RoleCredentials;
            return (
                new ImmutableCredentials(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken),
                TemporaryCredentials.EndOf(keys.Expiration is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null));
        }
        catch (UnauthorizedException e)
        {
            throw SignInRequired(profile, portal, "the sign-in has expired or was revoked", e);
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            throw AwsErrors.From(e, aws, "SSO", $"Profile '{profile.Name}' cannot get role '{role}' of account {account}").Stopping();
        }
    }

    // The access token that 'aws sso login' left behind, renewed where it can be.
    private async Task<string> TokenAsync(SharedProfile profile, Portal portal, CancellationToken cancellation)
    {
        string path = Path.Combine(environment.Home, ".aws", "sso", "cache", portal.CacheName);
        JsonObject token;
        try
        {
            token = File.Exists(path)
                ? StrictJson.Parse(await File.ReadAllTextAsync(path, cancellation)) as JsonObject ?? throw new JsonException("not a JSON object")
                : throw SignInRequired(profile, portal, "no sign-in is stored");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw SignInRequired(profile, portal, $"{path} cannot be read", e);
        }

        DateTimeOffset end = Moment(token, "expiresAt") ?? DateTimeOffset.MinValue;
        if (end - RenewBefore > DateTimeOffset.UtcNow && StrictJson.Text(token, "accessToken") is { } valid)
        {
            return valid;
        }

        if (StrictJson.Text(token, "refreshToken") is { } refresh && StrictJson.Text(token, "clientId") is { } id && StrictJson.Text(token, "clientSecret") is { } secret
            && (Moment(token, "registrationExpiresAt") ?? DateTimeOffset.MaxValue) > DateTimeOffset.UtcNow)
        {
            return await RenewAsync(profile, portal, path, token, new CreateTokenRequest
            {
                ClientId = id, ClientSecret = secret, GrantType = "refresh_token", RefreshToken = refresh,
            }, cancellation);
        }

        return end > DateTimeOffset.UtcNow && StrictJson.Text(token, "accessToken") is { } last ? last : throw SignInRequired(profile, portal, "the sign-in has expired");
    }

    private async Task<string> RenewAsync(
        SharedProfile profile, Portal portal, string path, JsonObject token, CreateTokenRequest request, CancellationToken cancellation)
    {
        using AmazonSSOOIDCClient oidc = new(new AnonymousAWSCredentials(), aws.Configure("SSO_OIDC", new AmazonSSOOIDCConfig(), portal.Region));
        try
        {
            CreateTokenResponse answer = await oidc.CreateTokenAsync(request, cancellation);
            token["accessToken"] = answer.AccessToken;
            token["refreshToken"] = answer.RefreshToken ?? request.RefreshToken;
            token["expiresAt"] = DateTimeOffset.UtcNow.AddSeconds(answer.ExpiresIn ?? 0).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            try
            {
                OwnerFile.Replace(path, token.ToJsonString());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                RequestLog.Current.Warning($"The renewed SSO token cannot be saved in {path}: {e.Message}");
            }

            return answer.AccessToken;
        }
        catch (Exception e) when (e is InvalidGrantException or ExpiredTokenException or UnauthorizedClientException or InvalidClientException)
        {
            throw SignInRequired(profile, portal, "the sign-in has expired", e);
        }
        catch (Exception e) when (AwsErrors.Knows(e, cancellation))
        {
            throw AwsErrors.From(e, aws, "SSO_OIDC", $"The SSO token of profile '{profile.Name}' cannot be renewed").Stopping();
        }
    }

    private static LabException SignInRequired(SharedProfile profile, Portal portal, string reason, Exception? inner = null) => new(
        LabErrorKind.AuthenticationFailed, "SsoSignInRequired",
        $"Profile '{profile.Name}' is not signed in at {portal.Url}: {reason}. Run 'aws sso login --profile {profile.Name}'.", inner);

    // Older tools wrote the zone as UTC.
    private static DateTimeOffset? Moment(JsonObject token, string name) =>
        SharedCredentialsFile.ToExpiration(StrictJson.Text(token, name)?.Replace("UTC", "Z", StringComparison.Ordinal));

    private sealed record Portal(string? Session, string Url, string Region)
    {
        [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "A file name that all AWS tools share, not a protection.")]
        public string CacheName => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(Session ?? Url))) + ".json";
    }
}
