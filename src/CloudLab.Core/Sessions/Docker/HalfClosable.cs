using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Docker;

/// <summary>A connection whose sending side can be ended while the other is still read.</summary>
internal sealed class HalfClosable
{
    private Stream? stream;

    /// <summary>Takes note of the connection.</summary>
    /// <param name="opened">What HTTP is spoken over.</param>
    /// <returns>The same.</returns>
    public Stream Opened(Stream opened) => stream = opened;

    /// <summary>Ends the sending side.</summary>
    /// <returns>Done when the other end can know it.</returns>
    public async Task CloseWriteAsync()
    {
        switch (stream)
        {
            case NetworkStream network:
                try
                {
                    network.Socket.Shutdown(SocketShutdown.Send);
                }
                catch (ObjectDisposedException e)
                {
                    throw new IOException("The connection has ended.", e);
                }

                break;
            case SslStream tls:
                await tls.ShutdownAsync();
                break;
            case DockerDialStream ssh:
                ssh.CloseWrite();
                break;
            case PipeStream:
                // The engine takes an empty message as the end, and .NET sends none.
                throw new LabException(
                    LabErrorKind.NotSupported, "DockerPipeInputUnsupported",
                    "Standard input cannot be ended over a Windows named pipe: name the engine by its TCP or ssh address with -DockerHost.");
            default:
                throw new InvalidOperationException("The connection is not open.");
        }
    }
}
