using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Runs the controllers: one after the other, each object once however often it changed in the meantime.</summary>
internal sealed class ControllerManager : IAsyncDisposable
{
    private readonly ObjectService objects;
    private readonly KubernetesOptions options;
    private readonly Controller[] controllers;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private readonly Queue<Work> ready = new();
    private readonly HashSet<Work> queued = [];
    private readonly PriorityQueue<Work, DateTime> later = new();

    public ControllerManager(ObjectService objects, KubernetesOptions options)
    {
        this.objects = objects;
        this.options = options;
        Cluster cluster = new(objects);
        controllers =
        [
            new DefinitionController(cluster), new NamespaceController(cluster), new DeploymentController(cluster), new ReplicaSetController(cluster),
            new StatefulSetController(cluster), new DaemonSetController(cluster), new JobController(cluster), new CronJobController(cluster),
            new PodController(cluster, options), new ServiceController(cluster), new DisruptionController(cluster), new AutoscalerController(cluster),
            new ClaimController(cluster), new QuotaController(cluster), new GarbageCollector(cluster),
        ];
        running = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        ObjectStore store = objects.Store;
        long seen = -1;
        while (!stopping.IsCancellationRequested)
        {
            Task change = store.NextChange;
            if (store.ChangesAfter(seen, null, out long upTo) is { } changes && seen >= 0)
            {
                foreach (StoreEvent e in changes)
                {
                    Enqueue(e);
                }
            }
            else
            {
                // At the start, or too far behind: look at everything.
                foreach (StoredObject stored in objects.Registry.Shelves.SelectMany(kind => store.List(kind.StorageKey)).ToList())
                {
                    Enqueue(new StoreEvent(stored, null, IsDeletion: false));
                }
            }

            seen = upTo;
            DateTime now = DateTime.UtcNow;
            while (later.TryPeek(out _, out DateTime due) && due <= now)
            {
                Enqueue(later.Dequeue());
            }

            if (ready.TryDequeue(out Work work))
            {
                queued.Remove(work);
                Run(work);
                continue;
            }

            TimeSpan wait = later.TryPeek(out _, out DateTime next) ? next - DateTime.UtcNow : TimeSpan.FromMinutes(1);
            try
            {
                await change.WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), stopping.Token);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // Something is due, or it is over.
            }
        }
    }

    private void Enqueue(StoreEvent change)
    {
        foreach (Controller controller in controllers)
        {
            foreach ((string ns, string name) in controller.Affected(change))
            {
                Enqueue(new Work(controller, ns, name));
            }
        }
    }

    private void Enqueue(Work work)
    {
        if (queued.Add(work))
        {
            ready.Enqueue(work);
        }
    }

    private void Run(Work work)
    {
        TimeSpan? again;
        try
        {
            again = work.Controller.Reconcile(work.Namespace, work.Name);
        }
        catch (ApiError error)
        {
            // Gone, or changed by someone else: another look will tell. A refusal stays one, so not too soon.
            again = error.Code is 404 or 409 ? null : TimeSpan.FromSeconds(5);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            options.Log?.Invoke($"{work.Controller.GetType().Name} {work.Namespace}/{work.Name}: {e}");
            again = TimeSpan.FromSeconds(5);
        }

        if (again is { } wait)
        {
            later.Enqueue(work, DateTime.UtcNow + wait);
        }
    }

    private readonly record struct Work(Controller Controller, string Namespace, string Name);
}
