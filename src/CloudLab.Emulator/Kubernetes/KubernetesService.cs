using CloudLab.Emulator.Http;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Controllers;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes;

/// <summary>
/// The Kubernetes API of a small cluster without containers: objects, discovery, watches and server-side apply as a
/// real API server does them, and controllers that make Pods of workloads and let them become ready. A Pod whose image
/// name contains <c>nonexistent</c> or <c>invalid</c> stays in ImagePullBackOff, one with <c>crash</c> in it ends with exit
/// code 1, so that a failing rollout or Job can be rehearsed.
/// </summary>
public sealed class KubernetesService : IAsyncDisposable
{
    private readonly Journal? journal;
    private readonly ApiRouter router;
    private readonly ControllerManager controllers;
    private readonly CancellationTokenSource stopping = new();

    /// <summary>Starts the service.</summary>
    /// <param name="options">How it behaves; the defaults if null.</param>
    public KubernetesService(KubernetesOptions? options = null)
    {
        options ??= new KubernetesOptions();
        journal = options.DataPath is null ? null : new Journal(options.DataPath);
        ObjectStore store = new(options.HistoryLength, journal);
        ResourceRegistry registry = new(store);
        ObjectService objects = new(store, registry);
        DefinitionController.Register(objects);
        ClusterSeed.Plant(objects);
        controllers = new ControllerManager(objects, options);
        router = new ApiRouter(objects, new ReviewHandler(objects, options.EnforceRoles), stopping.Token);
    }

    /// <summary>Answers one request of the Kubernetes API.</summary>
    /// <param name="exchange">The request and its answer.</param>
    /// <returns>Done when the answer is complete.</returns>
    public Task HandleAsync(HttpExchange exchange) => router.HandleAsync(exchange);

    /// <summary>Ends watches and controllers; objects in the data folder stay.</summary>
    /// <returns>Done when stopped.</returns>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await controllers.DisposeAsync();
        journal?.Dispose();
        stopping.Dispose();
    }
}
