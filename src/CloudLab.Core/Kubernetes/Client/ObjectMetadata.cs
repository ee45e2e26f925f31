using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Reads what every object of a cluster says of itself.</summary>
internal static class ObjectMetadata
{
    /// <summary>Asks the server for nothing but the metadata of an object; one that cannot do that sends all of it.</summary>
    public const string Only = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

    /// <summary>Its name.</summary>
    /// <param name="item">The object.</param>
    /// <returns>The name; empty where it has none.</returns>
    public static string Name(this JsonObject item) => item.Object("metadata")?.Text("name") ?? "";

    /// <summary>Its namespace.</summary>
    /// <param name="item">The object.</param>
    /// <returns>The namespace; empty where it has none.</returns>
    public static string Namespace(this JsonObject item) => item.Object("metadata")?.Text("namespace") ?? "";

    /// <summary>Its uid.</summary>
    /// <param name="item">The object.</param>
    /// <returns>The uid; null where it has none, as in a manifest.</returns>
    public static string? Uid(this JsonObject item) => item.Object("metadata")?.Text("uid");

    /// <summary>Its labels.</summary>
    /// <param name="item">The object.</param>
    /// <returns>The labels; null where it has none.</returns>
    public static JsonObject? Labels(this JsonObject item) => item.Object("metadata")?.Object("labels");

    /// <summary>Whether it is being deleted.</summary>
    /// <param name="item">The object.</param>
    /// <returns>True if so.</returns>
    public static bool IsLeaving(this JsonObject item) => item.Object("metadata")?.Text("deletionTimestamp") is not null;

    /// <summary>The phase in its status.</summary>
    /// <param name="item">The object.</param>
    /// <returns>The phase, of a pod <c>Running</c>; empty where it has none.</returns>
    public static string Phase(this JsonObject item) => item.Object("status")?.Text("phase") ?? "";

    /// <summary>Whether another object owns it.</summary>
    /// <param name="item">The object.</param>
    /// <param name="owner">The other one.</param>
    /// <param name="controller">True where it has to be its controller, too.</param>
    /// <returns>True if so.</returns>
    public static bool IsOwnedBy(this JsonObject item, JsonObject owner, bool controller = false) =>
        owner.Uid() is { } uid
        && (item.Object("metadata")?.Objects("ownerReferences") ?? []).Any(reference => reference.Text("uid") == uid && (!controller || reference.Flag("controller")));
}
