using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using Xunit;

namespace CloudLab.Tests.Storage.Wire;

/// <summary>Over TLS the body is not signed: the connection protects it, and the checksum still goes with it.</summary>
[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class TlsTests() : StorageTest(StorageServer.Ceph)
{
    [Theory]
    [InlineData(1000)]
    [InlineData((8 * 1024 * 1024) + 1)]
    public async Task A_server_with_an_authority_of_its_own_is_trusted_when_told(int size)
    {
        (Uri url, string bundle) = TestServers.CephTls();

        // By its number: radosgw takes a host name that it does not know for a bucket's.
        url = new UriBuilder(url) { Host = "127.0.0.1" }.Uri;
        LabSession session = LabSession.Resolve(new SessionOptions { EndpointUrl = url, CaBundle = bundle }, "test", Session);
        string path = NewFile("f", size), copy = Path.Combine(Folder, "copy");
        TransferEngine engine = new(new StorageClient(session));
        Assert.Equal("CRC32C", (await engine.SendAsync(path, Bucket, "k", new UploadOptions(), null, Token)).VerifiedBy);
        await engine.ReceiveAsync(Bucket, "k", copy, new DownloadOptions(), null, Token);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }

    [Fact]
    public async Task A_server_that_nobody_vouches_for_is_refused()
    {
        (Uri url, _) = TestServers.CephTls();
        LabSession session = LabSession.Resolve(new SessionOptions { EndpointUrl = url }, "test", Session);
        LabException e = await Assert.ThrowsAsync<LabException>(() =>
            new ObjectContent(new StorageClient(session)).ReadTextAsync(Bucket, "k", Encoding.UTF8, ReadOptions.Default, Token));
        Assert.Equal(("TlsFailed", true), (e.Code, e.StopsCommand));
    }
}
