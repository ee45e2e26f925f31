using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// An apply set (KEP-3659), in the form that <c>kubectl apply --prune --applyset</c> writes and reads: a parent object says which
/// kinds and namespaces the set has members in, and each member has a label with the set's id. Both tools see the same set.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="options">Name of the set and how to work.</param>
/// <param name="reporter">Who hears of what is left.</param>
internal sealed class ApplySet(KubernetesApi api, ManifestOptions options, IReporter reporter)
{
    /// <summary>The label of members.</summary>
    public const string PartOf = Prefix + "part-of";

    /// <summary>The label of parents.</summary>
    public const string IdLabel = Prefix + "id";

    private const string Prefix = "applyset.kubernetes.io/";
    private const string Tooling = Prefix + "tooling";
    private const string Kinds = Prefix + "contains-group-kinds";
    private const string Namespaces = Prefix + "additional-namespaces";
    private const string IsParent = Prefix + "is-parent-type";

    // kubectl goes on only with sets of its own name, and its version means nothing.
    private const string Tool = "kubectl/v1.36.0", Manager = "kubectl-applyset";

    private readonly ConcurrentDictionary<(string Group, string Kind, string Namespace, string Name), bool> kept = [];
    private ApiResource parent = null!;
    private string name = "";
    private bool may;
    private HashSet<string> oldKinds = [], oldNamespaces = [];

    /// <summary>The id, as members have it.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Whether anything of the manifest belongs to it.</summary>
    public bool IsEmpty => kept.IsEmpty;

    private string? Home => parent.Namespaced ? options.Namespace ?? options.DefaultNamespace : null;

    private string Description => parent.Describe(Home, name);

    /// <summary>Finds the set, and makes it larger by what is to be deployed: what a run that breaks off leaves behind belongs to it.</summary>
    /// <param name="items">The manifest.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when members can be applied. Throws <see cref="LabException"/> where the set is another tool's or cannot be one.</returns>
    public async Task OpenAsync(IReadOnlyCollection<ManifestItem> items, CancellationToken cancellation)
    {
        await FindParentAsync(cancellation);
        Id = $"applyset-{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}.{Home}.{parent.Kind}.{parent.Group}")))}-v1";
        JsonObject? found = await ReadAsync(cancellation);
        if (found?.Object("metadata") is { } metadata)
        {
            Check(metadata);
            oldKinds = Listed(metadata, Kinds);
            oldNamespaces = Listed(metadata, Namespaces);
        }

        foreach (ManifestItem item in items)
        {
            JsonObject labels = item.Content.Object("metadata")!.Object("labels") ?? [];
            labels[PartOf] = Id;
            item.Content.Object("metadata")!["labels"] ??= labels;
        }

        may = !options.DryRun && (options.Approve is null || await options.Approve($"{Description} on {api.Address}", "Record the apply set"));
        if (!may)
        {
            return;
        }

        // Its namespace may come with the manifest.
        if (Home is null || !items.Any(item => item is { Kind: "Namespace", Group: "" } && item.Name == Home) || await api.MayExistAsync($"/api/v1/namespaces/{Uri.EscapeDataString(Home)}", cancellation))
        {
            await WriteAsync(
                oldKinds.Union(items.Select(item => GroupKind(item.Kind, item.Group))),
                oldNamespaces.Union(items.Select(item => item.Namespace ?? options.Namespace ?? options.DefaultNamespace)), cancellation);
        }
    }

    /// <summary>Notes a member.</summary>
    /// <param name="item">The member.</param>
    /// <param name="name">Its name, where the server made it up.</param>
    public void Keep(ResolvedItem item, string? name = null) =>
        kept[(item.Resource.Group, item.Resource.Kind, item.Namespace ?? "", name ?? item.Item.Name)] = true;

    /// <summary>Members that the manifest no longer has.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The members, as items that can be removed.</returns>
    public async Task<List<ManifestItem>> LeftOverAsync(CancellationToken cancellation)
    {
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        ResourceStore store = new(api);
        List<ManifestItem> left = [];
        foreach (string groupKind in oldKinds.Order(StringComparer.Ordinal))
        {
            (string kind, string group) = groupKind.Split('.', 2) is [var first, var rest] ? (first, rest) : (groupKind, "");
            if (catalog.Resources.FirstOrDefault(r => r.Kind == kind && r.Group == group) is not { } resource)
            {
                reporter.Verbose($"{Description} names {groupKind}, which the cluster does not have any more");
                continue;
            }

            IEnumerable<string?> places = resource.Namespaced ? oldNamespaces.Append(Home).Where(ns => ns is not null).Distinct() : [null];
            foreach (string? ns in places)
            {
                await foreach (LabResource member in store.ListAsync(resource, ns, new ResourceFilter($"{PartOf}={Id}", null), cancellation))
                {
                    if (!kept.ContainsKey((group, kind, member.Namespace ?? "", member.Name)))
                    {
                        left.AddRange(ManifestReader.ReadObject(member, left.Count + 1));
                    }
                }
            }
        }

        return left;
    }

    /// <summary>Writes down what the set has.</summary>
    /// <param name="exact">Whether nothing else can belong to it: what was left over is removed.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is written.</returns>
    public async Task CloseAsync(bool exact, CancellationToken cancellation)
    {
        if (!may)
        {
            return;
        }

        HashSet<string> kinds = [.. kept.Keys.Select(member => GroupKind(member.Kind, member.Group))];
        HashSet<string> namespaces = [.. kept.Keys.Select(member => member.Namespace).Where(ns => ns.Length > 0)];
        await WriteAsync(exact ? kinds : kinds.Union(oldKinds), exact ? namespaces : namespaces.Union(oldNamespaces), cancellation);
    }

    private static HashSet<string> Listed(JsonObject metadata, string annotation) =>
        [.. (metadata.Object("annotations")?.Text(annotation) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string GroupKind(string kind, string group) => group.Length == 0 ? kind : $"{kind}.{group}";

    private async Task FindParentAsync(CancellationToken cancellation)
    {
        (string kind, name) = options.ApplySet!.Split('/', 2) is [var first, var rest] ? (first, rest) : ("secrets", options.ApplySet!);
        ApiCatalog catalog = await api.CatalogAsync(cancellation);
        parent = catalog.Match(kind) is [var only] ? only : throw catalog.Unknown(kind);
        bool fits = parent is { Group: "", Kind: "Secret" or "ConfigMap" };
        if (!fits && parent.Group.Length > 0)
        {
            try
            {
                JsonObject definition = await api.GetAsync($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{Uri.EscapeDataString(parent.Name)}", cancellation);
                fits = definition.Labels()?.Text(IsParent) == "true";
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
            {
                // A kind of an aggregated API server has no definition.
            }
        }

        if (!fits)
        {
            throw Refused($"a {parent.Kind} cannot hold an apply set: name a Secret (the default), configmap/{name}, or a custom resource whose definition has the label {IsParent}=true.");
        }

        _ = parent.Path(Home, name);
    }

    private async Task<JsonObject?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await api.GetAsync(parent.Path(Home, name), cancellation, ObjectMetadata.Only);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return parent.Group.Length == 0 ? null : throw Refused($"{Description} does not exist: create the custom resource first.");
        }
    }

    private void Check(JsonObject metadata)
    {
        string? id = metadata.Object("labels")?.Text(IdLabel), tool = metadata.Object("annotations")?.Text(Tooling);
        if (id is null && tool is null)
        {
            // Somebody's own Secret: its data stays, and it becomes the parent, as with kubectl's custom resources.
            if (parent.Group.Length == 0)
            {
                throw Refused($"{Description} exists and is not an apply set: choose another name.");
            }

            return;
        }

        if (tool?.Split('/')[0] is not "kubectl")
        {
            throw Refused($"{Description} is the apply set of another tool ({tool ?? "unknown"}): use that one, or choose another name.");
        }

        if (id != Id)
        {
            throw Refused($"{Description} has the id '{id}' instead of '{Id}': it was copied or changed by hand. Choose another name.");
        }
    }

    private async Task WriteAsync(IEnumerable<string> kinds, IEnumerable<string> namespaces, CancellationToken cancellation)
    {
        JsonObject metadata = new()
        {
            ["name"] = name,
            ["labels"] = new JsonObject { [IdLabel] = Id },
            ["annotations"] = new JsonObject
            {
                [Tooling] = Tool,
                [Kinds] = string.Join(',', kinds.Distinct().Order(StringComparer.Ordinal)),
                [Namespaces] = string.Join(',', namespaces.Distinct().Where(ns => ns != Home).Order(StringComparer.Ordinal)),
            },
        };
        if (Home is not null)
        {
            metadata["namespace"] = Home;
        }

        byte[] body = ApplyBody.Of(new JsonObject { ["apiVersion"] = parent.ApiVersion, ["kind"] = parent.Kind, ["metadata"] = metadata });
        await api.SendAsync(
            HttpMethod.Patch, $"{parent.Path(Home, name)}?fieldManager={Manager}&force=true&fieldValidation=Strict", body, "application/apply-patch+yaml", cancellation);
    }

    private static LabException Refused(string why) => new(LabErrorKind.InvalidArgument, "ApplySetInvalid", $"-ApplySet: {why}") { StopsCommand = true };
}
