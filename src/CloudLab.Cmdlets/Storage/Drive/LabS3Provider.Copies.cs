using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <content>Copying, moving and renaming.</content>
public sealed partial class LabS3Provider
{
    /// <inheritdoc/>
    protected override void CopyItem(string path, string copyPath, bool recurse) => Copy(path, copyPath, recurse, move: false, overwrite: true);

    /// <inheritdoc/>
    protected override void MoveItem(string path, string destination) => Copy(path, destination, recurse: true, move: true, overwrite: Force);

    /// <inheritdoc/>
    protected override void RenameItem(string path, string newName)
    {
        if (newName.AsSpan().IndexOfAny('/', '\\') >= 0)
        {
            Refuse(path, "InvalidName", $"'{newName}' is a path: Rename-Item takes a name.", "Use Move-Item to move it to another folder.");
            return;
        }

        Copy(path, DrivePath.Here.Join(DrivePath.Here.Parent(path, null), newName), recurse: true, move: true, overwrite: false, rename: true);
    }

    private void Copy(string path, string toPath, bool recurse, bool move, bool overwrite, bool rename = false)
    {
        DriveLocation source = Parse(path), to = Parse(toPath);
        object? found = Find(path);
        if (found is null)
        {
            return;
        }

        if (source.Session != to.Session)
        {
            Refuse(
                path, "OtherService", $"{source} cannot be copied or moved to {to}: the two drives use different sessions, and a service copies only within itself.",
                "Use Receive-LabObject and then Send-LabObject, each with its own -Session.");
            return;
        }

        bool isFolder = IsContainer(found);
        if (isFolder && (source.Key is null || IsRoot(source)))
        {
            Refuse(path, "BucketNotCopied", $"{source}: a bucket, or the root of a drive, cannot be {(move ? "moved" : "copied")} as a whole.", "Name its contents: its path with /*.");
            return;
        }

        if (isFolder && !recurse)
        {
            Refuse(path, "FolderWithoutRecurse", $"{source} is a folder.", "Add -Recurse to copy its contents.");
            return;
        }

        // Into a folder that exists, or that the path says is one, under the same name; else under the name given.
        bool into = !rename && (to.IsFolder is true || IsContainer(Find(toPath)));
        string target = into ? DrivePath.Here.Join(toPath, DrivePath.Here.Of(NameOf(source))) : toPath;
        to = Parse(target) with { IsFolder = isFolder };
        if (to.Key is null || to.IsService)
        {
            Refuse(path, "NoKey", $"{to} cannot hold an object: there are only buckets.", "Name a bucket and a key in it.");
            return;
        }

        source = source with { IsFolder = isFolder };
        if (rename && isFolder && source != to && Find(target) is not null)
        {
            Refuse(path, "FolderAlreadyExists", $"{to} already exists: a folder cannot be renamed into another one.", "Choose another name, or use Move-Item to put it into that folder.");
            return;
        }

        if (source == to || (isFolder && source.Bucket == to.Bucket && to.Prefix.StartsWith(source.Prefix, StringComparison.Ordinal)))
        {
            Refuse(path, "IntoItself", $"{source} cannot be {(move ? "moved" : "copied")} to itself or to a place in itself.", "Name another destination.");
            return;
        }

        string action = rename ? "Rename" : move ? "Move" : "Copy";
        WildcardPattern? names = isFolder ? Names(Filter) : null;
        if (names is null && !ShouldChange(source, $"{source} to {to}", action))
        {
            return;
        }

        string each = Described(source, action);

        Change(path, async (store, pump, token) =>
        {
            object result;
            if (isFolder)
            {
                if (!await store.CopyTreeAsync(
                    source, to, move, overwrite,
                    names is null ? null : Selection(
                        names, pump, entry => $"{entry} to {ObjectName.Uri(to.Bucket, to.Prefix + entry.Key[source.Prefix.Length..])}", each),
                    failure => pump.Post(() => WriteError(ErrorMapper.ToRecord(failure, path))), token))
                {
                    return;
                }

                result = store.Origin.Mark(new LabPrefix { Bucket = to.Bucket, Prefix = to.Prefix });
            }
            else
            {
                result = await store.CopyAsync(source, to, move, overwrite, token);
            }

            await pump.PostOutputAsync(() => Write(result, target, isFolder), token);
        });
    }

    private static string NameOf(DriveLocation at) => at.Key![(at.Key!.LastIndexOf('/') + 1)..];
}
