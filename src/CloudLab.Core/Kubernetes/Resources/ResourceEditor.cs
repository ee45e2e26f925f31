using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Yaml;
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

    /// <summary>Reads a patch that somebody wrote.</summary>
    /// <param name="value">JSON or YAML text, a dictionary or a list.</param>
    /// <returns>The patch. Throws <see cref="LabException"/> (<c>PatchInvalid</c>).</returns>
    public static JsonNode ReadPatch(object? value)
    {
        JsonNode? patch = null;
        string why = "it is neither an object nor a list";
        if (value is string text)
        {
            SourceDocument[] documents = [.. SourceReader.Read(text)];
            patch = documents is [{ Problem: null }] ? documents[0].Content : null;
            why = documents.Select(one => one.Problem).FirstOrDefault(one => one is not null) is { } problem ? $"line {problem.Line}, column {problem.Column}: {problem.Reason}" : why;
        }
        else
        {
            patch = ObjectJson.Of(value);
        }

        return patch is JsonObject or JsonArray ? patch
            : throw new LabException(LabErrorKind.InvalidArgument, "PatchInvalid", $"The patch cannot be read: {why}. Write it as in -Patch @{{ spec = @{{ replicas = 2 }} }}.");
    }

    /// <summary>How a patch is probably meant.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="resource">What it is for.</param>
    /// <returns>A JSON patch for a list, else the one that merges best for the kind.</returns>
    public static ResourcePatchType PatchTypeOf(JsonNode patch, ApiResource resource) =>
        patch is JsonArray ? ResourcePatchType.Json : ApiResource.IsBuiltIn(resource.Group) ? ResourcePatchType.Strategic : ResourcePatchType.Merge;

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

    /// <summary>Changes an object by what a script does to it, or to its newest form where somebody else was faster.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Changes the parts of the object; may be called again.</param>
    /// <param name="plain">Makes .NET's objects of what was put in.</param>
    /// <param name="subresource">The part that is changed: <c>status</c>; null for the object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it changed.</returns>
    public Task<(LabResource Object, bool Changed)> EditAsync(
        ApiResource resource, string? ns, string name, Func<LabResource, Task> change, Func<object?, object?> plain, string? subresource,
        CancellationToken cancellation) => ChangeAsync(
            resource, ns, name,
            async copy =>
            {
                LabResource edited = new(copy, resource);
                await change(edited);
                return edited.ToObject(plain);
            },
            subresource, cancellation);

    /// <summary>Changes an object by text that a person edits: YAML, or JSON where the person likes that better. What others change meanwhile stays, unless it is the same field.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="edit">Gets the object as text and gives it as it shall be; null where nothing was changed.</param>
    /// <param name="subresource">The part that is changed: <c>status</c>; null for the object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>
    /// The object afterwards, and whether it changed. Throws <see cref="LabException"/>: <c>EditInvalid</c> where the text is no object, or another one;
    /// <c>EditConflict</c> where somebody else set a field that was edited.
    /// </returns>
    public Task<(LabResource Object, bool Changed)> EditTextAsync(
        ApiResource resource, string? ns, string name, Func<string, Task<string?>> edit, string? subresource, CancellationToken cancellation)
    {
        string description = resource.Describe(ns, name);
        JsonObject? read = null, mine = null;
        return ChangeAsync(
            resource, ns, name,
            async copy =>
            {
                if (read is null)
                {
                    read = (JsonObject)copy.DeepClone();
                    mine = await edit($"# {description}: what is changed here is sent when the editor ends. An empty text changes nothing.\n{new LabResource(copy, resource).ToYaml()}") is { } text
                        && Edited(text) is { } edited ? JsonDifference.MergePatch(read, edited) : [];
                }
                else if (JsonDifference.Overlap(mine!, JsonDifference.MergePatch(read, copy)) is { } field)
                {
                    // Nobody is asked twice to edit the same thing.
                    throw new LabException(
                        LabErrorKind.Conflict, "EditConflict", $"{description} was not changed, because {field} was changed by somebody else during the edit: look at it and edit it again.")
                    {
                        Target = description,
                    };
                }

                return (JsonObject)JsonDifference.Apply(copy, mine)!;
            },
            subresource, cancellation);

        JsonObject? Edited(string text)
        {
            SourceDocument[] documents = [.. SourceReader.Read(text)];
            return documents.Length == 0 ? null : documents is [{ Problem: null, Content: JsonObject edited }] && edited.Text("kind") == resource.Kind && edited.Name() == name
                ? edited
                : throw new LabException(
                    LabErrorKind.InvalidData, "EditInvalid",
                    $"What was edited is not {description} any more{(documents.Select(one => one.Problem).FirstOrDefault(one => one is not null) is { } problem ? $": line {problem.Line}, column {problem.Column}: {problem.Reason}" : ": kind and name have to stay")}; nothing was changed.")
                {
                    Target = description,
                };
        }
    }

    /// <summary>Sets and removes labels or annotations.</summary>
    /// <param name="resource">Kind of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="field"><c>labels</c> or <c>annotations</c>.</param>
    /// <param name="values">Values by key; null removes one.</param>
    /// <param name="overwrite">Whether a key may get another value than it has.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object afterwards, and whether it changed. Throws <see cref="LabException"/> (<c>ValueExists</c>) where a key has another value.</returns>
    public Task<(LabResource Object, bool Changed)> MarkAsync(
        ApiResource resource, string? ns, string name, string field, IReadOnlyDictionary<string, string?> values, bool overwrite, CancellationToken cancellation) => ChangeAsync(
            resource, ns, name,
            live =>
            {
                if (live["metadata"] is not JsonObject metadata)
                {
                    live["metadata"] = metadata = [];
                }

                JsonObject marks = metadata[field] as JsonObject ?? [];
                foreach ((string key, string? value) in values)
                {
                    if (value is null)
                    {
                        marks.Remove(key);
                    }
                    else if (marks[key] is { } had && had.ToString() != value && !overwrite)
                    {
                        throw new LabException(
                            LabErrorKind.AlreadyExists, "ValueExists",
                            $"{resource.Describe(ns, name)} has {key}={had} already: -Overwrite sets it to '{value}'.")
                        {
                            Target = resource.Describe(ns, name),
                        };
                    }
                    else
                    {
                        marks[key] = value;
                    }
                }

                if (marks.Count == 0)
                {
                    metadata.Remove(field);
                }
                else if (marks.Parent is null)
                {
                    metadata[field] = marks;
                }
            },
            cancellation);

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
    internal Task<(LabResource Object, bool Changed)> ChangeAsync(
        ApiResource resource, string? ns, string name, Func<JsonObject, Task<JsonObject>> change, string? subresource, CancellationToken cancellation) => ConflictRetry.RunAsync(
            resource.Describe(ns, name), () => ChangeOnceAsync(resource, ns, name, change, subresource, cancellation), cancellation);

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

    private async Task<(LabResource Object, bool Changed)> ChangeOnceAsync(
        ApiResource resource, string? ns, string name, Func<JsonObject, Task<JsonObject>> change, string? subresource, CancellationToken cancellation)
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

        return (Resource(await SendAsync(resource, ns, name, ResourcePatchType.Merge, patch, subresource, cancellation), resource), true);
    }

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
