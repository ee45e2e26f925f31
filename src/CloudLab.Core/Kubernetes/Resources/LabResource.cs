using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>
/// One Kubernetes object of any kind. What every kind has stands in properties; the parts (<see cref="Metadata"/>,
/// <see cref="Spec"/>, <see cref="Status"/>, <see cref="Data"/>) can be walked with dots: <c>$pod.Status.Phase</c>. Further
/// top-level fields are there by index: <c>$role['rules']</c>.
/// </summary>
public class LabResource
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 500,
    };

    private readonly JsonObject content;
    private readonly Dictionary<string, object?> parts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lazy<(string? Ready, string? State)> summary;
    private ResourceMap? newLabels;
    private ResourceMap? newAnnotations;

    internal LabResource(JsonObject content, ApiResource? resource = null)
    {
        this.content = content;
        Resource = resource is not null && (content.Text("kind") ?? resource.Kind) == resource.Kind ? resource.Name : null;
        ApiVersion = content.Text("apiVersion") ?? resource?.ApiVersion ?? "";
        Kind = content.Text("kind") ?? resource?.Kind ?? "";
        JsonObject metadata = content.Object("metadata") ?? [];
        // Bookkeeping of server-side apply: as long as the object, and nothing a person reads.
        metadata.Remove("managedFields");
        Name = metadata.Text("name") ?? "";
        Namespace = metadata.Text("namespace");
        CreationTimestamp = DateTimeOffset.TryParse(
            metadata.Text("creationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset created)
            ? created
            : null;
        summary = new(() => ResourceSummary.Of(Kind, content));
    }

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public string ApiVersion { get; }

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public string Kind { get; }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>Namespace; null where the kind has none.</summary>
    public string? Namespace { get; }

    /// <summary>Context of the kubeconfig that it was read with; null in a pod and for what was not read from a cluster.</summary>
    public string? Context { get; internal set; }

    /// <summary>How much of it is ready, in the kind's own terms: <c>2/3</c>. Null where the kind has no such thing.</summary>
    public string? Ready => summary.Value.Ready;

    /// <summary>Its state in a word: <c>Running</c>, <c>ImagePullBackOff</c>, <c>Bound</c>. Null where the kind has no such thing.</summary>
    public string? State => summary.Value.State;

    /// <summary>When it was created.</summary>
    public DateTimeOffset? CreationTimestamp { get; }

    /// <summary>How long it has been there, by this machine's clock, in whole seconds.</summary>
    public TimeSpan? Age => CreationTimestamp is { } created
        ? TimeSpan.FromSeconds(Math.Floor((DateTimeOffset.UtcNow - created).TotalSeconds))
        : null;

    /// <summary>What happened to it where it comes from a watch: <c>Added</c>, <c>Modified</c>, <c>Deleted</c>; else null.</summary>
    public string? EventType { get; internal set; }

    /// <summary>What the server prints of an object of a custom kind, by the names of its columns (<c>additionalPrinterColumns</c>); null for other kinds and in a watch.</summary>
    public ResourceMap? Columns { get; internal set; }

    /// <summary>True where objects of several contexts are read at once.</summary>
    internal bool OneOfSeveral { get; set; }

    /// <summary>The object itself, for what knows its kind.</summary>
    private protected JsonObject Content => content;

    /// <summary>Its labels; can be set where there are none yet, too.</summary>
    public ResourceMap Labels => Metadata["labels"] as ResourceMap ?? (newLabels ??= []);

    /// <summary>Its annotations; can be set where there are none yet, too.</summary>
    public ResourceMap Annotations => Metadata["annotations"] as ResourceMap ?? (newAnnotations ??= []);

    /// <summary>Unambiguous name of its kind, as <c>-Kind</c> takes it: <c>deployments.apps</c>.</summary>
    public string? Resource { get; }

    /// <summary>The metadata, without managed fields.</summary>
    public ResourceMap Metadata => this["metadata"] as ResourceMap ?? [];

    /// <summary>What is wanted; null where the kind has no spec.</summary>
    public ResourceMap? Spec => this["spec"] as ResourceMap;

    /// <summary>What is; null where the kind has no status.</summary>
    public ResourceMap? Status => this["status"] as ResourceMap;

    /// <summary>Data of a ConfigMap or Secret (base64 there); null for other kinds.</summary>
    public ResourceMap? Data => this["data"] as ResourceMap;

    /// <summary>A top-level field.</summary>
    /// <param name="field">Its name, in any case: <c>rules</c>.</param>
    /// <returns>A <see cref="ResourceMap"/>, an array, a string, a number or a boolean; null where there is none. It can be set, which adds it where it is missing; null removes it.</returns>
    public object? this[string field]
    {
        get
        {
            if (!parts.TryGetValue(field, out object? part))
            {
                parts[field] = part = NameOf(field) is { } name ? ResourceMap.FromJson(content[name]) : null;
            }

            return part;
        }
        set
        {
            parts[field] = value;
            if (value is null && NameOf(field) is { } name)
            {
                content.Remove(name);
            }
        }
    }

    /// <summary>The whole object as JSON, without managed fields.</summary>
    /// <returns>Indented JSON.</returns>
    public string ToJson() => InOrder(ToObject()).ToJsonString(Readable);

    /// <summary>The whole object as YAML, without managed fields.</summary>
    /// <returns>A document that begins with <c>---</c>.</returns>
    public string ToYaml() => YamlWriter.Write(InOrder(ToObject()));

    /// <summary>The object without what the server fills in: status, identity, times, bookkeeping, and fields that have their default. It can be deployed elsewhere.</summary>
    /// <returns>Another object.</returns>
    public LabResource ToNeat() => ResourceKinds.Create(NeatResource.Of(ToObject()), null, new ResourceOrigin(Context, OneOfSeveral));

    /// <summary>Where it is: what tables group by.</summary>
    /// <returns>Its namespace, and the context where several are read at once.</returns>
    public string ToPlace() => OneOfSeveral ? $"{Namespace ?? "-"} (context {Context})" : Namespace ?? "-";

    /// <summary>Kind and name.</summary>
    /// <returns><c>deployments.apps/movies</c>.</returns>
    public override string ToString() => $"{Resource ?? Kind}/{Name}";

    /// <summary>The object, with what was changed in its parts.</summary>
    /// <param name="plain">Makes .NET's objects of what was put in; null where nothing else can be there.</param>
    /// <returns>A copy.</returns>
    internal JsonObject ToObject(Func<object?, object?>? plain = null)
    {
        JsonObject copy = (JsonObject)content.DeepClone();
        copy["apiVersion"] = ApiVersion;
        copy["kind"] = Kind;
        foreach ((string field, object? part) in parts)
        {
            if (part is not null)
            {
                copy[NameOf(field) ?? field] = ObjectJson.Of(plain is null ? part : plain(part));
            }
        }

        if (copy.Object("metadata") is { } metadata)
        {
            // $_.Metadata.Labels = … where there were none makes a field of that very name.
            foreach (string field in new[] { "labels", "annotations", "finalizers", "ownerReferences" })
            {
                if (!metadata.ContainsKey(field)
                    && metadata.Select(pair => pair.Key).FirstOrDefault(key => string.Equals(key, field, StringComparison.OrdinalIgnoreCase)) is { } written)
                {
                    metadata.Remove(written, out JsonNode? value);
                    metadata[field] = value;
                }
            }

            Add(metadata, "labels", newLabels, plain);
            Add(metadata, "annotations", newAnnotations, plain);
        }

        return copy;
    }

    private string? NameOf(string field) => content.ContainsKey(field)
        ? field
        : content.Select(pair => pair.Key).FirstOrDefault(key => string.Equals(key, field, StringComparison.OrdinalIgnoreCase));

    // As people write it; what comes from a list has its kind appended.
    private static JsonObject InOrder(JsonObject whole)
    {
        string[] first = ["apiVersion", "kind", "metadata"];
        List<KeyValuePair<string, JsonNode?>> entries =
        [
            .. first.Where(whole.ContainsKey).Select(field => KeyValuePair.Create(field, whole[field])),
            .. whole.Where(entry => !first.Contains(entry.Key)),
        ];
        whole.Clear();
        return new JsonObject(entries);
    }

    private static void Add(JsonObject metadata, string field, ResourceMap? made, Func<object?, object?>? plain)
    {
        if (made is { Count: > 0 } && !metadata.ContainsKey(field))
        {
            metadata[field] = ObjectJson.Of(plain is null ? made : plain(made));
        }
    }
}
