using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Provider;
using System.Text;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>
/// Writes an object for <c>Set-Content</c> and <c>Add-Content</c>. The object appears, or is replaced, when the pipeline has
/// ended; one that is stopped leaves the old object as it was.
/// </summary>
/// <param name="provider">Serves the pipeline while the writer waits.</param>
/// <param name="store">The service.</param>
/// <param name="path">Path of the object, for errors.</param>
/// <param name="at">The object.</param>
/// <param name="asked">What is asked for.</param>
/// <param name="pump">Runs the writing.</param>
internal sealed class DriveWriter(
    LabS3Provider provider, DriveStore store, string path, DriveLocation at, WriteParameters asked, WorkPump pump) : IContentWriter
{
    // S3 cannot append: all that is there already is read and written again.
    private const long MostToAppendTo = 64 * 1024 * 1024;

    private readonly Encoding encoding = EncodingName.ToEncoding(asked.Encoding);
    private ObjectWriter? writer;
    private bool append, begun, closed;

    /// <inheritdoc/>
    public IList Write(IList content)
    {
        Serve(async token =>
        {
            await OpenAsync(token);
            await writer!.WriteAsync(ToBytes(content));
        });
        return content;
    }

    /// <inheritdoc/>
    public void Seek(long offset, SeekOrigin origin)
    {
        if (offset != 0 || origin == SeekOrigin.Current)
        {
            throw new NotSupportedException("An object is written from its beginning, or appended to.");
        }

        append = origin == SeekOrigin.End;
    }

    /// <inheritdoc/>
    public void Close()
    {
        if (closed)
        {
            return;
        }

        if (!IsAbandoned())
        {
            Serve(async token =>
            {
                await OpenAsync(token);
                await writer!.CompleteAsync();
            });
        }

        closed = true;
        // An upload that never completed is aborted.
        writer?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    // PowerShell closes a writer in the same way whether the pipeline has ended or broken. Only when it broke is it the
    // cmdlet's disposal that does so.
    private static bool IsAbandoned() => new StackTrace(false).GetFrames()
        .Select(frame => frame.GetMethod())
        .Any(method => method is { Name: nameof(IDisposable.Dispose), DeclaringType.Name: "ContentCommandBase" } && method.GetParameters().Length == 0);

    private void Serve(Func<CancellationToken, Task> work)
    {
        // After an error, which is reported once, nothing more is written.
        closed = closed || !provider.Serve(pump, path, work);
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        if (writer is not null)
        {
            return;
        }

        LabObjectMetadata? old = append ? await store.Objects.FindAsync(at.Bucket, at.Key!, ReadOptions.Default, cancellation) : null;
        if (old?.Size > MostToAppendTo)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "ObjectTooLarge",
                $"{at}: S3 cannot append, and {ProgressMeter.FormatBytes(old.Size)} is too much to write again.")
            {
                Target = at.ToString(), Advice = "Write a new object, or download this one, append to the file and upload it.",
            };
        }

        // What is appended to must still be what was read, and what was not there must not be there: the service decides.
        UploadOptions options = old is null ? new UploadOptions { NoClobber = append } : DriveStore.Again(old);
        writer = store.Write(at.Bucket, at.Key!, options, cancellation);
        if (old is not null)
        {
            await foreach (byte[] chunk in store.Content.ReadChunksAsync(at.Bucket, at.Key!, new ReadOptions { IfMatch = old.ETag }, cancellation))
            {
                await writer.WriteAsync(chunk);
            }

            begun = old.Size > 0;
        }
    }

    private byte[] ToBytes(IList content)
    {
        using MemoryStream bytes = new();
        foreach (object? item in content)
        {
            Add(bytes, item is PSObject wrapper ? wrapper.BaseObject : item);
        }

        return bytes.ToArray();
    }

    private void Add(MemoryStream bytes, object? item)
    {
        switch (item)
        {
            case object[] several:
                bytes.Write(ToBytes(several));
                break;
            case byte single when asked.AsByteStream:
                bytes.WriteByte(single);
                break;
            case byte[] many when asked.AsByteStream:
                bytes.Write(many);
                break;
            case var _ when asked.AsByteStream:
                throw new LabException(
                    LabErrorKind.InvalidData, "NotBytes", $"{at}: -AsByteStream takes bytes, and this is {item?.GetType().Name ?? "nothing"}.") { Target = item };
            default:
                if (!begun)
                {
                    bytes.Write(encoding.Preamble);
                    begun = true;
                }

                bytes.Write(encoding.GetBytes(LanguagePrimitives.ConvertTo<string>(item) ?? ""));
                if (!asked.NoNewline)
                {
                    bytes.Write(encoding.GetBytes("\n"));
                }

                break;
        }
    }
}
