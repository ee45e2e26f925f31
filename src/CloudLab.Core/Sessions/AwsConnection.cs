using Amazon;
using Amazon.Runtime;
using CloudLab.Core.Errors;

namespace CloudLab.Core.Sessions;

/// <summary>How AWS-style services are reached: region, endpoint of each service, credentials, trusted authorities.</summary>
public sealed class AwsConnection
{
    private readonly LabSession session;

    internal AwsConnection(LabSession session)
    {
        this.session = session;
        Region = session.GivenOr(o => o.Region, "AWS_REGION", "AWS_DEFAULT_REGION").Value ?? "us-east-1";
    }

    /// <summary>AWS region: <c>eu-central-1</c>.</summary>
    public string Region { get; }

    /// <summary>The base URL given for a service, or null for Amazon's own.</summary>
    /// <param name="service">Service id as in the environment variables: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <returns>An absolute URL, or null.</returns>
    public Uri? Endpoint(string service) =>
        session.Given(o => o.EndpointUrl).Value
        ?? ((session.Environment.Get("AWS_ENDPOINT_URL_" + service) ?? session.Environment.Get("AWS_ENDPOINT_URL")) is { } url
            ? new Uri(url)
            : null);

    /// <summary>Credentials; throws <see cref="LabException"/> (no credentials) with advice.</summary>
    /// <returns>Credentials for a service client.</returns>
    internal AWSCredentials Credentials()
    {
        if (session.Given(o => o.Keys).Value is { } keys)
        {
            return keys.SessionToken is { } token
                ? new SessionAWSCredentials(keys.AccessKey, keys.SecretKey, token)
                : new BasicAWSCredentials(keys.AccessKey, keys.SecretKey);
        }

        throw new LabException(
            LabErrorKind.AuthenticationFailed, "NoCredentials",
            "No AWS credentials: use Connect-Lab -Credential or -ProfileName, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
    }

    /// <summary>Puts region, endpoint and trusted authorities into a service client's configuration.</summary>
    /// <typeparam name="T">The client's configuration class.</typeparam>
    /// <param name="service">Service id: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <param name="config">A new configuration.</param>
    /// <returns>The same configuration.</returns>
    internal T Configure<T>(string service, T config)
        where T : ClientConfig
    {
        if (Endpoint(service) is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region);
        }

        return config;
    }
}
