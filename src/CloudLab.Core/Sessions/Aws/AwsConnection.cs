using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>How AWS-style services are reached: region, endpoint of each service, credentials, trusted authorities.</summary>
public sealed partial class AwsConnection
{
    private const string HiddenSecret = "(secret hidden)";

    private readonly LabSession session;
    private readonly Lazy<SharedProfile?> profile;
    private readonly Lazy<(AWSCredentials Credentials, LabSetting Setting)> credentials;
    private readonly Lazy<AwsHttpClientFactory> http;
    private readonly ConcurrentDictionary<string, LabSetting> endpoints = new(StringComparer.Ordinal);

    internal AwsConnection(LabSession session)
    {
        SdkConfiguration.TakeOver();
        this.session = session;
        ProfileSetting = session.Setting("ProfileName", o => o.ProfileName, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
            .Or("default", "default");

        // What fails is tried again with the next use: a login that failed does not fail for ever.
        profile = new(FindProfile, LazyThreadSafetyMode.PublicationOnly);
        credentials = new(FindCredentials, LazyThreadSafetyMode.PublicationOnly);
        CaBundle = session.Setting("CaBundle", o => o.CaBundle, "AWS_CA_BUNDLE");
        http = new(
            () => new AwsHttpClientFactory(
                CaBundle.Value is { } bundle ? () => TrustedAuthorities.Load(bundle, CaBundle.Source) : null, Silence, session.Environment),
            LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>AWS region: <c>eu-central-1</c>. Falls back to <c>us-east-1</c>.</summary>
    public string Region => CheckedRegion(RegionSetting);

    /// <summary>The region and where it came from.</summary>
    public LabSetting RegionSetting => session.Setting("Region", o => o.Region, "AWS_REGION", "AWS_DEFAULT_REGION")
        .Or(profile.Value?["region"], ProfileSource("region"))
        .Or("us-east-1", "default");

    /// <summary>The profile of the shared config files and where its name came from.</summary>
    public LabSetting ProfileSetting { get; }

    /// <summary>Amazon's regions.</summary>
    public static IReadOnlyList<string> Regions => [.. RegionEndpoint.EnumerableAllRegions.Select(region => region.SystemName).Order(StringComparer.Ordinal)];

    /// <summary>The names of the profiles in the shared config files.</summary>
    public IReadOnlyList<string> Profiles => [.. SharedConfigFile.Config(session.Environment).ProfileNames()
        .Union(SharedConfigFile.Credentials(session.Environment).ProfileNames(), StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>PEM file of trusted certificate authorities, and where it came from.</summary>
    public LabSetting CaBundle { get; }

    /// <summary>The certificate authorities that are trusted instead of the system's, and nothing else that their file may contain.</summary>
    /// <returns>PEM; null where the system's are trusted. Throws <see cref="LabException"/> (CaBundleUnusable).</returns>
    public string? Authorities() => CaBundle.Value is { } bundle ? TrustedAuthorities.Load(bundle, CaBundle.Source).ExportCertificatePems() : null;

    /// <summary>The credentials' access key and where they came from; never the secret.</summary>
    public LabSetting CredentialSetting => credentials.Value.Setting;

    /// <summary>Until when temporary credentials are good, as far as that is known without asking anybody.</summary>
    public LabSetting ExpirationSetting
    {
        get
        {
            (DateTime? end, string then, string otherwise) = credentials.Value.Credentials switch
            {
                TemporaryCredentials renewing => (renewing.End, renewing.Renewal, "known after first use"),
                BasicAWSCredentials => (null, "", "none"),
                AWSCredentials other => (other.Expiration?.ToUniversalTime(), "not renewed", "not known"),
            };
            return end is { } moment
                ? new LabSetting("Expiration", moment.ToString("u", CultureInfo.InvariantCulture), then)
                : new LabSetting("Expiration", null, otherwise);
        }
    }

    /// <summary>How long a server may send nothing before a request counts as failed; read when the first client is made.</summary>
    internal TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The HTTP client that all services of the connection share.</summary>
    internal HttpClient Http => http.Value.Client;

    /// <summary>The base URL given for a service, or null for Amazon's own.</summary>
    /// <param name="service">Service id as in the environment variables: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <returns>An absolute URL, or null. Throws <see cref="LabException"/> when what is set is no http URL.</returns>
    public Uri? Endpoint(string service) => CheckedUrl(EndpointSetting(service));

    /// <summary>The endpoint of a service and where it came from.</summary>
    /// <param name="service">Service id: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <returns>The setting; its value is null for Amazon's own endpoint.</returns>
    public LabSetting EndpointSetting(string service) => endpoints.GetOrAdd(service, FindEndpoint);

    /// <summary>Base URL that names a service, given or Amazon's own: the same for every region that shares its names.</summary>
    /// <param name="service">Service id: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <returns><c>http://127.0.0.1:9000</c>, <c>https://s3.amazonaws.com</c>. Throws <see cref="LabException"/> (EndpointInvalid).</returns>
    public string ServiceUrl(string service) => Endpoint(service) is { } own
        ? own.AbsoluteUri.TrimEnd('/')
        : $"https://{service.ToLowerInvariant()}.{RegionEndpoint.GetBySystemName(Region).PartitionDnsSuffix}";

    /// <inheritdoc/>
    public override string ToString() => "AWS";

    /// <summary>Checks the base URL of a service.</summary>
    /// <param name="setting">The setting, without its password.</param>
    /// <returns>The URL; null where none is given. Throws <see cref="LabException"/> (EndpointInvalid).</returns>
    internal static Uri? CheckedUrl(LabSetting setting)
    {
        if (setting.Value is not { } text)
        {
            return null;
        }

        string fault = !Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0
            ? "is not a URL: write http://host:port or https://host:port"
            : url.UserInfo.Length > 0 ? "contains a user name or a password: remove it, and give the keys as credentials"
            : url.Query.Length > 0 || url.Fragment.Length > 0 || text.Contains('?', StringComparison.Ordinal) || text.Contains('#', StringComparison.Ordinal)
                ? "has a query or a fragment: remove '?' or '#' and what follows"
            : "";
        return fault.Length == 0 ? url! : throw new LabException(
            LabErrorKind.InvalidArgument, "EndpointInvalid", $"The endpoint '{text}' ({setting.Source}) {fault}.");
    }

    /// <summary>Checks what becomes a part of host names and signatures.</summary>
    /// <param name="region">The setting.</param>
    /// <returns>The region. Throws <see cref="LabException"/> (RegionInvalid).</returns>
    internal static string CheckedRegion(LabSetting region) => region.Value is { } name && RegionName().IsMatch(name) ? name : throw new LabException(
        LabErrorKind.InvalidArgument, "RegionInvalid", $"'{region.Value}' ({region.Source}) is not a valid region: write it like eu-central-1.");

    /// <summary>Credentials; throws <see cref="LabException"/> (no credentials) with advice.</summary>
    /// <returns>Credentials for a service client; temporary ones refresh themselves.</returns>
    internal AWSCredentials Credentials() => credentials.Value.Credentials;

    /// <summary>Keys that stand in the environment.</summary>
    /// <returns>The keys, or null.</returns>
    internal AwsKeys? EnvironmentKeys() =>
        session.Environment.Get("AWS_ACCESS_KEY_ID") is { } accessKey && session.Environment.Get("AWS_SECRET_ACCESS_KEY") is { } secretKey
            ? new AwsKeys(
                accessKey, secretKey, session.Environment.Get("AWS_SESSION_TOKEN"),
                SharedCredentialsFile.ToExpiration(session.Environment.Get("AWS_CREDENTIAL_EXPIRATION")))
            : null;

    /// <summary>How far this machine's clock is known to be from that of a service.</summary>
    /// <param name="service">Service id: <c>STS</c>.</param>
    /// <returns>What has to be added to this machine's time.</returns>
    internal TimeSpan ClockOffset(string service) => ServiceClock.OffsetOf(Endpoint(service));

    /// <summary>Until when the credentials in force are good; temporary ones are refreshed first if they have to be.</summary>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Whether they end at all, and when, where that is known. Throws what the SDK throws.</returns>
    internal async Task<(bool AreTemporary, DateTimeOffset? End)> CredentialsEndAsync(CancellationToken cancellation)
    {
        AWSCredentials source = Credentials();
        ImmutableCredentials keys = await source.GetCredentialsAsync().WaitAsync(cancellation);
        DateTime? end = source is TemporaryCredentials renewing ? renewing.End : source.Expiration?.ToUniversalTime();
        return (keys.UseToken, end is { } moment ? new DateTimeOffset(moment) : null);
    }

    /// <summary>Puts region, endpoint, trusted authorities and the shared HTTP client into a service client's configuration.</summary>
    /// <typeparam name="T">The client's configuration class.</typeparam>
    /// <param name="service">Service id: <c>S3</c>, <c>STS</c>, <c>IAM</c>.</param>
    /// <param name="config">A new configuration.</param>
    /// <param name="region">Region of Amazon's endpoint; the connection's own if null.</param>
    /// <returns>The same configuration.</returns>
    internal T Configure<T>(string service, T config, string? region = null)
        where T : ClientConfig
    {
        config.HttpClientFactory = http.Value;
        config.RetryMode = RequestRetryMode.Standard;

        // The SDK would look for an endpoint in the environment and in its own default profile, whatever profile this session has.
        config.IgnoreConfiguredEndpointUrls = true;
        if (Endpoint(service) is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region ?? Region);
            config.UseFIPSEndpoint = IsOn("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
            config.UseDualstackEndpoint = IsOn("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
        }

        return config;
    }

    // In the order of the AWS SDKs and Tools Reference Guide, "Service-specific endpoints": what is given directly, the environment, the profile.
    private LabSetting FindEndpoint(string service)
    {
        // An endpoint given by hand is the server's that is worked with; whoever is signed in elsewhere is so all the same.
        LabSetting given = service.StartsWith("SSO", StringComparison.Ordinal)
            ? new LabSetting("EndpointUrl", null, "not set")
            : session.Setting("EndpointUrl", o => ((service == "S3" ? o.S3EndpointUrl : null) ?? o.EndpointUrl)?.OriginalString);
        if (given.Value is not null || IsOn("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"))
        {
            return given.WithoutPassword();
        }

        LabSetting ofS3 = session.Setting("EndpointUrl", o => service.StartsWith("SSO", StringComparison.Ordinal) ? null : o.S3EndpointUrl?.OriginalString);
        string? ofProfile = profile.Value is { } found
            ? SharedConfigFile.EndpointUrl(SharedConfigFile.ConfigPath(session.Environment), found.Name, service.ToLowerInvariant())
            : null;
        return session.Setting("EndpointUrl", _ => null, "AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL")
            .Or(ofProfile, ProfileSource("endpoint_url")).Or(ofS3.Value, ofS3.Source).WithoutPassword();
    }

    // Servers that are not Amazon's have names of their own; each goes into a host name or a signature.
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegionName();

    private bool IsOn(string variable, string key) =>
        string.Equals(session.Environment.Get(variable) ?? profile.Value?[key], "true", StringComparison.OrdinalIgnoreCase);

    private string ProfileSource(string setting) => $"{setting} of profile '{ProfileSetting.Value}'";

    private SharedProfile? FindProfile()
    {
        if (SharedProfile.Find(session.Environment, ProfileSetting.Value!) is { } found)
        {
            return found;
        }

        if (ProfileSetting.Source == "default" || EncryptedProfile() is not null)
        {
            return null;
        }

        throw new LabException(
            LabErrorKind.InvalidArgument, "ProfileNotFound",
            $"There is no AWS profile '{ProfileSetting.Value}' ({ProfileSetting.Source}): look in ~/.aws/config and ~/.aws/credentials, or run 'aws configure list-profiles'."
            + SharedProfile.Problems(session.Environment));
    }

    // AWS Tools for PowerShell keep profiles in an encrypted store of their own on Windows.
    private CredentialProfile? EncryptedProfile() =>
        OperatingSystem.IsWindows() && session.Environment == LabEnvironment.Process
        && new NetSDKCredentialsFile().TryGetProfile(ProfileSetting.Value, out CredentialProfile found) && found.CanCreateAWSCredentials
            ? found
            : null;

    private (AWSCredentials Credentials, LabSetting Setting) FindCredentials()
    {
        // Keys and profile are two ways to say who you are: whichever is asked for more closely decides.
        (object? asked, string source) = session.Given<object>(o => o.Keys ?? (object?)o.ProfileName);
        if (asked is AwsKeys keys)
        {
            return (ToCredentials(keys), Named(keys.AccessKey, source));
        }

        if (asked is null && EnvironmentKeys() is { } ofEnvironment)
        {
            return (ToCredentials(ofEnvironment), Named(ofEnvironment.AccessKey, "environment AWS_ACCESS_KEY_ID"));
        }

        if (profile.Value is { } found)
        {
            if (new ProfileCredentialSource(this, session).Of(found) is { } ofProfile)
            {
                return (ofProfile.Credentials, Named(ofProfile.Who, $"profile '{found.Name}'"));
            }
        }
        else if (EncryptedProfile() is { } encrypted)
        {
            return (encrypted.GetAWSCredentials(null), Named(encrypted.Options.AccessKey ?? encrypted.Name, $"profile '{encrypted.Name}' of AWS Tools for PowerShell"));
        }

        if (asked is not null)
        {
            throw new LabException(
                LabErrorKind.AuthenticationFailed, "ProfileUnusable",
                $"Profile '{ProfileSetting.Value}' has no credentials: add keys, an SSO session or a role to it." + SharedProfile.Problems(session.Environment));
        }

        return Ambient();

        LabSetting Named(string who, string from) => new("Credential", $"{who} {HiddenSecret}", from);
    }

    // What a machine in the cloud is given without anybody's asking: a web identity, a container's or an instance's role.
    private (AWSCredentials Credentials, LabSetting Setting) Ambient()
    {
        LabEnvironment environment = session.Environment;
        MetadataCredentialSource metadata = new(environment);
        try
        {
            if (environment.Get("AWS_WEB_IDENTITY_TOKEN_FILE") is { } file && environment.Get("AWS_ROLE_ARN") is { } role)
            {
                return (
                    new RoleCredentialSource(this).AssumeWithToken("AWS_WEB_IDENTITY_TOKEN_FILE", role, file, environment.Get("AWS_ROLE_SESSION_NAME")).Credentials,
                    new LabSetting("Credential", role, "environment AWS_WEB_IDENTITY_TOKEN_FILE"));
            }

            if (metadata.HasContainer)
            {
                CredentialSource container = metadata.Container();
                return (container.Credentials, new LabSetting("Credential", container.Who, "environment AWS_CONTAINER_CREDENTIALS"));
            }

            if (!metadata.HasInstance)
            {
                throw NoCredentials(null);
            }

            // Whether there is an instance at all shows only when it is asked.
            CredentialSource instance = metadata.Instance();
            instance.Credentials.GetCredentials();
            return (instance.Credentials, new LabSetting("Credential", instance.Who, "the machine"));
        }
        catch (LabException e) when (e.Code == "NoInstanceCredentials")
        {
            throw NoCredentials(e);
        }
    }

    private LabException NoCredentials(Exception? inner) => new(
        LabErrorKind.AuthenticationFailed, "NoCredentials",
        $"No AWS credentials: use {SessionAdvice.Credentials}."
        + SharedProfile.Problems(session.Environment), inner)
    {
        Advice = $"Get-LabSession shows where each setting comes from. {SessionAdvice.Emulator} sets up everything for a trial without a cloud.",
    };

    /// <summary>Keys as the SDK takes them.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>Credentials.</returns>
    internal static AWSCredentials ToCredentials(AwsKeys keys) => keys.Renewing is { } renewing ? renewing
        : keys.SessionToken is { } token
        ? new SessionAWSCredentials(keys.AccessKey, keys.SecretKey, token) { Expiration = keys.Expiration?.UtcDateTime }
        : new BasicAWSCredentials(keys.AccessKey, keys.SecretKey);
}
