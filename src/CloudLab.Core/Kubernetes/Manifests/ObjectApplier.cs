using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>What became of one object.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Before">The object before; null where there was none, or it is not known whole.</param>
/// <param name="After">The object now, or as it would be.</param>
/// <param name="Changes">What changed in it; null where that is not known.</param>
internal sealed record AppliedObject(ManifestAction Action, JsonObject? Before, JsonObject After, IReadOnlyList<ManifestChange>? Changes);

/// <summary>Applies one object after the other, server-side: knows what was there before, takes over fields, leaves replicas to autoscalers.</summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How to apply.</param>
/// <param name="resolver">Knows which kinds this manifest brings.</param>
/// <param name="scaled">Who scales what.</param>
/// <param name="reporter">Who hears of what is not as the manifest says.</param>
internal sealed class ObjectApplier(KubernetesApi api, ManifestOptions options, ManifestResolver resolver, ScaledWorkloads scaled, IReporter reporter)
{
    private const int Attempts = 5;
    private const string ApplyPatch = "application/apply-patch+yaml";
    private const string JsonPatch = "application/json-patch+json";
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, bool> createdNamespaces = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(ApiResource, string?), Task<Dictionary<string, JsonObject>?>> listed = [];

    /// <summary>Notes a namespace that this run created: nothing was in it before.</summary>
    /// <param name="name">The namespace.</param>
    public void NoteNamespace(string name) => createdNamespaces[name] = true;

    /// <summary>Applies an object.</summary>
    /// <param name="item">The object.</param>
    /// <param name="many">Whether so many of its kind go to its namespace that one list tells what was there.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What became of it. Throws <see cref="LabException"/> as the server refuses it.</returns>
    public async Task<AppliedObject> ApplyAsync(ResolvedItem item, bool many, CancellationToken cancellation)
    {
        if (!item.Item.HasName)
        {
            (_, JsonObject made) = await api.SendAsync(
                HttpMethod.Post, item.Resource.Path(item.Namespace) + Query(), ApplyBody.Of(item.Item.Content), null, cancellation);
            return new AppliedObject(ManifestAction.Created, null, made, []);
        }

        (JsonObject? before, bool whole, bool known) = await BeforeAsync(item, many, cancellation);
        bool absent = known && before is null;
        RefuseOtherSet(item, before);
        (before, JsonObject[] taken) = await TakeOverAsync(item, before, cancellation);
        bool edited = false, force = options.Force;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                JsonObject wanted = before is null ? item.Item.Content : await scaled.WantedAsync(item, before, options.FieldManager, cancellation);
                (int code, JsonObject after) = await SendAsync(item, wanted, before, taken, edited, force, cancellation);
                foreach ((string manager, string fields) in before is null ? [] : FieldTakeOver.LeftBehind(after.Object("metadata") ?? [], options.FieldManager)
                    .Where(other => !Array.Exists(taken, entry => entry.Text("manager") == other.Manager)))
                {
                    reporter.Warning(
                        $"{item.Description}: fields that '{manager}' set stay even where the manifest leaves them out ({fields}); -TakeOver {manager} takes them over.");
                }

                // Applied again where the answer to the first was lost: it was not there before.
                bool created = code == 201 || (absent && IsOnlyOurs(after));
                return await JudgedAsync(item, created, before, whole, after, cancellation);
            }
            catch (LabException e) when (options.DryRun && !force && IsConflictWith(e, manager => Array.Exists(taken, entry => entry.Text("manager") == manager)))
            {
                // A dry run stores no take-over, after which there is no conflict.
                force = true;
            }
            catch (LabException e) when (before is not null && attempt < Attempts && (IsOwnEdit(e) || IsScaledMeanwhile(e)))
            {
                edited |= IsOwnEdit(e);
                if (!edited && !await scaled.IsScaledAsync(item, cancellation))
                {
                    throw;
                }

                before = await api.GetAsync(item.Resource.Path(item.Namespace, item.Item.Name), cancellation);
            }
        }
    }

    /// <summary>Deletes an object that cannot be changed and creates it anew.</summary>
    /// <param name="item">The object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>What became of it.</returns>
    public async Task<AppliedObject> ReplaceAsync(ResolvedItem item, CancellationToken cancellation)
    {
        string path = item.Resource.Path(item.Namespace, item.Item.Name);
        JsonObject before = await api.GetAsync(path, cancellation);
        string? uid = before.Uid();
        JsonObject body = new()
        {
            ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = options.Propagation.ToString(),
            ["preconditions"] = new JsonObject { ["uid"] = uid },
        };
        if (options.DryRun)
        {
            body["dryRun"] = new JsonArray("All");
        }

        await api.SendAsync(HttpMethod.Delete, path, Encoding.UTF8.GetBytes(body.ToJsonString()), null, cancellation);
        if (options.DryRun)
        {
            reporter.Verbose($"{item.Description} cannot be created in a dry run while the old one exists");
            return new AppliedObject(ManifestAction.Replaced, before, item.Item.Content, null);
        }

        LabException? held = null;
        await new ResourceWaiter(api, reporter).GoneAsync([new WaitTarget(item.Resource, item.Namespace, item.Item.Name, uid)], options.Timeout, end =>
        {
            held = end.Problem;
            return Task.CompletedTask;
        }, cancellation);
        if (held is not null)
        {
            throw held;
        }

        try
        {
            (_, JsonObject after) = await PatchAsync(item, item.Item.Content, options.Force, cancellation);
            return new AppliedObject(ManifestAction.Replaced, before, after, ManifestChange.Between(Essence(before), Essence(after)));
        }
        catch (LabException e)
        {
            throw new LabException(e.Kind, e.Code, $"the old object is deleted, and the new one could not be created: {e.Message}", e)
            {
                StatusCode = e.StatusCode, Advice = e.Advice, StopsCommand = e.StopsCommand,
            };
        }
    }

    /// <summary>Whether a refusal means that the object would have to be created anew.</summary>
    /// <param name="e">What the server said.</param>
    /// <returns>True where it names a field that cannot be changed.</returns>
    public static bool IsImmutable(LabException e) => e.StatusCode == 422 && new[]
    {
        "immutable", "updates to ", "may not change fields", "may not be changed", "cannot change ", "cannot be changed", "may not be updated", "is forbidden after",
    }.Any(words => e.Message.Contains(words, StringComparison.Ordinal));

    /// <summary>An object without what the server keeps for itself and without its status: what a manifest decides about.</summary>
    /// <param name="content">The object.</param>
    /// <returns>A copy.</returns>
    public static JsonObject Essence(JsonObject content)
    {
        JsonObject rest = (JsonObject)content.DeepClone();
        rest.Remove("status");
        foreach (string field in new[] { "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink" })
        {
            rest.Object("metadata")?.Remove(field);
        }

        // What kubectl notes for itself is a second copy of the object, with the values of a Secret.
        if (rest.Object("metadata")?.Object("annotations") is { } annotations && annotations.Remove(FieldTakeOver.LastApplied) && annotations.Count == 0)
        {
            rest.Object("metadata")!.Remove("annotations");
        }

        return rest;
    }

    private string Query() =>
        $"?fieldManager={Uri.EscapeDataString(options.FieldManager)}&fieldValidation=Strict{(options.DryRun ? "&dryRun=All" : "")}";

    // What Set-LabScale, Edit-LabResource and the like changed is no work of somebody else. Only at the version that has no other conflict.
    private async Task<(int Code, JsonObject After)> TakeBackAsync(ResolvedItem item, JsonObject wanted, JsonObject before, CancellationToken cancellation)
    {
        JsonObject exact = (JsonObject)wanted.DeepClone();
        exact.Object("metadata")!["resourceVersion"] = before.Object("metadata")?.Text("resourceVersion");
        try
        {
            return await PatchAsync(item, exact, force: false, cancellation);
        }
        catch (LabException e) when (IsOwnEdit(e))
        {
            (int Code, JsonObject After) done = await PatchAsync(item, exact, force: true, cancellation);
            reporter.Verbose($"{item.Description}: {(options.DryRun ? "would take" : "took")} over what this module's own cmdlets had changed meanwhile");
            return done;
        }
    }

    private async Task<(int Code, JsonObject After)> SendAsync(
        ResolvedItem item, JsonObject wanted, JsonObject? before, JsonObject[] taken, bool edited, bool force, CancellationToken cancellation)
    {
        try
        {
            (int code, JsonObject after) = edited
                ? await TakeBackAsync(item, wanted, before!, cancellation)
                : await PatchAsync(item, wanted, force, cancellation);
            return (code, options.DryRun && taken.Length > 0 && before is not null ? await AsTakenOverAsync(item, after, taken, cancellation) : after);
        }
        catch (LabException e) when (options.DryRun && e.StatusCode == 422 && before is not null && taken.Length > 0)
        {
            // Beside what the take-over would remove, what is wanted may not be allowed: two ports of the same name.
            JsonObject would = (JsonObject)before.DeepClone();
            would.Object("metadata")?.Remove("resourceVersion");
            OwnedFields.Remove(would, FieldTakeOver.Unclaimed(before.Object("metadata") ?? [], options.FieldManager, taken, IsSecret(item)));
            OwnedFields.Put(would, wanted, FieldTakeOver.Fields(taken, [], IsSecret(item)));
            return await api.SendAsync(HttpMethod.Put, item.Resource.Path(item.Namespace, item.Item.Name) + Query(), ApplyBody.Of(would), null, cancellation);
        }
    }

    private async Task<(int Code, JsonObject After)> PatchAsync(ResolvedItem item, JsonObject wanted, bool force, CancellationToken cancellation)
    {
        byte[] body = ApplyBody.Of(wanted);
        string path = item.Resource.Path(item.Namespace, item.Item.Name) + Query() + (force ? "&force=true" : "");
        long start = Environment.TickCount64;
        while (true)
        {
            try
            {
                return await api.SendAsync(HttpMethod.Patch, path, body, ApplyPatch, cancellation);
            }
            catch (LabException e) when (options.DryRun && e.StatusCode == 404 && item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace))
            {
                reporter.Verbose($"{item.Description} cannot be checked in a dry run because its namespace does not exist yet");
                return (201, item.Item.Content);
            }
            catch (LabException e) when (Settles(e, item) && Environment.TickCount64 - start < SettlingTime.TotalMilliseconds)
            {
                RequestLog.Current.Verbose($"{item.Description}: {e.Message}; the cluster is not ready for it yet, trying again");
                await Task.Delay(200, cancellation);
            }
        }
    }

    // What this run has just created takes the cluster a moment: a definition's URLs, a namespace's service account.
    private bool Settles(LabException e, ResolvedItem item) =>
        (e.StatusCode == 404 && e.Code == "NotFound" && resolver.Brought(item.Resource.Group, item.Resource.Kind)
            && e.Message.Contains("the server could not find the requested resource", StringComparison.Ordinal))
        || (e.StatusCode == 403 && item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace)
            && e.Message.Contains("error looking up service account", StringComparison.Ordinal));

    private bool IsOnlyOurs(JsonObject content) => (content.Object("metadata") ?? []).Objects("managedFields")
        .Where(entry => entry.Text("subresource") is null).All(entry => entry.Text("manager") == options.FieldManager);

    // What was there; whether it is the whole object; whether that is known at all.
    private async Task<(JsonObject? Before, bool Whole, bool Known)> BeforeAsync(ResolvedItem item, bool many, CancellationToken cancellation)
    {
        if (item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace))
        {
            return (null, true, true);
        }

        if (many && !options.DryRun && await listed.GetOrAdd((item.Resource, item.Namespace), key => MetadataAsync(key.Item1, key.Item2, cancellation)) is { } known)
        {
            return (known.GetValueOrDefault(item.Item.Name), false, true);
        }

        try
        {
            return (await api.GetAsync(item.Resource.Path(item.Namespace, item.Item.Name), cancellation), true, true);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return (null, true, true);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Who may write secrets often may not read them.
            RequestLog.Current.Verbose($"{item.Description} cannot be read, so it is unknown whether the apply changes it ({e.Message})");
            return (null, false, false);
        }
    }

    private async Task<Dictionary<string, JsonObject>?> MetadataAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        try
        {
            return await new ResourceStore(api).MetadataAsync(resource, ns, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Each can still be asked for by its name.
            return null;
        }
    }

    private void RefuseOtherSet(ResolvedItem item, JsonObject? before)
    {
        string? other = before?.Labels()?.Text(ApplySet.PartOf);
        string? own = item.Item.Content.Labels()?.Text(ApplySet.PartOf);
        if (own is not null && other is not null && own != other && !options.Force)
        {
            throw new LabException(
                LabErrorKind.Conflict, "OtherApplySet",
                $"it belongs to another apply set ({other}), which would prune it: remove it from that one first, or move it with -Force.");
        }
    }

    private async Task<(JsonObject? Before, JsonObject[] Taken)> TakeOverAsync(ResolvedItem item, JsonObject? before, CancellationToken cancellation)
    {
        string path = item.Resource.Path(item.Namespace, item.Item.Name);
        for (int attempt = 1; ; attempt++)
        {
            JsonObject metadata = before?.Object("metadata") ?? [];
            JsonObject[] taken = FieldTakeOver.Entries(metadata, options.FieldManager, options.TakeOver, IsSecret(item));
            if (taken.Length == 0)
            {
                return (before, []);
            }

            string managers = string.Join(", ", taken.Select(entry => entry.Text("manager")).Distinct());
            if (options.DryRun)
            {
                reporter.Verbose($"{item.Description}: would take over the fields of {managers}");
                return (before, taken);
            }

            try
            {
                await api.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={Uri.EscapeDataString(options.FieldManager)}",
                    FieldTakeOver.Patch(metadata, options.FieldManager, taken, IsSecret(item)), JsonPatch, cancellation, ObjectMetadata.Only);
                reporter.Verbose($"{item.Description}: took over the fields of {managers}");
                return (before, taken);
            }
            catch (LabException e) when (e.StatusCode == 409 && attempt < Attempts)
            {
                before = await api.GetAsync(path, cancellation);
            }
        }
    }

    // A dry run stores no take-over. What it would remove is removed here, and the server says what it makes of the rest.
    private async Task<JsonObject> AsTakenOverAsync(ResolvedItem item, JsonObject after, JsonObject[] taken, CancellationToken cancellation)
    {
        JsonObject without = (JsonObject)after.DeepClone();
        OwnedFields.Remove(without, FieldTakeOver.Unclaimed(after.Object("metadata") ?? [], options.FieldManager, taken, IsSecret(item)));
        if (JsonNode.DeepEquals(without, after))
        {
            return after;
        }

        try
        {
            // The dry run's own version was never stored.
            without.Object("metadata")?.Remove("resourceVersion");
            return (await api.SendAsync(
                HttpMethod.Put, item.Resource.Path(item.Namespace, item.Item.Name) + Query(), ApplyBody.Of(without), null, cancellation)).Content;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return without;
        }
    }

    private static bool IsSecret(ResolvedItem item) => item.Resource is { Kind: "Secret", Group: "" };

    private static bool IsOwnEdit(LabException e) => IsConflictWith(e, manager => manager == ResourceEditor.Manager);

    private static bool IsConflictWith(LabException e, Predicate<string> one) =>
        e.StatusCode == 409 && KubeStatus.ConflictingManagers(e.Message) is { Length: > 0 } managers && Array.TrueForAll(managers, one);

    private static bool IsScaledMeanwhile(LabException e) => e is { StatusCode: 409, Code: "Conflict" }
        && (e.Message.Contains("the object has been modified", StringComparison.Ordinal) || e.Message.Contains("\"scale\"", StringComparison.Ordinal));

    // Server-side apply does not say whether it changed anything; the resource version before and after does.
    private async Task<AppliedObject> JudgedAsync(
        ResolvedItem item, bool created, JsonObject? before, bool whole, JsonObject after, CancellationToken cancellation)
    {
        if (created || (before is null && options.DryRun))
        {
            return new AppliedObject(ManifestAction.Created, null, after, []);
        }

        if (before is null)
        {
            return new AppliedObject(ManifestAction.Configured, null, after, null);
        }

        if (options.DryRun)
        {
            // What a controller wrote between the look and the try is no change of the manifest.
            if (Version(before) != Version(after) && Version(after) is not null)
            {
                before = await api.GetAsync(item.Resource.Path(item.Namespace, item.Item.Name), cancellation);
            }

            List<ManifestChange> would = ManifestChange.Between(Essence(before), Essence(after));
            return new AppliedObject(would.Count == 0 ? ManifestAction.Unchanged : ManifestAction.Configured, before, after, would);
        }

        JsonObject was = before.Object("metadata") ?? [], now = after.Object("metadata") ?? [];
        if (was.Text("resourceVersion") == now.Text("resourceVersion") || OnlyOthersChanged(item, was, now))
        {
            return new AppliedObject(ManifestAction.Unchanged, before, after, []);
        }

        JsonObject? old = whole ? before : await AtAsync(item, was, cancellation);
        List<ManifestChange>? changes = old is null ? null : ManifestChange.Between(Essence(old), Essence(after));

        // Only who owns the fields is different, as after a take-over.
        return new AppliedObject(changes is { Count: 0 } ? ManifestAction.Unchanged : ManifestAction.Configured, old, after, changes);
    }

    private static string? Version(JsonObject content) => content.Object("metadata")?.Text("resourceVersion");

    // A list gave its metadata only, so that objects which do not change cost no more; the server still knows what it was.
    private async Task<JsonObject?> AtAsync(ResolvedItem item, JsonObject was, CancellationToken cancellation)
    {
        try
        {
            JsonObject then = await api.GetAsync(
                $"{item.Resource.Path(item.Namespace)}?fieldSelector={Uri.EscapeDataString($"metadata.name={item.Item.Name}")}"
                + $"&resourceVersion={Uri.EscapeDataString(was.Text("resourceVersion") ?? "")}&resourceVersionMatch=Exact", cancellation);
            return then.Objects("items").FirstOrDefault(found => found.Object("metadata")?.Text("resourceVersion") == was.Text("resourceVersion")) is { } old
                ? Typed(old, item)
                : null;
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            RequestLog.Current.Verbose($"{item.Description}: what changed is not known ({e.Message})");
            return null;
        }
    }

    // Items of a list do not say their kind.
    private static JsonObject Typed(JsonObject found, ResolvedItem item)
    {
        (found["apiVersion"], found["kind"]) = (item.Resource.ApiVersion, item.Resource.Kind);
        return found;
    }

    // A controller may have written the status between the look and the apply. What was applied is the same where the
    // server kept the time and the fields of the last apply, and counted no change of the spec.
    private bool OnlyOthersChanged(ResolvedItem item, JsonObject was, JsonObject now)
    {
        JsonObject wanted = item.Item.Content.Object("metadata") ?? [];
        JsonObject? owned = FieldTakeOver.Applied(was, options.FieldManager), owns = FieldTakeOver.Applied(now, options.FieldManager);
        if (owned is null && owns is null)
        {
            // Nothing but a name (a plain Namespace): the second apply only makes the server note who owned the fields before.
            return true;
        }

        return was.Number("generation") is { } generation && generation == now.Number("generation")
            && JsonNode.DeepEquals(owned, owns)
            // The time has seconds only; what is in the metadata does not count as a change of the spec.
            && new[] { "labels", "annotations" }.All(field => (wanted.Object(field) ?? []).All(
                pair => JsonNode.DeepEquals(pair.Value, was.Object(field)?[pair.Key])));
    }
}
