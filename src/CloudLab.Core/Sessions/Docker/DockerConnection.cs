using System.Diagnostics;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>Which Docker Engine is talked to and how: address, context, TLS; as the docker CLI finds it.</summary>
public sealed class DockerConnection
{
    private readonly LabSession session;
    private readonly Lazy<Resolved> resolved;
    private readonly Lazy<HttpMessageHandler> handler;

    internal DockerConnection(LabSession session)
    {
        this.session = session;
        ConfigFolder = session.Environment.Get("DOCKER_CONFIG") ?? Path.Combine(session.Environment.Home, ".docker");
        Store = new DockerContextStore(ConfigFolder);

        // What fails is tried again with the next use.
        resolved = new(Resolve, LazyThreadSafetyMode.PublicationOnly);
        handler = new(() => DockerTransport.Pool(Endpoint, session.Environment), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Address of the engine (<c>unix:///var/run/docker.sock</c>) and where it came from.</summary>
    public LabSetting HostSetting => resolved.Value.Host.WithoutPassword();

    /// <summary>Name of the docker CLI context and where it came from; the value is null where an address is given directly.</summary>
    public LabSetting ContextSetting => resolved.Value.Context;

    /// <summary>Folder of the docker CLI's configuration: contexts, plugins, builders, registry logins.</summary>
    public string ConfigFolder { get; }

    /// <summary>Names of the docker CLI's contexts, <c>default</c> among them.</summary>
    public IReadOnlyList<string> Contexts => ["default", .. Store.Names()];

    /// <summary>The docker CLI's contexts with their engines, <c>default</c> first.</summary>
    /// <returns>The contexts; one that cannot be read says why.</returns>
    public IEnumerable<LabDockerContext> DescribeContexts()
    {
        string? current = CurrentContext();
        yield return new LabDockerContext
        {
            Name = "default",
            DockerHost = new LabSetting("DockerHost", Environment.Get("DOCKER_HOST") ?? PlatformDefault(), "").WithoutPassword().Value,
            Description = Environment.Get("DOCKER_HOST") is null ? null : "from DOCKER_HOST",
            IsCurrent = current == "default",
        };
        foreach (string name in Store.Names())
        {
            DockerStoredContext? stored = null;
            string? problem = null;
            try
            {
                stored = Store.Find(name);
            }
            catch (LabException e)
            {
                problem = e.Message;
            }

            yield return new LabDockerContext
            {
                Name = name,
                DockerHost = stored is null ? null : new LabSetting("DockerHost", stored.Host, "").WithoutPassword().Value,
                Description = stored?.Description,
                IsCurrent = current == name,
                Problem = problem,
            };
        }
    }

    /// <summary>Chooses a context for all docker tools, as <c>docker context use</c> does.</summary>
    /// <param name="name">Name of a context. Throws <see cref="LabException"/> (<c>DockerContextNotFound</c>) where there is none.</param>
    /// <returns>What keeps it from being used all the same: a variable that is set; null where nothing does.</returns>
    public string? UseContext(string name)
    {
        if (name != "default" && Store.Find(name) is null)
        {
            throw new LabException(
                LabErrorKind.NotFound, "DockerContextNotFound",
                $"There is no Docker context '{name}': Get-LabDockerContext lists the existing contexts.{NearestNames.Say(name, Contexts)}") { Target = name };
        }

        Store.Use(name);
        return new[] { "DOCKER_HOST", "DOCKER_CONTEXT" }.FirstOrDefault(variable => Environment.Get(variable) is { } set && !(variable == "DOCKER_CONTEXT" && set == name));
    }

    /// <summary>Names of the buildx builders: those that were created, then one for each context.</summary>
    public IReadOnlyList<string> Builders
    {
        get
        {
            string folder = Environment.Get("BUILDX_CONFIG") ?? Path.Combine(ConfigFolder, "buildx");
            string instances = Path.Combine(folder, "instances");
            return
            [
                .. Directory.Exists(instances) ? Directory.EnumerateFiles(instances).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal) : Enumerable.Empty<string>(),
                .. Contexts,
            ];
        }
    }

    /// <summary>The builder that BUILDX_BUILDER names, or null.</summary>
    public string? SelectedBuilder => Environment.Get("BUILDX_BUILDER");

    /// <summary>The environment that the connection was resolved in.</summary>
    internal LabEnvironment Environment => session.Environment;

    internal DockerContextStore Store { get; }

    internal DockerEndpoint Endpoint => resolved.Value.Endpoint;

    /// <summary>The session's pool of connections to the engine.</summary>
    internal HttpMessageHandler Handler => handler.Value;

    /// <inheritdoc/>
    public override string ToString() => "Docker";

    /// <summary>Makes a docker tool that is started as a process use this engine and configuration.</summary>
    /// <param name="start">The process to be.</param>
    internal void Configure(ProcessStartInfo start)
    {
        // Only one of the two may be set: DOCKER_HOST would win over the context.
        start.Environment.Remove("DOCKER_HOST");
        start.Environment.Remove("DOCKER_CONTEXT");
        start.Environment["DOCKER_CONFIG"] = ConfigFolder;
        if (resolved.Value.Stored)
        {
            start.Environment["DOCKER_CONTEXT"] = ContextSetting.Value;
        }
        else
        {
            start.Environment["DOCKER_HOST"] = HostSetting.Value;
        }
    }

    // Without a context of its own a session uses an address, which the docker CLI calls its default context.
    private string? CurrentContext()
    {
        try
        {
            return ContextSetting.Value ?? (HostSetting.Source.StartsWith("environment", StringComparison.Ordinal) ? "default" : null);
        }
        catch (LabException)
        {
            // A list is what helps to find the right one.
            return null;
        }
    }

    private Resolved Resolve()
    {
        (Asked? asked, string source) = session.Given(
            o => o.DockerHost is null && o.DockerContext is null ? null : new Asked(o.DockerHost, o.DockerContext));
        if (asked is { Host: not null, Context: not null })
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DockerHostAndContext",
                $"Both a Docker host ('{new LabSetting("DockerHost", asked.Host, source).WithoutPassword().Value}') and a Docker context ('{asked.Context}') are set ({source}): use only one of them.");
        }

        LabSetting host = new("DockerHost", asked?.Host, source);
        LabSetting context = new("DockerContext", asked?.Context, source);
        if (host.Value is null && context.Value is null)
        {
            host = host.Or(Environment.Get("DOCKER_HOST"), "environment DOCKER_HOST");
        }

        if (host.Value is null)
        {
            context = context.Or(Environment.Get("DOCKER_CONTEXT"), "environment DOCKER_CONTEXT");
            context = context.Value is null ? context.Or(Store.Current(), $"currentContext of {Store.ConfigFile}") : context;
            context = context.Or("default", "default");
            if (context.Value != "default")
            {
                return OfStore(context);
            }

            host = host.Or(Environment.Get("DOCKER_HOST"), "environment DOCKER_HOST").Or(PlatformDefault(), "platform default");
        }

        return new Resolved(host, context, DockerEndpoint.Parse(host.Value!, host.Source, EnvironmentTls), Stored: false);
    }

    private Resolved OfStore(LabSetting context)
    {
        DockerStoredContext stored = Store.Find(context.Value!) ?? throw new LabException(
            LabErrorKind.InvalidArgument, "DockerContextNotFound",
            $"There is no Docker context '{context.Value}' ({context.Source}): 'docker context ls' lists the existing contexts.");
        LabSetting host = new("DockerHost", stored.Host, $"context '{context.Value}'");
        return new Resolved(host, context, DockerEndpoint.Parse(stored.Host, host.Source, () => stored.Tls), Stored: true);
    }

    private DockerTls? EnvironmentTls()
    {
        bool verify = Environment.Get("DOCKER_TLS_VERIFY") is not null;
        if (!verify && Environment.Get("DOCKER_TLS") is null)
        {
            return null;
        }

        string? named = Environment.Get("DOCKER_CERT_PATH");
        return named is null || Directory.Exists(named)
            ? new DockerTls(named ?? ConfigFolder, SkipVerification: !verify)
            : throw new LabException(
                LabErrorKind.InvalidArgument, "DockerTlsInvalid",
                $"There is no folder '{named}' (environment DOCKER_CERT_PATH), where ca.pem, cert.pem and key.pem are expected.");
    }

    private string PlatformDefault()
    {
        if (OperatingSystem.IsWindows())
        {
            return "npipe:////./pipe/docker_engine";
        }

        const string System = "/var/run/docker.sock";
        string?[] sockets =
        [
            System,
            Environment.Get("XDG_RUNTIME_DIR") is { } runtime ? Path.Combine(runtime, "docker.sock") : null,
            Path.Combine(Environment.Home, ".docker", "run", "docker.sock"),
        ];
        return "unix://" + (Array.Find(sockets, File.Exists) ?? System);
    }

    private sealed record Asked(string? Host, string? Context);

    private sealed record Resolved(LabSetting Host, LabSetting Context, DockerEndpoint Endpoint, bool Stored);
}
