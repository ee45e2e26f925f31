using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Containers.Engine;

/// <summary>What is sent with a request.</summary>
/// <param name="type">Its media type.</param>
/// <param name="length">Its length in bytes; null where only writing it tells.</param>
/// <param name="write">Writes it.</param>
internal sealed class EngineContent(string type, long? length, Func<Stream, CancellationToken, Task> write)
{
    private ExceptionDispatchInfo? failure;

    /// <summary>Length in bytes, or null.</summary>
    public long? Length => length;

    /// <summary>A JSON text.</summary>
    /// <param name="json">The JSON.</param>
    /// <returns>The content.</returns>
    public static EngineContent Of(JsonNode json)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
        return new EngineContent("application/json", bytes.Length, (stream, token) => stream.WriteAsync(bytes, token).AsTask());
    }

    /// <summary>A tar, written while it is sent.</summary>
    /// <param name="write">Writes it.</param>
    /// <returns>The content.</returns>
    public static EngineContent Tar(Func<Stream, CancellationToken, Task> write) => new("application/x-tar", null, write);

    /// <summary>Throws what went wrong while the content was made: HttpClient only says that something did.</summary>
    public void ThrowIfFailed() => failure?.Throw();

    /// <summary>The content as HttpClient sends it.</summary>
    /// <param name="clock">Hears of each piece that the engine takes.</param>
    /// <returns>The content.</returns>
    public EngineHttpContent ToHttp(EngineClock clock)
    {
        EngineHttpContent content = new(length, async (stream, token) =>
        {
            try
            {
                await write(length is null ? new TouchingStream(stream, clock) : stream, token);
            }
            catch (Exception e) when (e is not (OperationCanceledException or EngineGoneException))
            {
                failure = ExceptionDispatchInfo.Capture(e);
                throw;
            }
        });
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    /// <summary>Tells what goes wrong at the engine's side from what goes wrong where the content comes from.</summary>
    private sealed class EngineGoneException(IOException inner) : IOException(inner.Message, inner);

    private sealed class TouchingStream(Stream inner, EngineClock clock) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await inner.WriteAsync(buffer, cancellationToken);
                clock.Touch();
            }
            catch (IOException e)
            {
                throw new EngineGoneException(e);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();
    }
}

/// <summary>Content that is made while it is sent.</summary>
/// <param name="length">Its length in bytes, or null.</param>
/// <param name="write">Writes it.</param>
internal sealed class EngineHttpContent(long? length, Func<Stream, CancellationToken, Task> write) : HttpContent
{
    /// <summary>Whether the connection stands and sending has begun.</summary>
    public bool Begun { get; private set; }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begun = true;
        return write(stream, cancellationToken);
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }
}
