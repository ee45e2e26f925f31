using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <content>Looking at, making and removing items.</content>
public sealed partial class LabS3Provider
{
    /// <inheritdoc/>
    protected override bool ItemExists(string path)
    {
        Exception? problem = TryFind(path, out object? found);
        if (problem is not null)
        {
            // Not thrown: PowerShell takes an exception here for a no, and nobody would hear of it.
            WriteError(ErrorMapper.ToRecord(problem, path));
        }

        return found is not null;
    }

    /// <inheritdoc/>
    protected override bool IsItemContainer(string path) => IsContainer(Find(path));

    /// <inheritdoc/>
    protected override void GetItem(string path)
    {
        if (Find(path) is { } found)
        {
            // A folder's path is the same with a slash at its end.
            Write(found, path.Length > 1 ? path.TrimEnd('/', '\\') : path, IsContainer(found));
        }
    }

    /// <inheritdoc/>
    protected override bool HasChildItems(string path)
    {
        bool has = false;
        if (IsContainer(Find(path)))
        {
            DriveLocation at = Parse(path);
            Run(path, async (store, token) => has = await store.HasChildrenAsync(at, token));
        }

        return has;
    }

    /// <inheritdoc/>
    protected override object GetChildItemsDynamicParameters(string path, bool recurse) => new ChildParameters();

    /// <inheritdoc/>
    protected override void GetChildItems(string path, bool recurse) => GetChildItems(path, recurse, uint.MaxValue);

    /// <inheritdoc/>
    protected override void GetChildItems(string path, bool recurse, uint depth)
    {
        if (!IsContainer(Find(path)))
        {
            GetItem(path);
            return;
        }

        WildcardPattern? names = Names(Filter);
        DriveLocation at = Parse(path);
        Change(path, async (store, pump, token) =>
        {
            IAsyncEnumerable<DriveItem> items = recurse
                ? store.TreeAsync(at, depth, token)
                : store.ChildrenAsync(at, Start(Filter), token);
            await foreach (DriveItem item in items)
            {
                if (names?.IsMatch(DrivePath.Here.Name(item.Path)) ?? true)
                {
                    await pump.PostOutputAsync(() => Write(item.Item, PathOf(at, item), item.IsContainer), token);
                }
            }
        });
    }

    /// <inheritdoc/>
    protected override void GetChildNames(string path, ReturnContainers returnContainers)
    {
        WildcardPattern? names = Names(Filter);
        DriveLocation at = Parse(path);
        bool allContainers = returnContainers == ReturnContainers.ReturnAllContainers;
        Change(path, async (store, pump, token) =>
        {
            await foreach (DriveItem item in store.ChildrenAsync(at, allContainers ? "" : Start(Filter), token))
            {
                if ((item.IsContainer && allContainers) || (names?.IsMatch(item.Path) ?? true))
                {
                    await pump.PostOutputAsync(
                        () => WriteItemObject(NameOf(at, item), PathOf(at, item), item.IsContainer), token);
                }
            }
        });
    }

    /// <inheritdoc/>
    protected override void NewItem(string path, string itemTypeName, object newItemValue)
    {
        bool? isFolder = itemTypeName?.ToUpperInvariant() switch
        {
            null or "" or "FILE" => false,
            "DIRECTORY" or "CONTAINER" or "FOLDER" or "BUCKET" => true,
            _ => null,
        };
        DriveLocation at = Parse(path);
        string target = (at with { IsFolder = isFolder is true && !at.IsBucket }).ToString();
        if (isFolder is null || at.IsService || (at.IsBucket && isFolder is false))
        {
            WriteError(ErrorMapper.ToRecord(
                new LabException(
                    LabErrorKind.InvalidData, "InvalidItemType",
                    at.Key is null
                        ? $"'{path}': only buckets can be created at this level: use -ItemType Directory."
                        : $"'{itemTypeName}' is not an item type of a LabS3 drive: use File or Directory.") { Target = path },
                path));
            return;
        }

        string action = at.IsBucket ? "Create bucket" : isFolder.Value ? "Create folder" : "Create object";
        if (!ShouldChange(at, target, action))
        {
            return;
        }

        bool overwrite = Force;
        byte[] text = System.Text.Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(newItemValue) ?? "");
        Change(path, async (store, pump, token) =>
        {
            object made = at.IsBucket ? await store.Buckets.CreateAsync(at.Bucket, null, token)
                : isFolder.Value ? await MakeFolderAsync(store, at, overwrite, token)
                : await store.WriteAsync(at.Bucket, at.Key!, text, DriveStore.Keeping(!overwrite), token);
            await pump.PostOutputAsync(() => Write(made, PathOf(at), isFolder.Value), token);
        });
    }

    /// <inheritdoc/>
    protected override void RemoveItem(string path, bool recurse)
    {
        object? found = Find(path);
        DriveLocation at = Parse(path);
        if (found is null)
        {
            return;
        }

        if (IsRoot(at) || at.IsService)
        {
            Refuse(path, "DriveRoot", $"{at}: the root of the drive cannot be removed.", "Remove its contents (Remove-Item with /*), or use Remove-LabBucket.");
            return;
        }

        string action = found switch { LabObject => "Remove object", LabBucket => "Remove bucket", _ => "Remove folder" };
        string target = (at with { IsFolder = found is LabPrefix }).ToString();
        WildcardPattern? names = recurse && found is not LabObject ? Names(Filter) : null;
        if (names is null && !ShouldChange(at, target, action))
        {
            return;
        }

        string each = Described(at, "Remove object");
        bool force = Force;
        Change(path, async (store, pump, token) =>
        {
            void Failed(LabException failure) => pump.Post(() => WriteError(ErrorMapper.ToRecord(failure, path)));
            switch (found)
            {
                case not LabObject when names is not null:
                    await store.RemoveTreeAsync(at, Selection(names, pump, entry => entry.ToString(), each), Failed, token);
                    break;
                case LabBucket when recurse && !force && await store.HasChildrenAsync(at, token):
                    throw NotEmpty(target, "Removing the bucket permanently deletes all versions of its objects: add -Force to do that.");
                case LabBucket:
                    foreach (LabException failure in await store.Buckets.RemoveAsync(at.Bucket, recurse && force, token))
                    {
                        Failed(failure);
                    }

                    break;
                case LabPrefix when recurse:
                    await store.RemoveTreeAsync(at, null, Failed, token);
                    break;
                case LabPrefix when await store.HasChildrenAsync(at, token):
                    throw NotEmpty(target, "Add -Recurse to remove every object under it.");
                default:
                    // Of a folder with nothing in it there is only its mark.
                    foreach (LabException failure in await store.Objects.RemoveAsync(at.Bucket, [found is LabPrefix ? at.Prefix : at.Key!], token))
                    {
                        Failed(failure);
                    }

                    break;
            }
        });
    }

    private static LabException NotEmpty(string target, string advice) =>
        new(LabErrorKind.Conflict, "FolderNotEmpty", $"{target} is not empty. {advice}") { Target = target, Advice = advice };

    private static WildcardPattern? Names(string? filter) =>
        string.IsNullOrEmpty(filter) ? null : new WildcardPattern(filter, WildcardOptions.IgnoreCase);

    // Wildcards mean letters of both cases and a service means one: a listing may begin with what is before the first letter.
    private static string Start(string? filter) => filter is null
        ? ""
        : string.Concat(filter.TakeWhile(c =>
            c is not ('*' or '?' or '[' or ']' or '`' or '\\' or DrivePath.Escape) && char.ToUpperInvariant(c) == char.ToLowerInvariant(c)
            && !char.IsSurrogate(c)));

    private static async Task<LabPrefix> MakeFolderAsync(DriveStore store, DriveLocation at, bool overwrite, CancellationToken cancellation)
    {
        if (!overwrite && await store.FindAsync(at with { IsFolder = true }, cancellation) is not null)
        {
            throw new LabException(LabErrorKind.AlreadyExists, "FolderAlreadyExists", $"{at with { IsFolder = true }} already exists.")
            {
                Target = at.ToString(),
            };
        }

        await store.WriteAsync(at.Bucket, at.Prefix, [], new UploadOptions { ContentType = "application/x-directory" }, cancellation);
        return store.Origin.Mark(new LabPrefix { Bucket = at.Bucket, Prefix = at.Prefix });
    }

    private void Refuse(string path, string code, string message, string advice) =>
        WriteError(ErrorMapper.ToRecord(new LabException(LabErrorKind.InvalidData, code, message) { Target = path, Advice = advice }, path));
}
