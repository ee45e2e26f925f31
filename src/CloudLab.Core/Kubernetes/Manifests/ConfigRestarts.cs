using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Restarts workloads whose ConfigMaps or Secrets changed, as <c>kubectl rollout restart</c> does: by an annotation of the pod template,
/// under a manager of its own, so that the next deployment leaves it alone.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How to deploy.</param>
/// <param name="reporter">Who hears of restarts.</param>
internal sealed class ConfigRestarts(KubernetesApi api, ManifestOptions options, IReporter reporter)
{
    private const string Annotation = "cloudlab/config-hash";
    private const string Manager = "cloudlab-restart";
    private static readonly string[] Kinds = ["DaemonSet", "Deployment", "StatefulSet"];

    // The version tells one content from another, and nothing about it: a hash of a short password would give it away.
    private readonly ConcurrentDictionary<(string Kind, string Namespace, string Name), string> changed = [];
    private ManifestItem? cause;

    /// <summary>Notes a ConfigMap or Secret that changed, or came into being.</summary>
    /// <param name="item">What was applied.</param>
    /// <param name="result">Its result.</param>
    /// <param name="done">What became of it.</param>
    public void Note(ResolvedItem item, ManifestResult result, AppliedObject done)
    {
        if (item.Resource is { Group: "", Kind: "ConfigMap" or "Secret" } && item.Namespace is not null
            && done.Action is ManifestAction.Created or ManifestAction.Configured or ManifestAction.Replaced
            && (done.Changes is not { Count: > 0 } changes || changes.Any(change => change.Path.Split('.', '[')[0] is "data" or "binaryData" or "stringData")))
        {
            changed[(item.Resource.Kind, item.Namespace, result.Name)] = $"{done.After.Uid()} {done.After.Object("metadata")?.Text("resourceVersion")}";
            cause ??= item.Item;
        }
    }

    /// <summary>Restarts a workload that was there before and does not start new pods anyway.</summary>
    /// <param name="item">What was applied.</param>
    /// <param name="result">Its result.</param>
    /// <param name="done">What became of it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The result, with the restart, and the object as it is then.</returns>
    public async Task<(ManifestResult Result, JsonObject After)> RestartAsync(ResolvedItem item, ManifestResult result, AppliedObject done, CancellationToken cancellation)
    {
        bool rolls = done.Action is not (ManifestAction.Unchanged or ManifestAction.Configured)
            || (done.Changes ?? []).Any(change => change.Path.StartsWith("spec.template", StringComparison.Ordinal));
        if (item.Resource.Group != "apps" || !Kinds.Contains(item.Resource.Kind) || rolls || Hash(item.Namespace!, done.After) is not { } hash
            || await RestartAsync(item.Resource, item.Namespace!, result.Name, hash, cancellation) is not { } after)
        {
            return (result, done.After);
        }

        return (Restarted(result), after);
    }

    /// <summary>Restarts the workloads of the same namespaces that were not applied.</summary>
    /// <param name="known">What was applied.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The workloads as they are then, with their results, or what went wrong.</returns>
    public async IAsyncEnumerable<(ResolvedItem Item, JsonObject? After, ManifestResult? Result, LabException? Problem)> OthersAsync(
        HashSet<WaitTarget> known, [EnumeratorCancellation] CancellationToken cancellation)
    {
        HashSet<(ApiResource, string?, string)> applied = [.. known.Select(target => (target.Resource, target.Namespace, target.Name))];
        foreach (string ns in changed.Keys.Select(key => key.Namespace).Distinct().Order(StringComparer.Ordinal))
        {
            foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Resources.Where(r => r is { Group: "apps", Version: "v1" } && Kinds.Contains(r.Kind)))
            {
                foreach (JsonObject workload in (await api.GetAsync(resource.Path(ns), cancellation)).Objects("items"))
                {
                    string name = workload.Name();
                    if (applied.Contains((resource, ns, name)) || Hash(ns, workload) is not { } hash)
                    {
                        continue;
                    }

                    (workload["apiVersion"], workload["kind"]) = (resource.ApiVersion, resource.Kind);
                    ResolvedItem item = new(ManifestItem.Of(cause!.Source, cause.Document, cause.Line, workload), resource, ns);
                    JsonObject? after = null;
                    ManifestResult? result = null;
                    LabException? problem = null;
                    try
                    {
                        after = await RestartAsync(resource, ns, name, hash, cancellation);
                        result = after is null ? null : Restarted(ManifestResolver.Result(item, ManifestAction.Configured, dryRun: options.DryRun));
                    }
                    catch (LabException e) when (!e.StopsCommand)
                    {
                        problem = ManifestResolver.About(e, item);
                    }

                    if (result is not null || problem is not null)
                    {
                        yield return (item, after, result, problem);
                    }
                }
            }
        }
    }

    private static ManifestResult Restarted(ManifestResult result) => result with
    {
        Action = ManifestAction.Configured,
        Restarted = true,
        ChangedPaths = [.. result.ChangedPaths ?? [], $"spec.template.metadata.annotations[\"{Annotation}\"]"],
    };

    private async Task<JsonObject?> RestartAsync(ApiResource resource, string ns, string name, string hash, CancellationToken cancellation)
    {
        if (options.Approve is not null && !await options.Approve($"{resource.Describe(ns, name)} on {api.Address}", "Restart"))
        {
            return null;
        }

        JsonObject patch = new()
        {
            ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Annotation] = hash } } } },
        };
        (_, JsonObject after) = await api.SendAsync(
            HttpMethod.Patch, $"{resource.Path(ns, name)}?fieldManager={Manager}{(options.DryRun ? "&dryRun=All" : "")}", Encoding.UTF8.GetBytes(patch.ToJsonString()),
            "application/merge-patch+json", cancellation);
        reporter.Verbose($"{resource.Describe(ns, name)} is restarted, because what it is configured with changed");
        return after;
    }

    private string? Hash(string ns, JsonObject workload)
    {
        string[] used =
        [
            .. PodReferences.Of(workload.Object("spec")?.Object("template")?.Object("spec") ?? [])
                .Where(use => use.Use is PodReferenceUse.Environment or PodReferenceUse.Volume)
                .Select(use => (use.Kind, use.Name)).Distinct().Select(use => changed.TryGetValue((use.Kind, ns, use.Name), out string? version) ? $"{use.Kind}/{use.Name} {version}" : null)
                .OfType<string>().Order(StringComparer.Ordinal),
        ];
        return used.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', used))))[..16];
    }
}
