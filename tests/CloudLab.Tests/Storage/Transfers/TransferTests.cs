using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class TransfersOnEmulatorTests() : TransferTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class TransfersOnCephTests() : TransferTests(StorageServer.Ceph);

public abstract class TransferTests(StorageServer server) : StorageTest(server)
{
    private const int Part = 8 * 1024 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(Part)]
    [InlineData(Part + 1)]
    [InlineData((2 * Part) + 12345)]
    public async Task A_file_comes_back_as_it_went(int size)
    {
        string path = NewFile("in/file.json", size), copy = Path.Combine(Folder, "out", "file.json");
        TransferEngine engine = new(Client, 3);
        LabTransfer up = await engine.SendAsync(path, Bucket, "some/key", new UploadOptions(), null, Token);
        LabTransfer down = await engine.ReceiveAsync(Bucket, "some/key", copy, new DownloadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal((size, size), (up.Size, down.Size));
        Assert.Equal(("CRC32C", "CRC32C"), (up.VerifiedBy, down.VerifiedBy));
        Assert.Equal(up.ETag, down.ETag);
        LabObjectMetadata stored = await Objects.GetAsync(Bucket, "some/key", ReadOptions.Default, Token);
        Assert.Equal("application/json", stored.ContentType);
        Assert.Equal(stored.LastModified.UtcDateTime, File.GetLastWriteTimeUtc(copy), TimeSpan.FromSeconds(1));
        Assert.Equal(["file.json"], FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task A_pipe_that_nobody_writes_to_is_an_error_and_no_wait_for_ever()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files");
        string path = Path.Combine(Folder, "pipe");
        await ForeignProcess.OutputAsync(new("mkfifo", [path]));
        TransferEngine engine = new(Client, 3);

        LabException e = await Assert.ThrowsAsync<LabException>(() => engine.SendAsync(path, Bucket, "pipe", new UploadOptions(), null, Token));

        Assert.Equal(("FileNotReadable", path), (e.Code, e.Target));
    }

    [Fact]
    public async Task A_pipe_whose_writer_is_silent_can_be_given_up()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files");
        string path = Path.Combine(Folder, "pipe");
        await ForeignProcess.OutputAsync(new("mkfifo", [path]));
        using System.Diagnostics.Process silent = System.Diagnostics.Process.Start("sh", ["-c", "exec sleep 60 > \"$0\"", path]);
        using CancellationTokenSource enough = new(500);
        Task sending = new TransferEngine(Client, 3).SendAsync(path, Bucket, "pipe", new UploadOptions(), null, enough.Token);
        Assert.Same(sending, await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(20), Token)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        silent.Kill();
    }

    [Fact]
    public async Task Content_of_unknown_length_goes_in_parts()
    {
        byte[] piece = new byte[1_000_003];
        TransferEngine engine = new(Client, 1);
        await using (ObjectWriter writer = new(Client, engine, Bucket, "long", new UploadOptions(), null, Token))
        {
            for (byte i = 0; i < 20; i++)
            {
                piece.AsSpan().Fill(i);
                await writer.WriteAsync(piece);
            }

            await writer.CompleteAsync();
        }

        byte[] stored = await Content.ReadBytesAsync(Bucket, "long", ReadOptions.Default, Token);
        Assert.Equal(20 * piece.Length, stored.Length);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal((byte)i, stored[(i + 1) * piece.Length - 1]));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(Part + 1)]
    public async Task NoClobber_keeps_what_is_there(int size)
    {
        await PutAsync("k", "old");
        TransferEngine engine = new(Client);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.SendAsync(NewFile("new", size), Bucket, "k", new UploadOptions { NoClobber = true }, null, Token));
        Assert.Equal("ObjectAlreadyExists", e.Code);
        Assert.Equal(3, (await Objects.GetAsync(Bucket, "k", ReadOptions.Default, Token)).Size);
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_missing_file_and_an_upload_never_completed_leave_nothing()
    {
        TransferEngine engine = new(Client);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.SendAsync(Path.Combine(Folder, "none"), Bucket, "k", new UploadOptions(), null, Token));
        Assert.Equal("FileNotFound", e.Code);
        await using (ObjectWriter writer = new(Client, engine, Bucket, "k", new UploadOptions(), null, Token))
        {
            await writer.WriteAsync(new byte[Part + 1]);
        }

        Assert.Empty(await KeysAsync());
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_file_that_exists_stays_unless_overwritten()
    {
        await PutAsync("k", "new");
        string path = Path.Combine(Folder, "k");
        File.WriteAllText(path, "old");
        TransferEngine engine = new(Client);
        LabException e = await Assert.ThrowsAsync<LabException>(() => engine.ReceiveAsync(Bucket, "k", path, new DownloadOptions(), null, Token));
        Assert.Equal("FileAlreadyExists", e.Code);
        Assert.Equal("old", File.ReadAllText(path));
        await engine.ReceiveAsync(Bucket, "k", path, new DownloadOptions { Overwrite = true }, null, Token);
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(["k"], FilesIn(Folder));
    }

    [Fact]
    public async Task What_the_disk_refuses_is_told_and_leaves_nothing()
    {
        await PutAsync("k");
        File.WriteAllText(Path.Combine(Folder, "file"), "");
        TransferEngine engine = new(Client);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.ReceiveAsync(Bucket, "k", Path.Combine(Folder, "file", "k"), new DownloadOptions(), null, Token));
        Assert.Equal(LabErrorKind.WriteFailed, e.Kind);
        e = await Assert.ThrowsAsync<LabException>(() =>
            engine.ReceiveAsync(Bucket, "k", Path.Combine(Folder, new string('x', 300)), new DownloadOptions(), null, Token));
        Assert.Equal(LabErrorKind.WriteFailed, e.Kind);
        Assert.Equal(["file"], FilesIn(Folder));
    }

    [Fact]
    public async Task A_key_that_ends_in_a_slash_is_a_folder()
    {
        await PutAsync("folder/", []);
        await PutAsync("wrong/", "content");
        TransferEngine engine = new(Client);
        DownloadFolder folder = new(Folder);
        await engine.ReceiveAsync(Bucket, "folder/", folder.Claim(Bucket, "folder/", "folder/"), new DownloadOptions(), null, Token);
        Assert.True(Directory.Exists(Path.Combine(Folder, "folder")));
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.ReceiveAsync(Bucket, "wrong/", folder.Claim(Bucket, "wrong/", "wrong/"), new DownloadOptions(), null, Token));
        Assert.Equal("UnsafeKey", e.Code);
    }

    [Fact]
    public async Task What_does_not_tell_its_length_is_read_and_a_device_without_end_is_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev and /proc");
        LabException error = await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Client).SendAsync("/dev/zero", Bucket, "zero", new UploadOptions(), null, Token));
        Assert.Equal(("NotAFile", "'/dev/zero' is a device: only files can be uploaded."), (error.Code, error.Message));
        Assert.Equal(0, (await new TransferEngine(Client).SendAsync("/dev/null", Bucket, "null", new UploadOptions(), null, Token)).Size);
        error = await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Client).SendAsync("/proc/self/mem", Bucket, "memory", new UploadOptions(), null, Token));
        Assert.Equal(("FileReadFailed", "/proc/self/mem"), (error.Code, error.Target));
        Assert.DoesNotContain('\n', error.Message);
        Assert.True((await new TransferEngine(Client).SendAsync("/proc/version", Bucket, "version", new UploadOptions(), null, Token)).Size > 0);
    }

    [Fact]
    public async Task A_file_where_a_folder_has_to_be_is_named_so()
    {
        string file = Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(file, "x", Token);
        await new TransferEngine(Client).SendAsync(file, Bucket, "a/b", new UploadOptions(), null, Token);
        LabException error = await Assert.ThrowsAsync<LabException>(
            () => new TransferEngine(Client).ReceiveAsync(Bucket, "a/b", Path.Combine(file, "b"), new DownloadOptions(), null, Token));
        Assert.Equal("FileInTheWay", error.Code);
        Assert.Equal($"'{file}' is a file, and s3://{Bucket}/a/b needs a folder of that name.", error.Message);
    }

    [Fact]
    public async Task A_device_is_never_replaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a path of Unix");
        await PutAsync("k");
        LabException e = await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Client).ReceiveAsync(
            Bucket, "k", "/dev/null", new DownloadOptions { Overwrite = true }, null, Token));
        Assert.Equal("NotAFile", e.Code);
        Assert.Equal(0, new FileInfo("/dev/null").Length);
    }
}
