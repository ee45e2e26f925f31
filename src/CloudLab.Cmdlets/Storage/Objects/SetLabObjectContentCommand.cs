using System.Management.Automation;
using System.Text;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Transfers;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Writes an object from text or bytes.</summary>
/// <remarks>
/// <para>Works like Set-Content for files: each value of -Value or of the pipeline becomes a line, ended by a line feed on every
/// system; -NoNewline omits the line ends. Bytes and byte arrays are written unchanged. The content may be larger than memory:
/// it is sent in parts as it arrives. The object appears, or is replaced, when the pipeline has ended; a pipeline that is
/// stopped leaves the old object as it was.</para>
/// <para>In <c>cloudlab</c>, what standard input brings is stored byte for byte; with -Encoding or -NoNewline it is lines of text.</para>
/// <para>Errors: NoSuchBucket, AccessDenied; ObjectAlreadyExists with -NoClobber; KeyTooLongError for a key of more than 1,024 bytes.</para>
/// </remarks>
/// <example>
/// <para>Writes a small text.</para>
/// <code>Set-LabObjectContent -Bucket movies -Key notes/today.txt -Value 'Seen: Metropolis'</code>
/// </example>
/// <example>
/// <para>Writes objects as JSON and shows the resulting object.</para>
/// <code>Get-Process -Id $PID | Select-Object Id, ProcessName | ConvertTo-Json | Set-LabObjectContent -Bucket movies -Key notes/process.json -PassThru</code>
/// </example>
/// <example>
/// <para>Writes bytes.</para>
/// <code>Set-LabObjectContent -Bucket movies -Key notes/bytes.bin -Value ([byte[]](1, 2, 3)) -PassThru</code>
/// </example>
/// <inputtype>System.String, System.Byte, System.Byte[], or anything else, as text.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabObjectContent", SupportsShouldProcess = true)]
[OutputType(typeof(LabObject))]
public sealed class SetLabObjectContentCommand : UploadCommand, IObjectNames
{
    private ObjectWriter? writer;
    private Encoding encoding = System.Text.Encoding.UTF8;
    private bool begun;

    /// <summary>Bucket of the object; or its whole name, <c>s3://bucket/key</c>, in place of -Bucket and -Key.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Key of the object.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string Key { get; set; } = "";

    /// <summary>Text, bytes or byte arrays; several values are written one after another.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [InputAsWritten(Bytes = true, LinesWith = [nameof(Encoding), nameof(NoNewline)])]
    public object?[]? Value { get; set; }

    /// <summary>Encoding of text: utf8 (the default, without byte order mark), utf8BOM, unicode, bigendianunicode, utf32, ascii, latin1.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Encoding { get; set; } = "utf8";

    /// <summary>Does not write a line feed after the values.</summary>
    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    /// <summary>Writes the resulting object.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc cref="CopyCommand.NoClobber"/>
    [Parameter]
    [Alias("IfNoneMatch")]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc cref="CopyCommand.IfMatch"/>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfMatch { get; set; }

    /// <inheritdoc/>
    string[] IObjectNames.Key
    {
        get => Key.Length > 0 ? [Key] : [];
        set => Key = value[0];
    }

    /// <inheritdoc/>
    private protected override bool FollowsInput => false;

    /// <inheritdoc/>
    protected override string Activity => "Writing " + ObjectName.Uri(Bucket, Key);

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        ((IObjectNames)this).Split(stops: true);
        encoding = EncodingName.ToEncoding(Encoding);
    }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellation)
    {
        UploadOptions options = UploadOptions(NoClobber, IfMatch);
        if (await ShouldProcessAsync(ObjectName.Uri(Bucket, Key), "Write content"))
        {
            writer = new ObjectWriter(Client, Engine, Bucket, Key, options, Meter, cancellation);
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (writer is null)
        {
            return;
        }

        // A byte array arrives as an array of single bytes.
        List<byte> bytes = [];
        foreach (object? given in Value ?? [])
        {
            object? value = given is PSObject wrapper ? wrapper.BaseObject : given;
            if (value is byte single)
            {
                bytes.Add(single);
                continue;
            }

            await AddBytesAsync(bytes);

            // What an object without a type of its own is in words, its wrapper alone knows.
            await AddAsync(value is byte[] or string ? value : given);
        }

        await AddBytesAsync(bytes);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (writer is null)
        {
            return;
        }

        LabObject written = await writer.CompleteAsync();
        if (PassThru)
        {
            await WriteAsync(written, cancellation);
        }

        await base.EndAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // An upload that never completed is aborted.
            writer?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private async Task AddBytesAsync(List<byte> bytes)
    {
        if (bytes.Count > 0)
        {
            begun = true;
            await writer!.WriteAsync(bytes.ToArray());
            bytes.Clear();
        }
    }

    private async Task AddAsync(object? value)
    {
        switch (value)
        {
            case byte[] bytes:
                await writer!.WriteAsync(bytes);
                break;
            default:
                if (!begun && encoding.Preamble.Length > 0)
                {
                    await writer!.WriteAsync(encoding.GetPreamble());
                }

                string text = value as string ?? LanguagePrimitives.ConvertTo<string>(value) ?? "";
                await writer!.WriteAsync(encoding.GetBytes(NoNewline ? text : text + "\n"));
                break;
        }

        begun = true;
    }
}
