using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>How a patch is written.</summary>
public enum ResourcePatchType
{
    /// <summary>Lists of named things are merged by name; only kinds of Kubernetes itself.</summary>
    Strategic,

    /// <summary>RFC 7386: lists are replaced.</summary>
    Merge,

    /// <summary>RFC 6902: a list of operations.</summary>
    Json,
}

/// <summary>Changes objects that are there.</summary>
/// <param name="api">The cluster.</param>
/// <param name="context">Name of its context, which the objects then have with them; null if none.</param>
public sealed class ResourceEditor(KubernetesApi api, string? context = null)
{
    /// <summary>Who owns the fields that are changed one by one; what is deployed from manifests belongs to <c>cloudlab</c>.</summary>
    public const string Manager = "cloudlab-edit";

    private const int MostTries = 20;

    /// <summary>Sends a patch as it is.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">How the patch is written.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="subresource">The part that is patched: <c>status</c>; null for the object.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object afterwards.</returns>
    public async Task<LabResource> PatchAsync(
        ApiResource resource, string? ns, string name, ResourcePatchType type, JsonNode patch, string? subresource, CancellationToken cancellation) =>
        Resource(await SendAsync(resource, ns, name, type, patch, subresource, cancellation), resource);

    /// <summary>
    /// Reads an object, changes it and sends the difference, on the condition that nobody changed it meanwhile; else reads it again and changes that.
    /// </summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new form of a copy of the object; may be called again with a newer one.</param>
    /// <param name="subresource">The part that is changed: <c>status</c>; null for the object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it changed.</returns>
    internal async Task<(LabResource Object, bool Changed)> ChangeAsync(
        ApiResource resource, string? ns, string name, Func<JsonObject, Task<JsonObject>> change, string? subresource, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            JsonObject before = await api.GetAsync(Path(resource, ns, name, subresource), cancellation);
            (before["metadata"] as JsonObject)?.Remove("managedFields");
            JsonObject after = await change((JsonObject)before.DeepClone());
            JsonObject patch = JsonDifference.MergePatch(before, after);
            if (patch.Count == 0)
            {
                return (Resource(before, resource), false);
            }

            if (before.Object("metadata") is { } metadata)
            {
                // With the version of what was read, somebody else's change in between is a conflict and not overwritten.
                if (patch["metadata"] is not JsonObject changed)
                {
                    patch["metadata"] = changed = [];
                }

                changed["resourceVersion"] = metadata.Text("resourceVersion");
                changed["uid"] = metadata.Text("uid");
            }

            try
            {
                return (Resource(await SendAsync(resource, ns, name, ResourcePatchType.Merge, patch, subresource, cancellation), resource), true);
            }
            catch (LabException e) when (e.StatusCode == 409 && attempt < MostTries)
            {
                RequestLog.Current.Verbose($"{resource.Describe(ns, name)} was changed meanwhile; changing it again");
                await Task.Delay(Random.Shared.Next(5, 20 * attempt), cancellation);
            }
        }
    }

    /// <summary>The same with a change that needs no wait.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Changes a copy of the object in place.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it changed.</returns>
    internal Task<(LabResource Object, bool Changed)> ChangeAsync(
        ApiResource resource, string? ns, string name, Action<JsonObject> change, CancellationToken cancellation) => ChangeAsync(
            resource, ns, name,
            copy =>
            {
                change(copy);
                return Task.FromResult(copy);
            },
            null, cancellation);

    private static string Path(ApiResource resource, string? ns, string name, string? subresource) =>
        resource.Path(ns, name) + (string.IsNullOrEmpty(subresource) ? "" : "/" + Uri.EscapeDataString(subresource));

    private LabResource Resource(JsonObject content, ApiResource resource) => new(content, resource) { Context = context };

    private async Task<JsonObject> SendAsync(
        ApiResource resource, string? ns, string name, ResourcePatchType type, JsonNode patch, string? subresource, CancellationToken cancellation)
    {
        string contentType = type switch
        {
            ResourcePatchType.Strategic => "application/strategic-merge-patch+json",
            ResourcePatchType.Merge => "application/merge-patch+json",
            _ => "application/json-patch+json",
        };
        try
        {
            (_, JsonObject result) = await api.SendAsync(
                HttpMethod.Patch, $"{Path(resource, ns, name, subresource)}?fieldManager={Manager}&fieldValidation=Strict",
                Encoding.UTF8.GetBytes(patch.ToJsonString()), contentType, cancellation);
            return result;
        }
        catch (LabException e) when (e.StatusCode == 415 && type == ResourcePatchType.Strategic)
        {
            throw e.Retold($"{resource.Describe(ns, name)}: custom resources know no strategic merge patch: use -PatchType Merge.", code: "PatchTypeUnsupported", target: resource.Describe(ns, name));
        }
    }
}
