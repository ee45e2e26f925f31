using Amazon.SecurityToken.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Sts;

/// <summary>Who the caller is, and which roles they take on.</summary>
/// <param name="client">The services.</param>
public sealed class CallerStore(IdentityClient client)
{
    // A new role takes Amazon's STS a few seconds to know; a server of one's own knows it at once.
    private static readonly TimeSpan Propagation = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PropagationStep = TimeSpan.FromSeconds(2);

    /// <summary>Asks STS who the caller is. Needs no permission.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The caller. Throws <see cref="LabException"/>.</returns>
    public async Task<LabCallerIdentity> GetIdentityAsync(CancellationToken cancellation = default)
    {
        GetCallerIdentityResponse answer = await client.StsAsync(
            "GetCallerIdentity", "Caller identity", null, sts => sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), cancellation), cancellation);
        return new LabCallerIdentity { Account = answer.Account, Arn = answer.Arn, UserId = answer.UserId };
    }

    /// <summary>The account id of the caller, also from a server whose STS does not say.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The account id. Throws <see cref="LabException"/> where nobody tells it.</returns>
    public async Task<string> GetAccountAsync(CancellationToken cancellation = default)
    {
        try
        {
            return (await GetIdentityAsync(cancellation)).Account;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
        {
            string? arn = (await client.IamAsync("GetUser", "Caller's account", null, cancellation)).Element("User")?.Element("Arn")?.Value;
            if (arn?.Split(':') is ["arn", _, "iam", _, { Length: > 0 } account, ..])
            {
                return account;
            }

            throw;
        }
    }

    /// <summary>The ARN of a role of the caller's own account.</summary>
    /// <param name="name">The role's name.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Its ARN, and when it was created if that is known. Throws <see cref="LabException"/> (NoSuchEntity).</returns>
    public async Task<(string Arn, DateTimeOffset? Created)> FindRoleAsync(string name, CancellationToken cancellation = default)
    {
        try
        {
            var role = (await client.IamAsync("GetRole", $"Role '{name}'", name, cancellation, ("RoleName", name))).Element("Role");
            return (role?.Element("Arn")?.Value ?? "", role?.Date("CreateDate"));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Whoever may assume a role may not be allowed to look at it; its ARN is known all the same, but for a path.
            client.Reporter.Verbose($"The caller is not allowed to read role '{name}'; its path is assumed to be /.");
            return ($"arn:aws:iam::{await GetAccountAsync(cancellation)}:role/{name}", null);
        }
    }

    /// <summary>The MFA device of the user whose keys are used.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Its serial number, or the ARN of a virtual one. Throws <see cref="LabException"/> (MfaSerialRequired) where there is not exactly one.</returns>
    public async Task<string> FindMfaDeviceAsync(CancellationToken cancellation = default)
    {
        List<string> devices;
        try
        {
            devices = await MfaDevicesAsync(cancellation);
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported or LabErrorKind.InvalidData)
        {
            throw Required($"and it cannot be looked up: {e.Message}", e);
        }

        return devices.Count == 1 ? devices[0] : throw Required(devices.Count == 0 ? "since the caller has no MFA device." : $"one of {string.Join(", ", devices)}.", null);

        static LabException Required(string why, Exception? inner) => new(
            LabErrorKind.InvalidArgument, "MfaSerialRequired", $"-MfaCode needs the MFA device that it is from (-MfaSerial), {why}", inner);
    }

    /// <summary>The MFA devices of the user whose keys are used.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Serial numbers. Throws <see cref="LabException"/>.</returns>
    public async Task<List<string>> MfaDevicesAsync(CancellationToken cancellation = default) =>
        await client.IamListAsync("ListMFADevices", "MFA devices", null, cancellation).Select(device => device.Text("SerialNumber")).ToListAsync(cancellation);

    /// <summary>Takes a role on.</summary>
    /// <param name="roleArn">The role.</param>
    /// <param name="sessionName">Name of the session, for logs and policies.</param>
    /// <param name="duration">How long; the service's default (one hour) if null.</param>
    /// <param name="sessionPolicy">Limits what the role may do, or null.</param>
    /// <param name="externalId">What the role's owner asks callers of other accounts for, or null.</param>
    /// <param name="created">When the role was created, if that is known.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Temporary credentials. Throws <see cref="LabException"/> (AccessDenied).</returns>
    public Task<RoleCredentials> AssumeAsync(
        string roleArn, string sessionName, TimeSpan? duration, PolicyDocument? sessionPolicy, string? externalId,
        DateTimeOffset? created, CancellationToken cancellation = default) => AssumeAsync(
            new RoleRequest
            {
                RoleArn = roleArn, SessionName = sessionName, Duration = duration, SessionPolicy = sessionPolicy, ExternalId = externalId, Created = created,
            },
            cancellation);

    /// <summary>Takes a role on.</summary>
    /// <param name="request">Which, and how.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Temporary credentials. Throws <see cref="LabException"/> (AccessDenied, MfaRequired).</returns>
    public async Task<RoleCredentials> AssumeAsync(RoleRequest request, CancellationToken cancellation = default)
    {
        request.SessionPolicy?.Validated(PolicyKind.Identity);
        DateTimeOffset patience = request.Created is { } birth && !client.HasOwnEndpoint ? birth + Propagation : DateTimeOffset.MinValue;
        while (true)
        {
            try
            {
                (Credentials keys, string? arn) = await (request.WebIdentityTokenFile is null ? AssumeOnceAsync(request, cancellation) : AssumeWithTokenAsync(request, cancellation));
                DateTimeOffset expiration = keys.Expiration is { } end
                    ? new DateTimeOffset(end.ToUniversalTime())
                    : DateTimeOffset.UtcNow + (request.Duration ?? TimeSpan.FromHours(1));
                return new RoleCredentials
                {
                    RoleArn = request.RoleArn,
                    AssumedRoleArn = arn ?? request.RoleArn,
                    Expiration = expiration,
                    Keys = new AwsKeys(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken, expiration),
                };
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied && DateTimeOffset.UtcNow < patience)
            {
                client.Reporter.Verbose("The role is new; STS may not know it yet. Trying again.");
                await Task.Delay(PropagationStep, cancellation);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied && request.WebIdentityTokenFile is null)
            {
                if (await WantsMfaAsync(request.RoleArn, cancellation))
                {
                    throw e.Retold(
                        $"Role '{request.RoleArn}' can only be assumed with MFA.",
                        "Give the device with -MfaSerial and its current code with -MfaCode; without -MfaCode you are asked for it.", "MfaRequired", request.RoleArn);
                }

                throw;
            }
        }
    }

    /// <summary>Gets temporary credentials for whom the caller is.</summary>
    /// <param name="duration">How long; the service's default if null.</param>
    /// <param name="mfaSerial">MFA device, or null.</param>
    /// <param name="mfaCode">Its current code, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The credentials. Throws <see cref="LabException"/>.</returns>
    internal async Task<AwsKeys> GetSessionTokenAsync(TimeSpan? duration, string? mfaSerial, string? mfaCode, CancellationToken cancellation)
    {
        GetSessionTokenRequest request = new() { DurationSeconds = Seconds(duration), SerialNumber = mfaSerial, TokenCode = mfaCode };
        Credentials keys = (await client.StsAsync(
            "GetSessionToken", mfaSerial is null ? "Session token" : $"Session with MFA device '{mfaSerial}'", mfaSerial, sts => sts.GetSessionTokenAsync(request, cancellation), cancellation)).Credentials;
        return new AwsKeys(
            keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken,
            keys.Expiration is { } end ? new DateTimeOffset(end.ToUniversalTime()) : DateTimeOffset.UtcNow + (duration ?? TimeSpan.FromHours(1)));
    }

    private static int? Seconds(TimeSpan? duration) => duration is { } time ? (int)time.TotalSeconds : null;

    private static List<PolicyDescriptorType>? Arns(IReadOnlyList<string> policies) =>
        policies.Count == 0 ? null : [.. policies.Select(arn => new PolicyDescriptorType { Arn = arn })];

    private async Task<(Credentials Keys, string? Arn)> AssumeOnceAsync(RoleRequest role, CancellationToken cancellation)
    {
        AssumeRoleRequest request = new()
        {
            RoleArn = role.RoleArn,
            RoleSessionName = role.SessionName,
            DurationSeconds = Seconds(role.Duration),
            Policy = role.SessionPolicy?.ToJson(indented: false),
            PolicyArns = Arns(role.ManagedPolicies),
            ExternalId = role.ExternalId,
            Tags = role.Tags.Count == 0 ? null : [.. role.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })],
            TransitiveTagKeys = role.TransitiveTagKeys.Count == 0 ? null : [.. role.TransitiveTagKeys],
            SourceIdentity = role.SourceIdentity,
        };
        AssumeRoleResponse answer = await client.StsAsync(
            "AssumeRole", $"Role '{role.RoleArn}'", role.RoleArn, sts => sts.AssumeRoleAsync(request, cancellation), cancellation);
        return (answer.Credentials, answer.AssumedRoleUser?.Arn);
    }

    private async Task<(Credentials Keys, string? Arn)> AssumeWithTokenAsync(RoleRequest role, CancellationToken cancellation)
    {
        AssumeRoleWithWebIdentityRequest request = new()
        {
            RoleArn = role.RoleArn,
            RoleSessionName = role.SessionName,
            DurationSeconds = Seconds(role.Duration),
            Policy = role.SessionPolicy?.ToJson(indented: false),
            PolicyArns = Arns(role.ManagedPolicies),
            WebIdentityToken = await RoleCredentialSource.ReadTokenAsync("The caller", role.RoleArn, role.WebIdentityTokenFile!, cancellation),
        };
        AssumeRoleWithWebIdentityResponse answer = await client.StsAsync(
            "AssumeRoleWithWebIdentity", $"Role '{role.RoleArn}'", role.RoleArn, sts => sts.AssumeRoleWithWebIdentityAsync(request, cancellation), cancellation, anonymous: true);
        return (answer.Credentials, answer.AssumedRoleUser?.Arn);
    }

    // Whether a trust policy, where the caller may read it, asks for MFA.
    private async Task<bool> WantsMfaAsync(string roleArn, CancellationToken cancellation)
    {
        try
        {
            // Only the role itself: its policies and tags would need rights of their own.
            LabRole? role = await new RoleStore(client).FindAsync(roleArn[(roleArn.LastIndexOf('/') + 1)..], cancellation);
            return role?.RoleArn == roleArn && role.TrustPolicy?.Statement.Any(statement => statement.Condition.Any(
                condition => condition.Key.StartsWith("aws:MultiFactorAuth", StringComparison.OrdinalIgnoreCase))) == true;
        }
        catch (LabException e)
        {
            client.Reporter.Verbose($"Whether the role requires MFA is not known, because the caller cannot read it: {e.Message}");
            return false;
        }
    }
}
