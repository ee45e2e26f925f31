using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Sessions.Docker;
using CloudLab.Core.Sessions.Kubernetes;

namespace CloudLab.Core.Sessions;

/// <summary>
/// Who you are and where, for all four systems: AWS settings and credentials, Docker Engine, Kubernetes cluster.
/// Each value resolves, when it is first needed, as parameter, then session object, then Connect-Lab default, then
/// environment, then configuration files, then the service's own chain. Immutable; safe to share.
/// </summary>
public sealed class LabSession
{
    private readonly SessionOptions options;
    private readonly string source;
    private readonly LabSession? basis;
    private readonly string fingerprint;
    private readonly Lazy<AwsConnection> aws;
    private readonly Lazy<DockerConnection> docker;
    private readonly Lazy<KubeConnection> kubernetes;

    private LabSession(SessionOptions options, string source, LabSession? basis, LabEnvironment environment)
    {
        this.options = options;
        this.source = source;
        this.basis = basis;
        Environment = environment;
        fingerprint = environment.Fingerprint(options.KubeConfig);
        aws = new(() => new AwsConnection(this));
        docker = new(() => new DockerConnection(this));
        kubernetes = new(() => new KubeConnection(this));
    }

    /// <summary>AWS region, endpoints and credentials.</summary>
    public AwsConnection Aws => aws.Value;

    /// <summary>Docker Engine: address, context, TLS.</summary>
    public DockerConnection Docker => docker.Value;

    /// <summary>Kubernetes cluster, user and namespace.</summary>
    public KubeConnection Kubernetes => kubernetes.Value;

    /// <summary>ARN that the credentials stand for, once Connect-Lab or Use-LabRole has asked; empty before.</summary>
    public LabSetting Identity
    {
        get
        {
            // What was found out for other credentials, further down, says nothing of these.
            (string? arn, string from) = Given(o => o.Identity ?? (o.Keys is null && o.ProfileName is null ? null : ""));
            return arn is { Length: > 0 } ? new LabSetting("Identity", arn, from) : new LabSetting("Identity", null, "not asked");
        }
    }

    /// <summary>Profile of the shared AWS config files.</summary>
    public LabSetting Profile => Aws.ProfileSetting;

    /// <summary>AWS region.</summary>
    public LabSetting Region => Shown("Region", () => Aws.RegionSetting);

    /// <summary>Access key in use and where it was found; never its secret.</summary>
    public LabSetting Credential => Shown("Credential", () => Aws.CredentialSetting);

    /// <summary>Until when temporary credentials are good, and whether they are renewed; empty for keys without an end.</summary>
    public LabSetting Expiration => Shown("Expiration", () => Aws.ExpirationSetting);

    /// <summary>Base URL of S3; empty for Amazon's own.</summary>
    public LabSetting S3Endpoint => Shown("S3Endpoint", () => Aws.EndpointSetting("S3"));

    /// <summary>Base URL of STS and IAM; empty for Amazon's own.</summary>
    public LabSetting StsEndpoint => Shown("StsEndpoint", () => Aws.EndpointSetting("STS"));

    /// <summary>Address of the Docker Engine.</summary>
    public LabSetting DockerHost => Shown("DockerHost", () => Docker.HostSetting);

    /// <summary>Context of the docker CLI; empty where an address is given directly.</summary>
    public LabSetting DockerContext => Shown("DockerContext", () => Docker.ContextSetting);

    /// <summary>Kubeconfig files, merged.</summary>
    public LabSetting KubeConfig => Shown("KubeConfig", () => Kubernetes.ConfigSetting);

    /// <summary>Context of the kubeconfig.</summary>
    public LabSetting KubeContext => Shown("KubeContext", () => Kubernetes.ContextSetting);

    /// <summary>URL of the Kubernetes API server.</summary>
    public LabSetting KubeServer => Shown("KubeServer", () => Kubernetes.ServerSetting);

    /// <summary>Kubernetes namespace.</summary>
    public LabSetting Namespace => Shown("Namespace", () => Kubernetes.NamespaceSetting);

    internal LabEnvironment Environment { get; }

    /// <summary>Lays options over a session.</summary>
    /// <param name="options">What is asked for now.</param>
    /// <param name="source">How to name that source: <c>parameter</c>, <c>Connect-Lab</c>.</param>
    /// <param name="basis">The session underneath, or null for the environment alone.</param>
    /// <param name="environment">Environment variables; the process's own if null.</param>
    /// <returns>The session; <paramref name="basis"/> itself when nothing is asked for, so that its connections are reused.</returns>
    public static LabSession Resolve(
        SessionOptions options, string source, LabSession? basis = null, LabEnvironment? environment = null) =>
        options.IsEmpty && basis is not null
            ? basis
            : new LabSession(options, source, basis, environment ?? basis?.Environment ?? LabEnvironment.Process);

    /// <summary>This session as long as the environment is what it was, else the same one resolved anew.</summary>
    /// <returns>A session for the next command.</returns>
    public LabSession Refreshed() => fingerprint == Environment.Fingerprint(options.KubeConfig)
        ? this
        : new LabSession(options, source, basis?.Refreshed(), Environment);

    /// <summary>Who it works as, or where, in a word.</summary>
    /// <returns>The identity, else the profile, the S3 endpoint or the Kubernetes context that is set, else <c>default</c>.</returns>
    public override string ToString() =>
        Identity.Value ?? (Profile.Source == "default" ? null : Profile.Value) ?? S3Endpoint.Value ?? KubeContext.Value ?? "default";

    /// <summary>Finds an explicitly given value in this session or those under it.</summary>
    /// <typeparam name="T">The option's type.</typeparam>
    /// <param name="select">Picks the option.</param>
    /// <returns>The value and its source; the value is null where nobody gave one.</returns>
    internal (T? Value, string Source) Given<T>(Func<SessionOptions, T?> select)
        where T : class =>
        select(options) is { } value ? (value, source) : basis?.Given(select) ?? (null, "not set");

    /// <summary>An explicitly given value, else the first of some environment variables that is set.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="select">Picks the option.</param>
    /// <param name="variables">Variables to read, in order.</param>
    /// <returns>The setting; its value is null where neither gives one.</returns>
    internal LabSetting Setting(string name, Func<SessionOptions, string?> select, params string[] variables)
    {
        (string? given, string from) = Given(select);
        LabSetting setting = new(name, given, from);
        foreach (string variable in variables)
        {
            setting = setting.Or(Environment.Get(variable), "environment " + variable);
        }

        return setting;
    }

    // A session is there to be looked at even when one part of it cannot be resolved.
    private static LabSetting Shown(string name, Func<LabSetting> resolve)
    {
        try
        {
            return resolve() with { Name = name };
        }
        catch (LabException e)
        {
            return new LabSetting(name, null, e.Message);
        }
    }
}
