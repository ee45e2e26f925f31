using System.Net;
using System.Net.Http.Headers;

namespace CloudLab.Core.Sessions;

/// <summary>
/// Gives up on a server that has fallen silent, before its answer or in the middle of it, and lets small bodies go
/// without asking first (Expect: 100-continue costs a round trip and confuses some servers).
/// </summary>
/// <param name="silence">How long nothing may arrive.</param>
/// <param name="inner">The handler that sends.</param>
internal sealed class AwsPatienceHandler(TimeSpan silence, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const long AskFirstFrom = 1024 * 1024;

    // The slowest line that a body of known length is sent over before it counts as silence.
    private const double SlowestBytesPerSecond = 32 * 1024;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        long length = request.Content?.Headers.ContentLength ?? 0;
        if (length < AskFirstFrom)
        {
            request.Headers.ExpectContinue = false;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(silence + TimeSpan.FromSeconds(length / SlowestBytesPerSecond));
        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, limit.Token);
            answer.Content = new PatientContent(answer.Content, silence);
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Silent(silence);
        }
    }

    private static IOException Silent(TimeSpan silence)
    {
        string message = $"Nothing arrived for {silence.TotalSeconds:0.#} s.";
        return new IOException(message, new TimeoutException(message));
    }

    private sealed class PatientContent : HttpContent
    {
        private readonly HttpContent content;
        private readonly TimeSpan silence;

        public PatientContent(HttpContent content, TimeSpan silence)
        {
            this.content = content;
            this.silence = silence;
            foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            }
        }

        protected override async Task<Stream> CreateContentReadStreamAsync() =>
            new PatientStream(await content.ReadAsStreamAsync(), silence);

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            CreateContentReadStreamAsync();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using Stream body = await CreateContentReadStreamAsync();
            await body.CopyToAsync(stream);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Headers.ContentLength ?? 0;
            return content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class PatientStream(Stream body, TimeSpan silence) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(silence);
            try
            {
                return await body.ReadAsync(buffer, limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Silent(silence);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) =>
            ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                body.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
