using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Sync;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Sync;

[Trait("Area", "Storage")]
public sealed class SyncOnEmulatorTests() : SyncTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class SyncOnCephTests() : SyncTests(StorageServer.Ceph);

public abstract class SyncTests(StorageServer server) : StorageTest(server)
{
    // Names that sort differently as UTF-16 or without their slashes, or that need escaping.
    private static readonly string[] Names = ["a-b", "a.txt", "a/-", "a/b/c", "a/b/c.txt", "a0", "é ü", "\uffee", "😀", "+%2F", "_x"];

    private string Source => Path.Combine(Folder, "source");

    private string Back => Path.Combine(Folder, "back");

    private string Place => $"s3://{Bucket}/p";

    [Fact]
    public async Task A_folder_goes_into_a_bucket_and_back_and_then_nothing_is_left_to_do()
    {
        WriteNames();
        LabSyncAction[] up = await SyncAsync(Source, Place);
        Assert.Equal(Names.Order(KeyOrder.Instance), up.Select(action => action.Name).Order(KeyOrder.Instance));
        Assert.All(up, action => Assert.Equal((SyncAction.Upload, SyncReason.Missing, true), (action.Action, action.Reason, action.Done)));
        Assert.Equal(Names.Select(name => "p/" + name).Order(KeyOrder.Instance), await KeysAsync());
        Assert.Empty(await SyncAsync(Source, Place + "/"));

        LabSyncAction[] down = await SyncAsync(Place, Back);
        Assert.All(down, action => Assert.Equal((SyncAction.Download, SyncReason.Missing), (action.Action, action.Reason)));
        Assert.Equal(FilesIn(Source), FilesIn(Back));
        Assert.Empty(await SyncAsync(Place, Back));
        Assert.Empty(await SyncAsync(Back, Place));

        LabSyncAction[] copied = await SyncAsync(Place, $"s3://{Bucket}/q");
        Assert.All(copied, action => Assert.Equal((SyncAction.Copy, SyncReason.Missing), (action.Action, action.Reason)));
        Assert.Equal(Names.Length * 2, (await KeysAsync()).Count);
        Assert.Empty(await SyncAsync(Place, $"s3://{Bucket}/q"));
    }

    [Fact]
    public async Task Only_what_changed_is_transferred_and_Delete_removes_the_rest()
    {
        WriteNames();
        await SyncAsync(Source, Place);
        await PutAsync("p/a/extra");
        await PutAsync("other");
        Write("source/a0", 99);
        Touch("source/a.txt", 1);
        File.Delete(Path.Combine(Source, "a", "b", "c"));
        Assert.Equal(
            [("a.txt", SyncAction.Upload, SyncReason.SourceNewer), ("a0", SyncAction.Upload, SyncReason.SizeDiffers)],
            Told(await SyncAsync(Source, Place)));
        Touch("source/a.txt", -1);
        Assert.Equal(
            [("a/b/c", SyncAction.Delete, SyncReason.NotInSource), ("a/extra", SyncAction.Delete, SyncReason.NotInSource)],
            Told(await SyncAsync(Source, Place, new SyncRules { Delete = true })));
        Assert.Equal(
            Names.Where(name => name != "a/b/c").Select(name => "p/" + name).Append("other").Order(KeyOrder.Instance), await KeysAsync());
    }

    [Fact]
    public async Task Delete_removes_files_and_leaves_folders_and_what_is_excluded()
    {
        await PutAsync("p/a/x");
        foreach (string name in new[] { "a/x", "a/y", "b/z", "c.log", "b/.cloudlab-x.part" })
        {
            Write("back/" + name, 3);
        }

        SyncRules rules = new() { Delete = true, Filter = name => !name.EndsWith(".log", StringComparison.Ordinal) };
        Assert.Equal(
            [("a/x", SyncAction.Download, SyncReason.SizeDiffers), ("a/y", SyncAction.Delete, SyncReason.NotInSource), ("b/z", SyncAction.Delete, SyncReason.NotInSource)],
            Told(await SyncAsync(Place, Back, rules)));
        Assert.Equal(["a/x", "b/.cloudlab-x.part", "c.log"], FilesIn(Back));
        Assert.True(Directory.Exists(Path.Combine(Back, "b")));
    }

    [Fact]
    public async Task Checksums_tell_what_size_and_time_do_not()
    {
        Write("source/same", 1000);
        Write("source/edited", 1000);
        Write("source/large", (9 * 1024 * 1024) + 1);
        await SyncAsync(Source, Place);
        byte[] content = File.ReadAllBytes(Path.Combine(Source, "edited"));
        content[500] ^= 1;
        File.WriteAllBytes(Path.Combine(Source, "edited"), content);
        Touch("source/edited", -1);
        Touch("source/same", 1);
        Touch("source/large", 1);

        SyncRules rules = new() { Comparison = SyncComparison.Checksum };
        Assert.Equal([("edited", SyncAction.Upload, SyncReason.ContentDiffers)], Told(await SyncAsync(Source, Place, rules)));
        Assert.Empty(await SyncAsync(Source, Place, rules));
        await SyncAsync(Place, $"s3://{Bucket}/q");
        await PutAsync("q/same", new byte[1000]);
        Assert.Equal([("same", SyncAction.Copy, SyncReason.ContentDiffers)], Told(await SyncAsync(Place, $"s3://{Bucket}/q", rules)));
        Assert.Empty(await SyncAsync(Place, Source, rules));
    }

    [Fact]
    public async Task A_change_of_the_same_size_in_the_same_second_is_found()
    {
        // Up: the file was written in the second of its object, or by a clock that is a little slow.
        Write("source/f", 1000);
        await SyncAsync(Source, Place);
        DateTime stored = (await Objects.GetAsync(Bucket, "p/f", ReadOptions.Default, Token)).LastModified.UtcDateTime;
        Edit("source/f", stored.AddSeconds(-1));
        Assert.Equal([("f", SyncAction.Upload, SyncReason.ContentDiffers)], Told(await SyncAsync(Source, Place)));
        File.SetLastWriteTimeUtc(Path.Combine(Source, "f"), DateTime.UtcNow);
        Assert.Empty(await SyncAsync(Source, Place));

        // Down: the object has been written anew, and the file has its date or a later one.
        await SyncAsync(Place, Back);
        Assert.Empty(await SyncAsync(Place, Back));
        Edit("source/f", stored.AddHours(-1));
        await SyncAsync(Source, Place, new SyncRules { Comparison = SyncComparison.Checksum });
        stored = (await Objects.GetAsync(Bucket, "p/f", ReadOptions.Default, Token)).LastModified.UtcDateTime;
        File.SetLastWriteTimeUtc(Path.Combine(Back, "f"), stored);
        Assert.Equal([("f", SyncAction.Download, SyncReason.ContentDiffers)], Told(await SyncAsync(Place, Back)));
        Edit("back/f", stored.AddMinutes(1));
        Assert.Empty(await SyncAsync(Place, Back, new SyncRules { Update = true }));
        Assert.Equal([("f", SyncAction.Download, SyncReason.ContentDiffers)], Told(await SyncAsync(Place, Back)));

        // Within the service: the copy is later than its source, whatever is in it.
        await SyncAsync(Place, $"s3://{Bucket}/q");
        await PutAsync("q/f", new byte[1000]);
        Assert.Equal([("f", SyncAction.Copy, SyncReason.ContentDiffers)], Told(await SyncAsync(Place, $"s3://{Bucket}/q")));
        Assert.Empty(await SyncAsync(Place, $"s3://{Bucket}/q"));
    }

    [Fact]
    public async Task An_object_in_parts_without_a_checksum_is_compared_by_its_tag()
    {
        string file = Write("source/f", (5 * 1024 * 1024) + 1000);
        byte[] content = await File.ReadAllBytesAsync(file, Token);
        await Client.CallSdkAsync(
            Bucket,
            async s3 =>
            {
                string id = (await s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = Bucket, Key = "p/f" }, Token)).UploadId;
                List<PartETag> tags = [];
                foreach (byte[] part in new[] { content[..(5 * 1024 * 1024)], content[(5 * 1024 * 1024)..] })
                {
                    using MemoryStream body = new(part);
                    UploadPartResponse sent = await s3.UploadPartAsync(
                        new UploadPartRequest { BucketName = Bucket, Key = "p/f", UploadId = id, PartNumber = tags.Count + 1, InputStream = body }, Token);
                    tags.Add(new PartETag(tags.Count + 1, sent.ETag));
                }

                return await s3.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest { BucketName = Bucket, Key = "p/f", UploadId = id, PartETags = tags }, Token);
            },
            Token);
        LabObjectMetadata stored = await Objects.GetAsync(Bucket, "p/f", ReadOptions.Default, Token);
        Assert.EndsWith("-2", stored.ETag, StringComparison.Ordinal);
        File.SetLastWriteTimeUtc(file, stored.LastModified.UtcDateTime);
        Assert.Empty(await SyncAsync(Source, Place));
        Edit("source/f", stored.LastModified.UtcDateTime);
        Assert.Equal([("f", SyncAction.Download, SyncReason.ContentDiffers)], Told(await SyncAsync(Place, Source)));
        Assert.Equal(content, await File.ReadAllBytesAsync(file, Token));
        Assert.Empty(await SyncAsync(Place, Source));
    }

    [Fact]
    public async Task An_object_that_stands_for_a_folder_makes_one_and_is_then_in_step()
    {
        await PutAsync("p/", []);
        await PutAsync("p/empty/", []);
        await PutAsync("p/full/", []);
        await PutAsync("p/full/f");
        Assert.Equal(["empty/", "full/", "full/f"], (await SyncAsync(Place, Back)).Select(action => action.Name));
        Assert.True(Directory.Exists(Path.Combine(Back, "empty")));
        Assert.Empty(await SyncAsync(Place, Back));
        Assert.Empty(await SyncAsync(Back, Place, new SyncRules { Delete = true }));
        Assert.Equal(["empty/", "full/", "full/f"], (await SyncAsync(Place, $"s3://{Bucket}/q")).Select(action => action.Name));
    }

    [Fact]
    public async Task Each_key_that_names_no_file_is_a_problem_and_the_others_go_on()
    {
        foreach (string key in new[] { "p/../x", "p//y", "p/good", "p/a/./b" })
        {
            await PutAsync(key);
        }

        List<LabException> problems = [];
        Assert.Equal(["good"], (await SyncAsync(Place, Back, problem: problems.Add)).Select(action => action.Name));
        Assert.Equal(3, problems.Count);
        Assert.All(problems, e => Assert.Equal("UnsafeKey", e.Code));
        Assert.Equal(["good"], FilesIn(Back));

        // Within the service a key is a key.
        Assert.Equal(4, (await SyncAsync(Place, $"s3://{Bucket}/q")).Length);
    }

    [Fact]
    public async Task On_a_disk_that_ignores_case_no_name_is_taken_for_another()
    {
        await PutAsync("p/Read.me", "1");
        await PutAsync("p/read.ME", "2");
        await PutAsync("p/other");
        Write("back/OTHER", 3);
        Write("back/extra", 3);
        List<LabException> problems = [];
        LabSyncAction[] done = await SyncAsync(Place, Back, new SyncRules { Delete = true }, problem: problems.Add, ignoreCase: true);
        Assert.Equal("KeysCollide", Assert.Single(problems).Code);

        // OTHER and other would be one file there: it stays.
        Assert.Equal(["Read.me", "other", "extra"], done.Select(action => action.Name));
    }

    [Fact]
    public async Task An_empty_source_removes_nothing_unless_forced()
    {
        await PutAsync("p/a");
        Directory.CreateDirectory(Source);
        LabException e = await Assert.ThrowsAsync<LabException>(() => SyncAsync(Source, Place, new SyncRules { Delete = true }));
        Assert.Equal("SourceIsEmpty", e.Code);
        Assert.Equal(["p/a"], await KeysAsync());
        Assert.Single(await SyncAsync(Source, Place, new SyncRules { Delete = true }, force: true));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Nothing_is_removed_where_part_of_the_source_cannot_be_read()
    {
        foreach (string key in new[] { "p/a/f", "p/b", "p/extra" })
        {
            await PutAsync(key);
        }

        Write("source/a/f", 7);
        Write("source/b", 5);
        List<LabException> problems = [];

        // Its folder vanishes between the moment when it is seen and the one when it is read.
        SyncRules rules = new()
        {
            Delete = true,
            Filter = name =>
            {
                if (name == "a/" && Directory.Exists(Path.Combine(Source, "a")))
                {
                    Directory.Delete(Path.Combine(Source, "a"), recursive: true);
                }

                return true;
            },
        };
        Assert.Equal(["b"], (await SyncAsync(Source, Place, rules, problem: problems.Add)).Select(action => action.Name));
        Assert.Equal("FileNotFound", Assert.Single(problems).Code);
        Assert.Equal(["p/a/f", "p/b", "p/extra"], await KeysAsync());
    }

    [Fact]
    public async Task A_source_that_is_not_there_or_makes_no_sense_is_one_error()
    {
        await PutAsync("p/a");
        string file = Write("file", 1);
        (string Source, string Target, string Code)[] cases =
        [
            (Path.Combine(Folder, "none"), Place, "FileNotFound"), (file, Place, "NotAFolder"), (Place, file, "NotAFolder"),
            (Folder, Back, "NoBucket"), (Place, $"s3://{Bucket}/p/q", "SamePlace"), ($"s3://{Bucket}-none/x", Back, "NoSuchBucket"),
        ];
        foreach ((string source, string target, string code) in cases)
        {
            LabException e = await Assert.ThrowsAsync<LabException>(() => SyncAsync(source, target, new SyncRules { Delete = true }, force: true));
            Assert.Equal(code, e.Code);
        }

        Assert.Equal(["p/a"], await KeysAsync());
    }

    [Fact]
    public async Task A_listing_that_breaks_off_removes_nothing()
    {
        await using FaultProxy proxy = new(ServerUrl);
        Write("back/x", 5);
        for (int i = 0; i < 3; i++)
        {
            await PutAsync($"p/k{i}");
        }

        StorageClient faulty = new(await ConnectAsync(proxy.Url));
        proxy.Plan = request => request.Target.Contains("list-type=2", StringComparison.Ordinal) ? new Fault(FaultKind.Status, 500) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => SyncAsync(Place, Back, new SyncRules { Delete = true }, client: faulty));
        Assert.Equal(["x"], FilesIn(Back));
    }

    [Fact]
    public async Task Faults_that_pass_do_no_harm()
    {
        await using FaultProxy proxy = new(ServerUrl);
        WriteNames();
        StorageClient faulty = new(await ConnectAsync(proxy.Url));
        int requests = 0;
        proxy.Plan = _ => Interlocked.Increment(ref requests) % 3 == 0 ? new Fault(FaultKind.Status, 503) : Fault.None;
        Assert.Equal(Names.Length, (await SyncAsync(Source, Place, client: faulty)).Length);
        await PutAsync("p/extra");
        Assert.Equal(["extra"], (await SyncAsync(Source, Place, new SyncRules { Delete = true }, client: faulty)).Select(action => action.Name));
        Assert.Equal(Names.Length, (await SyncAsync(Place, Back, client: faulty)).Length);
        Assert.Equal(FilesIn(Source), FilesIn(Back));
    }

    private static IEnumerable<(string, SyncAction, SyncReason)> Told(IEnumerable<LabSyncAction> actions) =>
        actions.Select(action => (action.Name, action.Action, action.Reason));

    private void WriteNames()
    {
        foreach (string name in Names)
        {
            Write("source/" + name, name.Length * 10);
        }
    }

    // An hour ago: services keep whole seconds, so that what is sent in its first second looks newer than its object.
    private string Write(string name, int size)
    {
        string path = NewFile(name, size);
        Touch(name, -1);
        return path;
    }

    // The same size, another content.
    private void Edit(string name, DateTime written)
    {
        string path = Path.Combine(Folder, name);
        byte[] content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, written);
    }

    private void Touch(string name, int hours) => File.SetLastWriteTimeUtc(Path.Combine(Folder, name), DateTime.UtcNow.AddHours(hours));

    private async Task<LabSyncAction[]> SyncAsync(
        string source, string target, SyncRules? rules = null, bool force = false, Action<LabException>? problem = null, StorageClient? client = null,
        bool ignoreCase = false)
    {
        TransferEngine engine = new(client ?? Client, 4);
        SyncPlace from = SyncPlace.Parse(source, path => path), to = SyncPlace.Parse(target, path => path);
        using ObjectSync sync = ignoreCase
            ? new(client ?? Client, engine, from, to, rules ?? new SyncRules(), new UploadOptions(), new DownloadFolder(to.Folder, false, true) { HasDistinctNames = true })
            : new(client ?? Client, engine, from, to, rules ?? new SyncRules(), new UploadOptions());
        List<LabSyncAction> done = [];
        await foreach (SyncStep step in sync.PlanAsync(problem ?? (e => throw e), Token))
        {
            LabSyncAction action = await sync.ResolveAsync(step, Token);
            if (action.Action != SyncAction.Skip)
            {
                done.Add(await sync.TransferAsync(action, null, Token));
            }
        }

        LabSyncAction[] removals = [.. sync.Removals(force)];
        Assert.Empty(await sync.RemoveAsync(removals, Token));
        return [.. done, .. removals];
    }
}
