using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Downloads objects to files.</summary>
/// <remarks>
/// <para>-Destination is a folder, which is created if necessary; the slashes of a key become folders in it. Objects named by -Key or from the pipeline
/// keep their whole key as name, and so do the objects of a folder from the pipeline; if the pipeline has a folder as well as objects in it,
/// only these objects are downloaded. With -Prefix the name is the part after the last slash of the prefix, so that
/// <c>Send-LabObject -Path site -Prefix site/</c> and <c>Receive-LabObject -Prefix site/ -Destination site</c> are a round trip.
/// -OutFile sets the file name for one object. A key that ends in a slash creates a folder.</para>
/// <para>A key never leads outside the destination: one with .. or empty parts, an absolute path, a drive letter or a device name
/// of Windows, or one that would pass through a link, is an error, and the others continue. The same applies to two keys that the file system cannot
/// distinguish, and to a second version of an object in one command. A file appears under its name when it is complete, with the object's date, after its length and checksum have been
/// compared; an existing file is replaced only with -Force. Large objects are downloaded in pieces, several at once. An interrupted transfer is
/// continued where it stopped; with -Resume, so is a download that an earlier command left unfinished.</para>
/// <para>Errors: NoSuchKey, NoSuchBucket; FileAlreadyExists without -Force; UnsafeKey, LinkInTheWay, KeysCollide for keys that
/// cannot be stored; DuplicateFile when this command has already written a file of that name; ChecksumMismatch when the received data differs from what is stored; DiskFull, FileAccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Downloads everything under a prefix into a folder.</para>
/// <code>Receive-LabObject -Bucket movies -Prefix data/ -Destination data-copy -Force</code>
/// </example>
/// <example>
/// <para>Downloads one object to a file of another name.</para>
/// <code>Receive-LabObject -Bucket movies -Key data/users.json -OutFile people.json -Force</code>
/// </example>
/// <example>
/// <para>Downloads the objects of a listing, and reads a file.</para>
/// <code>Get-LabObject -Bucket movies -Include users.json | Receive-LabObject -Destination out -Force | Get-Content -TotalCount 3</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key.</inputtype>
[Cmdlet(VerbsCommunications.Receive, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabTransfer))]
public sealed class ReceiveLabObjectCommand : StorageCommand, IObjectNames
{
    private const string KeySet = "Key", FileSet = "OutFile", PrefixSet = "Prefix";

    // What came from the pipeline or by name, so that no file is written twice; a listing has each key once.
    private readonly HashSet<string> received = [];
    private readonly CommandTransfers transfers;
    private readonly ListedPrefixes listed;
    private DownloadFolder? folder;
    private DownloadOptions options = new();

    /// <summary>Creates the cmdlet.</summary>
    public ReceiveLabObjectCommand()
    {
        transfers = new CommandTransfers(Reporter, () => "Downloading to " + (OutFile ?? Destination));
        listed = new ListedPrefixes(
            Reporter, prefix => NameFilter.Of(Include, Exclude, prefix),
            (bucket, found, name, _) => ReceiveAsync(bucket, found.Key, name, options with { ExpectedSize = found.Size }));
    }

    /// <inheritdoc cref="ObjectCommand.Bucket"/>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <inheritdoc cref="CopyCommand.Key"/>
    [Parameter(ParameterSetName = KeySet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = FileSet, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <inheritdoc cref="GetLabObjectCommand.VersionId"/>
    [Parameter(ParameterSetName = KeySet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = FileSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId { get; set; }

    /// <summary>Downloads all objects whose key begins with this prefix.</summary>
    [Parameter(ParameterSetName = PrefixSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Folder to put the files in; the current one if omitted.</summary>
    [Parameter(ParameterSetName = KeySet, Position = 2)]
    [Parameter(ParameterSetName = PrefixSet, Position = 2)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = ".";

    /// <summary>File to save one object to, regardless of its key.</summary>
    [Parameter(ParameterSetName = FileSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Wildcards; only keys that match one are downloaded. A pattern with a slash is matched against the whole key, one without a slash against the part after the last slash.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; keys that match one, or are in a folder that matches one, are not downloaded.</summary>
    [Parameter(ParameterSetName = PrefixSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Replaces files that exist.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Continues an earlier download of the same object: its pieces are verified and not requested again. If this download fails, its pieces are kept.</summary>
    [Parameter]
    public SwitchParameter Resume { get; set; }

    /// <inheritdoc cref="GetLabObjectContentCommand.IfMatch"/>
    [Parameter(ParameterSetName = KeySet)]
    [Parameter(ParameterSetName = FileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfMatch { get; set; }

    /// <summary>Downloads only if the object's ETag differs; otherwise nothing is written, and -Verbose says so.</summary>
    [Parameter(ParameterSetName = KeySet)]
    [Parameter(ParameterSetName = FileSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? IfNoneMatch { get; set; }

    /// <inheritdoc cref="GetLabObjectCommand.CustomerKey"/>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CustomerKey { get; set; }

    /// <inheritdoc cref="UploadCommand.ThrottleLimit"/>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    bool IObjectNames.TakesKeys => ParameterSetName != PrefixSet;

    /// <inheritdoc/>
    string IObjectNames.SecondValueAdvice((string Bucket, string Key) name, string second) => name.Key.EndsWith('/')
        ? $"download the folder: Receive-LabObject {name.Bucket}{IObjectNames.Parameter(name.Key)} -Destination {PowerShellText.Quote(second)}"
        : $"name the file with -OutFile {PowerShellText.Quote(second)}, or its folder with -Destination {PowerShellText.Quote(second)}";

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        Destination = OutFile is null ? FilePath.Of(this, Destination) : Destination;
        OutFile = OutFile is null ? null : FilePath.Of(this, OutFile);
        if (OutFile is null && File.Exists(Path.TrimEndingDirectorySeparator(Destination)))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NotAFolder",
                $"-Destination is a folder, and '{Path.TrimEndingDirectorySeparator(Destination)}' is a file: name a folder, or the file of one object with -OutFile.");
        }

        options = new DownloadOptions
        {
            Overwrite = Force, Resume = Resume,
            Read = new ReadOptions { IfMatch = IfMatch, IfNoneMatch = IfNoneMatch, CustomerKey = Secrets.ToEncryptionKey(CustomerKey) },
        };
        folder = new DownloadFolder(Destination) { HasDistinctNames = ParameterSetName == PrefixSet && !MyInvocation.ExpectingInput };
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == PrefixSet)
        {
            await listed.TakeAsync(Client, Bucket, Prefix, IsPiped(nameof(Prefix)), cancellation);
            return;
        }

        if (OutFile is not null && Key.Length > 1)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "OneOutFile", "-OutFile accepts only one key: use -Destination for several.");
        }

        string? version = string.IsNullOrEmpty(VersionId) ? null : VersionId;
        RefuseOneVersionOfSeveral(version, Key);

        foreach (string key in Key)
        {
            if (IsPiped(nameof(Key)))
            {
                listed.AddObject(Client, Bucket, key);
            }

            await ReceiveAsync(Bucket, key, key, options with { Read = options.Read with { VersionId = version } });
        }
    }

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation) => listed.TakeWholeAsync(WithAsync, WriteProblem, cancellation);

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation)
    {
        transfers.Complete();
        return Task.CompletedTask;
    }

    private static string Named(string uri, string? version) => version is null ? uri : $"{uri} (version {version})";

    private async Task ReceiveAsync(string bucket, string key, string name, DownloadOptions how)
    {
        string uri = ObjectName.Uri(bucket, key), path;
        try
        {
            path = OutFile ?? folder!.Claim(bucket, key, name);
            if (!folder!.HasDistinctNames && !path.EndsWith(Path.DirectorySeparatorChar) && !received.Add(path))
            {
                throw new LabException(
                    LabErrorKind.InvalidData, "DuplicateFile", $"{Named(uri, how.Read.VersionId)} would be saved as '{path}', which this command has already written.")
                {
                    Target = uri, Advice = "Download each version, and each object with the same key, separately with -OutFile.",
                };
            }
        }
        catch (LabException e)
        {
            WriteProblem(e, uri);
            return;
        }

        if (await ShouldProcessAsync($"{uri} -> {path}", "Download"))
        {
            await StartAsync(uri, async token =>
            {
                try
                {
                    await WriteAsync(await transfers.EngineOf(Client, ThrottleLimit).ReceiveAsync(bucket, key, path, how, transfers.Meter, token), token);
                }
                catch (LabException e) when (e.Code == "NotModified")
                {
                    Reporter.Verbose($"{uri} still has the ETag {IfNoneMatch}: nothing to download.");
                }
            });
        }
    }
}
