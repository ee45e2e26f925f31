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

    /// <summary>Takes a role on.</summary>
    /// <param name="roleArn">The role.</param>
    /// <param name="sessionName">Name of the session, for logs and policies.</param>
    /// <param name="duration">How long; the service's default (one hour) if null.</param>
    /// <param name="sessionPolicy">Limits what the role may do, or null.</param>
    /// <param name="externalId">What the role's owner asks callers of other accounts for, or null.</param>
    /// <param name="created">When the role was created, if that is known.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Temporary credentials. Throws <see cref="LabException"/> (AccessDenied).</returns>
    public async Task<RoleCredentials> AssumeAsync(
        string roleArn, string sessionName, TimeSpan? duration, PolicyDocument? sessionPolicy, string? externalId,
        DateTimeOffset? created, CancellationToken cancellation = default)
    {
        sessionPolicy?.Validated(PolicyKind.Identity);
        AssumeRoleRequest request = new()
        {
            RoleArn = roleArn,
            RoleSessionName = sessionName,
            DurationSeconds = duration is { } time ? (int)time.TotalSeconds : null,
            Policy = sessionPolicy?.ToJson(indented: false),
            ExternalId = externalId,
        };
        DateTimeOffset patience = created is { } birth && !client.HasOwnEndpoint ? birth + Propagation : DateTimeOffset.MinValue;
        while (true)
        {
            try
            {
                AssumeRoleResponse answer = await client.StsAsync(
                    "AssumeRole", $"Role '{roleArn}'", roleArn, sts => sts.AssumeRoleAsync(request, cancellation), cancellation);
                Credentials keys = answer.Credentials;
                DateTimeOffset expiration = keys.Expiration is { } end
                    ? new DateTimeOffset(end.ToUniversalTime())
                    : DateTimeOffset.UtcNow + (duration ?? TimeSpan.FromHours(1));
                return new RoleCredentials
                {
                    RoleArn = roleArn,
                    AssumedRoleArn = answer.AssumedRoleUser?.Arn ?? roleArn,
                    Expiration = expiration,
                    Keys = new AwsKeys(keys.AccessKeyId, keys.SecretAccessKey, keys.SessionToken, expiration),
                };
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied && DateTimeOffset.UtcNow < patience)
            {
                client.Reporter.Verbose("The role is new; STS may not know it yet. Trying again.");
                await Task.Delay(PropagationStep, cancellation);
            }
        }
    }
}
