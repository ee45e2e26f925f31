using System.IO.Pipes;
using System.Net.Sockets;
using CloudLab.Core.Common.Reporting;
using Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Logging;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>
/// Carries Docker.DotNet's requests over whatever an engine's address names. The package's own transports open a connection
/// for each request, know no ssh and read no context's certificates; here connections are pooled.
/// </summary>
internal sealed class DockerTransport : IDockerHandlerFactory<HttpMessageHandler>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private DockerTransport()
    {
    }

    /// <summary>The one there is: what a client needs is in the handler that it is given.</summary>
    public static DockerTransport Instance { get; } = new();

    /// <summary>Makes the pool of connections to an engine.</summary>
    /// <param name="endpoint">The engine.</param>
    /// <param name="environment">Where <c>ssh</c> is looked for, and the proxy.</param>
    /// <returns>A handler; the caller sets the time limits of its requests.</returns>
    public static HttpMessageHandler Pool(DockerEndpoint endpoint, LabEnvironment environment) => Handler(endpoint, environment, null);

    /// <summary>
    /// Makes a handler for one request whose connection becomes a stream in both directions (exec, attach). The stream that .NET
    /// gives for it cannot end what is sent and still read, and the package's CloseWrite closes both ways, so that the answer
    /// of a program that reads its input to the end is lost.
    /// </summary>
    /// <param name="endpoint">The engine.</param>
    /// <param name="environment">Where <c>ssh</c> is looked for, and the proxy.</param>
    /// <param name="connection">Gets the connection once it is open.</param>
    /// <returns>A handler; the caller disposes of it.</returns>
    public static HttpMessageHandler Single(DockerEndpoint endpoint, LabEnvironment environment, HalfClosable connection) =>
        Handler(endpoint, environment, connection);

    private static RequestLogHandler Handler(DockerEndpoint endpoint, LabEnvironment environment, HalfClosable? connection)
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
            handler.ConnectCallback = (_, cancellation) => OpenAsync(endpoint, environment, cancellation);
        }

        if (connection is not null)
        {
            handler.PlaintextStreamFilter = (context, _) => ValueTask.FromResult(connection.Opened(context.PlaintextStream));
        }

        return new RequestLogHandler(new ProxyFaultHandler(handler));
    }

    /// <inheritdoc/>
    public ResolvedTransport CreateHandler(HttpMessageHandler transportOptions, ResolvedClientOptions clientOptions, ILogger logger) =>
        new(transportOptions, clientOptions.Endpoint);

    /// <inheritdoc/>
    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger) =>
        throw new NotSupportedException("A connection pool is required.");

    /// <inheritdoc/>
    public Task<WriteClosableStream> HijackStreamAsync(HttpContent content) =>
        global::Docker.DotNet.NativeHttp.DockerHandlerFactory.Instance.HijackStreamAsync(content);

    private static async ValueTask<Stream> OpenAsync(DockerEndpoint endpoint, LabEnvironment environment, CancellationToken cancellation)
    {
        switch (endpoint.Kind)
        {
            case DockerTransportKind.Pipe when !OperatingSystem.IsWindows():
                throw new IOException("only Windows has named pipes");

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
