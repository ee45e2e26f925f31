using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class FaultsOnEmulatorTests() : FaultTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class FaultsOnCephTests() : FaultTests(StorageServer.Ceph);

/// <summary>A proxy that misbehaves stands between the client and the server: nothing is lost, half written or left over.</summary>
public abstract class FaultTests(StorageServer server) : FaultyStorageTest(server)
{
    private const int Part = 8 * 1024 * 1024;

    public static TheoryData<string, int> PassingFaults => new()
    {
        { "ResetAtOnce", 0 }, { "ResetInRequest", 1000 }, { "LoseAnswer", 0 }, { "Status", 500 }, { "Status", 503 },
        { "FlipRequest", 500 }, { "StallAtOnce", 0 }, { "Slow", 0 },
    };

    public static TheoryData<string, int> PassingDownloadFaults => new()
    {
        { "ResetAtOnce", 0 }, { "LoseAnswer", 0 }, { "Status", 500 }, { "Status", 503 }, { "FlipAnswer", 70_000 }, { "TruncateAnswer", 0 },
        { "TruncateAnswer", 100_000 }, { "ResetAnswer", 100_000 }, { "StallAnswer", 100_000 }, { "StallAtOnce", 0 }, { "Slow", 0 },
    };

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task A_fault_that_passes_does_not_harm_a_small_upload(string kind, int number)
    {
        string path = NewFile("f", 50_000);
        Proxy.Times(1, request => request.Method == "PUT", new Fault(Enum.Parse<FaultKind>(kind), number));
        TransferEngine engine = new(Faulty);
        await engine.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), await Content.ReadBytesAsync(Bucket, "k", ReadOptions.Default, Token));
    }

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task A_fault_that_passes_does_not_harm_an_upload_in_parts(string kind, int number)
    {
        string path = NewFile("f", (2 * Part) + 1000);
        Proxy.Times(1, request => request.Target.Contains("partNumber=2", StringComparison.Ordinal), new Fault(Enum.Parse<FaultKind>(kind), number));
        TransferEngine engine = new(Faulty, 2);
        await engine.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), await Content.ReadBytesAsync(Bucket, "k", ReadOptions.Default, Token));
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_file_that_changes_while_it_is_sent_is_not_stored()
    {
        string path = NewFile("f", 100_000);
        Proxy.Plan = request =>
        {
            if (request.Method != "PUT" || new FileInfo(path).Length > 100_000)
            {
                return Fault.None;
            }

            File.AppendAllText(path, "more");
            return new Fault(FaultKind.Status, 503);
        };
        LabException e = await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token));
        Assert.Equal(("FileChanged", path), (e.Code, e.Target));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task A_key_with_NUL_that_the_service_refuses_without_a_word_is_named()
    {
        Proxy.Plan = _ => new Fault(FaultKind.Status, 400);
        LabException e = await Assert.ThrowsAsync<LabException>(() => new ObjectStore(Faulty).GetAsync(Bucket, "a\0b", ReadOptions.Default, Token));
        Assert.Equal(("InvalidKey", 400), (e.Code, e.StatusCode));
        Assert.Contains("a\\u0000b: the service does not take a key with a NUL character", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_answer_to_the_last_request_of_an_upload_is_no_failure()
    {
        string path = NewFile("f", Part + 1000);
        Proxy.Times(1, request => request.Method == "POST" && request.Target.Contains("uploadId=", StringComparison.Ordinal), new Fault(FaultKind.LoseAnswer));
        TransferEngine engine = new(Faulty);
        LabTransfer sent = await engine.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Assert.Equal((await Objects.GetAsync(Bucket, "k", ReadOptions.Default, Token)).ETag, sent.ETag);
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Theory]
    [InlineData("ResetInRequest", 1000)]
    [InlineData("Status", 500)]
    [InlineData("FlipRequest", 5)]
    public async Task A_part_that_never_arrives_is_one_error_and_leaves_nothing(string kind, int number)
    {
        string path = NewFile("f", (3 * Part) + 1000);
        Proxy.Times(int.MaxValue, request => request.Target.Contains("partNumber=2", StringComparison.Ordinal), new Fault(Enum.Parse<FaultKind>(kind), number));
        TransferEngine engine = new(Faulty, 2);
        LabException e = await Assert.ThrowsAsync<LabException>(() => engine.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token));
        Assert.Equal($"s3://{Bucket}/k", e.Target);
        Assert.False(e.StopsCommand);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Empty(await KeysAsync());
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_body_that_is_changed_on_its_way_is_never_stored()
    {
        await PutAsync("k", "old");
        Proxy.Times(int.MaxValue, request => request.Method == "PUT", new Fault(FaultKind.FlipRequest, 7));
        TransferEngine engine = new(Faulty);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.SendAsync(NewFile("f", 5000), Bucket, "k", new UploadOptions(), null, Token));
        Assert.Equal(LabErrorKind.Corrupted, e.Kind);
        Assert.Equal("old", await Content.ReadTextAsync(Bucket, "k", Encoding.UTF8, ReadOptions.Default, Token));
    }

    [Theory]
    [MemberData(nameof(PassingDownloadFaults))]
    public async Task A_fault_that_passes_does_not_harm_a_download(string kind, int number)
    {
        string path = NewFile("f", 300_000), copy = Path.Combine(Folder, "out", "f");
        TransferEngine straight = new(Client);
        await straight.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Times(1, request => request.Method == "GET", new Fault(Enum.Parse<FaultKind>(kind), number));
        TransferEngine engine = new(Faulty);
        await engine.ReceiveAsync(Bucket, "k", copy, new DownloadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal(["f"], FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task A_download_goes_on_where_it_broke()
    {
        string path = NewFile("f", 300_000);
        TransferEngine straight = new(Client);
        await straight.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        int answers = 0;
        Proxy.Plan = request => request.Method == "GET" && ++answers <= 3 ? new Fault(FaultKind.TruncateAnswer, 60_000) : Fault.None;
        TransferEngine engine = new(Faulty);
        await engine.ReceiveAsync(Bucket, "k", Path.Combine(Folder, "out"), new DownloadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(Folder, "out")));
        Assert.Equal(4, Proxy.Seen.Count);
    }

    [Theory]
    [InlineData("FlipAnswer", 10, LabErrorKind.Corrupted)]
    [InlineData("TruncateAnswer", 0, LabErrorKind.ServiceFailed)]
    [InlineData("ResetAtOnce", 0, LabErrorKind.ConnectionFailed)]
    [InlineData("StallAtOnce", 0, LabErrorKind.Timeout)]
    public async Task A_download_that_cannot_succeed_is_one_error_and_leaves_what_was_there(string kind, int number, LabErrorKind expected)
    {
        await PutAsync("k", new byte[100_000]);
        string copy = Path.Combine(Folder, "out", "f");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.WriteAllText(copy, "old");
        Proxy.Plan = _ => new Fault(Enum.Parse<FaultKind>(kind), number);
        TransferEngine engine = new(Faulty);
        LabException e = await Assert.ThrowsAsync<LabException>(() => engine.ReceiveAsync(Bucket, "k", copy, new DownloadOptions { Overwrite = true }, null, Token));
        Assert.Equal(expected, e.Kind);
        Assert.Equal("old", File.ReadAllText(copy));
        Assert.Equal(["f"], FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task An_object_written_anew_while_it_is_read_is_not_mixed()
    {
        await PutAsync("k", new byte[200_000]);
        Proxy.Plan = request =>
        {
            if (Proxy.Seen.Count == 1)
            {
                return new Fault(FaultKind.TruncateAnswer, 100_000);
            }

            PutAsync("k", new byte[300_000]).GetAwaiter().GetResult();
            return Fault.None;
        };
        TransferEngine engine = new(Faulty);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            engine.ReceiveAsync(Bucket, "k", Path.Combine(Folder, "out", "k"), new DownloadOptions(), null, Token));
        Assert.Equal("ObjectChanged", e.Code);
        Assert.Empty(FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task Cancelling_an_upload_leaves_nothing()
    {
        using CancellationTokenSource ctrlC = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Proxy.Plan = request =>
        {
            if (request.Target.Contains("partNumber=2", StringComparison.Ordinal))
            {
                ctrlC.Cancel();
                return new Fault(FaultKind.StallAtOnce);
            }

            return Fault.None;
        };
        TransferEngine engine = new(Faulty, 2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            engine.SendAsync(NewFile("f", 3 * Part), Bucket, "k", new UploadOptions(), null, ctrlC.Token));
        Assert.Empty(await KeysAsync());
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task Cancelling_a_download_leaves_nothing()
    {
        await PutAsync("k", new byte[1_000_000]);
        using CancellationTokenSource ctrlC = CancellationTokenSource.CreateLinkedTokenSource(Token);
        string folder = Path.Combine(Folder, "out");
        Proxy.Plan = _ => new Fault(FaultKind.StallAnswer, 500_000);
        TransferEngine engine = new(Faulty);
        Task download = engine.ReceiveAsync(Bucket, "k", Path.Combine(folder, "k"), new DownloadOptions(), null, ctrlC.Token);
        while (FilesIn(folder).Length == 0 && !download.IsCompleted)
        {
            await Task.Delay(5, Token);
        }

        await ctrlC.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
        Assert.Empty(FilesIn(folder));
    }

    [Fact]
    public async Task Listing_and_deleting_survive_what_passes()
    {
        string[] keys = [.. Enumerable.Range(0, 9).Select(i => $"k{i}")];
        await Task.WhenAll(keys.Select(key => PutAsync(key)));
        int requests = 0;
        Proxy.Plan = _ => ++requests % 2 == 1 ? new Fault(requests % 4 == 1 ? FaultKind.Status : FaultKind.LoseAnswer, 503) : Fault.None;
        List<string> listed = [];
        await foreach (object entry in new ObjectStore(Faulty).ListAsync(new ObjectListing { Bucket = Bucket, PageSize = 4 }, Token))
        {
            listed.Add(((LabObject)entry).Key);
        }

        Assert.Equal(keys, listed);
        Assert.Empty(await new ObjectStore(Faulty).RemoveAsync(Bucket, keys, Token));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task A_listing_stops_asking_when_nobody_listens()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PutAsync($"k{i}")));
        await foreach (object entry in new ObjectStore(Faulty).ListAsync(new ObjectListing { Bucket = Bucket, PageSize = 2 }, Token))
        {
            break;
        }

        Assert.InRange(Proxy.Seen.Count, 1, 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_faults_lose_nothing_and_corrupt_nothing(int seed)
    {
        Random random = new(seed);
        Lock one = new();
        FaultKind[] kinds = [.. Enum.GetValues<FaultKind>().Where(kind => kind is not (FaultKind.StallAnswer or FaultKind.StallAtOnce))];
        Proxy.Plan = _ =>
        {
            lock (one)
            {
                return random.Next(4) > 0
                    ? Fault.None
                    : kinds[random.Next(kinds.Length)] is var kind && kind == FaultKind.Status
                        ? new Fault(kind, random.Next(2) == 0 ? 500 : 503)
                        : new Fault(kind, random.Next(100_000));
            }
        };
        string[] files = [.. Enumerable.Range(0, 12).Select(i => NewFile($"in/{i}", i == 0 ? Part + 5000 : random.Next(200_000)))];
        TransferEngine engine = new(Faulty, 4);
        await Task.WhenAll(files.Select(async file =>
        {
            string key = Path.GetFileName(file), copy = Path.Combine(Folder, "out", key);
            try
            {
                await engine.SendAsync(file, Bucket, key, new UploadOptions(), null, Token);
                await engine.ReceiveAsync(Bucket, key, copy, new DownloadOptions(), null, Token);
                Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(copy));
            }
            catch (LabException)
            {
                // Reported; then there is no file.
                Assert.False(File.Exists(copy));
            }
        }));
        Assert.DoesNotContain(FilesIn(Path.Combine(Folder, "out")), name => name.EndsWith(".part", StringComparison.Ordinal));
        foreach (string key in await KeysAsync())
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "in", key)), await Content.ReadBytesAsync(Bucket, key, ReadOptions.Default, Token));
        }
    }
}
