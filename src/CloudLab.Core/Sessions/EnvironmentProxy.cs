using System.Globalization;
using System.Net;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions;

/// <summary>
/// The proxy that the environment names, for every client of Core. .NET's own reads the environment once in a process and knows neither
/// <c>NO_PROXY=*</c> nor networks; the rules are those of Go's <c>httpproxy</c>, which kubectl and docker go by, and of curl.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy, ICredentials
{
    /// <summary>The variables that are read.</summary>
    public static readonly IReadOnlyList<string> Variables =
        ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "request_method", "REQUEST_METHOD"];

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

    /// <summary>User and password that stand in the URL of a proxy.</summary>
    /// <param name="proxy">The URL.</param>
    /// <returns>The credentials, or null.</returns>
    public static NetworkCredential? CredentialIn(Uri proxy) => proxy.UserInfo.Split(':', 2) switch
    {
        [{ Length: > 0 } name, var password] => new NetworkCredential(Uri.UnescapeDataString(name), Uri.UnescapeDataString(password)),
        [{ Length: > 0 } name] => new NetworkCredential(Uri.UnescapeDataString(name), ""),
        _ => null,
    };

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : Of(destination)?.Url;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => Of(host) is null || host.IsLoopback || exempt.Any(entry => IsExempt(host, entry));

    /// <inheritdoc/>
    public NetworkCredential? GetCredential(Uri uri, string authType) => CredentialIn(uri);

    /// <summary>The variable that names the proxy for an address.</summary>
    /// <param name="destination">The address.</param>
    /// <returns><c>HTTPS_PROXY</c>, or null.</returns>
    public string? VariableOf(Uri destination) => Of(destination)?.Variable;

    private (Uri Url, string Variable)? Of(Uri destination) => destination.Scheme is "https" or "wss" ? https : http;

    private static (Uri Url, string Variable)? Read(LabEnvironment environment, params string[] variables)
    {
        foreach (string variable in variables)
        {
            if (environment.Get(variable) is not { } text || IsHeader(variable, environment))
            {
                continue;
            }

            return Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https" or "socks4" or "socks4a" or "socks5"
                    ? (url, variable)
                    : throw new LabException(
                        LabErrorKind.InvalidArgument, "ProxyInvalid", $"{variable} is not a proxy URL: write http://host:port.");
        }

        return null;
    }

    // HTTP_PROXY may be a header of a web request: a CGI script's caller must not choose the proxy. Where case counts nothing (Windows)
    // http_proxy reads the same, and so does request_method.
    private static bool IsHeader(string variable, LabEnvironment environment) => variable switch
    {
        "HTTP_PROXY" => environment.Get("REQUEST_METHOD") is not null,
        "http_proxy" => environment.Get("request_method") is not null,
        _ => false,
    };

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
