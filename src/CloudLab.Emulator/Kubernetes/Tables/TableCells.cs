using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>The cells of those tables.</summary>
internal static class TableCells
{
    public static JsonNode? Of(ResourceKind kind, TableColumn column, JsonObject node) => column.Name switch
    {
        "Name" => node.Text("metadata", "name"),
        "Age" => node.Text("metadata", "creationTimestamp"),
        "Created At" => node.Text("metadata", "creationTimestamp"),
        _ => "<none>",
    };
}
