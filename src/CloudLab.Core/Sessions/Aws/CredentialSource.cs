using Amazon.Runtime;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>Credentials that a profile or a machine has.</summary>
/// <param name="Credentials">The credentials.</param>
/// <param name="Who">Who they are, for people.</param>
/// <param name="Key">The same for the same credentials only: another secret, program or sign-in has another key. Holds no secret.</param>
internal sealed record CredentialSource(AWSCredentials Credentials, string Who, string Key)
{
    /// <summary>Keys that do not change.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>The source.</returns>
    public static CredentialSource Of(AwsKeys keys) =>
        new(AwsConnection.ToCredentials(keys), keys.AccessKey, TemporaryCredentials.KeyOf("keys", keys.AccessKey, keys.SecretKey, keys.SessionToken));

    /// <summary>Credentials that renew themselves.</summary>
    /// <param name="credentials">The credentials.</param>
    /// <param name="who">Who they are.</param>
    /// <returns>The source.</returns>
    public static CredentialSource Of(TemporaryCredentials credentials, string who) => new(credentials, who, credentials.Key);
}
