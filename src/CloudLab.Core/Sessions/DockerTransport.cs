using System.IO.Pipes;
using System.Net.Sockets;
using CloudLab.Core.Reporting;

namespace CloudLab.Core.Sessions;

/// <summary>Carries HTTP to a Docker Engine over whatever its address names.</summary>
internal static class DockerTransport
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Makes a client for an engine.</summary>
    /// <param name="endpoint">The engine.</param>
    /// <param name="environment">Where <c>ssh</c> is looked for, and the proxy.</param>
    /// <returns>A client; the caller sets the time limits of its requests.</returns>
    public static HttpClient CreateClient(DockerEndpoint endpoint, LabEnvironment environment)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = Patience,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        if (endpoint.Tls is { } tls)
        {
            handler.SslOptions = tls.Options();
        }

        if (endpoint.Kind == DockerTransportKind.Tcp)
        {
            EnvironmentProxy.Use(handler, environment);
        }
        else
        {
            handler.UseProxy = false;
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(endpoint, environment, cancellation);
        }

        return new HttpClient(new RequestLogHandler(new ProxyFaultHandler(handler))) { BaseAddress = endpoint.Kind == DockerTransportKind.Ssh ? new Uri("http://docker") : endpoint.Url, Timeout = Timeout.InfiniteTimeSpan };
    }

    private static async ValueTask<Stream> ConnectAsync(DockerEndpoint endpoint, LabEnvironment environment, CancellationToken cancellation)
    {
        switch (endpoint.Kind)
        {
            case DockerTransportKind.Pipe:
                NamedPipeClientStream pipe = new(".", endpoint.Path, PipeDirection.InOut, PipeOptions.Asynchronous);
                try
                {
                    await pipe.ConnectAsync(cancellation);
                    return pipe;
                }
                catch
                {
                    await pipe.DisposeAsync();
                    throw;
                }

            case DockerTransportKind.Ssh:
                return DockerDialStream.Start(endpoint, environment);

            default:
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.Path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
        }
    }
}
