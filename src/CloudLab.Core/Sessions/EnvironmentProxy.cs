using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CloudLab.Core.Errors;

namespace CloudLab.Core.Sessions;

/// <summary>
/// The proxy that the environment names, for every client of Core. .NET's own reads the environment once in a process and knows neither
/// <c>NO_PROXY=*</c> nor networks; the rules are those of Go's <c>httpproxy</c>, which kubectl and docker go by, and of curl.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy, ICredentials
{
    private readonly (Uri Url, string Variable)? http;
    private readonly (Uri Url, string Variable)? https;
    private readonly string[] exempt;

    private EnvironmentProxy(LabEnvironment environment)
    {
        http = Read(environment, "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY");
        https = Read(environment, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY");
        exempt = (environment.Get("no_proxy") ?? environment.Get("NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Credentials = this;
    }

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; }

    /// <summary>Sets up the proxy of a handler.</summary>
    /// <param name="handler">A new handler.</param>
    /// <param name="environment">The environment. Throws <see cref="LabException"/> (ProxyInvalid).</param>
    public static void Use(SocketsHttpHandler handler, LabEnvironment environment)
    {
        EnvironmentProxy proxy = new(environment);
        if (proxy.http is not null || proxy.https is not null)
        {
            handler.Proxy = proxy;
        }
        else if (OperatingSystem.IsLinux() || environment != LabEnvironment.Process)
        {
            // Elsewhere the system has settings of its own.
            handler.UseProxy = false;
        }
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : Of(destination)?.Url;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => Of(host) is null || host.IsLoopback || exempt.Any(entry => IsExempt(host, entry));

    /// <summary>User and password of a proxy, which stand in its URL.</summary>
    /// <param name="uri">The proxy.</param>
    /// <param name="authType">How it asks for them.</param>
    /// <returns>The credentials, or null.</returns>
    public NetworkCredential? GetCredential(Uri uri, string authType) => uri.UserInfo.Split(':', 2) switch
    {
        [{ Length: > 0 } name, var password] => new NetworkCredential(Uri.UnescapeDataString(name), Uri.UnescapeDataString(password)),
        [{ Length: > 0 } name] => new NetworkCredential(Uri.UnescapeDataString(name), ""),
        _ => null,
    };

    /// <summary>The variable that names the proxy for an address.</summary>
    /// <param name="destination">The address.</param>
    /// <returns><c>HTTPS_PROXY</c>, or null.</returns>
    public string? VariableOf(Uri destination) => Of(destination)?.Variable;

    private (Uri Url, string Variable)? Of(Uri destination) => destination.Scheme is "https" or "wss" ? https : http;

    private static (Uri Url, string Variable)? Read(LabEnvironment environment, params string[] variables)
    {
        foreach (string variable in variables)
        {
            // HTTP_PROXY may be a header of a web request: a CGI script's caller must not choose the proxy.
            if (environment.Get(variable) is not { } text || (variable == "HTTP_PROXY" && environment.Get("REQUEST_METHOD") is not null))
            {
                continue;
            }

            return Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https" or "socks4" or "socks4a" or "socks5"
                    ? (url, variable)
                    : throw new LabException(
                        LabErrorKind.InvalidArgument, "ProxyInvalid", $"{variable} is not the URL of a proxy: write http://host:port.");
        }

        return null;
    }

    private static bool IsExempt(Uri destination, string entry)
    {
        if (entry == "*")
        {
            return true;
        }

        string host = destination.IdnHost;
        bool isAddress = IPAddress.TryParse(host, out IPAddress? address);
        if (entry.Split('/') is [var first, var bits] && IPAddress.TryParse(first, out IPAddress? network) && int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out int length))
        {
            return isAddress && IsIn(address!, network, length);
        }

        // host:port, [v6]:port and addresses as they stand.
        if (IPAddress.TryParse(entry, out IPAddress? exact))
        {
            return isAddress && exact.Equals(address);
        }

        int colon = entry.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(entry.AsSpan(colon + 1), out ushort port))
        {
            return port == destination.Port && IsExempt(destination, entry[..colon].Trim('[', ']'));
        }

        string domain = entry.StartsWith("*.", StringComparison.Ordinal) ? entry[1..] : entry;
        return domain.StartsWith('.')
            ? host.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
            : host.Equals(domain, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsIn(IPAddress address, IPAddress network, int length)
    {
        byte[] a = address.GetAddressBytes(), b = network.GetAddressBytes();
        if (a.Length != b.Length || length > a.Length * 8)
        {
            return false;
        }

        int whole = length / 8, rest = length % 8;
        return a.AsSpan(0, whole).SequenceEqual(b.AsSpan(0, whole)) && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
    }
}

/// <summary>Says so when it is the proxy that does not answer, and not the server behind it. Stands just above the connections.</summary>
internal sealed class ProxyFaultHandler : DelegatingHandler
{
    private readonly SocketsHttpHandler connections;

    /// <summary>Creates the handler.</summary>
    /// <param name="connections">The connections, with their proxy.</param>
    /// <param name="inner">What comes next, where that is not the connections themselves.</param>
    public ProxyFaultHandler(SocketsHttpHandler connections, HttpMessageHandler? inner = null)
        : base(inner ?? connections) => this.connections = connections;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri url = request.RequestUri!;
        IWebProxy? proxy = connections.UseProxy ? connections.Proxy : null;
        if (proxy?.GetProxy(url) is not { } via || proxy.IsBypassed(url))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        string name = $"{via.Scheme}://{via.Authority}" + (proxy is EnvironmentProxy ours ? $" (environment {ours.VariableOf(url)})" : "");
        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.ProxyAuthenticationRequired)
            {
                return answer;
            }

            answer.Dispose();
            throw Problem("ProxyAuthenticationRequired", $"The proxy {name} asks for a user and a password, or refuses the ones it was given.", null);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ProxyTunnelError)
        {
            throw Problem(
                e.StatusCode == HttpStatusCode.ProxyAuthenticationRequired ? "ProxyAuthenticationRequired" : "ProxyRefused",
                $"The proxy {name} does not connect to {url.Host}: {AwsErrors.OneLine(e.Message).TrimEnd('.')}.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw Problem("ProxyUnreachable", $"The proxy {name} cannot be reached: {Reason(e)}.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested && e.InnerException is TimeoutException)
        {
            throw Problem("ProxyUnreachable", $"The proxy {name} does not answer in time.", e);
        }
    }

    private static string Reason(Exception e) => e.GetBaseException() is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its host name is not known",
            SocketError.ConnectionRefused => "nothing answers there",
            _ => AwsErrors.OneLine(socket.Message).TrimEnd('.'),
        }
        : AwsErrors.OneLine(e.Message).TrimEnd('.');

    private static LabException Problem(string code, string text, Exception? inner) => new(LabErrorKind.ConnectionFailed, code, text, inner)
    {
        Advice = "Correct HTTPS_PROXY or HTTP_PROXY, or name the server in NO_PROXY (a host, a domain, a network such as 10.0.0.0/8, or * for all).",
    };
}
