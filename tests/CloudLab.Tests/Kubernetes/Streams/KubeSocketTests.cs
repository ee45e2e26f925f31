using System.Net.WebSockets;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Kubernetes.Client;
using Xunit;

namespace CloudLab.Tests.Kubernetes.Streams;

[Trait("Area", "Kubernetes")]
public sealed class KubeSocketTests
{
    [Fact]
    public async Task What_is_being_sent_when_the_connection_is_ended_breaks_off()
    {
        FullStream wire = new();
        KubeSocket socket = new(WebSocket.CreateFromStream(wire, isServer: false, KubeSocket.Version5, TimeSpan.Zero));
        Task first = socket.SendAsync(0, new byte[] { 1 }, CancellationToken.None), second = socket.SendAsync(0, new byte[] { 2 }, CancellationToken.None);
        Assert.False(first.IsCompleted);
        socket.Dispose();
        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => second);
    }

    /// <summary>A connection whose other end takes nothing.</summary>
    private sealed class FullStream : PassingStream
    {
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(ended.Task);

        protected override void Dispose(bool disposing)
        {
            ended.TrySetException(new ObjectDisposedException(nameof(FullStream)));
            base.Dispose(disposing);
        }
    }
}
