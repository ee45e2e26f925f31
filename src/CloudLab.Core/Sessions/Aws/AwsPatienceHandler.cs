using System.Net;
using System.Net.Http.Headers;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>
/// Gives up on a server that has fallen silent, before its answer or in the middle of it, and lets small bodies go
/// without asking first (Expect: 100-continue costs a round trip and confuses some servers).
/// </summary>
/// <param name="silence">How long nothing may arrive.</param>
/// <param name="inner">The handler that sends.</param>
internal sealed class AwsPatienceHandler(TimeSpan silence, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const long AskFirstFrom = 1024 * 1024;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if ((request.Content?.Headers.ContentLength ?? 0) < AskFirstFrom)
        {
            request.Headers.ExpectContinue = false;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(silence);
        if (request.Content is not null)
        {
            // A body that still moves, however slowly, is not silence.
            request.Content = new WatchedContent(request.Content, () => limit.CancelAfter(silence));
        }

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
        string message = $"No data was received for {silence.TotalSeconds:0.#} s.";
        return new IOException(message, new TimeoutException(message));
    }

    private abstract class WrappedContent : HttpContent
    {
        protected WrappedContent(HttpContent content)
        {
            Content = content;
            foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            }
        }

        protected HttpContent Content { get; }

        protected override bool TryComputeLength(out long length)
        {
            length = Content.Headers.ContentLength ?? 0;
            return Content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Content.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class WatchedContent(HttpContent content, Action moved) : WrappedContent(content)
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            Content.CopyToAsync(new WatchedStream(stream, moved), context, cancellationToken);
    }

    private sealed class PatientContent(HttpContent content, TimeSpan silence) : WrappedContent(content)
    {
        protected override async Task<Stream> CreateContentReadStreamAsync() =>
            new PatientStream(await Content.ReadAsStreamAsync(), silence);

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            CreateContentReadStreamAsync();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using Stream body = await CreateContentReadStreamAsync();
            await body.CopyToAsync(stream);
        }
    }

    private sealed class WatchedStream(Stream body, Action moved) : WriteOnlyStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await body.WriteAsync(buffer, cancellationToken);
            moved();
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

        public override void Flush() => body.Flush();
    }

    private sealed class PatientStream(Stream body, TimeSpan silence) : ForwardStream
    {
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
