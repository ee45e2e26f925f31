using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>Credentials of a profile of the shared AWS files, of whatever kind it is. Nothing is sent before they are used.</summary>
/// <param name="aws">The connection.</param>
/// <param name="session">Its session.</param>
internal sealed class ProfileCredentialSource(AwsConnection aws, LabSession session)
{
    private readonly RoleCredentialSource roles = new(aws);
    private readonly SsoCredentialSource sso = new(aws, session.Environment);

    /// <summary>Credentials of a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <returns>Credentials and who they are; null where the profile holds none. Throws <see cref="LabException"/> (ProfileUnusable).</returns>
    public CredentialSource? Of(SharedProfile profile) => Of(profile, []);

    private CredentialSource? Of(SharedProfile profile, string[] users)
    {
        CredentialSource? keys = Keys(profile);

        // Keys of a profile that others name as their source go before a role in it.
        if (profile["role_arn"] is { } role && (users.Length == 0 || keys is null))
        {
            if (profile["web_identity_token_file"] is { } file)
            {
                return roles.AssumeWithToken($"Profile '{profile.Name}'", role, file, profile["role_session_name"]);
            }

            return roles.Assume(profile, Source(profile, [.. users, profile.Name]));
        }

        return SsoCredentialSource.IsAskedFor(profile) ? sso.Of(profile)
            : keys ?? (profile["credential_process"] is { } command ? CredentialProcess.Of(profile, command) : null);
    }

    private CredentialSource Source(SharedProfile profile, string[] users)
    {
        switch (profile["source_profile"], profile["credential_source"])
        {
            case (null, null):
                throw profile.Unusable("with 'role_arn' it also needs 'source_profile', 'credential_source' or 'web_identity_token_file'");
            case (not null, not null):
                throw profile.Unusable("it has both 'source_profile' and 'credential_source', which cannot be combined");
            case (null, { } source):
                return Ambient(profile, source);
            case ({ } name, null):
                // A profile may be its own source: the role is then assumed with its own keys.
                if (users.Contains(name) && (name != profile.Name || users.Length > 1 || Keys(profile) is null))
                {
                    throw profile.Unusable($"its sources form a circle: {string.Join(" -> ", users)} -> {name}");
                }

                SharedProfile other = SharedProfile.Find(session.Environment, name)
                    ?? throw profile.Unusable($"its source, profile '{name}', does not exist" + SharedProfile.Problems(session.Environment).TrimEnd('.'));
                return Of(other, users) ?? throw profile.Unusable($"its source, profile '{name}', has none");
        }
    }

    private CredentialSource Ambient(SharedProfile profile, string source)
    {
        switch (source.ToUpperInvariant())
        {
            case "ENVIRONMENT":
                return aws.EnvironmentKeys() is { } keys
                    ? CredentialSource.Of(keys)
                    : throw profile.Unusable("'credential_source' is Environment, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
            case "EC2INSTANCEMETADATA":
                return new MetadataCredentialSource(session.Environment).Instance();
            case "ECSCONTAINER":
                return new MetadataCredentialSource(session.Environment).Container();
            default:
                throw profile.Unusable($"'credential_source' is '{source}': write Environment, Ec2InstanceMetadata or EcsContainer");
        }
    }

    private static CredentialSource? Keys(SharedProfile profile) => (profile["aws_access_key_id"], profile["aws_secret_access_key"]) switch
    {
        ({ } id, { } secret) => CredentialSource.Of(new AwsKeys(
            id, secret, profile["aws_session_token"] ?? profile["aws_security_token"],
            SharedCredentialsFile.ToExpiration(profile[SharedCredentialsFile.ExpirationName]))),
        ({ }, null) => throw profile.Unusable("'aws_secret_access_key' is missing"),
        (null, { }) => throw profile.Unusable("'aws_access_key_id' is missing"),
        _ => null,
    };
}
