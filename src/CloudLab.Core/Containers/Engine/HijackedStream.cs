using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Core.Containers.Engine;

/// <summary>A connection that the engine has given over to a process in a container: its output comes, its input goes.</summary>
/// <param name="stream">What comes.</param>
/// <param name="halves">The connection.</param>
/// <param name="sender">What holds the connection.</param>
internal sealed class HijackedStream(EngineStream stream, HalfClosable halves, HttpMessageInvoker sender) : IDisposable
{
    /// <summary>What the process writes.</summary>
    public EngineStream Output => stream;

    /// <summary>Sends input.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>Done when they are sent.</returns>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes) => stream.RunAsync(async token =>
    {
        await stream.Body.WriteAsync(bytes, token);
        await stream.Body.FlushAsync(token);
    });

    /// <summary>Ends the input; output still comes.</summary>
    /// <returns>Done when it is sent.</returns>
    public Task CloseInputAsync() => stream.RunAsync(_ => halves.CloseWriteAsync());

    /// <inheritdoc/>
    public void Dispose()
    {
        stream.Dispose();
        sender.Dispose();
    }
}
