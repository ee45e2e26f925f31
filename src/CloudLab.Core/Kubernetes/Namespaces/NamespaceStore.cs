using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Namespaces;

/// <summary>What a namespace is made with.</summary>
/// <param name="Name">Its name.</param>
public sealed record NamespacePlan(string Name)
{
    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>What all its objects together may use; no quota where empty.</summary>
    public IReadOnlyDictionary<string, string> Quota { get; init; } = new Dictionary<string, string>();

    /// <summary>Limits of containers that name none.</summary>
    public IReadOnlyDictionary<string, string> DefaultLimit { get; init; } = new Dictionary<string, string>();

    /// <summary>Requests of containers that name none.</summary>
    public IReadOnlyDictionary<string, string> DefaultRequest { get; init; } = new Dictionary<string, string>();
}

/// <summary>Makes and removes namespaces.</summary>
/// <param name="api">The cluster.</param>
/// <param name="origin">What the objects say of where they were made.</param>
public sealed class NamespaceStore(KubernetesApi api, ResourceOrigin origin = default)
{
    private const string Manager = "fieldManager=cloudlab";

    /// <summary>Makes a namespace, its quota and its limit range.</summary>
    /// <param name="plan">What is wanted.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The namespace.</returns>
    /// <exception cref="LabException"><c>AlreadyExists</c>, <c>Invalid</c>, <c>Forbidden</c>; <c>NamespaceIncomplete</c> where it was made and its quota or limits were not.</exception>
    public async Task<LabResource> CreateAsync(NamespacePlan plan, CancellationToken cancellation)
    {
        JsonObject metadata = new() { ["name"] = plan.Name };
        Add(metadata, "labels", plan.Labels);
        Add(metadata, "annotations", plan.Annotations);
        JsonObject made = await PostAsync("/api/v1/namespaces", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = metadata }, cancellation);
        try
        {
            string root = $"/api/v1/namespaces/{Uri.EscapeDataString(plan.Name)}";
            if (plan.Quota.Count > 0)
            {
                JsonObject spec = [];
                Add(spec, "hard", plan.Quota);
                await PostAsync($"{root}/resourcequotas", Part("ResourceQuota", "quota", spec), cancellation);
            }

            if (plan.DefaultLimit.Count + plan.DefaultRequest.Count > 0)
            {
                JsonObject container = new() { ["type"] = "Container" };
                Add(container, "default", plan.DefaultLimit);
                Add(container, "defaultRequest", plan.DefaultRequest);
                await PostAsync($"{root}/limitranges", Part("LimitRange", "limits", new JsonObject { ["limits"] = new JsonArray(container) }), cancellation);
            }
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            throw e.Retold(
                $"The namespace {plan.Name} was created without all of its quota and limits: {e.Message}",
                $"Remove it with Remove-LabKubeNamespace {plan.Name}, and create it again with values that the server accepts.", "NamespaceIncomplete", plan.Name);
        }

        return ResourceKinds.Create(made, null, origin);
    }

    /// <summary>Removes a namespace and everything in it.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="wait">How long to wait until it is gone; null to return at once.</param>
    /// <param name="reporter">Sees the progress of the wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when it is gone, or goes.</returns>
    /// <exception cref="LabException"><c>NotFound</c>, <c>Forbidden</c>; <c>WaitTimeout</c> with what is left in it and which finalizers hold it.</exception>
    public async Task RemoveAsync(string name, TimeSpan? wait, IReporter reporter, CancellationToken cancellation)
    {
        ApiResource kind = (await api.CatalogAsync(cancellation)).Find("v1", "Namespace")
            ?? throw new LabException(LabErrorKind.NotSupported, "KindNotFound", $"The cluster at {api.Address} has no namespaces.");
        string? uid = null;
        try
        {
            uid = (await api.SendAsync(HttpMethod.Delete, kind.Path(null, name), null, null, cancellation)).Content.Uid();
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Conflict && wait is not null)
        {
            // It goes already.
            reporter.Verbose($"The namespace {name} is being removed already");
        }

        if (wait is { } timeout)
        {
            LabException? problem = null;
            await new ResourceWaiter(api, reporter).GoneAsync(
                [new WaitTarget(kind, null, name, uid)], timeout,
                end =>
                {
                    problem = end.Problem;
                    return Task.CompletedTask;
                },
                cancellation);
            if (problem is not null)
            {
                throw problem;
            }
        }
    }

    private static JsonObject Part(string kind, string name, JsonObject spec) => new()
    {
        ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec,
    };

    private static void Add(JsonObject owner, string field, IReadOnlyDictionary<string, string> values)
    {
        if (values.Count > 0)
        {
            owner[field] = new JsonObject(values.Select(value => KeyValuePair.Create(value.Key, (JsonNode?)value.Value)));
        }
    }

    private async Task<JsonObject> PostAsync(string path, JsonObject body, CancellationToken cancellation) =>
        (await api.SendAsync(HttpMethod.Post, $"{path}?{Manager}", Encoding.UTF8.GetBytes(body.ToJsonString()), null, cancellation)).Content;
}
