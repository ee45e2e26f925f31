using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Storage;

/// <summary>The services that the storage tests run on: each test class runs once on the emulator and once on Ceph.</summary>
public enum StorageServer
{
    /// <summary>The embedded emulator, always there.</summary>
    Emulator,

    /// <summary>Ceph radosgw, where the environment names one.</summary>
    Ceph,

    /// <summary>moto, for what Ceph does not do; enforces nothing.</summary>
    Moto,
}

/// <summary>A bucket of its own for each test, removed with all in it afterwards.</summary>
/// <param name="server">Where to run.</param>
public abstract class StorageTest(StorageServer server) : IAsyncLifetime
{
    private static readonly Lazy<Task<LabEmulator>> Emulator = new(() => LabEmulator.StartAsync());

    private readonly string folder = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Session of an administrator, straight to the server.</summary>
    protected LabSession Session { get; private set; } = null!;

    protected StorageClient Client { get; private set; } = null!;

    protected BucketStore Buckets => new(Client);

    protected ObjectStore Objects => new(Client);

    protected ObjectContent Content => new(Client);

    protected string Bucket { get; } = "lab-" + Guid.NewGuid().ToString("N")[..12];

    /// <summary>A folder of this test's own.</summary>
    protected string Folder => folder;

    /// <summary>Base URL of the server.</summary>
    protected Uri ServerUrl => Session.Aws.Endpoint("S3")!;

    public virtual async ValueTask InitializeAsync()
    {
        Session = await ConnectAsync();
        Client = new StorageClient(Session);
        await Buckets.CreateAsync(Bucket, null, Token);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Client is not null)
        {
            Assert.Empty(await Buckets.RemoveAsync(Bucket, empty: true, CancellationToken.None));
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>A session like the test's, through another URL or with other keys.</summary>
    protected async Task<LabSession> ConnectAsync(Uri? url = null, AwsKeys? keys = null)
    {
        SessionOptions options;
        if (server == StorageServer.Ceph)
        {
            (Uri ceph, AwsKeys root) = TestServers.Ceph();
            options = new SessionOptions { EndpointUrl = ceph, Keys = root };
        }
        else if (server == StorageServer.Moto)
        {
            options = new SessionOptions { EndpointUrl = TestServers.Moto(), Keys = new AwsKeys("AKIDMOTO", "any") };
        }
        else
        {
            options = (await Emulator.Value).Info.GetSessionOptions();
        }

        return LabSession.Resolve(
            options with { EndpointUrl = url ?? options.EndpointUrl, Keys = keys ?? options.Keys }, "test", null, new LabEnvironment(_ => null, Folder));
    }

    /// <summary>Writes a small object.</summary>
    protected async Task PutAsync(string key, byte[] content, UploadOptions? options = null)
    {
        TransferEngine engine = new(Client);
        await using ObjectWriter writer = new(Client, engine, Bucket, key, options ?? new UploadOptions(), null, Token);
        await writer.WriteAsync(content);
        await writer.CompleteAsync();
    }

    protected Task PutAsync(string key, string content = "content") => PutAsync(key, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>Keys of all objects in the bucket.</summary>
    protected async Task<List<string>> KeysAsync()
    {
        List<string> keys = [];
        await foreach (object entry in Objects.ListAsync(new ObjectListing { Bucket = Bucket }, Token))
        {
            keys.Add(((LabObject)entry).Key);
        }

        return keys;
    }

    /// <summary>Unfinished uploads in the bucket.</summary>
    protected async Task<int> UnfinishedUploadsAsync() => (await Client.CallSdkAsync(
        Bucket, s3 => s3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Bucket }, Token), Token)).MultipartUploads?.Count ?? 0;

    /// <summary>A file with content that never repeats.</summary>
    protected string NewFile(string name, int size)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>All files below a folder, hidden ones too, relative to it.</summary>
    protected static string[] FilesIn(string path) => Directory.Exists(path)
        ? [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file)).Order(StringComparer.Ordinal)]
        : [];
}
