using CloudLab.Emulator.Kubernetes.Api;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Runs the controllers.</summary>
internal sealed class ControllerManager : IAsyncDisposable
{
    public ControllerManager(ObjectService objects, KubernetesOptions options)
    {
        _ = objects;
        _ = options;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
