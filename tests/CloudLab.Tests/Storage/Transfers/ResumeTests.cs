using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Tests.Faults;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class ResumeOnEmulatorTests() : ResumeTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class ResumeOnCephTests() : ResumeTests(StorageServer.Ceph);

/// <summary>Large objects: in pieces side by side, proved, and taken up again where they broke off.</summary>
public abstract class ResumeTests(StorageServer server) : FaultyStorageTest(server)
{
    private const int Part = 8 * 1024 * 1024;
    private const int Size = (3 * Part) + 4321;

    private static readonly DownloadOptions Resume = new() { Resume = true };

    [Fact]
    public async Task A_stopped_upload_goes_on_and_sends_only_what_is_missing()
    {
        string path = NewFile("f", Size);
        UploadOptions options = new() { Resume = true };
        Proxy.Plan = request => IsPart(request, 3) ? new Fault(FaultKind.Status, 400) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty, 1).SendAsync(path, Bucket, "k", options, null, Token));
        Assert.Equal(1, await UnfinishedUploadsAsync());
        Assert.Empty(await KeysAsync());

        int before = Proxy.Seen.Count;
        Proxy.Plan = _ => Fault.None;
        LabTransfer sent = await new TransferEngine(Faulty).SendAsync(path, Bucket, "k", options, null, Token);
        ProxiedRequest[] again = [.. Proxy.Seen.Skip(before)];
        Assert.Equal(2, again.Count(request => request.Method == "PUT"));
        Assert.DoesNotContain(again, request => IsPart(request, 1) || IsPart(request, 2));
        Assert.Equal(Size, sent.Size);
        Assert.Equal(File.ReadAllBytes(path), await Content.ReadBytesAsync(Bucket, "k", ReadOptions.Default, Token));
        Assert.Equal(0, await UnfinishedUploadsAsync());
    }

    [Fact]
    public async Task A_resumed_upload_of_a_file_that_has_changed_sends_the_parts_that_differ()
    {
        string path = NewFile("f", Size);
        UploadOptions options = new() { Resume = true };
        Proxy.Plan = request => IsPart(request, 4) ? new Fault(FaultKind.Status, 400) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty, 1).SendAsync(path, Bucket, "k", options, null, Token));
        byte[] content = File.ReadAllBytes(path);
        content[Part + 7] ^= 1;
        File.WriteAllBytes(path, content);

        int before = Proxy.Seen.Count;
        Proxy.Plan = _ => Fault.None;
        await new TransferEngine(Faulty).SendAsync(path, Bucket, "k", options, null, Token);
        Assert.Equal(["2", "4"], Proxy.Seen.Skip(before).Where(request => request.Method == "PUT").Select(PartNumber).Order());
        Assert.Equal(content, await Content.ReadBytesAsync(Bucket, "k", ReadOptions.Default, Token));
    }

    [Fact]
    public async Task A_stopped_download_goes_on_and_asks_only_for_what_is_missing()
    {
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Plan = request => StartsAt(request, 2 * Part) ? new Fault(FaultKind.Status, 400) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty, 1).ReceiveAsync(Bucket, "k", copy, Resume, null, Token));
        Assert.False(File.Exists(copy));
        Assert.Equal(2, FilesIn(Path.Combine(Folder, "out")).Length);

        int before = Proxy.Seen.Count;
        Proxy.Plan = _ => Fault.None;
        await new TransferEngine(Faulty).ReceiveAsync(Bucket, "k", copy, Resume with { ExpectedSize = Size }, null, Token);
        ProxiedRequest[] again = [.. Proxy.Seen.Skip(before)];
        Assert.Equal(2, again.Count(request => request.Range is not null));
        Assert.DoesNotContain(again, request => StartsAt(request, 0) || StartsAt(request, Part));
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal(["f"], FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task What_a_stopped_download_left_is_proved_before_it_counts()
    {
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Plan = request => StartsAt(request, 3 * Part) ? new Fault(FaultKind.Status, 400) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty, 1).ReceiveAsync(Bucket, "k", copy, Resume, null, Token));
        string partial = Assert.Single(Directory.GetFiles(Path.Combine(Folder, "out"), ".cloudlab-*"), file => new FileInfo(file).Length > 1000);
        using (FileStream file = File.OpenWrite(partial))
        {
            file.Position = Part + 99;
            file.WriteByte(0x55);
            file.WriteByte(0xAA);
        }

        int before = Proxy.Seen.Count;
        Proxy.Plan = _ => Fault.None;
        await new TransferEngine(Faulty).ReceiveAsync(Bucket, "k", copy, Resume, null, Token);
        Assert.Contains(Proxy.Seen.Skip(before), request => StartsAt(request, Part));
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }

    [Fact]
    public async Task A_download_is_not_resumed_with_another_state_of_the_object()
    {
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Plan = request => StartsAt(request, 3 * Part) ? new Fault(FaultKind.Status, 400) : Fault.None;
        await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty, 1).ReceiveAsync(Bucket, "k", copy, Resume, null, Token));
        string other = NewFile("g", Size + 1);
        await new TransferEngine(Client).SendAsync(other, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Plan = _ => Fault.None;
        await new TransferEngine(Faulty).ReceiveAsync(Bucket, "k", copy, Resume, null, Token);
        Assert.Equal(File.ReadAllBytes(other), File.ReadAllBytes(copy));
    }

    [Fact]
    public async Task A_bit_that_flips_on_its_way_is_found_and_its_piece_alone_is_fetched_again()
    {
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Times(1, request => StartsAt(request, Part), new Fault(FaultKind.FlipAnswer, 12345));
        LabTransfer down = await new TransferEngine(Faulty).ReceiveAsync(Bucket, "k", copy, new DownloadOptions { ExpectedSize = Size }, null, Token);
        Assert.Equal("CRC32C", down.VerifiedBy);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal(2, Proxy.Seen.Count(request => StartsAt(request, Part)));
        Assert.Equal(1, Proxy.Seen.Count(request => StartsAt(request, 0)));
    }

    [Theory]
    [InlineData("FlipAnswer", LabErrorKind.Corrupted)]
    [InlineData("TruncateAnswer", LabErrorKind.ServiceFailed)]
    public async Task A_large_download_that_cannot_succeed_leaves_nothing(string kind, LabErrorKind expected)
    {
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions(), null, Token);
        Proxy.Plan = request => StartsAt(request, Part) || (kind == "TruncateAnswer" && request.Range is not null && !StartsAt(request, 0))
            ? new Fault(Enum.Parse<FaultKind>(kind))
            : Fault.None;
        LabException e = await Assert.ThrowsAsync<LabException>(() => new TransferEngine(Faulty).ReceiveAsync(
            Bucket, "k", copy, new DownloadOptions { ExpectedSize = Size }, null, Token));
        Assert.Equal(expected, e.Kind);
        Assert.Empty(FilesIn(Path.Combine(Folder, "out")));
    }

    [Fact]
    public async Task A_stream_of_unknown_length_becomes_one_object()
    {
        byte[] content = File.ReadAllBytes(NewFile("f", Size));
        using MemoryStream stream = new(content, writable: false);
        LabTransfer sent = await new TransferEngine(Client).SendAsync(new Unseekable(stream), Bucket, "k", new UploadOptions(), null, Token);
        Assert.Equal((Size, null), (sent.Size, sent.FullName));
        Assert.Equal(content, await Content.ReadBytesAsync(Bucket, "k", ReadOptions.Default, Token));
        LabObjectMetadata stored = await Objects.GetAsync(Bucket, "k", ReadOptions.Default, Token);
        Assert.Equal(("CRC32C", sent.VerifiedBy), (stored.ChecksumAlgorithm, "CRC32C"));
    }

    [Theory]
    [InlineData("CRC32", 1000)]
    [InlineData("CRC64NVME", 1000)]
    [InlineData("SHA1", 1000)]
    [InlineData("SHA256", 1000)]
    [InlineData("CRC32", Size)]
    [InlineData("CRC64NVME", Size)]
    [InlineData("SHA256", Size)]
    public async Task Every_checksum_that_S3_knows_goes_both_ways(string algorithm, int size)
    {
        string path = NewFile("f", size), copy = Path.Combine(Folder, "out", "f");
        LabTransfer up = await new TransferEngine(Client).SendAsync(path, Bucket, "k", new UploadOptions { ChecksumAlgorithm = algorithm }, null, Token);
        LabTransfer down = await new TransferEngine(Client).ReceiveAsync(Bucket, "k", copy, new DownloadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal(algorithm, up.VerifiedBy);

        // Of a SHA of parts the service keeps no checksum of the whole.
        Assert.Equal(algorithm == "SHA256" && size > Part ? "Size" : algorithm, down.VerifiedBy);
    }

    [Fact]
    public async Task A_customers_key_is_needed_to_read_and_is_never_shown()
    {
        EncryptionKey key = new([.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        string path = NewFile("f", Size), copy = Path.Combine(Folder, "out", "f");
        TransferEngine engine = new(Client);
        await engine.SendAsync(path, Bucket, "large", new UploadOptions { CustomerKey = key }, null, Token);
        await engine.SendAsync(NewFile("g", 100), Bucket, "small", new UploadOptions { CustomerKey = key }, null, Token);
        foreach (string name in new[] { "large", "small" })
        {
            LabException e = await Assert.ThrowsAsync<LabException>(() => engine.ReceiveAsync(Bucket, name, copy, new DownloadOptions(), null, Token));
            Assert.DoesNotContain("AAECAw", e.ToString(), StringComparison.Ordinal);
            await engine.ReceiveAsync(Bucket, name, copy, new DownloadOptions { Overwrite = true, Read = new ReadOptions { CustomerKey = key } }, null, Token);
        }

        await engine.ReceiveAsync(Bucket, "large", copy, new DownloadOptions { Overwrite = true, Read = new ReadOptions { CustomerKey = key } }, null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
        Assert.Equal("(secret hidden)", key.ToString());
    }

    private static bool IsPart(ProxiedRequest request, int number) => PartNumber(request) == number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? PartNumber(ProxiedRequest request) =>
        request.Target.Split("partNumber=").ElementAtOrDefault(1)?.Split('&')[0];

    private static bool StartsAt(ProxiedRequest request, long at) => request.Range?.StartsWith($"bytes={at}-", StringComparison.Ordinal) == true;

    private sealed class Unseekable(Stream inner) : ForwardStream
    {
        // Odd pieces, as a pipe gives them.
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer[..Math.Min(buffer.Length, 70_001)], cancellationToken);
    }
}
