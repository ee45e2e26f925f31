using System.Collections;
using System.Management.Automation;
using System.Security;
using System.Text;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Reads the content of objects: line by line, as one text, or as bytes.</summary>
/// <remarks>
/// <para>Works like Get-Content for files. Lines are written as they arrive, and reading stops when the pipeline needs no more. An
/// interrupted transfer is continued where it stopped; at the end, length and checksum are compared with those that the service stores.</para>
/// <para>Errors: NoSuchKey, NoSuchBucket, AccessDenied; ChecksumMismatch after the content when it differs from what is stored;
/// ObjectChanged when the object is changed in the meantime; InvalidRange when the object ends before -Range begins; InvalidJson with
/// -AsHashtable. For a range only the length is checked, because the service stores checksums of whole objects only.</para>
/// </remarks>
/// <example>
/// <para>The first three lines of an object.</para>
/// <code>Get-LabObjectContent -Bucket movies -Key data/users.json -First 3</code>
/// </example>
/// <example>
/// <para>Reads JSON into objects.</para>
/// <code>Get-LabObjectContent -Bucket movies -Key data/users.json -Raw | ConvertFrom-Json | Select-Object -First 3</code>
/// </example>
/// <example>
/// <para>Reads JSON into hashtables.</para>
/// <code>(Get-LabObjectContent -Bucket movies -Key data/users.json -AsHashtable)[0].name</code>
/// </example>
/// <example>
/// <para>The last hundred bytes of an object; only these are requested.</para>
/// <code>Get-LabObjectContent -Bucket movies -Key data/movies.json -Range -100 -Raw</code>
/// </example>
/// <example>
/// <para>The first bytes of an object.</para>
/// <code>Get-LabObjectContent -Bucket movies -Key data/users.json -AsByteStream | Select-Object -First 8</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabObjectContent")]
[OutputType(typeof(string), typeof(byte), typeof(byte[]), typeof(Hashtable))]
public sealed class GetLabObjectContentCommand : ObjectCommand
{
    private Encoding encoding = System.Text.Encoding.UTF8;
    private ReadOptions options = ReadOptions.Default;

    /// <summary>Only these bytes, counted from 0: <c>0-99</c>, <c>100-</c> (to the end), <c>-100</c> (the last hundred).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Range { get; set; }

    /// <summary>Parses the content as JSON and writes hashtables, arrays and values.</summary>
    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    /// <summary>Reads only if the object has this ETag; otherwise the error is PreconditionFailed.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfMatch { get; set; }

    /// <inheritdoc cref="GetLabObjectCommand.CustomerKey"/>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CustomerKey { get; set; }

    /// <summary>Writes the whole content as one value: a string, or with -AsByteStream a byte array.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>Writes bytes, not text.</summary>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Number of lines (with -AsByteStream: bytes) to read of each object.</summary>
    [Parameter]
    [Alias("First", "Head")]
    [ValidateRange(0, long.MaxValue)]
    public long TotalCount { get; set; } = long.MaxValue;

    /// <summary>Encoding of the text: utf8 (the default), utf8BOM, unicode, bigendianunicode, utf32, ascii, latin1. A byte order mark overrides it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Encoding { get; set; } = "utf8";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        encoding = EncodingName.ToEncoding(Encoding);
        options = new ReadOptions
        {
            Range = Range is null ? null : ByteRange.Parse(Range), IfMatch = IfMatch, CustomerKey = Secrets.ToEncryptionKey(CustomerKey),
        };
        if (AsHashtable && (Raw || AsByteStream || TotalCount != long.MaxValue))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "AsHashtableAlone", "-AsHashtable reads the whole content as JSON: omit -Raw, -AsByteStream and -TotalCount.");
        }

        if (Raw && TotalCount != long.MaxValue)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "RawAndTotalCount", "-Raw returns the whole content: omit -TotalCount.");
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ObjectContent content = new(Client);
        RefuseOneVersionOfSeveral(VersionId, Key);

        foreach (string key in Key)
        {
            try
            {
                await ReadAsync(content, key, options with { VersionId = VersionId }, cancellation);
            }
            catch (Exception e)
            {
                WriteProblem(e, ObjectName.Uri(Bucket, key));
            }
        }
    }

    private async Task ReadAsync(ObjectContent content, string key, ReadOptions read, CancellationToken cancellation)
    {
        if (AsHashtable)
        {
            await WriteAsync(JsonValue.Parse(await content.ReadTextAsync(Bucket, key, encoding, read, cancellation), ObjectName.Uri(Bucket, key)), cancellation);
        }
        else if (Raw)
        {
            await WriteAsync(
                AsByteStream
                    ? await content.ReadBytesAsync(Bucket, key, read, cancellation)
                    : await content.ReadTextAsync(Bucket, key, encoding, read, cancellation),
                cancellation);
        }
        else if (AsByteStream)
        {
            await WriteSomeAsync(content.ReadChunksAsync(Bucket, key, read, cancellation), cancellation);
        }
        else
        {
            await WriteSomeAsync(content.ReadLinesAsync(Bucket, key, encoding, read, cancellation), cancellation);
        }
    }

    private async Task WriteSomeAsync<T>(IAsyncEnumerable<IReadOnlyList<T>> groups, CancellationToken cancellation)
    {
        long left = TotalCount;
        if (left == 0)
        {
            return;
        }

        await foreach (IReadOnlyList<T> group in groups)
        {
            await WriteManyAsync(group.Count <= left ? group : group.Take((int)left), cancellation);
            left -= group.Count;
            if (left <= 0)
            {
                break;
            }
        }
    }
}
