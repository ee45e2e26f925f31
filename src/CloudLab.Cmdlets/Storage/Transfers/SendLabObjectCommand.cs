using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Uploads files and folders.</summary>
/// <remarks>
/// <para>A file's key is -Prefix followed by its name, or -Key. A folder named with -Path is uploaded with all its subfolders, and the
/// keys are the names relative to it; a folder that a wildcard matched or that comes from the pipeline keeps its own name before them. So
/// <c>Get-ChildItem site -Recurse | Send-LabObject -Bucket web</c> and <c>Send-LabObject -Bucket web -Path site</c> make the same keys.
/// A folder that comes from the pipeline together with files in it is not uploaded as a whole: only these files are, under the same keys in
/// any order. Therefore input from the pipeline is uploaded when the pipeline has ended; with -RelativeTo each file is uploaded as it arrives. -Include and -Exclude
/// select files; a folder's name in -Exclude leaves out everything in it. With -RelativeTo the keys are the names relative to that folder.</para>
/// <para>Several files are uploaded at once, large ones in parts. Every request carries a checksum, which is compared with what the
/// service stored. An object appears when it is complete, and replaces one with the same key unless -NoClobber is given. An upload that
/// fails or is stopped leaves nothing behind, unless -Resume is given: then the same command with -Resume continues it.</para>
/// <para>Errors: FileNotFound, FileAccessDenied, FileChanged for a file; BucketIsFirst for an s3:// name among the files;
/// ObjectAlreadyExists with -NoClobber; KeyTooLongError for a key of more than 1,024 bytes; DuplicateKey when two files of one command
/// would have the same key; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Uploads one file under a prefix.</para>
/// <code>Set-Content readme.txt 'About movies'; Send-LabObject -Bucket movies -Path readme.txt -Prefix docs/</code>
/// </example>
/// <example>
/// <para>Uploads a folder; the keys are site/ followed by the names relative to the folder.</para>
/// <code>$null = New-Item site/css/a.css -Force; Send-LabObject -Bucket movies -Path site -Prefix site/</code>
/// </example>
/// <example>
/// <para>Uploads the text files of this folder and shows which keys they got.</para>
/// <code>Get-ChildItem *.txt | Send-LabObject -Bucket movies -Prefix notes/ | Select-Object Key, Size</code>
/// </example>
/// <example>
/// <para>Uploads a folder without its .key files and without its folders named tmp.</para>
/// <code>$null = New-Item site/css/a.css, site/tmp/a.txt, site/my.key -Force; Send-LabObject -Bucket movies -Path site -Prefix site/ -Exclude *.key, tmp</code>
/// </example>
/// <example>
/// <para>Uploads a stream of unknown length.</para>
/// <code>$file = [IO.File]::OpenRead((Resolve-Path data/users.json)); Send-LabObject -Bucket movies -InputStream $file -Key copy.json; $file.Dispose()</code>
/// </example>
/// <inputtype>System.IO.FileInfo, System.IO.DirectoryInfo: anything with PSPath.</inputtype>
[Cmdlet(VerbsCommunications.Send, "LabObject", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(LabTransfer))]
public sealed class SendLabObjectCommand : UploadCommand
{
    private const string PathSet = "Path", LiteralSet = "LiteralPath", StreamSet = "Stream";

    private readonly HashSet<string> sentKeys = [];
    private readonly HashSet<string> sentFolders = [];

    private readonly ListedFolders listed = new(System.IO.Path.GetDirectoryName);

    // Files from the pipeline whose key is not known before the last folder has come.
    private readonly List<string> listedFiles = [];
    private readonly List<Item> items = [];
    private UploadOptions options = new();
    private Func<string, bool>? filter;

    /// <summary>Bucket to upload to.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Files and folders; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Path { get; set; }

    /// <summary>Files and folders, taken literally: for names with [ and ], and for the pipeline.</summary>
    [Parameter(ParameterSetName = LiteralSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "FullName", "LP")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralPath { get; set; }

    /// <summary>A stream to upload to its end, of any length: the output of a program, a response, a decompressed file. It is not closed.</summary>
    [Parameter(ParameterSetName = StreamSet, Mandatory = true)]
    [ValidateNotNull]
    public Stream? InputStream { get; set; }

    /// <summary>Key of the object, for one file or a stream.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [Parameter(ParameterSetName = StreamSet, Mandatory = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Key { get; set; }

    /// <summary>Prefix of the keys: <c>data/</c>. No slash is added.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Folder that the names in the keys are relative to. All files must be in it.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [ValidateNotNullOrEmpty]
    public string? RelativeTo { get; set; }

    /// <summary>Wildcards; only files whose name matches one are uploaded. A pattern with a slash is matched against the whole name below the folder, one without a slash against the part after the last slash.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; files whose name matches one, or that are in a folder whose name matches one, are not uploaded.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Continues an unfinished upload of the same key: its parts are compared and not sent again. If this upload fails, its parts are kept.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralSet)]
    public SwitchParameter Resume { get; set; }

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
    private protected override bool FollowsInput => false;

    /// <inheritdoc/>
    protected override string Activity => "Uploading to s3://" + Bucket;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        foreach (string path in Path ?? LiteralPath ?? [])
        {
            if (ObjectName.Parse(path) is var (bucket, rest))
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "BucketIsFirst",
                    $"'{path}' is not a file: the bucket comes first. Send-LabObject {PowerShellText.Quote(bucket)} {PowerShellText.Quote(Bucket)}{IObjectNames.Parameter(rest)}");
            }
        }

        try
        {
            BucketName.Validate(Bucket);
        }
        catch (LabException e)
        {
            // One error, not one for each of ten thousand files.
            throw e.Stopping();
        }

        if (Key is not null && (Prefix.Length > 0 || RelativeTo is not null))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "KeyAndPrefix", "-Key is the whole key: give either -Key, or -Prefix and -RelativeTo.");
        }

        RelativeTo = RelativeTo is null
            ? null
            : System.IO.Path.TrimEndingDirectorySeparator(FilePath.Of(this, RelativeTo)) + System.IO.Path.DirectorySeparatorChar;
        options = UploadOptions(NoClobber, IfMatch) with { Resume = Resume };
        filter = NameFilter.Of(Include, Exclude);
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        items.Clear();
        bool keepsName = ParameterSetName == LiteralSet && MyInvocation.ExpectingInput;
        foreach (string path in Path ?? LiteralPath ?? [])
        {
            try
            {
                if (ParameterSetName == LiteralSet)
                {
                    items.Add(new Item(FilePath.Of(this, path), keepsName));
                    continue;
                }

                bool wildcard = WildcardPattern.ContainsWildcardCharacters(path);
                int before = items.Count;
                foreach (string found in FilePath.Matching(this, path))
                {
                    items.Add(new Item(found, wildcard));
                }

                if (items.Count == before)
                {
                    throw new LabException(LabErrorKind.NotFound, "FileNotFound", $"Nothing matches '{path}'.") { Target = path };
                }
            }
            catch (Exception e) when (e is SessionStateException)
            {
                LabException missing = new(LabErrorKind.NotFound, "FileNotFound", $"'{path}' does not exist.", e)
                {
                    Target = path, Advice = IsFile(Bucket) ? $"The bucket comes first, then the files; '{Bucket}' is a file here." : null,
                };
                WriteProblem(missing, path);
            }
            catch (LabException e)
            {
                WriteProblem(e, path);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (InputStream is not null && await ShouldProcessAsync(ObjectName.Uri(Bucket, Key!), "Upload a stream"))
        {
            await WriteAsync(await Engine.SendAsync(InputStream, Bucket, Key!, options, Meter, cancellation), cancellation);
        }

        foreach (Item item in items)
        {
            bool isFolder = Directory.Exists(item.Path);
            if (IsListed)
            {
                await ListAsync(isFolder ? System.IO.Path.TrimEndingDirectorySeparator(item.Path) : item.Path, isFolder);
            }
            else if (isFolder)
            {
                await SendFolderAsync(item);
            }
            else if (sentFolders.Count > 0 && IsSent(item.Path))
            {
                Reporter.Verbose($"'{item.Path}' was already uploaded with its folder.");
            }
            else
            {
                await SendFileAsync(item.Path, System.IO.Path.GetFileName(item.Path));
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        foreach (string path in listedFiles)
        {
            // The key that it has where its folder is sent as a whole.
            string? top = listed.Top(path);
            await SendFileAsync(
                path,
                top is null ? System.IO.Path.GetFileName(path)
                    : System.IO.Path.GetRelativePath(System.IO.Path.GetDirectoryName(top) ?? top, path).Replace(System.IO.Path.DirectorySeparatorChar, '/'));
        }

        foreach ((string folder, bool isWhole) in listed.WithoutItems())
        {
            if (isWhole)
            {
                await SendFolderAsync(new Item(folder, true));
            }
            else if (LocalFiles.Under(folder, _ => { }).Any(file => !file.IsFolder))
            {
                Reporter.Warning(
                    $"'{folder}' is skipped: the listing in the pipeline contains files of other folders but none of this one. To upload all of it, name it with -Path.");
            }
        }
    }

    // No path of PowerShell's: the ARN of an access point would be one on a drive.
    private bool IsFile(string name) => System.IO.Path.Exists(System.IO.Path.Combine(SessionState.Path.CurrentFileSystemLocation.ProviderPath, name));

    private bool IsListed => ParameterSetName == LiteralSet && MyInvocation.ExpectingInput;

    /// <summary>Takes a file or folder of a listing.</summary>
    private async Task ListAsync(string path, bool isFolder)
    {
        if (isFolder)
        {
            listed.AddFolder(path);
            return;
        }

        listed.AddItem(path);
        if (Key is null && RelativeTo is null)
        {
            listedFiles.Add(path);
        }
        else
        {
            await SendFileAsync(path, System.IO.Path.GetFileName(path));
        }
    }

    private async Task SendFolderAsync(Item folder)
    {
        if (Key is not null)
        {
            WriteProblem(
                new LabException(LabErrorKind.InvalidData, "KeyForFolder", $"'{folder.Path}' is a folder: give -Prefix, not -Key.") { Target = folder.Path },
                folder.Path);
            return;
        }

        string root = System.IO.Path.TrimEndingDirectorySeparator(folder.Path);
        if (IsSent(root))
        {
            return;
        }

        sentFolders.Add(root);
        string own = folder.KeepsName ? System.IO.Path.GetFileName(root) + "/" : "";
        foreach (LocalFile file in LocalFiles.Under(root, problem => WriteProblem(problem, problem.Target)))
        {
            if (!file.IsFolder)
            {
                await SendFileAsync(file.Path, own + file.Name, file.Size);
            }
        }
    }

    // The size of one that was found in a folder; a file that is named itself is read, whatever it is.
    private async Task SendFileAsync(string path, string name, long? size = null)
    {
        string key;
        try
        {
            name = ToName(path, name);
            if (filter is not null && !filter(name))
            {
                return;
            }

            key = ToKey(path, name);
            if (size is { } found && LocalFiles.Refusal(path, found) is { } refusal)
            {
                throw refusal;
            }
        }
        catch (LabException e)
        {
            WriteProblem(e, path);
            return;
        }

        if (await ShouldProcessAsync(ObjectName.Uri(Bucket, key), $"Upload '{path}'"))
        {
            await StartAsync(path, async token =>
            {
                try
                {
                    await WriteAsync(await Engine.SendAsync(path, Bucket, key, options, Meter, token), token);
                }
                catch (LabException e) when (e.Code == "NoSuchBucket")
                {
                    throw e.Stopping();
                }
            });
        }
    }

    private string ToName(string path, string name) =>
        RelativeTo is null ? name
        : path.StartsWith(RelativeTo, StringComparison.Ordinal) ? path[RelativeTo.Length..].Replace(System.IO.Path.DirectorySeparatorChar, '/')
        : throw new LabException(
            LabErrorKind.InvalidData, "OutsideRelativeTo", $"'{path}' is not in '{RelativeTo}', the folder that -RelativeTo names.")
        {
            Target = path,
        };

    private string ToKey(string path, string name)
    {
        string key = Key ?? Prefix + name;
        return sentKeys.Add(key)
            ? key
            : throw new LabException(
                LabErrorKind.InvalidData, "DuplicateKey",
                $"'{path}' would have the key '{key}', to which this command has already uploaded another file: use -RelativeTo to keep the folders apart.")
            { Target = path };
    }

    private bool IsSent(string path)
    {
        for (string? folder = path; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (sentFolders.Contains(folder))
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Item(string Path, bool KeepsName);
}
