using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Tables;

/// <summary>Objects as the table that <c>kubectl get</c> shows.</summary>
internal static class TableBuilder
{
    public static bool Wanted(ApiRequest request)
    {
        string first = request.Accept.Split(',')[0];
        return first.Contains("as=Table", StringComparison.Ordinal) && first.Contains("application/json", StringComparison.Ordinal);
    }

    public static JsonObject Build(ApiRequest request, ResourceKind kind, IEnumerable<JsonObject> items, JsonObject metadata, bool withColumns = true)
    {
        JsonArray rows = [];
        string include = request.Query("includeObject") ?? "Metadata";
        foreach (JsonObject item in items)
        {
            JsonObject row = new() { ["cells"] = new JsonArray([.. kind.Columns.Select(column => TableCells.Of(kind, column, item))]) };
            JsonArray? conditions = kind.StorageKey == "/pods" && item.Text("status", "phase") is "Succeeded" or "Failed"
                ? [new JsonObject { ["type"] = "Completed", ["status"] = "True", ["reason"] = item.Text("status", "phase"), ["message"] = "The pod has completed." }] : null;
            if (conditions is not null)
            {
                row["conditions"] = conditions;
            }

            if (include != "None")
            {
                row["object"] = include == "Object" ? item.DeepClone() : PartialMetadata.Of(item);
            }

            rows.Add(row);
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? new JsonArray([.. kind.Columns.Select(column => new JsonObject
            {
                ["name"] = column.Name,
                ["type"] = column.Type,
                ["format"] = column.Format,
                ["description"] = column.Description,
                ["priority"] = column.Priority,
            })]) : null,
            ["rows"] = rows,
        };
    }
}
