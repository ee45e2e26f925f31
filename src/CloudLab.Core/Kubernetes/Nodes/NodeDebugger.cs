using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>What is started to look into a node.</summary>
public sealed record NodeDebugOptions
{
    /// <summary>Namespace of the pod.</summary>
    public required string Namespace { get; init; }

    /// <summary>Image of its container.</summary>
    public required string Image { get; init; }

    /// <summary>What is run; empty for what the image runs, with a terminal.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>How long to wait until it runs; zero to not wait.</summary>
    public TimeSpan Timeout { get; init; }
}

/// <summary>Starts pods that see the whole machine of a node, as <c>kubectl debug node/NAME --profile=sysadmin</c> does.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress, and what is left behind.</param>
/// <param name="context">Name of the cluster's context, which the pod then has with it; null if none.</param>
public sealed class NodeDebugger(KubernetesApi api, IReporter reporter, string? context = null)
{
    private const int MostName = 40;

    /// <summary>Starts the pod, and waits until it runs. Where it does not, or the wait is ended, it is removed.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="options">What is started.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The pod. Throws <see cref="Common.Errors.LabException"/>: <c>PodNotStarted</c>, and the server's own.</returns>
    public async Task<LabResource> StartAsync(string node, NodeDebugOptions options, CancellationToken cancellation)
    {
        string stem = node.Length > MostName ? node[..MostName] : node;
        JsonObject container = new()
        {
            ["name"] = "debugger", ["image"] = options.Image, ["imagePullPolicy"] = "IfNotPresent", ["terminationMessagePolicy"] = "File",
            ["securityContext"] = new JsonObject { ["privileged"] = true },
            ["volumeMounts"] = new JsonArray(new JsonObject { ["name"] = "host-root", ["mountPath"] = "/host" }),
        };
        if (options.Command.Count > 0)
        {
            container["command"] = new JsonArray([.. options.Command.Select(word => (JsonNode)word)]);
        }
        else
        {
            container["stdin"] = true;
            container["tty"] = true;
        }

        JsonObject pod = new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"node-debugger-{stem.Trim('.', '-')}-{Guid.NewGuid().ToString("N")[..5]}", ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "cloudlab-debug" },
            },
            ["spec"] = new JsonObject
            {
                // Past the scheduler, and past every taint: a node that is looked into is rarely well.
                ["nodeName"] = node,
                ["tolerations"] = new JsonArray(new JsonObject { ["operator"] = "Exists" }),
                ["hostPID"] = true,
                ["hostIPC"] = true,
                ["hostNetwork"] = true,
                ["restartPolicy"] = "Never",
                ["automountServiceAccountToken"] = false,
                ["containers"] = new JsonArray(container),
                ["volumes"] = new JsonArray(new JsonObject { ["name"] = "host-root", ["hostPath"] = new JsonObject { ["path"] = "/" } }),
            },
        };
        (_, JsonObject made) = await api.SendAsync(
            HttpMethod.Post, $"{PodFinder.Pods.Path(options.Namespace)}?fieldManager={ResourceEditor.Manager}", Encoding.UTF8.GetBytes(pod.ToJsonString()), null, cancellation);
        LabResource started = ResourceKinds.Create(made, PodFinder.Pods, new ResourceOrigin(context, false));
        if (options.Timeout == TimeSpan.Zero)
        {
            return started;
        }

        PodRunner runner = new(api, reporter);
        try
        {
            await runner.StartedAsync(started, options.Timeout, cancellation);
            return ResourceKinds.Create(await api.GetAsync(PodFinder.Pods.Path(started.Namespace, started.Name), cancellation), PodFinder.Pods, new ResourceOrigin(context, false));
        }
        catch
        {
            await runner.RemoveAsync(started);
            throw;
        }
    }
}
