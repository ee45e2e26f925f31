using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Wire;
using CloudLab.Tests.Faults;

namespace CloudLab.Tests.Storage;

/// <summary>A storage test with a proxy that misbehaves between one of its clients and the server.</summary>
/// <param name="server">Where to run.</param>
public abstract class FaultyStorageTest(StorageServer server) : StorageTest(server)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private protected FaultProxy Proxy { get; private set; } = null!;

    /// <summary>The service through the proxy.</summary>
    protected StorageClient Faulty { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Proxy = new FaultProxy(ServerUrl);
        LabSession session = await ConnectAsync(Proxy.Url);
        session.Aws.Silence = Silence;
        Faulty = new StorageClient(session);
    }

    public override async ValueTask DisposeAsync()
    {
        if (Proxy is not null)
        {
            await Proxy.DisposeAsync();
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
