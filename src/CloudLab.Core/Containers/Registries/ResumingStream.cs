using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Waiting;

namespace CloudLab.Core.Containers.Registries;

/// <summary>A download that goes on where its connection broke.</summary>
/// <param name="first">The content from <paramref name="position"/> on.</param>
/// <param name="position">Where it begins.</param>
/// <param name="open">Opens it again at a position.</param>
internal sealed class ResumingStream(Stream first, long position, Func<long, Task<Stream>> open) : ForwardStream
{
    private const int MostBreaks = 5;

    private Stream current = first;
    private int breaks;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(RegistryConnection.Patience);
            try
            {
                int count = await current.ReadAsync(buffer, limit.Token);
                position += count;
                breaks = count > 0 ? 0 : breaks;
                return count;
            }
            catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                if (++breaks > MostBreaks)
                {
                    throw new LabException(
                        LabErrorKind.ServiceFailed, "RegistryUnreachable",
                        $"The download broke off {MostBreaks} times at byte {position}: {e.Message.TrimEnd('.')}. Try again later.", e);
                }
            }

            await current.DisposeAsync();
            await Backoff.DelayAsync(breaks, cancellationToken);
            current = await open(position);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            current.Dispose();
        }

        base.Dispose(disposing);
    }
}
