using System.Management.Automation;
using System.Management.Automation.Provider;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>
/// S3 as a drive: <c>New-PSDrive -PSProvider LabS3 -Name s3 -Root movies</c>. Keys are shown up to the next slash, as folders and
/// files; about_LabS3 says what that can and cannot mean.
/// </summary>
[CmdletProvider(
    "LabS3", ProviderCapabilities.ShouldProcess | ProviderCapabilities.Filter | ProviderCapabilities.Include
        | ProviderCapabilities.Exclude | ProviderCapabilities.Credentials)]
public sealed partial class LabS3Provider : NavigationCmdletProvider
{
    // PowerShell calls from one thread, but stops from another.
    private volatile WorkPump? current;
    private (string Path, object? Found)? last;

    private DriveSessions Sessions => DriveSessions.Of(ProviderInfo);

    /// <inheritdoc/>
    protected override void StopProcessing() => current?.Stop();

    /// <inheritdoc/>
    protected override object NewDriveDynamicParameters() => new DriveParameters();

    /// <inheritdoc/>
    protected override PSDriveInfo? NewDrive(PSDriveInfo drive)
    {
        DriveParameters given = DynamicParameters as DriveParameters ?? new DriveParameters();
        string? name = null;
        try
        {
            LabSession basis = Sessions.Find(null);
            // PowerShell has made a provider path of a root that is a path on the drive where it stands.
            string? place = drive.Root.StartsWith('@') ? DrivePath.Parse(drive.Root).Session : null;
            LabSession? own = given.ToSession(drive.Credential, basis) ?? (place is null ? null : Sessions.Find(place));
            name = own is null ? null : Sessions.Add(drive.Name, own);
            string root = DrivePath.Here.Root(drive.Root, name);
            DriveLocation at = DrivePath.Parse(root);
            if (!at.IsService)
            {
                Run(drive.Root, (store, token) => CheckRootAsync(store, at, token), own ?? basis);
            }

            return new PSDriveInfo(drive.Name, drive.Provider, root, drive.Description, drive.Credential);
        }
        catch (Exception e)
        {
            if (name is not null)
            {
                Sessions.Remove(name);
            }

            if (e is LabException problem)
            {
                ThrowTerminatingError(ErrorMapper.ToRecord(problem, drive.Root));
            }

            throw;
        }
    }

    /// <inheritdoc/>
    protected override PSDriveInfo RemoveDrive(PSDriveInfo drive)
    {
        if (DrivePath.Parse(drive.Root).Session is { } name)
        {
            Sessions.Remove(name);
        }

        return drive;
    }

    /// <inheritdoc/>
    protected override string MakePath(string parent, string child)
    {
        if (parent.Length == 0 && PSDriveInfo is { } drive)
        {
            // s3://movies on a drive with all buckets: no bucket has an empty name, so the second slash means nothing.
            child = DrivePath.Parse(drive.Root).IsService ? child.TrimStart('/', '\\') : DrivePath.SpellBelow(child, drive.Name);
        }

        return DrivePath.Here.Join(parent, child);
    }

    /// <inheritdoc/>
    protected override string GetParentPath(string path, string root) => DrivePath.Here.Parent(path, root ?? PSDriveInfo?.Root);

    /// <inheritdoc/>
    protected override string GetChildName(string path) => DrivePath.Here.Name(path);

    /// <inheritdoc/>
    protected override bool IsValidPath(string path)
    {
        try
        {
            _ = DrivePath.Parse(path);
            return true;
        }
        catch (LabException)
        {
            return false;
        }
    }

    /// <summary>
    /// Lets wildcards at the end of a path filter the listing, which can then begin where they do.
    /// </summary>
    /// <inheritdoc/>
    protected override bool ConvertPath(string path, string filter, ref string updatedPath, ref string updatedFilter)
    {
        if (!string.IsNullOrEmpty(filter) || !WildcardPattern.ContainsWildcardCharacters(path) || path.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            return false;
        }

        (updatedPath, updatedFilter) = (path, path);
        return true;
    }

    private static async Task CheckRootAsync(DriveStore store, DriveLocation root, CancellationToken cancellation)
    {
        try
        {
            switch (root.Key is null ? null : await store.FindAsync(root, cancellation))
            {
                case LabPrefix:
                    // So its bucket is there too.
                    return;
                case LabObjectMetadata:
                    throw new LabException(LabErrorKind.InvalidData, "NotAFolder", $"{root} is an object: the root of a drive is a bucket or a folder.") { Target = root.ToString() };
            }

            // A folder need not exist yet.
            if (await store.Buckets.FindAsync(root.Bucket, cancellation) is null)
            {
                throw new LabException(LabErrorKind.NotFound, "NoSuchBucket", $"Bucket '{root.Bucket}' does not exist.") { Target = root.Bucket };
            }
        }
        catch (LabException e) when (e.Code == "NoSuchBucket")
        {
            throw e.Advising("Give -Root the name of a bucket, or nothing for all buckets; New-LabBucket creates one.");
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Some may only see what lies under a prefix of the bucket.
        }
    }

    private bool IsRoot(DriveLocation at) =>
        PSDriveInfo is { } drive && DrivePath.Parse(drive.Root) with { IsFolder = null } == at with { IsFolder = null };

    /// <summary>What a path names, looked up; several questions about one path in a row ask the service once.</summary>
    private object? Find(string path)
    {
        Exception? problem = TryFind(path, out object? found);
        if (problem is not null)
        {
            ThrowTerminatingError(ErrorMapper.ToRecord(problem, path));
        }

        return found;
    }

    private Exception? TryFind(string path, out object? found)
    {
        if (last is { } known && known.Path == path)
        {
            found = known.Found;
            return null;
        }

        object? answer = null;
        Exception? problem = Try(
            async (store, _, token) =>
            {
                DriveLocation at = DrivePath.Parse(path);
                try
                {
                    answer = IsRoot(at)
                        ? at.IsService ? PSDriveInfo
                            : at.IsBucket ? store.Origin.Mark(new LabBucket { Bucket = at.Bucket })
                            : store.Origin.Mark(new LabPrefix { Bucket = at.Bucket, Prefix = at.Prefix })
                        : at.IsService ? ProviderInfo
                        : await store.FindAsync(at, token);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.InvalidData)
                {
                    // What cannot be a name does not exist.
                }
            },
            path);
        found = answer;
        if (problem is null)
        {
            last = (path, found);
        }

        return problem;
    }

    private static bool IsContainer(object? found) => found is not (null or LabObject);

    /// <summary>The one path of a folder, however it was written.</summary>
    private static string PathOf(DriveLocation at) => DrivePath.Here.Of(at.Session, at.Bucket, at.Key);

    /// <summary>The path of an entry of a folder.</summary>
    private string PathOf(DriveLocation folder, DriveItem item) => DrivePath.Here.Join(PathOf(folder), NameOf(folder, item));

    private string NameOf(DriveLocation folder, DriveItem item) =>
        IsRoot(folder) ? DrivePath.SpellBelow(item.Path, PSDriveInfo.Name) : item.Path;

    private DriveLocation Parse(string path)
    {
        try
        {
            return DrivePath.Parse(path);
        }
        catch (LabException e)
        {
            ThrowTerminatingError(ErrorMapper.ToRecord(e, path));
            throw;
        }
    }

    /// <summary>Asks whether a change may be made; names the service where it is not that of the default session.</summary>
    private bool ShouldChange(DriveLocation at, string target, string action) => ShouldProcess(target, Described(at, action));

    private string Described(DriveLocation at, string action) =>
        EndpointName.Add(action, EndpointName.Of(Sessions.Find(at.Session)), EndpointName.Of(DefaultSession.Get()));

    /// <summary>Picks what -Filter takes of a tree, as the file system does: files of any folder by their names. Asks about each.</summary>
    /// <param name="names">The filter.</param>
    /// <param name="pump">Brings the question to the pipeline thread.</param>
    /// <param name="target">What the question calls an object.</param>
    /// <param name="action">What is done to it.</param>
    /// <returns>A choice among objects.</returns>
    private Func<LabObject, Task<bool>> Selection(WildcardPattern names, WorkPump pump, Func<LabObject, string> target, string action) =>
        async entry => !FolderView.IsMark(entry)
            && names.IsMatch(DrivePath.Spell(entry.Key[(entry.Key.LastIndexOf('/') + 1)..]))
            && await pump.AskAsync(() => ShouldProcess(target(entry), action));

    /// <summary>Runs work; what goes wrong ends the cmdlet's work on this path.</summary>
    private void Run(string path, Func<DriveStore, CancellationToken, Task> work, LabSession? session = null)
    {
        Exception? problem = Try((store, _, token) => work(store, token), path, session);
        if (problem is not null)
        {
            ThrowTerminatingError(ErrorMapper.ToRecord(problem, path));
        }
    }

    /// <summary>Runs work that changes something or writes entries; what goes wrong is an error of this path, and the others go on.</summary>
    private void Change(string path, Func<DriveStore, WorkPump, CancellationToken, Task> work)
    {
        last = null;
        switch (Try(work, path))
        {
            case null:
                break;
            case LabException { StopsCommand: true } problem:
                ThrowTerminatingError(ErrorMapper.ToRecord(problem, path));
                break;
            case { } problem:
                WriteError(ErrorMapper.ToRecord(problem, path));
                break;
        }
    }

    private WorkPump NewPump() => new(
        WriteVerbose, WriteWarning, message => Host.UI?.WriteWarningLine(message), WriteProgress,
        (caption, question) => UserPrompt.Ask(Host, caption, question));

    private Exception? Try(Func<DriveStore, WorkPump, CancellationToken, Task> work, string path, LabSession? session = null)
    {
        WorkPump pump = NewPump();
        current = pump;
        try
        {
            DriveStore store = Open(path, pump, session);
            Func<CancellationToken, Task> run = Completion.IsUnderWay()
                ? token => WithPatienceAsync(limited => work(store, pump, limited), token)
                : token => work(store, pump, token);
            return Ended(pump, pump.Run(run, Settle));
        }
        catch (LabException e)
        {
            return e;
        }
        finally
        {
            current = null;
        }
    }

    private static async Task WithPatienceAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Completion.Patience);
        try
        {
            await work(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // What has come so far is offered.
        }
    }

    private DriveStore Open(string path, WorkPump pump, LabSession? session = null)
    {
        session ??= Sessions.Find(DrivePath.Parse(path).Session);
        SessionOptions keys = AwsCommand.ToOptions(null, null, null, Credential);
        return new DriveStore(new StorageClient(LabSession.Resolve(keys, "parameter", session), pump.Reporter), pump.Reporter);
    }

    private static Exception? Ended(WorkPump pump, Task work)
    {
        if (work.IsCanceled || (pump.Stopping.IsCancellationRequested && work.IsFaulted))
        {
            throw new PipelineStoppedException();
        }

        return work.Exception?.GetBaseException();
    }

    private static void Settle(Task work)
    {
        try
        {
            work.Wait();
        }
        catch (AggregateException)
        {
            // What stopped the pipeline is already on its way to the user.
        }
    }

    /// <summary>Writes an entry with what PowerShell adds to a provider's items, and a name.</summary>
    private void Write(object item, string path, bool isContainer)
    {
        if (DynamicParameters is ChildParameters wanted && !wanted.Wants(isContainer))
        {
            return;
        }

        PSObject entry = new(item);
        entry.Properties.Add(new PSNoteProperty("Name", DrivePath.Here.Name(path)));
        entry.TypeNames.Insert(0, "LabS3.Item");
        WriteItemObject(entry, path, isContainer);
    }
}
