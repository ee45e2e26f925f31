using System.Text.Json.Nodes;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>Pods as a command names them: one, or those of a workload, a service or a label selector.</summary>
public sealed class PodTarget
{
    internal PodTarget(PodSelection selection) => Selection = selection;

    /// <summary>How they were named.</summary>
    public string Name => Selection.Target;

    internal PodSelection Selection { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What goes in and out of pods: logs, commands, attached processes.</summary>
/// <param name="api">The cluster.</param>
public sealed class PodStreams(KubernetesApi api)
{
    private readonly PodFinder finder = new(api);

    /// <summary>Finds pods, or what has pods.</summary>
    /// <param name="kind">Kind of the object; null for a pod, or where the name says it.</param>
    /// <param name="name">A pod, or <c>deploy/web</c>.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What is named. Throws <see cref="Common.Errors.LabException"/> (<c>NotFound</c>, <c>KindNotFound</c>, <c>NoPodsOfKind</c>); that a single pod is there shows later.</returns>
    public async Task<PodTarget> FindAsync(string? kind, string name, string ns, CancellationToken cancellation) =>
        new(await finder.SelectAsync(kind, name, ns, cancellation));

    /// <summary>All pods with labels.</summary>
    /// <param name="selector">The label selector.</param>
    /// <param name="ns">The namespace.</param>
    /// <returns>The pods.</returns>
    public PodTarget Labelled(string selector, string ns) => new(new PodSelection(selector, ns) { LabelSelector = selector });

    /// <summary>Names of pods.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="selector">A label selector; null for all.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The names.</returns>
    public async Task<IReadOnlyList<string>> NamesAsync(string ns, string? selector, CancellationToken cancellation) =>
        [.. (await finder.ListAsync(new PodSelection("pods", ns) { LabelSelector = selector }, cancellation)).Select(ObjectMetadata.Name)];

    /// <summary>Names of the containers of pods.</summary>
    /// <param name="name">A pod, or <c>deploy/web</c>; null where labels select.</param>
    /// <param name="selector">A label selector, or null.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The names.</returns>
    public async Task<IReadOnlyList<string>> ContainersAsync(string? name, string? selector, string ns, CancellationToken cancellation)
    {
        PodTarget target = name is null ? Labelled(selector!, ns) : await FindAsync(null, name, ns, cancellation);
        return [.. (await finder.ListAsync(target.Selection, cancellation)).SelectMany(PodFinder.Containers).Select(c => c.Container.Text("name") ?? "").Distinct()];
    }

    /// <summary>Images that pods run.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Each image once, by name.</returns>
    public async Task<IReadOnlyList<string>> ImagesAsync(string ns, CancellationToken cancellation) =>
    [
        .. (await finder.ListAsync(new PodSelection("pods", ns), cancellation))
            .SelectMany(PodFinder.Containers).Select(c => c.Container.Text("image")).OfType<string>().Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>Ports that a pod or a service declares.</summary>
    /// <param name="kind">Kind of the object; null for a pod, or where the name says it.</param>
    /// <param name="name">A pod, or <c>deploy/web</c>, <c>svc/web</c>.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Numbers with the names that ports have: a service's own, else those of the pods.</returns>
    public async Task<IReadOnlyList<(int Number, string? Name)>> PortsAsync(string? kind, string name, string ns, CancellationToken cancellation)
    {
        PodSelection selection = await finder.SelectAsync(kind, name, ns, cancellation);
        bool isService = selection.OwnerKind?.Kind == "Service";
        IEnumerable<JsonObject> ports = isService
            ? (selection.Owner!.Object("spec") ?? []).Objects("ports")
            : (await finder.ListAsync(selection, cancellation)).SelectMany(PodFinder.Containers).SelectMany(c => c.Container.Objects("ports"));
        return [.. ports.Select(port => ((int)(port.Number(isService ? "port" : "containerPort") ?? 0), port.Text("name"))).Distinct()];
    }

    /// <summary>Reads logs.</summary>
    /// <param name="target">Of which pods.</param>
    /// <param name="query">Which lines.</param>
    /// <param name="reporter">Hears what is chosen.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines, and what went wrong with single containers.</returns>
    public IAsyncEnumerable<PodLogOutcome> LogAsync(PodTarget target, PodLogQuery query, IReporter reporter, CancellationToken cancellation)
    {
        PodLog log = new(api, reporter);
        return query.Follow ? log.FollowAsync(target.Selection, query, cancellation) : log.ReadAsync(target.Selection, query, cancellation);
    }

    /// <summary>Starts a command in a pod, or connects to its main process.</summary>
    /// <param name="target">The pod; of several the one that is running and ready.</param>
    /// <param name="options">What to run.</param>
    /// <param name="reporter">Hears what an old server cannot do.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>The command.</returns>
    public async Task<PodExec> ExecAsync(PodTarget target, PodCommandOptions options, IReporter reporter, CancellationToken cancellation)
    {
        JsonObject pod = await finder.OneAsync(target.Selection, cancellation);
        return await PodExec.StartAsync(api, pod, options, reporter, cancellation);
    }
}
