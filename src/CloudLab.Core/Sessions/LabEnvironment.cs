using System.Globalization;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Sessions;

/// <summary>Environment variables and home folder, so that a test can bring its own.</summary>
public sealed class LabEnvironment
{
    private static readonly string[] Variables =
    [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION",
        "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_EC2",
        "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY",
        "DOCKER_CERT_PATH", "KUBECONFIG", "KUBERC", "KUBECTL_KUBERC", "CLOUDLAB_KUBE_CACHE", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
        "BUILDX_CONFIG", "XDG_RUNTIME_DIR", .. EnvironmentProxy.Variables,
    ];

    private readonly Func<string, string?> read;

    /// <summary>An environment read through a function.</summary>
    /// <param name="read">Gives a variable's value, or null.</param>
    /// <param name="home">Home folder; the user's own if null.</param>
    public LabEnvironment(Func<string, string?> read, string? home = null)
    {
        this.read = read;
        Home = home ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
    }

    /// <summary>The process's own environment.</summary>
    public static LabEnvironment Process { get; } = new(Environment.GetEnvironmentVariable);

    /// <summary>The user's home folder, an absolute path.</summary>
    public string Home { get; }

    /// <summary>Reads a variable; an empty value counts as unset, as it does for the AWS and docker CLIs.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The value, or null.</returns>
    public string? Get(string name) => read(name) is { Length: > 0 } value ? value : null;

    /// <summary>A path that a variable or a configuration file names, which may begin with <c>~/</c> for the home folder.</summary>
    /// <param name="path">The path as written.</param>
    /// <returns>The path as the system takes it.</returns>
    internal string Expand(string path) => path is ['~', '/' or '\\', .. string rest] ? Path.Combine(Home, rest) : path;

    /// <summary>
    /// All variables that a session reads, and when the files they name changed, as one string: when it differs,
    /// sessions are resolved anew.
    /// </summary>
    /// <param name="kubeConfig">Kubeconfig files that were named in another way, joined as in <c>KUBECONFIG</c>; null for none.</param>
    /// <returns>Variables, values and times; holds secrets, so for comparison only.</returns>
    internal string Fingerprint(string? kubeConfig = null)
    {
        IEnumerable<string> files =
        [
            SharedConfigFile.ConfigPath(this),
            SharedConfigFile.CredentialsPath(this),
            Path.Combine(Get("DOCKER_CONFIG") ?? Path.Combine(Home, ".docker"), "config.json"),
            .. KubeConfigSet.Paths(kubeConfig ?? Get("KUBECONFIG") ?? Path.Combine(Home, ".kube", "config"), this),
        ];
        return string.Join('\0', [
            .. Variables.Select(Get),
            .. files.Select(file => File.GetLastWriteTimeUtc(file).Ticks.ToString(CultureInfo.InvariantCulture)),
        ]);
    }
}
