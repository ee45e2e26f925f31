using System.Collections;
using System.Management.Automation.Provider;
using System.Text;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>Reads an object for <c>Get-Content</c>, as it arrives: line by line, byte by byte, or as one value.</summary>
/// <param name="provider">Serves the pipeline while the reader waits.</param>
/// <param name="content">The service's content.</param>
/// <param name="path">Path of the object, for errors.</param>
/// <param name="at">The object.</param>
/// <param name="asked">What is asked for.</param>
/// <param name="pump">Runs the reading.</param>
internal sealed class DriveReader(
    LabS3Provider provider, ObjectContent content, string path, DriveLocation at, ReadParameters asked, WorkPump pump) : IContentReader
{
    private readonly Encoding encoding = EncodingName.ToEncoding(asked.Encoding);
    private IAsyncEnumerator<IList>? groups;
    private IList group = Array.Empty<object>();
    private int position;
    private bool ended;

    /// <inheritdoc/>
    public IList Read(long readCount)
    {
        List<object?> read = [];
        while (readCount <= 0 || read.Count < readCount)
        {
            if (position == group.Count && !Advance())
            {
                break;
            }

            read.Add(group[position++]);
        }

        return read.ToArray();
    }

    /// <inheritdoc/>
    public void Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An object is read from its beginning.");

    /// <inheritdoc/>
    public void Close()
    {
        ended = true;
        if (groups is { } open)
        {
            groups = null;
            pump.Stop();
            open.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private bool Advance()
    {
        while (!ended)
        {
            bool more = false;
            ended = !provider.Serve(pump, path, async token =>
            {
                groups ??= GroupsAsync(token).GetAsyncEnumerator(token);
                more = await groups.MoveNextAsync();
            });
            ended |= !more;
            if (more && groups!.Current.Count > 0)
            {
                (group, position) = (groups.Current, 0);
                return true;
            }
        }

        return false;
    }

    private async IAsyncEnumerable<IList> GroupsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        if (asked.Raw)
        {
            object whole = asked.AsByteStream
                ? await content.ReadBytesAsync(at.Bucket, at.Key!, ReadOptions.Default, cancellation)
                : await content.ReadTextAsync(at.Bucket, at.Key!, encoding, ReadOptions.Default, cancellation);
            if (whole is not "" and not byte[] { Length: 0 })
            {
                yield return new[] { whole };
            }
        }
        else if (asked.AsByteStream)
        {
            await foreach (byte[] chunk in content.ReadChunksAsync(at.Bucket, at.Key!, ReadOptions.Default, cancellation))
            {
                yield return chunk;
            }
        }
        else
        {
            await foreach (IReadOnlyList<string> lines in content.ReadLinesAsync(at.Bucket, at.Key!, encoding, ReadOptions.Default, cancellation))
            {
                yield return (IList)lines;
            }
        }
    }
}
