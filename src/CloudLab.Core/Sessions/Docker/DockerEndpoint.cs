using System.Net.Sockets;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>How a Docker Engine is reached.</summary>
internal enum DockerTransportKind
{
    /// <summary>A Unix domain socket.</summary>
    Unix,

    /// <summary>A Windows named pipe.</summary>
    Pipe,

    /// <summary>TCP, with TLS or without.</summary>
    Tcp,

    /// <summary><c>docker system dial-stdio</c> on another machine, through ssh.</summary>
    Ssh,
}

/// <summary>A parsed engine address.</summary>
/// <param name="Address">As it was given.</param>
/// <param name="Source">Who gave it.</param>
/// <param name="Kind">The transport.</param>
/// <param name="Url">The URL: of the engine for TCP, of the machine for ssh; else a placeholder for the Host header.</param>
/// <param name="Path">Socket path or pipe name; for ssh the socket on the other machine or empty.</param>
/// <param name="Tls">TLS for TCP, or null.</param>
internal sealed record DockerEndpoint(
    string Address, string Source, DockerTransportKind Kind, Uri Url, string Path, DockerTls? Tls)
{
    private static readonly Uri LocalUrl = new("http://docker");

    /// <summary>What requests are addressed to; the stream that carries them knows where the engine really is.</summary>
    public Uri HttpUrl => Kind == DockerTransportKind.Ssh ? LocalUrl : Url;

    /// <summary>Whether the engine is surely on another machine; one behind a socket or a loopback address may be in a virtual machine all the same.</summary>
    public bool IsElsewhere => Kind == DockerTransportKind.Ssh || (Kind == DockerTransportKind.Tcp && !Url.IsLoopback);

    /// <summary>Reads an address in the docker CLI's forms.</summary>
    /// <param name="address"><c>unix://</c>, <c>npipe://</c>, <c>tcp://</c>, <c>ssh://</c> or <c>host:port</c>.</param>
    /// <param name="source">Who gave it, for errors.</param>
    /// <param name="tls">Gives the TLS material where TCP is used.</param>
    /// <returns>The endpoint. Throws <see cref="LabException"/> where the address makes no sense.</returns>
    public static DockerEndpoint Parse(string address, string source, Func<DockerTls?> tls)
    {
        if (address.Trim().Length < address.Length || address.Any(char.IsControl))
        {
            throw Invalid("it has white space around it or control characters in it");
        }

        int colon = address.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon < 0 ? "tcp" : address[..colon].ToLowerInvariant();
        string rest = colon < 0 ? address : address[(colon + 3)..];
        if (colon < 0 && rest.Contains('/', StringComparison.Ordinal))
        {
            throw Invalid("a path begins with unix://, as in unix:///var/run/docker.sock");
        }

        switch (scheme)
        {
            case "unix":
                return new DockerEndpoint(address, source, DockerTransportKind.Unix, LocalUrl, Socket(rest.Length > 0 ? rest : "/var/run/docker.sock"), null);
            case "npipe":
                // npipe:////./pipe/docker_engine: what comes after the last separator names the pipe.
                string pipe = rest.Replace('\\', '/').Split('/')[^1];
                return new DockerEndpoint(address, source, DockerTransportKind.Pipe, LocalUrl, pipe.Length > 0 ? pipe : "docker_engine", null);
            case "tcp" or "http" or "https":
                DockerTls? material = scheme == "http" ? null : tls();
                bool secure = scheme == "https" || material is not null;
                if (rest.Length > 0
                    && Uri.TryCreate($"{(secure ? "https" : "http")}://{rest}", UriKind.Absolute, out Uri? url)
                    && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0)
                {
                    bool portless = url.IsDefaultPort && !rest.Contains($":{url.Port}", StringComparison.Ordinal);
                    UriBuilder complete = new(url) { Port = portless ? secure ? 2376 : 2375 : url.Port, Path = url.AbsolutePath.TrimEnd('/') + "/" };
                    return new DockerEndpoint(address, source, DockerTransportKind.Tcp, complete.Uri, "", material);
                }

                throw Invalid("write tcp://host:port, without a user");
            case "ssh":
                if (Uri.TryCreate(address, UriKind.Absolute, out Uri? machine)
                    && machine.Host.Length > 0 && machine.Query.Length == 0 && machine.Fragment.Length == 0
                    && !machine.UserInfo.Contains(':', StringComparison.Ordinal))
                {
                    return new DockerEndpoint(address, source, DockerTransportKind.Ssh, machine, machine.AbsolutePath.TrimEnd('/'), null);
                }

                throw Invalid("write ssh://user@host[:port], without a password");
            default:
                throw Invalid("use unix://, npipe://, tcp:// or ssh://");
        }

        string Socket(string path)
        {
            try
            {
                _ = new UnixDomainSocketEndPoint(path);
                return path;
            }
            catch (ArgumentException e)
            {
                throw Invalid("the path of the socket is too long for this system", e);
            }
        }

        // A password or a token may stand in a URL, so what was given is not repeated once it may have one.
        LabException Invalid(string why, Exception? inner = null) => new(
            LabErrorKind.InvalidArgument, "DockerHostInvalid",
            $"The Docker host {(address.AsSpan().ContainsAny('@', '?', '#') ? "" : $"'{address}' ")}({source}) is not a valid engine address: {why}.", inner);
    }
}
