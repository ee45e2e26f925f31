using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Fields that another manager set become the deployer's own, so that leaving them out of a manifest removes them. As
/// <c>kubectl apply --server-side</c> does it (client-go, <c>util/csaupgrade</c>): the managed fields are rewritten in one patch that
/// fails where the object has changed meanwhile.
/// </summary>
internal static class FieldTakeOver
{
    /// <summary>The annotation in which kubectl keeps what was applied on the client side.</summary>
    public const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private const string ClientSideApply = "kubectl-client-side-apply";
    private const int PathsShown = 3;

    // Parts of the cluster, which write into objects that are not theirs.
    private static readonly HashSet<string> Controllers = new(StringComparer.Ordinal)
    {
        "kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet", "cloud-controller-manager", "cluster-autoscaler",
    };

    /// <summary>The entry of a manager that applies.</summary>
    /// <param name="metadata">Metadata of an object.</param>
    /// <param name="manager">The manager.</param>
    /// <returns>The entry, or null.</returns>
    public static JsonObject? Applied(JsonObject metadata, string manager) => metadata.Objects("managedFields").FirstOrDefault(
        entry => entry.Text("manager") == manager && entry.Text("operation") == "Apply" && IsMain(entry));

    /// <summary>The entries that are to be taken over.</summary>
    /// <param name="metadata">Metadata of the object.</param>
    /// <param name="manager">Who takes over.</param>
    /// <param name="from">Whose fields, besides those of client-side apply.</param>
    /// <param name="secret">Whether it is a Secret, whose text was applied as such before.</param>
    /// <returns>The entries.</returns>
    public static JsonObject[] Entries(JsonObject metadata, string manager, IReadOnlyCollection<string> from, bool secret) =>
    [
        .. metadata.Objects("managedFields").Where(entry => IsMain(entry) && (entry.Text("operation"), entry.Text("manager")) switch
        {
            ("Update", ClientSideApply) => true,
            ("Update", { } other) => from.Contains(other) || OwnedFields.Has(OwnedFields.Of(entry), "metadata", "annotations", LastApplied),
            ("Apply", { } other) => other == manager ? secret && StringData.IsOwned(entry) : from.Contains(other),
            _ => false,
        }),
    ];

    /// <summary>The patch that hands entries over.</summary>
    /// <param name="metadata">Metadata of the object.</param>
    /// <param name="manager">Who takes over.</param>
    /// <param name="taken">The entries.</param>
    /// <param name="secret">Whether it is a Secret.</param>
    /// <returns>A JSON patch.</returns>
    public static byte[] Patch(JsonObject metadata, string manager, JsonObject[] taken, bool secret)
    {
        JsonObject? own = Applied(metadata, manager);
        JsonObject entry = (JsonObject)(own ?? taken[0]).DeepClone();
        (entry["manager"], entry["operation"]) = (manager, "Apply");
        entry["fieldsV1"] = Fields(taken, OwnedFields.Of(own), secret);
        JsonArray fields = [.. metadata.Objects("managedFields").Where(other => other != own && !taken.Contains(other)).Select(other => other.DeepClone()), entry];
        return Encoding.UTF8.GetBytes(new JsonArray(
            new JsonObject { ["op"] = "replace", ["path"] = "/metadata/managedFields", ["value"] = fields },
            new JsonObject { ["op"] = "replace", ["path"] = "/metadata/resourceVersion", ["value"] = metadata.Text("resourceVersion") }).ToJsonString());
    }

    /// <summary>What of the taken fields nobody would own after the apply.</summary>
    /// <param name="after">Metadata as a dry run gave it, before anything is taken over.</param>
    /// <param name="manager">Who takes over.</param>
    /// <param name="taken">The entries.</param>
    /// <param name="secret">Whether it is a Secret.</param>
    /// <returns>The fields that the apply would remove.</returns>
    public static JsonObject Unclaimed(JsonObject after, string manager, JsonObject[] taken, bool secret)
    {
        JsonObject left = Fields(taken, [], secret);
        JsonObject? own = Applied(after, manager);
        foreach (JsonObject entry in after.Objects("managedFields").Where(entry => entry == own || !IsOf(entry, taken)))
        {
            left = OwnedFields.Without(left, OwnedFields.Of(entry));
        }

        return left;
    }

    /// <summary>What entries own together.</summary>
    /// <param name="taken">The entries.</param>
    /// <param name="own">Fields that are owned besides.</param>
    /// <param name="secret">Whether it is a Secret.</param>
    /// <returns>A new set.</returns>
    public static JsonObject Fields(JsonObject[] taken, JsonObject own, bool secret)
    {
        JsonObject all = taken.Select(OwnedFields.Of).Aggregate((JsonObject)own.DeepClone(), OwnedFields.Union);
        return secret ? StringData.Stored(all) : all;
    }

    /// <summary>Managers whose fields stay although the manifest does not have them.</summary>
    /// <param name="after">Metadata after the apply.</param>
    /// <param name="manager">Who applied.</param>
    /// <returns>The managers with some of the fields.</returns>
    public static IEnumerable<(string Manager, string Fields)> LeftBehind(JsonObject after, string manager)
    {
        JsonObject own = OwnedFields.Of(Applied(after, manager));
        foreach (JsonObject entry in after.Objects("managedFields").Where(entry => IsMain(entry) && entry.Text("operation") == "Update"))
        {
            if (entry.Text("manager") is not { } other || other == manager || Controllers.Contains(other))
            {
                continue;
            }

            JsonObject fields = OwnedFields.WithoutMetadata(OwnedFields.Of(entry));
            string[] left = [.. OwnedFields.Paths(OwnedFields.WithoutMetadata(OwnedFields.Without(fields, own)))];

            // An operator that fills in fields of its own is not somebody who wrote the object before.
            if (left.Length > 0 && (other.StartsWith("kubectl", StringComparison.Ordinal) || OwnedFields.Overlap(fields, own)))
            {
                yield return (other, SomeOf.Names(left, PathsShown));
            }
        }
    }

    private static bool IsMain(JsonObject entry) => entry.Text("subresource") is null or "";

    private static bool IsOf(JsonObject entry, JsonObject[] entries) => Array.Exists(entries, other =>
        new[] { "manager", "operation", "apiVersion", "subresource" }.All(field => entry.Text(field) == other.Text(field)));
}
