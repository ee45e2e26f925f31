using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>Which Kubernetes cluster is talked to, as whom, and in which namespace.</summary>
public sealed class KubeConnection
{
    private readonly LabSession session;
    private readonly Lazy<KubeConfigSet> config;
    private readonly Lazy<KubeConfigEntry?> context;
    private readonly Lazy<KubeInCluster?> inCluster;

    internal KubeConnection(LabSession session)
    {
        this.session = session;

        // What fails is tried again with the next use.
        config = new(LoadConfig, LazyThreadSafetyMode.PublicationOnly);
        context = new(FindContext, LazyThreadSafetyMode.PublicationOnly);
        inCluster = new(() => context.Value is null ? KubeInCluster.Find(session.Environment) : null, LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The kubeconfig files, joined as in <c>KUBECONFIG</c>, and who named them.</summary>
    public LabSetting ConfigSetting => session.Setting("KubeConfig", o => o.KubeConfig, "KUBECONFIG")
        .Or(File.Exists(HomeConfig) ? HomeConfig : null, "default");

    /// <summary>The context's name and who chose it; null in a pod.</summary>
    public LabSetting ContextSetting => session.Setting("KubeContext", o => o.KubeContext)
        .Or(config.Value.CurrentContext, $"current-context of {config.Value.CurrentContextFile}");

    /// <summary>The namespace and who chose it.</summary>
    public LabSetting NamespaceSetting => session.Setting("Namespace", o => o.Namespace)
        .Or(context.Value?.Text("namespace"), $"context '{context.Value?.Name}'")
        .Or(inCluster.Value?.Namespace, "service account")
        .Or("default", "default");

    /// <summary>The API server and where its address came from; null where there is no cluster.</summary>
    public LabSetting ServerSetting => context.Value is null
        ? new LabSetting("KubeServer", inCluster.Value?.Server.OriginalString, inCluster.Value is null ? "not set" : "service account")
        : new LabSetting("KubeServer", Cluster!.Text("server"), $"cluster '{Cluster!.Name}' of {Cluster.File}").WithoutPassword();

    /// <summary>The user's name in the kubeconfig and who chose it; null in a pod or where the context names none.</summary>
    public LabSetting UserSetting => new("KubeUser", context.Value?.Text("user"), context.Value is { } found ? $"context '{found.Name}'" : "not set");

    /// <summary>Name of the context, or null in a pod.</summary>
    public string? Context => context.Value?.Name;

    /// <summary>The namespace for whatever does not name its own.</summary>
    public string Namespace => NamespaceSetting.Value!;

    /// <inheritdoc/>
    public override string ToString() => "Kubernetes";

    /// <summary>All contexts, sorted by name.</summary>
    /// <returns>What the kubeconfig says of each.</returns>
    public IReadOnlyList<LabKubeContext> DescribeContexts() =>
    [
        .. from entry in config.Value.Contexts.Values
           orderby entry.Name
           let cluster = entry.Text("cluster")
           let known = cluster is not null && config.Value.Clusters.TryGetValue(cluster, out KubeConfigEntry? found) ? found : null
           select new LabKubeContext
           {
               Name = entry.Name,
               IsCurrent = entry.Name == ContextSetting.Value,
               Cluster = cluster,
               Server = known?.Text("server") is { } server ? new LabSetting("server", server, "").WithoutPassword().Value : null,
               User = entry.Text("user"),
               Namespace = entry.Text("namespace"),
               File = entry.File,
           },
    ];

    /// <summary>The same connection as the kubeconfig is now.</summary>
    /// <returns>A connection that has read nothing yet.</returns>
    public KubeConnection Reread() => new(session);

    /// <summary>Makes a context the current one in the kubeconfig, as <c>kubectl config use-context</c> does; the rest of the file stays as it is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ns">Namespace to note in it; null to leave that as it is.</param>
    /// <returns>What has precedence over the file and chooses another context; null where nothing does.</returns>
    /// <exception cref="LabException"><c>KubeContextNotFound</c>, <c>KubeConfigNotWritten</c>.</exception>
    public string? UseContext(string name, string? ns)
    {
        if (!config.Value.Contexts.TryGetValue(name, out KubeConfigEntry? entry))
        {
            throw NoContext(name, "parameter").Stopping();
        }

        if (ns is not null && entry.Text("namespace") != ns)
        {
            KubeConfigFile.SetNamespace(entry.File, name, ns);
        }

        if (config.Value.CurrentContext != name)
        {
            // As kubectl: in the file that says it now, else in the first.
            KubeConfigFile.SetCurrentContext(config.Value.CurrentContextFile ?? config.Value.Files[0], name);
        }

        return session.Setting("KubeContext", o => o.KubeContext) is { Value: { } other } chosen && other != name ? $"{chosen.Source} (context '{other}')" : null;
    }

    /// <summary>Names of all contexts, sorted.</summary>
    public IReadOnlyList<string> Contexts => [.. config.Value.Contexts.Keys.Order(StringComparer.Ordinal)];

    private string HomeConfig => Path.Combine(session.Environment.Home, ".kube", "config");

    private KubeConfigEntry? Cluster => context.Value is null
        ? null
        : Find(config.Value.Clusters, context.Value, "cluster") ?? throw Invalid(
            "KubeClusterNotFound", $"The context '{context.Value.Name}' names no cluster: add 'cluster:' to it in {context.Value.File}.");

    private KubeConfigEntry? User => context.Value is null ? null : Find(config.Value.Users, context.Value, "user");

    /// <summary>Everything that a client needs to reach the cluster.</summary>
    /// <returns>The endpoint. Throws <see cref="LabException"/> (NoCluster) with advice where there is none.</returns>
    internal KubeEndpoint Endpoint()
    {
        if (Cluster is { } cluster)
        {
            return OfCluster(cluster);
        }

        if (inCluster.Value is { } pod)
        {
            return OfPod(pod);
        }

        string looked = ConfigSetting.Value is not { } files ? $"there is no {HomeConfig}"
            : $"{files} ({ConfigSetting.Source}) {(KubeConfigSet.Paths(files, session.Environment).Any(File.Exists) ? "has no current-context" : "does not exist")}";
        throw new LabException(
            LabErrorKind.ConnectionFailed, "NoCluster",
            $"No Kubernetes cluster: {looked}. Set -KubeConfig and -Context, KUBECONFIG, or run {SessionAdvice.Emulator}.");
    }

    /// <summary>The same for a pod.</summary>
    /// <param name="pod">Its service account.</param>
    /// <returns>The endpoint.</returns>
    internal KubeEndpoint OfPod(KubeInCluster pod) => new(pod.Server, "service account")
    {
        Authorities = pod.CaFile is null ? null : TrustedAuthorities.Load(pod.CaFile, "service account"),
        Environment = session.Environment,
        Credentials = new KubeCredentials(tokenFile: pod.TokenFile),
        Key = KeyOf(pod.Server.AbsoluteUri, pod.TokenFile, pod.CaFile, FileTime(pod.CaFile)),
    };

    private static KubeConfigEntry? Find(IReadOnlyDictionary<string, KubeConfigEntry> entries, KubeConfigEntry context, string kind)
    {
        if (context.Text(kind) is not { } name)
        {
            return null;
        }

        return entries.TryGetValue(name, out KubeConfigEntry? entry) ? entry : throw Invalid(
            $"Kube{char.ToUpperInvariant(kind[0])}{kind[1..]}NotFound",
            $"The context '{context.Name}' refers to the {kind} '{name}', which no kubeconfig file defines: correct it in {context.File}.");
    }

    private static LabException Invalid(string code, string message, Exception? inner = null) =>
        new(LabErrorKind.InvalidArgument, code, message, inner);

    private KubeConfigSet LoadConfig()
    {
        LabSetting setting = ConfigSetting;
        bool named = session.Given(o => o.KubeConfig).Value is not null;
        return KubeConfigSet.Load(setting.Value ?? "", session.Environment, named);
    }

    private KubeConfigEntry? FindContext()
    {
        if (ContextSetting is not { Value: { } name } setting)
        {
            return null;
        }

        if (config.Value.Contexts.TryGetValue(name, out KubeConfigEntry? found))
        {
            return found;
        }

        throw NoContext(name, setting.Source);
    }

    private LabException NoContext(string name, string source)
    {
        string known = Contexts.Count == 0
            ? ConfigSetting.Value is { } files ? $"{files} has no contexts" : $"there is no kubeconfig; set -KubeConfig or KUBECONFIG"
            : "choose one of " + SomeOf.Names(Contexts, 10);
        return Invalid("KubeContextNotFound", $"There is no context '{name}' ({source}): {known}.");
    }

    private KubeEndpoint OfCluster(KubeConfigEntry cluster)
    {
        if (cluster.Text("server") is not { } server
            || !Uri.TryCreate(server.Contains("://", StringComparison.Ordinal) ? server : "https://" + server, UriKind.Absolute, out Uri? url)
            || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            throw Invalid(
                "KubeServerInvalid",
                $"The cluster '{cluster.Name}' has the invalid server '{ServerSetting.Value}': write https://host:port in {cluster.File}.");
        }

        Uri? proxy = null;
        if (cluster.Text("proxy-url") is { } text && (!Uri.TryCreate(text, UriKind.Absolute, out proxy) || proxy.Scheme is not ("http" or "https" or "socks5")))
        {
            throw Invalid("KubeProxyInvalid", $"The proxy-url '{new LabSetting("proxy-url", text, "").WithoutPassword().Value}' of the cluster '{cluster.Name}' is not an http, https or socks5 URL.");
        }

        KubeConfigEntry? user = User;
        return new KubeEndpoint(url, $"cluster '{cluster.Name}' of {cluster.File}")
        {
            Authorities = Authorities(cluster),
            SkipVerification = cluster.Flag("insecure-skip-tls-verify"),
            ServerName = cluster.Text("tls-server-name"),
            Proxy = proxy,
            Environment = session.Environment,
            Credentials = user is null ? new KubeCredentials() : KubeCredentials.Of(user, cluster, url, session.Environment),
            Key = KeyOf(
                cluster.Body.ToJsonString(), cluster.File, user?.Body.ToJsonString(), user?.File, FileTimes(cluster, user),
                // An exec plugin runs in the environment: with another AWS_PROFILE it makes somebody else's token.
                user?.Body["exec"] is null ? null : session.Environment.Fingerprint() + FileTime(KubePluginPolicy.PathOf(session.Environment))),
        };
    }

    // Whatever decides what a client does has to be in its key: a client is kept as long as the process. The hash holds no secret.
    private string KeyOf(params IEnumerable<string?> says) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\0', [.. says, .. EnvironmentProxy.Variables.Select(session.Environment.Get)]))));

    private static string FileTime(string? path) =>
        path is null ? "" : File.GetLastWriteTimeUtc(path).Ticks.ToString(CultureInfo.InvariantCulture);

    private static string FileTimes(params KubeConfigEntry?[] entries) => string.Join(
        '|',
        from entry in entries
        where entry is not null
        from key in new[] { "certificate-authority", "client-certificate", "client-key" }
        select FileTime(entry.Path(key)));

    private static X509Certificate2Collection? Authorities(KubeConfigEntry cluster)
    {
        if (cluster.Text("certificate-authority-data") is not { } data)
        {
            return cluster.Path("certificate-authority") is { } path
                ? TrustedAuthorities.Load(path, $"certificate-authority of cluster '{cluster.Name}'")
                : null;
        }

        X509Certificate2Collection authorities = [];
        try
        {
            authorities.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            throw Invalid("KubeConfigInvalid", $"The certificate-authority-data of the cluster '{cluster.Name}' in {cluster.File} is not a base64-encoded PEM certificate.", e);
        }

        return authorities;
    }
}
