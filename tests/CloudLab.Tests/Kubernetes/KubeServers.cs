using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Kubernetes;

/// <summary>The clusters that the Kubernetes tests run on: each test class runs once on the emulator and once on a real API server.</summary>
public enum KubeServer
{
    /// <summary>The embedded emulator, always there.</summary>
    Emulator,

    /// <summary>A real API server with its controllers, where the environment names one.</summary>
    Real,
}

/// <summary>A namespace of its own for each test, removed with all in it afterwards.</summary>
/// <param name="server">Where to run.</param>
public abstract class KubeTest(KubeServer server) : IAsyncLifetime
{
    private static readonly Lazy<Task<LabEmulator>> Emulator = new(() => LabEmulator.StartAsync());

    /// <summary>Where it runs.</summary>
    protected KubeServer Server => server;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A session whose namespace is the test's own.</summary>
    protected LabSession Session { get; private set; } = null!;

    protected KubernetesApi Api { get; private set; } = null!;

    protected string Namespace { get; } = "lab-" + Guid.NewGuid().ToString("N")[..10];

    /// <summary>A folder of this test's own.</summary>
    protected string Folder { get; } = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    public async ValueTask InitializeAsync()
    {
        SessionOptions options = server == KubeServer.Real
            ? new SessionOptions { KubeConfig = TestServers.Kubernetes() }
            : (await Emulator.Value).Info.GetSessionOptions();
        Session = LabSession.Resolve(options with { Namespace = Namespace }, "test", null, new LabEnvironment(_ => null, Folder));
        Api = KubernetesApi.For(Session.Kubernetes);
        (await RunAsync("Deploy-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {Namespace}}}}}\n" })).Ok();
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            await RunAsync("Remove-LabManifest", new { Manifest = $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {Namespace}}}}}\n", Force = true });
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Runs a cmdlet in the test's session.</summary>
    protected Task<CmdletResult> RunAsync(
        string name, object? parameters = null, IEnumerable<object?>? input = null, int? first = null, CancellationToken ctrlC = default,
        Action<string>? onVerbose = null) =>
        CmdletRunner.RunAsync(name, parameters, input, first, ctrlC, location: Folder, onVerbose: onVerbose, session: Session);

    /// <summary>The test's session by way of a relay that stands before the server.</summary>
    private protected LabSession Through(Uri relay)
    {
        string config = Write("through", File.ReadAllText(Session.Kubernetes.ConfigSetting.Value!).Replace(Api.Address, relay.AbsoluteUri.TrimEnd('/'), StringComparison.Ordinal));
        return LabSession.Resolve(new SessionOptions { KubeConfig = config, Namespace = Namespace }, "test", null, new LabEnvironment(_ => null, Folder));
    }

    /// <summary>An image that the cluster's nodes can start without pulling it: a kubelet has its pause image; where nothing is really run, any name will do.</summary>
    protected async Task<string> RunnableImageAsync() =>
        (await RunAsync("Get-LabResource", new { Kind = "nodes" })).Ok().OutputOf<LabResource>()
            .SelectMany(node => (node.Status?["images"] as System.Collections.IEnumerable ?? Array.Empty<object>()).OfType<System.Collections.IDictionary>())
            .SelectMany(image => (image["names"] as System.Collections.IEnumerable ?? Array.Empty<object>()).OfType<string>())
            .FirstOrDefault(name => name.Contains("/pause:", StringComparison.Ordinal)) ?? "web:1";

    /// <summary>Writes a manifest file.</summary>
    protected string Write(string name, string content)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
