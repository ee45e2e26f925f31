using System.Collections.Concurrent;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Storage.Wire;

/// <summary>Where the requests of one bucket go, and for which region and service they are signed.</summary>
/// <param name="Origin"><c>https://movies.s3.eu-central-1.amazonaws.com</c></param>
/// <param name="Host">Value of the Host header.</param>
/// <param name="BasePath">What stands before the key: <c>/</c> or <c>/movies/</c>.</param>
/// <param name="Region">Region of the signature.</param>
/// <param name="Service">Service of the signature.</param>
internal sealed record S3Address(string Origin, string Host, string BasePath, string Region, string Service)
{
    /// <summary>Header of the session token of a directory bucket.</summary>
    public const string ExpressTokenName = "x-amz-s3session-token";

    /// <summary>True for a directory bucket (S3 Express), which has session keys of its own.</summary>
    public bool IsExpress => Service == "s3express";

    /// <summary>Header that carries the session token.</summary>
    public string TokenName => IsExpress ? ExpressTokenName : "x-amz-security-token";

    /// <summary>True where TLS protects the body.</summary>
    public bool IsEncrypted => Origin.StartsWith("https:", StringComparison.Ordinal);
}

/// <summary>
/// Finds the address of each bucket by the SDK's endpoint rules (virtual hosts, access points, FIPS, dual stack, servers of one's own),
/// once, and remembers the region that a service says a bucket is in.
/// </summary>
/// <param name="aws">The connection.</param>
/// <param name="home">Client of the connection's own region.</param>
internal sealed class S3AddressBook(AwsConnection aws, IAmazonS3 home)
{
    private static readonly TimeSpan SessionMargin = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, S3Address> addresses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IAmazonS3> clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (ImmutableCredentials Keys, DateTime Expires)> sessions = new(StringComparer.Ordinal);

    /// <summary>The address of a bucket.</summary>
    /// <param name="bucket">Name or ARN.</param>
    /// <returns>Its address.</returns>
    public S3Address Find(string bucket) => addresses.TryGetValue(bucket, out S3Address? known) ? known : addresses.GetOrAdd(bucket, Resolve(bucket, home));

    /// <summary>Takes note of the region that a service says a bucket is in.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="region">Its region.</param>
    /// <returns>False where that was known already.</returns>
    public bool Learn(string bucket, string region)
    {
        S3Address known = Find(bucket);
        if (known.Region == region)
        {
            return false;
        }

        addresses[bucket] = aws.Endpoint("S3") is not null
            ? known with { Region = region }
            : Resolve(bucket, clients.GetOrAdd(region, place => new SdkClient(aws, place)));
        return true;
    }

    /// <summary>The keys to sign with.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="address">Its address.</param>
    /// <param name="cancellation">Cancels a request for them.</param>
    /// <returns>Keys that are good now.</returns>
    public async ValueTask<ImmutableCredentials> KeysAsync(string bucket, S3Address address, CancellationToken cancellation)
    {
        if (!address.IsExpress)
        {
            return await aws.Credentials().GetCredentialsAsync().WaitAsync(cancellation);
        }

        if (sessions.TryGetValue(bucket, out (ImmutableCredentials Keys, DateTime Expires) known) && known.Expires > DateTime.UtcNow + SessionMargin)
        {
            return known.Keys;
        }

        SessionCredentials session = (await home.CreateSessionAsync(
            new CreateSessionRequest { BucketName = bucket, SessionMode = SessionMode.ReadWrite }, cancellation)).Credentials;
        ImmutableCredentials keys = new(session.AccessKeyId, session.SecretAccessKey, session.SessionToken);
        sessions[bucket] = (keys, session.Expiration?.ToUniversalTime() ?? DateTime.UtcNow);
        return keys;
    }

    private static S3Address Resolve(string bucket, IAmazonS3 client)
    {
        Endpoint endpoint = client.DetermineServiceOperationEndpoint(new HeadBucketRequest { BucketName = bucket });
        Uri url = new(endpoint.URL);
        IPropertyBag? scheme = (endpoint.Attributes["authSchemes"] as System.Collections.IEnumerable)?.OfType<IPropertyBag>().FirstOrDefault();
        return new S3Address(
            url.GetLeftPart(UriPartial.Authority), url.Authority, url.AbsolutePath,
            scheme?["signingRegion"] as string ?? "us-east-1", scheme?["signingName"] as string ?? "s3");
    }
}
