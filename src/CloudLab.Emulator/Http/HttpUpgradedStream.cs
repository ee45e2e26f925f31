using CloudLab.Core.Common.Streams;

namespace CloudLab.Emulator.Http;

/// <summary>A connection after its upgrade to another protocol.</summary>
/// <param name="connection">The connection.</param>
internal sealed class HttpUpgradedStream(HttpConnection connection) : PassingStream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => connection.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.WriteAsync(buffer, cancellationToken);
}
