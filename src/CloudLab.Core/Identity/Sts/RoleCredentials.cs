using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Identity.Sts;

/// <summary>Temporary credentials of an assumed role. The secret is kept inside.</summary>
public sealed class RoleCredentials
{
    /// <summary>The role.</summary>
    public required string RoleArn { get; init; }

    /// <summary>The session, as policies and GetCallerIdentity name it: <c>arn:aws:sts::…:assumed-role/role/session</c>.</summary>
    public required string AssumedRoleArn { get; init; }

    /// <summary>When they stop to be valid.</summary>
    public required DateTimeOffset Expiration { get; init; }

    /// <summary>Access key, secret key and session token.</summary>
    public required AwsKeys Keys { get; init; }

    /// <inheritdoc/>
    public override string ToString() => AssumedRoleArn;
}
