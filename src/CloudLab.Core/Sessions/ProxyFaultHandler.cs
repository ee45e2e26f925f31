using System.Net;
using System.Net.Sockets;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Aws;

namespace CloudLab.Core.Sessions;

/// <summary>Says so when it is the proxy that does not answer, and not the server behind it. Stands just above the connections.</summary>
internal sealed class ProxyFaultHandler : DelegatingHandler
{
    /// <summary>A handler whose connections are set by whoever builds the pipeline.</summary>
    public ProxyFaultHandler()
    {
    }

    /// <summary>A handler over connections.</summary>
    /// <param name="connections">The connections, with their proxy.</param>
    public ProxyFaultHandler(SocketsHttpHandler connections)
        : base(connections)
    {
    }

    /// <summary>What names the proxy where that is not the environment: <c>proxy-url of cluster 'lab' of /home/me/.kube/config</c>.</summary>
    public string? Setting { get; init; }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri url = request.RequestUri!;
        IWebProxy? proxy = InnerHandler is SocketsHttpHandler { UseProxy: true } connections ? connections.Proxy : null;
        if (proxy?.GetProxy(url) is not { } via || proxy.IsBypassed(url))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        string? source = proxy is EnvironmentProxy ours ? "environment " + ours.VariableOf(url) : Setting;
        string name = $"{via.Scheme}://{via.Authority}" + (source is null ? "" : $" ({source})");
        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.ProxyAuthenticationRequired)
            {
                return answer;
            }

            answer.Dispose();
            throw Problem("ProxyAuthenticationRequired", $"The proxy {name} requires a user and a password, or rejected those it was given.", null);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ProxyTunnelError)
        {
            throw Problem(
                e.StatusCode == HttpStatusCode.ProxyAuthenticationRequired ? "ProxyAuthenticationRequired" : "ProxyRefused",
                $"The proxy {name} could not connect to {url.Host}: {AwsErrors.OneLine(e.Message).TrimEnd('.')}.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            throw Problem("ProxyUnreachable", $"The proxy {name} cannot be reached: {Reason(e)}.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested && e.InnerException is TimeoutException)
        {
            throw Problem("ProxyUnreachable", $"The proxy {name} did not answer in time.", e);
        }
    }

    private static string Reason(Exception e) => e.GetBaseException() is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its host name cannot be resolved",
            SocketError.ConnectionRefused => "nothing answers there",
            _ => AwsErrors.OneLine(socket.Message).TrimEnd('.'),
        }
        : AwsErrors.OneLine(e.Message).TrimEnd('.');

    private LabException Problem(string code, string text, Exception? inner) => new(LabErrorKind.ConnectionFailed, code, text, inner)
    {
        Advice = Setting is null
            ? "Correct HTTPS_PROXY or HTTP_PROXY, or name the server in NO_PROXY (a host, a domain, a network such as 10.0.0.0/8, or * for all)."
            : $"Correct {Setting}.",
    };
}
